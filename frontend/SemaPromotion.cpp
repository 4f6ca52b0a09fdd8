// Element types: their names, and the dtype in which an operation computes (NEP 50).

#include "frontend/Sema.h"
#include "ir/Interval.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <limits>

namespace hpcc::frontend::sema {

using ir::ScalarOp;

//===------------------------------------------------------------------------------------------===//
// Names
//===------------------------------------------------------------------------------------------===//

namespace {
enum class Scope { Class, Text };
struct NamedDType {
  llvm::StringRef name;
  DType dtype;
  Scope scope;
};
constexpr NamedDType names[] = {
#define NUMPY_DTYPE(name, dtype, scope) {name, DType::dtype, Scope::scope},
#include "frontend/DTypes.def"
};
} // namespace

std::optional<DType> scalarClassNamed(llvm::StringRef name) {
  const auto *row = llvm::find_if(names, [&](const NamedDType &named) {
    return named.scope == Scope::Class && named.name == name;
  });
  return row == std::end(names) ? std::nullopt : std::optional(row->dtype);
}

std::optional<DType> dtypeNamed(llvm::StringRef text) {
  // Only short codes take a byte order: "<i4", "|u1".
  bool ordered = !text.empty() && llvm::StringRef("<>=|").contains(text.front());
  llvm::StringRef name = text.drop_front(ordered ? 1 : 0);
  const auto *row =
      llvm::find_if(names, [&](const NamedDType &named) { return named.name == name; });
  if (row == std::end(names) || (ordered && name.size() > 2) ||
      (text.starts_with(">") && ir::sizeOf(row->dtype) > 1))
    return std::nullopt;
  return row->dtype;
}

std::optional<DType> Analyzer::dtypeOf(const Value &value) {
  if (const auto *dtype = value.as<DTypeValue>(); dtype && dtype->kind != DTypeValue::Kind::Limits)
    return dtype->dtype;
  if (const auto *text = value.as<TextValue>())
    if (auto dtype = dtypeNamed(text->text))
      return dtype;
  if (const auto *builtin = value.as<BuiltinValue>())
    if (builtin->name == "int" || builtin->name == "float" || builtin->name == "bool")
      return dtypeNamed(builtin->name);
  if (!value.isPoison())
    unsupported(value.loc, "this dtype",
                "bool, int8, int16, int32, int64, uint8 to uint64, float32 or float64");
  return std::nullopt;
}

Value Analyzer::dtypeFunction(llvm::StringRef name, Loc loc, Arguments arguments) {
  std::vector<std::optional<Value>> values;
  std::string full = ("np." + name).str();
  llvm::StringRef parameter = name == "iinfo" ? "type" : "dtype";
  if (!takeArguments(full, loc, std::move(arguments), parameter, 1, values))
    return {loc, Poison{}};
  std::optional<DType> dtype = dtypeOf(*values[0]);
  if (!dtype)
    return {loc, Poison{}};
  if (name == "dtype")
    return {loc, DTypeValue{*dtype}};
  if (name == "finfo" ? !ir::isFloat(*dtype) : !ir::isInteger(*dtype))
    return unsupported(loc, "'" + full + "' of this dtype");
  return {loc, DTypeValue{*dtype, DTypeValue::Kind::Limits}};
}

Value Analyzer::limitOf(DTypeValue limits, const std::string &name, Loc loc) {
  DType dtype = limits.dtype;
  if (name == "bits")
    return makeInteger(loc, 8 * static_cast<int64_t>(ir::sizeOf(dtype)));
  if (name == "dtype")
    return {loc, DTypeValue{dtype}};
  if (ir::isInteger(dtype)) {
    ir::Interval range = ir::intervalOfType(dtype);
    if (name == "min")
      return makeInteger(loc, ir::isUnsigned(dtype) ? 0 : static_cast<int64_t>(range.lo));
    if (name == "max" && dtype == DType::U64)
      return {loc, LargeIntegerValue{UINT64_MAX}};
    if (name == "max")
      return makeInteger(loc, static_cast<int64_t>(range.hi));
  } else {
    auto of = [&](auto numbers) {
      using Numbers = decltype(numbers);
      return llvm::StringSwitch<std::optional<double>>(name)
          .Case("max", Numbers::max())
          .Case("min", Numbers::lowest())
          .Case("eps", Numbers::epsilon())
          .Cases({"tiny", "smallest_normal"}, Numbers::min())
          .Case("smallest_subnormal", Numbers::denorm_min())
          .Default(std::nullopt);
    };
    std::optional<double> number =
        dtype == DType::F32 ? of(std::numeric_limits<float>()) : of(std::numeric_limits<double>());
    if (number)
      return constantOfType(loc, {dtype, false}, *number);
  }
  return unsupported(loc, "attribute '" + name + "'");
}

Value Analyzer::compareTypes(ast::CompareOperator op, Loc loc, Value left, Value right) {
  std::optional<DType> l = dtypeOf(left), r = dtypeOf(right);
  if (!l || !r)
    return {loc, Poison{}};
  return makeBool(loc, (*l == *r) == (op == ast::CompareOperator::Eq));
}

//===------------------------------------------------------------------------------------------===//
// Promotion
//===------------------------------------------------------------------------------------------===//

/// The smallest signed type that holds all values of an unsigned one; nothing for u64.
static std::optional<DType> signedAbove(DType type) {
  switch (type) {
  case DType::U8:
    return DType::I16;
  case DType::U16:
    return DType::I32;
  case DType::U32:
    return DType::I64;
  default:
    return std::nullopt;
  }
}

DType promoteStrong(DType left, DType right) {
  if (left == right || right == DType::Bool)
    return left;
  if (left == DType::Bool)
    return right;
  if (ir::isFloat(left) || ir::isFloat(right)) {
    if (ir::isFloat(left) && ir::isFloat(right))
      return DType::F64;
    DType floating = ir::isFloat(left) ? left : right, integer = ir::isFloat(left) ? right : left;
    return ir::sizeOf(integer) <= 2 ? floating : DType::F64; // f32 holds 16 bits exactly
  }
  if (ir::isSigned(left) == ir::isSigned(right))
    return ir::sizeOf(left) > ir::sizeOf(right) ? left : right;
  DType withSign = ir::isSigned(left) ? left : right, without = ir::isSigned(left) ? right : left;
  if (ir::sizeOf(withSign) > ir::sizeOf(without))
    return withSign;
  return signedAbove(without).value_or(DType::F64);
}

std::optional<DType> Analyzer::promote(llvm::ArrayRef<const Value *> values) {
  std::optional<DType> strong;
  bool weakIntSeen = false, weakFloatSeen = false;
  for (const Value *value : values) {
    DType dtype = dtypeOfValue(*value);
    if (isWeak(*value) && dtype != DType::Bool)
      (dtype == DType::F64 ? weakFloatSeen : weakIntSeen) = true;
    else
      strong = strong ? promoteStrong(*strong, dtype) : dtype;
  }
  if (weakFloatSeen)
    return strong && ir::isFloat(*strong) ? *strong : DType::F64;
  if (weakIntSeen)
    return strong && *strong != DType::Bool ? *strong : DType::I64;
  return strong;
}

std::optional<DType> Analyzer::promoteToFloat(llvm::ArrayRef<const Value *> values) {
  DType common = *promote(values);
  bool weakDecides = llvm::any_of(
      values, [&](const Value *value) { return isWeak(*value) && dtypeOfValue(*value) == common; });
  if (ir::sizeOf(common) == 8 && weakDecides)
    return DType::F64;
  // NumPy takes the first of its functions for float16, float32 and float64 to which each operand
  // alone converts.
  unsigned size = 2;
  for (const Value *value : values) {
    DType dtype = dtypeOfValue(*value);
    if (isWeak(*value) && dtype != DType::Bool)
      continue;
    unsigned own = ir::isFloat(dtype) ? ir::sizeOf(dtype) : 2 * ir::sizeOf(dtype);
    size = std::max(size, std::min(own, 8U));
  }
  if (size == 2)
    return std::nullopt;
  return size == 4 ? DType::F32 : DType::F64;
}

bool castsInPlace(DType from, DType to) {
  auto rank = [](DType type) {
    return type == DType::Bool ? 0 : ir::isUnsigned(type) ? 1 : ir::isSigned(type) ? 2 : 3;
  };
  return rank(from) <= rank(to);
}

//===------------------------------------------------------------------------------------------===//
// Python's ints among NumPy's integers
//===------------------------------------------------------------------------------------------===//

Value adopt(Analyzer &sema, Value value, DType dtype) {
  bool checked = isWeak(value) && dtypeOfValue(value) == DType::I64 && ir::isInteger(dtype) &&
                 dtype != DType::I64;
  return sema.convert(std::move(value), dtype, false, checked);
}

bool Analyzer::adoptLarge(Value &left, Value &right) {
  for (auto [value, other] : {std::pair(&left, &right), std::pair(&right, &left)}) {
    const auto *large = value->as<LargeIntegerValue>();
    if (!large)
      continue;
    DType dtype = isNumeric(*other) ? dtypeOfValue(*other) : DType::Bool;
    if (dtype != DType::U64 && dtype != DType::F64) {
      fail(value->loc, message::integerTooLarge);
      return false;
    }
    *value = dtype == DType::U64 ? makeUnsigned(value->loc, large->value)
                                 : makeFloat(value->loc, static_cast<double>(large->value));
  }
  return true;
}

bool fitsType(DType type, int64_t value) {
  if (type == DType::U64)
    return value >= 0;
  return ir::intervalOfType(type).contains(ir::Interval::Wide(value));
}

void Analyzer::adoptForComparison(Value &left, Value &right) {
  DType l = dtypeOfValue(left), r = dtypeOfValue(right);
  Value &weak = isWeak(left) ? left : right;
  DType other = isWeak(left) ? r : l;
  bool weakInt = isWeak(weak) && dtypeOfValue(weak) == DType::I64 && ir::isInteger(other);
  std::optional<int64_t> known = weak.constantInteger();
  if (weakInt && known && fitsType(other, *known)) {
    weak = convert(std::move(weak), other, false);
    return;
  }
  // By value: an int beyond the other type is in order with all its numbers.
  bool unsignedSeen = l == DType::U64 || r == DType::U64;
  bool signedSeen = ir::isSigned(l) || ir::isSigned(r);
  if (weakInt || (unsignedSeen && signedSeen)) {
    for (Value *value : {&left, &right})
      if (dtypeOfValue(*value) != DType::U64)
        *value = convert(std::move(*value), DType::I64, false);
    return;
  }
  const Value *both[] = {&left, &right};
  DType dtype = *promote(both);
  for (Value *value : {&left, &right})
    *value = convert(std::move(*value), dtype, false);
}

Value Analyzer::clampBound(Value bound, DType dtype, bool lower) {
  const auto *scalar = bound.typeAs<ScalarType>();
  if (!scalar || *scalar != weakInt || !ir::isInteger(dtype) || dtype == DType::I64)
    return bound;
  ir::Interval range = ir::intervalOfType(dtype);
  if (dtype == DType::U64)
    range.lo = 0;
  auto limit = static_cast<int64_t>(lower ? range.lo : range.hi);
  Loc loc = bound.loc;
  if (std::optional<int64_t> known = bound.constantInteger()) {
    bool beyond = lower ? *known < limit : *known > limit;
    return beyond ? makeInteger(loc, limit) : std::move(bound);
  }
  std::vector<Value> operands;
  operands.push_back(std::move(bound));
  operands.push_back(makeInteger(loc, limit));
  return applyNode(loc, loc, lower ? ScalarOp::Maximum : ScalarOp::Minimum, false,
                   std::move(operands), DType::I64, true);
}

} // namespace hpcc::frontend::sema
