// What the calls of NumPy's functions of arrays share: the table of names, parameters, views.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

namespace {
enum class CallForm : uint8_t { Function, Method, Both };
struct NumpyFunction {
  llvm::StringRef name;
  CallHandler handler;
  CallForm form;
};
constexpr NumpyFunction functions[] = {
#define NUMPY_FUNCTION(name, handler, form) {name, handler, CallForm::form},
#include "frontend/NumpyFunctions.def"
};
} // namespace

CallHandler numpyFunctionNamed(llvm::StringRef name, bool asMethod) {
  for (const NumpyFunction &row : functions)
    if (row.name == name && row.form != (asMethod ? CallForm::Function : CallForm::Method))
      return row.handler;
  return nullptr;
}

void forEachNumpyFunction(llvm::function_ref<void(llvm::StringRef name)> visit) {
  for (const NumpyFunction &row : functions)
    if (row.form != CallForm::Method)
      visit(row.name);
}

Parameters takeParameters(Analyzer &sema, llvm::StringRef function, Loc loc, Arguments arguments,
                          llvm::ArrayRef<llvm::StringRef> names, unsigned required,
                          llvm::ArrayRef<unsigned> refused) {
  Parameters parameters;
  std::string full = ("np." + function).str();
  parameters.failed =
      !sema.takeArguments(full, loc, std::move(arguments), names, required, parameters.values);
  if (parameters.failed)
    return parameters;
  for (unsigned index : refused)
    if (isGiven(parameters.values[index])) {
      sema.unsupported(parameters.values[index]->loc,
                       "keyword argument '" + names[index] + "' of '" + full + "'");
      parameters.failed = true;
    }
  return parameters;
}

std::optional<bool> constantFlag(Analyzer &sema, std::optional<Value> &value,
                                 llvm::StringRef keyword, bool otherwise) {
  if (!value)
    return otherwise;
  auto known = value->as<TypedValue>() ? value->facts().constant : std::nullopt;
  if (known)
    return known->bits != 0;
  sema.unsupported(value->loc, "'" + keyword + "' that is not known at compile time");
  return std::nullopt;
}

bool expectArray(Analyzer &sema, llvm::StringRef function, const Value &value) {
  if (value.typeAs<ArrayType>())
    return true;
  sema.unsupported(value.loc, "'np." + function + "' of anything but an array",
                   value.typeAs<ListType>() ? "make an array of the list: np.array(...)" : "");
  return false;
}

std::optional<uint32_t> axesArgument(Analyzer &sema, std::optional<Value> &value, unsigned dims) {
  if (!isGiven(value))
    return (1u << dims) - 1;
  std::vector<Value> given;
  if (auto *tuple = value->as<TupleValue>())
    given = std::move(tuple->elements);
  else
    given.push_back(std::move(*value));
  uint32_t axes = 0;
  for (Value &axis : given) {
    std::optional<unsigned> number = axisArgument(sema, axis, dims);
    if (!number)
      return std::nullopt;
    if (axes & (1u << *number)) {
      sema.fail(axis.loc, message::duplicateAxis);
      return std::nullopt;
    }
    axes |= 1u << *number;
  }
  return axes;
}

Value applyElementwise(Analyzer &sema, Loc loc, ir::ScalarOp op, Value operand) {
  std::vector<Value> operands;
  operands.push_back(std::move(operand));
  return sema.elementwise(loc, loc, op, Analyzer::Promotion::Same, std::move(operands));
}

Value applyElementwise(Analyzer &sema, Loc loc, ir::ScalarOp op, Value left, Value right) {
  std::vector<Value> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return sema.elementwise(loc, loc, op, Analyzer::Promotion::Same, std::move(operands));
}

Value viewOf(Analyzer &sema, Loc loc, Value array, std::vector<typed::SubscriptItem> items,
             std::vector<SymbolicSize> shape) {
  Facts facts;
  facts.name = array.facts().name;
  facts.origin = array.facts().origin;
  ArrayType type{array.typeAs<ArrayType>()->dtype, static_cast<unsigned>(shape.size())};
  facts.shape = std::move(shape);
  return sema.makeTyped(
      loc, type,
      typed::View{std::make_unique<typed::Expr>(std::move(array.expr())), std::move(items)},
      std::move(facts));
}

std::vector<SymbolicSize> knownShape(const Value &array) {
  std::vector<SymbolicSize> shape = array.facts().shape;
  shape.resize(array.typeAs<ArrayType>()->dims);
  return shape;
}

static typed::ExprPtr pointerTo(Value value) {
  return std::make_unique<typed::Expr>(std::move(value.expr()));
}

Value sizeOf(Analyzer &sema, Loc loc, const Value &array, unsigned dim) {
  Facts facts;
  SymbolicSize size = knownShape(array)[dim];
  if (size.value)
    facts.constant = ir::ScalarConstant{DType::I64, static_cast<uint64_t>(*size.value)};
  return sema.makeTyped(loc, weakInt, typed::SizeOf{pointerTo(sema.duplicate(array)), dim},
                        std::move(facts));
}

