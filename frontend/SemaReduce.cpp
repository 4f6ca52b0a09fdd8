// Reductions: which elements NumPy reduces, to what type, and where the result goes.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"

namespace hpcc::frontend::sema {

namespace {
/// The parameters of one of NumPy's reductions, behind `a` and `axis` by name.
struct ReduceArguments {
  std::optional<Value> array, axis, dtype, out, keepDims;
};
} // namespace

/// Takes the parameters in the order that NumPy's function has. Nothing after a message.
static std::optional<ReduceArguments> takeReduceArguments(Analyzer &sema, typed::ReduceKind kind,
                                                          llvm::StringRef name, Loc loc,
                                                          Arguments arguments) {
  using typed::ReduceKind;
  std::vector<llvm::StringRef> names = {"a", "axis"};
  bool computes =
      kind == ReduceKind::Sum || kind == ReduceKind::Product || kind == ReduceKind::Mean;
  if (computes)
    names.push_back("dtype");
  names.insert(names.end(), {"out", "keepdims"});
  bool isExtreme = kind == ReduceKind::Minimum || kind == ReduceKind::Maximum;
  if (isExtreme || (computes && kind != ReduceKind::Mean))
    names.push_back("initial");
  if (kind != ReduceKind::ArgMin && kind != ReduceKind::ArgMax)
    names.push_back("where");
  std::vector<unsigned> refused;
  for (auto [index, parameter] : llvm::enumerate(names))
    if (parameter == "initial" || parameter == "where")
      refused.push_back(static_cast<unsigned>(index));
  Parameters taken = takeParameters(sema, name, loc, std::move(arguments), names, 1, refused);
  if (!taken)
    return std::nullopt;
  size_t next = 2;
  ReduceArguments result{std::move(taken[0]), std::move(taken[1]), {}, {}, {}};
  if (computes)
    result.dtype = std::move(taken[next++]);
  result.out = std::move(taken[next++]);
  result.keepDims = std::move(taken[next]);
  return result;
}

/// The array with the elements that NumPy reduces for the argument `dtype`. Poison after a message.
static Value inReduceType(Analyzer &sema, typed::ReduceKind kind, llvm::StringRef name, Value array,
                          std::optional<Value> &dtype) {
  if (!isGiven(dtype))
    return array;
  std::optional<DType> wanted = sema.dtypeOf(*dtype);
  DType from = array.typeAs<ArrayType>()->dtype;
  if (!wanted)
    return {array.loc, Poison{}};
  // Converted elements are added in an order of their own (docs/exactness.md).
  bool isOrdered = kind != typed::ReduceKind::Product && ir::isFloat(*wanted) && *wanted != from;
  bool isWide = ir::isFloat(*wanted) ||
                (*wanted == DType::I64 && !ir::isFloat(from) && kind != typed::ReduceKind::Mean);
  if (isOrdered || !isWide)
    return sema.unsupported(dtype->loc, "this keyword argument 'dtype' of 'np." + name + "'",
                            "a.astype(dtype)." + name.str() + "()");
  return sema.convert(std::move(array), *wanted, false);
}

Value Analyzer::reduce(typed::ReduceKind kind, llvm::StringRef name, Loc loc, Arguments arguments) {
  using typed::ReduceKind;
  std::optional<ReduceArguments> taken =
      takeReduceArguments(*this, kind, name, loc, std::move(arguments));
  if (!taken || !expectArray(*this, name, *taken->array))
    return {loc, Poison{}};
  Value array = inReduceType(*this, kind, name, std::move(*taken->array), taken->dtype);
  if (array.isPoison())
    return array;
  auto [dtype, dims] = *array.typeAs<ArrayType>();
  std::optional<uint32_t> axes = axesArgument(*this, taken->axis, dims);
  std::optional<bool> keepDims = constantFlag(*this, taken->keepDims, "keepdims", false);
  if (!axes || !keepDims)
    return {loc, Poison{}};
  bool arg = kind == ReduceKind::ArgMin || kind == ReduceKind::ArgMax;
  if (arg && *keepDims)
    return unsupported(loc, "keyword argument 'keepdims' of 'np." + name + "'");
  if (arg && *axes != (1u << dims) - 1 && llvm::popcount(*axes) != 1)
    return unsupported(loc, "'np." + name + "' over several axes");

  // NumPy multiplies in the operand's memory order, which only run time knows.
  if (kind == ReduceKind::Product && llvm::popcount(*axes) > 1 && ir::isFloat(dtype))
    return unsupported(loc, "the product of floats over several axes",
                       "a product over one axis after the other");
  Value result = reduceArray(*this, kind, loc, std::move(array), *axes, *keepDims);
  return isGiven(taken->out)
             ? storeInto(*this, name, loc, std::move(*taken->out), std::move(result))
             : std::move(result);
}

Value reduceArray(Analyzer &sema, typed::ReduceKind kind, Loc loc, Value array, uint32_t axes,
                  bool keepDims) {
  using typed::ReduceKind;
  if (array.isPoison())
    return array;
  auto [dtype, dims] = *array.typeAs<ArrayType>();
  // The dtype in which NumPy reduces.
  DType result = dtype;
  if (kind == ReduceKind::Sum || kind == ReduceKind::Product) {
    result = sumTypeOf(dtype);
    array = sema.convert(std::move(array), result, false);
  } else if (kind == ReduceKind::Mean) {
    if (!ir::isFloat(dtype))
      result = DType::F64;
  } else if (kind == ReduceKind::Any || kind == ReduceKind::All) {
    result = DType::Bool;
    array = sema.convert(std::move(array), DType::Bool, false);
  } else if (kind == ReduceKind::ArgMin || kind == ReduceKind::ArgMax) {
    result = DType::I64;
  }
  Facts facts;
  const std::vector<SymbolicSize> &shape = array.facts().shape;
  unsigned resultDims = 0;
  for (unsigned dim = 0; dim < dims; ++dim) {
    bool reduced = axes & (1u << dim);
    if (!reduced || keepDims)
      ++resultDims;
    if (shape.size() == dims && (!reduced || keepDims))
      facts.shape.push_back(reduced ? SymbolicSize{"", 0, 1} : shape[dim]);
  }
  typed::Reduce node{kind, std::make_unique<typed::Expr>(std::move(array.expr())), axes, keepDims};
  if (resultDims == 0)
    return sema.makeTyped(loc, ScalarType{result, false}, std::move(node));
  return sema.makeTyped(loc, ArrayType{result, resultDims}, std::move(node), std::move(facts));
}

std::optional<typed::ReduceKind> reduceNamed(llvm::StringRef name) {
  using typed::ReduceKind;
  return llvm::StringSwitch<std::optional<ReduceKind>>(name)
      .Case("sum", ReduceKind::Sum)
      .Case("mean", ReduceKind::Mean)
      .Case("prod", ReduceKind::Product)
      .Cases({"min", "amin"}, ReduceKind::Minimum)
      .Cases({"max", "amax"}, ReduceKind::Maximum)
      .Case("any", ReduceKind::Any)
      .Case("all", ReduceKind::All)
      .Case("argmin", ReduceKind::ArgMin)
      .Case("argmax", ReduceKind::ArgMax)
      .Default(std::nullopt);
}

} // namespace hpcc::frontend::sema
