// Arrays in another shape.
//
// NumPy gives a view where it can. It can where the elements lie at equal distances, which run time
// finds out unless the array is fresh; otherwise it copies, at least where the result has one
// dimension. Dimensions of size one that come and go are slices of any array.

#include "frontend/BuildIR.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::ScalarOp;

/// The number of elements. Products of sizes that exist do not overflow; others are checked.
static Affine productOf(Builder &builder, llvm::ArrayRef<Affine> sizes, bool exist) {
  Affine product = 1;
  for (const Affine &size : sizes) {
    std::optional<int64_t> left = product.asConstant(), right = size.asConstant();
    Interval interval = builder.intervalOf(product);
    if (left == 1)
      product = size;
    else if (right && *right < (int64_t(1) << 12) && interval.within(sizeInterval))
      product = product * *right;
    else if (left && *left < (int64_t(1) << 12) && builder.intervalOf(size).within(sizeInterval))
      product = size * *left;
    else
      product =
          builder.freeze(builder.applyScalar(ScalarOp::Multiply, !exist,
                                             {ir::affineScalar(product), ir::affineScalar(size)}),
                         "n");
    if (exist)
      builder.narrow(product, sizeInterval);
  }
  return product;
}

/// The new shape with the size that -1 stands for, after NumPy's check.
static std::vector<Affine> newShape(Builder &builder, llvm::ArrayRef<Affine> base,
                                    std::vector<Affine> shape) {
  std::optional<size_t> unknown;
  std::vector<Affine> known;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    if (size == Affine(-1)) {
      unknown = dim;
      continue;
    }
    builder.check(builder.compare(ScalarOp::GreaterEqual, size, Affine(0)), "Unsupported", {},
                  "a size of -1 that is known only at run time");
    builder.narrow(size, sizeInterval);
    known.push_back(size);
  }
  Affine total = productOf(builder, base, true), others = productOf(builder, known, false);
  std::vector<Scalar> arguments{ir::affineScalar(total)};
  Builder::appendShape(arguments, shape);
  if (!unknown) {
    builder.check(builder.compare(ScalarOp::Equal, total, others), "ReshapeSize",
                  std::move(arguments));
    return shape;
  }
  if (others == Affine(1)) {
    shape[*unknown] = total;
    return shape;
  }
  Scalar isMultiple =
      builder.compare(ScalarOp::Equal,
                      ir::apply(builder.program, ScalarOp::Modulo,
                                {ir::affineScalar(total), ir::affineScalar(others)}),
                      ir::constantInteger(0));
  Scalar fits = builder.allOf(
      {builder.compare(ScalarOp::NotEqual, others, Affine(0)), std::move(isMultiple)});
  builder.check(std::move(fits), "ReshapeSize", std::move(arguments));
  builder.narrow(others, {1, sizeInterval.hi});
  shape[*unknown] = builder.floorDivide(total, others, "n");
  builder.narrow(shape[*unknown], sizeInterval);
  return shape;
}

/// The slice of everything that leaves out dimensions of size one and adds others, if that is all
/// that the new shape does.
static std::optional<ir::Subscript> asSlice(llvm::ArrayRef<Affine> from,
                                            llvm::ArrayRef<Affine> to) {
  ir::Subscript form;
  size_t next = 0;
  auto addNewAxes = [&] {
    for (; next < to.size() && to[next] == Affine(1); ++next)
      form.dims.push_back(ir::ViewNewAxis{});
  };
  for (const Affine &size : from) {
    if (size == Affine(1)) {
      form.dims.push_back(ir::ViewIndex{0});
      continue;
    }
    addNewAxes();
    if (next == to.size() || to[next] != size)
      return std::nullopt;
    form.dims.push_back(ir::ViewSlice{0, to[next++], 1});
  }
  addNewAxes();
  return next == to.size() ? std::optional(std::move(form)) : std::nullopt;
}

Value Builder::lowerNode(const typed::Expr &, const typed::Reshape &node) {
  std::vector<const typed::Expr *> exprs{&*node.base};
  for (const typed::Expr &size : node.shape)
    exprs.push_back(&size);
  std::vector<Value> values = operands(exprs);
  std::vector<Affine> shape;
  for (Value &size : llvm::drop_begin(values))
    shape.push_back(freeze(std::move(size.scalars.front()), "n"));
  BufferId base = named(std::move(values.front()), node.base->type);
  std::vector<Affine> from = shapeOf(base);
  shape = newShape(*this, from, std::move(shape));
  auto asValue = [](BufferId array) { return Value{{}, array, std::nullopt}; };
  if (std::optional<ir::Subscript> slice = asSlice(from, shape))
    return asValue(newView(base, shape, std::move(*slice)));
  const ir::Buffer &row = program[base];
  bool isFresh = row.storage == ir::Storage::Own;
  if (from.size() == 1 || (isFresh && row.like.empty() && row.layout.empty()))
    return asValue(newView(base, shape, ir::Reshape{shape}));

  BufferId result = newHandle(row.type, static_cast<unsigned>(shape.size()), "reshaped");
  auto bindView = [&](BufferId array) {
    emit(ir::Bind{result, newView(array, shape, ir::Reshape{shape})});
  };
  Scalar isEven{ir::ScalarState{base, ir::StateQuestion::Even}};
  ir::Block view = inBlock([&] { bindView(base); });
  ir::Block copy = inBlock([&] {
    if (!isFresh && shape.size() > 1)
      fail("Unsupported", "another shape of an array that is a part or transpose of another; "
                          "reshape a copy: a.copy().reshape(..)");
    bindView(copyOf(base, false));
  });
  emit(ir::If{std::move(isEven), std::move(view), std::move(copy)});
  return asValue(result);
}

} // namespace hpcc::frontend