std::optional<Value> attributeOfArray(Analyzer &sema, Loc loc, Value &array,
                                      llvm::StringRef attribute) {
  unsigned dims = array.typeAs<ArrayType>()->dims;
  if (attribute == "ndim")
    return sema.makeInteger(loc, dims);
  if (attribute == "T") {
    std::vector<unsigned> order(dims);
    for (unsigned dim = 0; dim < dims; ++dim)
      order[dim] = dims - 1 - dim;
    return sema.transposeArray(loc, std::move(array), std::move(order));
  }
  if (attribute != "shape" && attribute != "size")
    return std::nullopt;
  typed::Block stmts;
  array = sema.stabilize(std::move(array), stmts);
  if (attribute == "size") {
    Value size = sema.makeInteger(loc, 1);
    for (unsigned dim = 0; dim < dims; ++dim)
      size = sema.binary(ast::BinaryOperator::Mult, loc, loc, std::move(size),
                         sizeOf(sema, loc, array, dim));
    return sema.sequence(loc, std::move(stmts), std::move(size));
  }
  TupleValue shape;
  for (unsigned dim = 0; dim < dims; ++dim)
    shape.elements.push_back(sizeOf(sema, loc, array, dim));
  shape.elements[0] = sema.sequence(loc, std::move(stmts), std::move(shape.elements[0]));
  return Value{loc, std::move(shape)};
}

typed::SubscriptSlice sliceItem(std::optional<Value> start, std::optional<Value> stop,
                                std::optional<Value> step) {
  typed::SubscriptSlice slice;
  if (start)
    slice.lower = pointerTo(std::move(*start));
  if (stop)
    slice.upper = pointerTo(std::move(*stop));
  if (step)
    slice.step = pointerTo(std::move(*step));
  return slice;
}

static std::vector<typed::SubscriptItem> itemsAlong(unsigned dims, unsigned dim,
                                                    typed::SubscriptSlice slice) {
  std::vector<typed::SubscriptItem> items;
  for (unsigned each = 0; each < dims; ++each)
    items.push_back(typed::SubscriptSlice{});
  items[dim] = std::move(slice);
  return items;
}

Value sliceAlong(Analyzer &sema, Loc loc, Value array, unsigned dim, typed::SubscriptSlice slice) {
  std::vector<SymbolicSize> shape = knownShape(array);
  bool isReversed = !slice.lower && !slice.upper;
  if (!isReversed)
    shape[dim] = {};
  auto dims = static_cast<unsigned>(shape.size());
  return viewOf(sema, loc, std::move(array), itemsAlong(dims, dim, std::move(slice)),
                std::move(shape));
}

void storeAlong(Analyzer &sema, Loc loc, typed::Block &stmts, const Value &target, unsigned dim,
                typed::SubscriptSlice slice, Value value) {
  if (value.isPoison())
    return;
  auto [dtype, dims] = *target.typeAs<ArrayType>();
  value = sema.convert(std::move(value), dtype, false);
  stmts.push_back({loc, typed::StoreSlice{std::move(sema.duplicate(target).expr()),
                                          itemsAlong(dims, dim, std::move(slice)),
                                          std::move(value.expr()), false}});
}

std::optional<unsigned> axisArgument(Analyzer &sema, Value &value, unsigned dims) {
  std::optional<int64_t> known = value.constantInteger();
  if (!known) {
    sema.unsupported(value.loc, "an axis that is not known at compile time");
    return std::nullopt;
  }
  int64_t number = *known < 0 ? *known + dims : *known;
  if (number >= 0 && number < dims)
    return static_cast<unsigned>(number);
  sema.fail(value.loc, message::axisOutOfBounds, *known, dims);
  return std::nullopt;
}

Value emptyArray(Analyzer &sema, Loc loc, DType dtype, std::vector<Value> sizes) {
  typed::Create node;
  Facts facts;
  facts.origin.created = loc;
  for (Value &size : sizes) {
    SymbolicSize known;
    known.value = size.constantInteger();
    facts.shape.push_back(known);
    node.shape.push_back(std::move(size.expr()));
  }
  ArrayType type{dtype, static_cast<unsigned>(sizes.size())};
  return sema.makeTyped(loc, type, std::move(node), std::move(facts));
}

/// NumPy's casting rule 'same_kind'.
static bool isSameKind(DType from, DType to) {
  return promoteStrong(from, to) == to || (ir::isFloat(from) && ir::isFloat(to)) ||
         (ir::isInteger(from) && ir::isInteger(to) &&
          (!ir::isUnsigned(to) || ir::isUnsigned(from)));
}

Value storeInto(Analyzer &sema, llvm::StringRef function, Loc loc, Value out, Value result) {
  if (result.isPoison())
    return result;
  const auto *target = out.typeAs<ArrayType>(), *array = result.typeAs<ArrayType>();
  if (!target || !array || target->dims != array->dims || !isSameKind(array->dtype, target->dtype))
    return sema.unsupported(out.loc, "this keyword argument 'out' of 'np." + function + "'",
                            "an array of the result's shape and kind");
  typed::Block stmts;
  out = sema.stabilize(std::move(out), stmts);
  result = sema.stabilize(std::move(result), stmts);
  for (unsigned dim = 0; dim < target->dims; ++dim) {
    Value have = sizeOf(sema, loc, result, dim), want = sizeOf(sema, loc, out, dim);
    if (have.constantInteger() && have.constantInteger() == want.constantInteger())
      continue;
    Value differ =
        sema.compare(ast::CompareOperator::NotEq, loc, loc, std::move(have), std::move(want));
    typed::Block raise;
    raise.push_back({loc, typed::RaiseError{"Unsupported", "an 'out' of another shape"}});
    stmts.push_back({loc, typed::If{std::move(differ.expr()), std::move(raise), {}}});
  }
  DType dtype = out.typeAs<ArrayType>()->dtype;
  result = sema.convert(std::move(result), dtype, false);
  stmts.push_back(
      {loc, typed::StoreSlice{
                std::move(sema.duplicate(out).expr()), {}, std::move(result.expr()), false}});
  return sema.sequence(loc, std::move(stmts), std::move(out));
}

} // namespace hpcc::frontend::sema
