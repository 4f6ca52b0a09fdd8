// Conversions and elementwise operations: NEP 50 promotion, in which a weak operand takes the kind
// of the others, and the broadcasting of what is known about shapes.

#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

namespace hpcc::frontend::sema {

using ir::ScalarOp;

/// A constant converted to another dtype, where that is exact or NumPy's own rounding.
static std::optional<ir::ScalarConstant> foldCast(const ir::ScalarConstant &constant, DType dtype,
                                                  bool checked) {
  if (constant.type == dtype)
    return constant;
  if (constant.type == DType::U64 && ir::asInteger(constant) < 0) // not an int64_t
    return std::nullopt;
  bool fromFloat = ir::isFloat(constant.type);
  if (ir::isFloat(dtype)) {
    double value =
        fromFloat ? ir::asDouble(constant) : static_cast<double>(ir::asInteger(constant));
    return std::get<ir::ScalarConstant>(ir::constantOf(dtype, value).node);
  }
  if (dtype == DType::Bool)
    return ir::ScalarConstant{DType::Bool, fromFloat ? ir::asDouble(constant) != 0
                                                     : ir::asInteger(constant) != 0};
  if (fromFloat)
    return std::nullopt;
  int64_t value = ir::asInteger(constant);
  if (checked && !fitsType(dtype, value))
    return std::nullopt;
  return std::get<ir::ScalarConstant>(ir::constantOf(dtype, value).node);
}

Value Analyzer::convert(Value value, DType dtype, bool weak, bool checked) {
  if (value.isPoison())
    return value;
  Loc loc = value.loc;
  if (const auto *array = value.typeAs<ArrayType>()) {
    if (array->dtype == dtype)
      return value;
    ArrayType type{dtype, array->dims};
    Facts facts;
    facts.shape = value.facts().shape;
    facts.origin.created = loc;
    facts.subscript = value.facts().subscript;
    return makeTyped(loc, type,
                     typed::Cast{std::make_unique<typed::Expr>(std::move(value.expr())), false},
                     facts);
  }
  ScalarType from = *value.typeAs<ScalarType>(), to{dtype, weak};
  if (from == to)
    return value;
  Facts facts;
  if (value.facts().constant)
    facts.constant = foldCast(*value.facts().constant, dtype, checked);
  if (facts.constant && std::holds_alternative<typed::Constant>(value.expr().node))
    return makeTyped(loc, to, typed::Constant{*facts.constant}, facts);
  if (facts.constant)
    checked = false;
  return makeTyped(
      loc, to, typed::Cast{std::make_unique<typed::Expr>(std::move(value.expr())), checked}, facts);
}

Value Analyzer::toIndex(Value value, llvm::StringRef what) {
  if (value.isPoison())
    return value;
  const auto *scalar = value.typeAs<ScalarType>();
  if (const auto *either = value.typeAs<UnionType>()) {
    bool integers = llvm::all_of(either->alternatives, [](const ScalarType &alternative) {
      return alternative.dtype == DType::Bool || ir::isInteger(alternative.dtype);
    });
    if (!integers)
      return unsupported(value.loc, "a value that may be int or float here");
    Loc loc = value.loc;
    std::vector<Value> operands;
    operands.push_back(std::move(value));
    return distribute(loc, std::move(operands), [&](std::vector<Value> parts) {
      return convert(std::move(parts[0]), DType::I64, true);
    });
  }
  if (!scalar)
    return fail(value.loc, message::notAnIndex, what, describe(value));
  if (scalar->dtype != DType::Bool && !ir::isInteger(scalar->dtype))
    return fail(value.loc, message::notAnIndex, what, describe(value));
  return convert(std::move(value), DType::I64, true);
}

Value Analyzer::toElement(Value value, DType dtype, Loc loc, ElementRule rule) {
  if (value.isPoison())
    return value;
  if (isArray(value))
    return convert(std::move(value), dtype, false);
  if (!value.typeAs<ScalarType>() && !value.typeAs<UnionType>())
    return fail(loc, message::notANumber, describe(value));
  std::vector<Value> operands;
  operands.push_back(std::move(value));
  return distribute(loc, std::move(operands), [&](std::vector<Value> parts) {
    Value part = std::move(parts[0]);
    bool weak = isWeak(part);
    DType from = dtypeOfValue(part);
    if (!ir::isInteger(dtype) || from == DType::Bool || from == dtype)
      return convert(std::move(part), dtype, false);
    // np.full casts floats. Stores take NumPy's numbers as Python's where the array is signed.
    bool asPython = weak ? rule != ElementRule::Fill || from == DType::I64
                         : rule == ElementRule::Store && ir::isSigned(dtype);
    if (!asPython)
      return convert(std::move(part), dtype, false);
    if (from == DType::F32)
      part = convert(std::move(part), DType::F64, true);
    part = convert(std::move(part), DType::I64, true, ir::isFloat(from)); // Python's int()
    return adopt(*this, std::move(part), dtype);
  });
}

//===------------------------------------------------------------------------------------------===//
// Elementwise operations
//===------------------------------------------------------------------------------------------===//

Value Analyzer::applyNode(Loc loc, Loc opLoc, ScalarOp op, bool checked,
                          std::vector<Value> operands, DType dtype, bool weak) {
  typed::Apply apply{op, checked, {}};
  unsigned dims = 0, arrays = 0;
  bool known = true;
  Facts facts;
  Loc shapeLoc;
  for (Value &operand : operands) {
    if (operand.isPoison())
      return {loc, Poison{}};
    const auto *array = operand.typeAs<ArrayType>();
    if (array && operand.facts().shape.size() != array->dims)
      known = false;
    if (array && known) {
      auto both = broadcastShapes(facts.shape, operand.facts().shape);
      if (!both && branches == 0) {
        auto builder = diags.report(opLoc, message::shapeMismatch, spellShape(facts.shape),
                                    spellShape(operand.facts().shape));
        if (arrays > 1)
          facts.subscript = nullptr; // of two that agree and one that does not, the one is wrong
        explainShapes(builder.range(shapeLoc).range(operand.loc), facts, operand.facts());
        return {loc, Poison{}};
      }
      if (arrays == 0)
        facts = operand.facts();
      known = both.has_value(); // a clash in a branch is left to the run
      if (both)
        facts.shape = std::move(*both);
      shapeLoc = operand.loc;
    }
    if (array) {
      dims = std::max(dims, array->dims);
      ++arrays;
    }
    apply.operands.push_back(std::move(operand.expr()));
  }
  if (dims == 0)
    return makeTyped(loc, ScalarType{dtype, weak}, std::move(apply));
  Facts result;
  if (known) {
    // Of one array, the subscript that chose it decides the result's shape too.
    result.subscript = arrays == 1 ? facts.subscript : nullptr;
    result.shape = std::move(facts.shape);
    result.origin = {loc, "", result.shape};
  }
  return makeTyped(loc, ArrayType{dtype, dims}, std::move(apply), std::move(result));
}

Value Analyzer::elementwise(Loc loc, Loc opLoc, ScalarOp op, Promotion promotion,
                            std::vector<Value> operands) {
  for (const Value &operand : operands) {
    if (operand.isPoison())
      return {loc, Poison{}};
    if (!isNumeric(operand) && !operand.typeAs<UnionType>())
      return fail(operand.loc, message::notANumber, describe(operand));
  }
  return distribute(loc, std::move(operands), [&](std::vector<Value> parts) -> Value {
    std::vector<const Value *> pointers;
    for (const Value &part : parts)
      pointers.push_back(&part);
    ir::Typing typing = ir::infoOf(op).typing;
    DType dtype = *promote(pointers);
    if (promotion == Promotion::Float && typing == ir::Typing::Predicate) {
      dtype = ir::isFloat(dtype) ? dtype : DType::F64;
    } else if (promotion == Promotion::Float) {
      std::optional<DType> floating = promoteToFloat(pointers);
      if (!floating)
        return unsupported(loc,
                           llvm::Twine("a float16 result (a math function of ") +
                               (dtype == DType::Bool ? "booleans" : "integers of 8 bits") + ")",
                           "convert with .astype(float)");
      dtype = *floating;
    }
    if (promotion == Promotion::Quotient && !ir::isFloat(dtype))
      dtype = DType::F64;
    if (promotion == Promotion::Bits && ir::isFloat(dtype)) {
      auto place =
          llvm::find_if(parts, [](const Value &part) { return ir::isFloat(dtypeOfValue(part)); });
      if (place == parts.end())
        return fail(opLoc, message::noCommonInteger, sourceText(opLoc), describe(parts[0]),
                    describe(parts[1]));
      return fail(opLoc, message::notForFloats, sourceText(opLoc), describe(*place));
    }
    if (promotion == Promotion::Bool)
      dtype = DType::Bool;
    for (Value &part : parts)
      part = adopt(*this, std::move(part), dtype);
    DType result =
        typing == ir::Typing::Compare || typing == ir::Typing::Predicate ? DType::Bool : dtype;
    return applyNode(loc, opLoc, op, false, std::move(parts), result, false);
  });
}

} // namespace hpcc::frontend::sema
