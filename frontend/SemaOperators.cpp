// Operators and conversions.
//
// Weak operands only: Python's own arithmetic, checked. Anything strong or an array: NumPy's, after
// NEP 50 promotion, in which a weak operand takes the kind of the others.

#include "frontend/SemaArrays.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

namespace hpcc::frontend::sema {

using ast::BinaryOperator;
using ir::ScalarOp;

//===------------------------------------------------------------------------------------------===//
// Binary operators
//===------------------------------------------------------------------------------------------===//

/// Folds Python arithmetic on known constants; nothing where Python would raise or leave 64 bits.
static std::optional<ir::ScalarConstant>
foldPython(BinaryOperator op, const ir::ScalarConstant &left, const ir::ScalarConstant &right) {
  if (ir::isFloat(left.type) || ir::isFloat(right.type)) {
    auto number = [](const ir::ScalarConstant &constant) {
      return ir::isFloat(constant.type) ? ir::asDouble(constant)
                                        : static_cast<double>(ir::asInteger(constant));
    };
    double l = number(left), r = number(right), value;
    switch (op) {
    case BinaryOperator::Add:
      value = l + r;
      break;
    case BinaryOperator::Sub:
      value = l - r;
      break;
    case BinaryOperator::Mult:
      value = l * r;
      break;
    default:
      return std::nullopt;
    }
    return ir::ScalarConstant{DType::F64, llvm::bit_cast<uint64_t>(value)};
  }
  int64_t l = ir::asInteger(left), r = ir::asInteger(right), value = 0;
  switch (op) {
  case BinaryOperator::Add:
    if (llvm::AddOverflow(l, r, value))
      return std::nullopt;
    break;
  case BinaryOperator::Sub:
    if (llvm::SubOverflow(l, r, value))
      return std::nullopt;
    break;
  case BinaryOperator::Mult:
    if (llvm::MulOverflow(l, r, value))
      return std::nullopt;
    break;
  case BinaryOperator::FloorDiv:
  case BinaryOperator::Mod: {
    if (r == 0 || (l == INT64_MIN && r == -1))
      return std::nullopt;
    int64_t quotient = l / r, remainder = l % r;
    if (remainder != 0 && (remainder < 0) != (r < 0))
      --quotient, remainder += r;
    value = op == BinaryOperator::FloorDiv ? quotient : remainder;
    break;
  }
  default:
    return std::nullopt;
  }
  return ir::ScalarConstant{DType::I64, static_cast<uint64_t>(value)};
}

static std::optional<ScalarOp> scalarOpOf(BinaryOperator op) {
  switch (op) {
  case BinaryOperator::Add:
    return ScalarOp::Add;
  case BinaryOperator::Sub:
    return ScalarOp::Subtract;
  case BinaryOperator::Mult:
    return ScalarOp::Multiply;
  case BinaryOperator::Div:
    return ScalarOp::Divide;
  case BinaryOperator::FloorDiv:
    return ScalarOp::FloorDivide;
  case BinaryOperator::Mod:
    return ScalarOp::Modulo;
  case BinaryOperator::Pow:
    return ScalarOp::Power;
  case BinaryOperator::LShift:
    return ScalarOp::ShiftLeft;
  case BinaryOperator::RShift:
    return ScalarOp::ShiftRight;
  case BinaryOperator::BitOr:
    return ScalarOp::Or;
  case BinaryOperator::BitXor:
    return ScalarOp::Xor;
  case BinaryOperator::BitAnd:
    return ScalarOp::And;
  case BinaryOperator::MatMult:
    return std::nullopt;
  }
  return std::nullopt;
}

/// Both operands weak scalars.
static Value pythonBinary(Analyzer &sema, BinaryOperator op, Loc loc, Loc opLoc, Value left,
                          Value right) {
  DType l = dtypeOfValue(left), r = dtypeOfValue(right);
  ScalarOp scalarOp = *scalarOpOf(op);
  bool bits =
      op == BinaryOperator::BitAnd || op == BinaryOperator::BitOr || op == BinaryOperator::BitXor;
  bool shift = op == BinaryOperator::LShift || op == BinaryOperator::RShift;
  bool isFloat = l == DType::F64 || r == DType::F64;
  if (isFloat && (bits || shift))
    return sema.fail(opLoc, message::wrongOperands, ast::spelling(op), describe(left),
                     describe(right));
  std::optional<ir::ScalarConstant> folded;
  if (left.facts().constant && right.facts().constant)
    folded = foldPython(op, *left.facts().constant, *right.facts().constant);
  DType dtype = isFloat                                        ? DType::F64
                : bits && l == DType::Bool && r == DType::Bool ? DType::Bool
                                                               : DType::I64;
  left = sema.convert(std::move(left), dtype, true);
  right = sema.convert(std::move(right), dtype, true);
  bool raises = isFloat ? op == BinaryOperator::Div || op == BinaryOperator::FloorDiv ||
                              op == BinaryOperator::Mod
                        : !bits;
  DType result = op == BinaryOperator::Div ? DType::F64 : dtype;
  std::vector<Value> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  Value value = sema.applyNode(loc, opLoc, scalarOp, raises, std::move(operands), result, true);
  if (!value.isPoison())
    value.facts().constant = folded;
  return value;
}

/// At least one operand is a NumPy scalar or an array.
static Value numpyBinary(Analyzer &sema, BinaryOperator op, Loc loc, Loc opLoc, Value left,
                         Value right) {
  const Value *both[] = {&left, &right};
  DType dtype = *sema.promote(both);
  ScalarOp scalarOp = *scalarOpOf(op);
  auto promotion = Analyzer::Promotion::Same;
  switch (op) {
  case BinaryOperator::Add:
    if (dtype == DType::Bool)
      scalarOp = ScalarOp::Or;
    break;
  case BinaryOperator::Mult:
    if (dtype == DType::Bool)
      scalarOp = ScalarOp::And;
    break;
  case BinaryOperator::Sub:
    if (dtype == DType::Bool)
      return sema.fail(opLoc, message::booleanSubtract);
    break;
  case BinaryOperator::Div:
    promotion = Analyzer::Promotion::Quotient;
    break;
  case BinaryOperator::FloorDiv:
  case BinaryOperator::Mod:
  case BinaryOperator::LShift:
  case BinaryOperator::RShift:
    if (dtype == DType::Bool) { // of booleans in int8
      left = sema.convert(std::move(left), DType::I8, false);
      right = sema.convert(std::move(right), DType::I8, false);
    }
    if (op == BinaryOperator::FloorDiv || op == BinaryOperator::Mod)
      break;
    [[fallthrough]];
  case BinaryOperator::BitAnd:
  case BinaryOperator::BitOr:
  case BinaryOperator::BitXor:
    promotion = Analyzer::Promotion::Bits;
    break;
  default:
    break;
  }
  std::vector<Value> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return sema.elementwise(loc, opLoc, scalarOp, promotion, std::move(operands));
}

/// `+` and `*` of lists and tuples. Nothing if neither operand is one.
static std::optional<Value> sequenceOperator(Analyzer &sema, BinaryOperator op, Loc loc, Loc opLoc,
                                             Value &left, Value &right) {
  auto *leftTuple = left.as<TupleValue>(), *rightTuple = right.as<TupleValue>();
  if (leftTuple && rightTuple && op == BinaryOperator::Add) {
    for (Value &element : rightTuple->elements)
      leftTuple->elements.push_back(std::move(element));
    left.loc = loc;
    return std::move(left);
  }
  if ((leftTuple || rightTuple) && op == BinaryOperator::Mult)
    return sema.unsupported(opLoc, "repeating a tuple");
  const auto *leftList = left.typeAs<ListType>(), *rightList = right.typeAs<ListType>();
  if (!leftList && !rightList)
    return std::nullopt;
  if (leftList && rightList && op == BinaryOperator::Add) {
    if (*leftList != *rightList)
      return sema.unsupported(opLoc, "joining lists of different element types");
    Type type = *left.type();
    return sema.makeTyped(
        loc, type,
        typed::ListConcat{std::make_unique<typed::Expr>(std::move(left.expr())),
                          std::make_unique<typed::Expr>(std::move(right.expr()))});
  }
  if (op == BinaryOperator::Mult && (leftList != nullptr) != (rightList != nullptr)) {
    Value &list = leftList ? left : right;
    Value &factor = leftList ? right : left;
    if (isArray(factor))
      return sema.unsupported(opLoc, "an operation of an array and a list");
    Type type = *list.type();
    if (!leftList) { // the count is evaluated first
      typed::Block stmts;
      factor = sema.toIndex(std::move(factor), "repetition counts of lists");
      if (factor.isPoison())
        return std::move(factor);
      factor = sema.stabilize(std::move(factor), stmts);
      Facts facts = list.facts();
      facts.shape.clear();
      Value repeat =
          sema.makeTyped(loc, type,
                         typed::ListRepeat{std::make_unique<typed::Expr>(std::move(list.expr())),
                                           std::make_unique<typed::Expr>(std::move(factor.expr()))},
                         facts);
      return sema.sequence(loc, std::move(stmts), std::move(repeat));
    }
    factor = sema.toIndex(std::move(factor), "repetition counts of lists");
    if (factor.isPoison())
      return std::move(factor);
    return sema.makeTyped(
        loc, type,
        typed::ListRepeat{std::make_unique<typed::Expr>(std::move(list.expr())),
                          std::make_unique<typed::Expr>(std::move(factor.expr()))});
  }
  if (isArray(left) || isArray(right))
    return sema.unsupported(opLoc, "an operation of an array and a list",
                            "make an array of the list with np.array(...)");
  return sema.fail(opLoc, message::wrongOperands, ast::spelling(op), describe(left),
                   describe(right));
}

Value Analyzer::binary(BinaryOperator op, Loc loc, Loc opLoc, Value left, Value right) {
  if (left.isPoison() || right.isPoison() || !adoptLarge(left, right))
    return {loc, Poison{}};
  if (op == BinaryOperator::MatMult)
    return multiplyMatrices(*this, typed::ProductKind::Matmul, loc, opLoc, std::move(left),
                            std::move(right));
  if (auto value = sequenceOperator(*this, op, loc, opLoc, left, right))
    return std::move(*value);
  // "a" + "b", "a" * 3 and "%d" % n are Python, "a" + 3 is not.
  bool bothTexts = left.as<TextValue>() && right.as<TextValue>();
  if ((op == BinaryOperator::Add && bothTexts) ||
      (op == BinaryOperator::Mod && left.as<TextValue>()) ||
      (op == BinaryOperator::Mult && (left.as<TextValue>() || right.as<TextValue>())))
    return unsupported(opLoc, "an operation on strings");
  for (const Value *value : {&left, &right})
    if (!isNumeric(*value) && !value->typeAs<UnionType>())
      return fail(opLoc, message::wrongOperands, ast::spelling(op), describe(left),
                  describe(right));
  std::vector<Value> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return distribute(loc, std::move(operands), [&](std::vector<Value> parts) {
    if (op == BinaryOperator::Pow)
      return power(loc, opLoc, std::move(parts[0]), std::move(parts[1]));
    bool python = isWeak(parts[0]) && isWeak(parts[1]);
    return (python ? pythonBinary : numpyBinary)(*this, op, loc, opLoc, std::move(parts[0]),
                                                 std::move(parts[1]));
  });
}

//===------------------------------------------------------------------------------------------===//
// Power
//===------------------------------------------------------------------------------------------===//

/// The number of a known scalar constant.
static std::optional<double> knownNumber(Value &value) {
  if (!value.typeAs<ScalarType>() || !value.facts().constant)
    return std::nullopt;
  const ir::ScalarConstant &constant = *value.facts().constant;
  return ir::isFloat(constant.type) ? ir::asDouble(constant)
                                    : static_cast<double>(ir::asInteger(constant));
}

static Value pythonPower(Analyzer &sema, Loc loc, Loc opLoc, Value left, Value right) {
  bool isFloat = dtypeOfValue(left) == DType::F64 || dtypeOfValue(right) == DType::F64;
  std::optional<double> exponent = knownNumber(right);
  // int ** negative int is a float in Python; an exponent that is only known at run time must not
  // be negative (a documented deviation).
  bool toFloat = isFloat || (exponent && *exponent < 0);
  DType dtype = toFloat ? DType::F64 : DType::I64;
  std::vector<Value> operands;
  operands.push_back(sema.convert(std::move(left), dtype, true));
  operands.push_back(sema.convert(std::move(right), dtype, true));
  return sema.applyNode(loc, opLoc, ScalarOp::Power, true, std::move(operands), dtype, true);
}

Value Analyzer::power(Loc loc, Loc opLoc, Value left, Value right) {
  if (isWeak(left) && isWeak(right))
    return pythonPower(*this, loc, opLoc, std::move(left), std::move(right));
  const Value *both[] = {&left, &right};
  DType dtype = *promote(both);
  std::optional<double> exponent = knownNumber(right);
  bool isSquare =
      isArray(left) && dtypeOfValue(right) == DType::I64 && isWeak(right) && exponent == 2.0;
  if (dtype == DType::Bool || (isSquare && dtypeOfValue(left) == DType::Bool)) {
    dtype = DType::I8; // of booleans, and of squares of them, in int8
    left = convert(std::move(left), dtype, false);
    right = convert(std::move(right), dtype, false);
  }
  if (isArray(left) && isWeak(right) && exponent && ir::isFloat(dtype)) {
    // NumPy's short cuts for an array and a Python number.
    typed::Block stmts;
    left = adopt(*this, std::move(left), dtype);
    std::vector<Value> operands;
    if (*exponent == 2.0) {
      left = stabilize(std::move(left), stmts);
      operands.push_back(duplicate(left));
      operands.push_back(std::move(left));
      return sequence(
          loc, std::move(stmts),
          applyNode(loc, opLoc, ScalarOp::Multiply, false, std::move(operands), dtype, false));
    }
    if (*exponent == 1.0)
      return copyArray(loc, std::move(left), true);
    if (*exponent == 0.5) {
      operands.push_back(std::move(left));
      return applyNode(loc, opLoc, ScalarOp::SquareRoot, false, std::move(operands), dtype, false);
    }
    if (*exponent == -1.0) {
      operands.push_back(constantOfType(loc, {dtype, false}, 1.0));
      operands.push_back(std::move(left));
      return applyNode(loc, opLoc, ScalarOp::Divide, false, std::move(operands), dtype, false);
    }
  }
  if (ir::isFloat(dtype)) {
    std::vector<Value> operands;
    operands.push_back(std::move(left));
    operands.push_back(std::move(right));
    return elementwise(loc, opLoc, ScalarOp::Power, Promotion::Same, std::move(operands));
  }
  // Integers: NumPy refuses negative exponents before it computes anything.
  typed::Block stmts;
  left = stabilize(std::move(left), stmts);
  if (ir::isSigned(dtype) && ir::isSigned(dtypeOfValue(right)) && (!exponent || *exponent < 0)) {
    right = stabilize(std::move(right), stmts);
    Value negative =
        compare(ast::CompareOperator::Lt, loc, opLoc, duplicate(right), makeInteger(loc, 0));
    if (const auto *array = negative.typeAs<ArrayType>()) {
      uint32_t axes = (1u << array->dims) - 1;
      negative = makeTyped(loc, ScalarType{DType::Bool, false},
                           typed::Reduce{typed::ReduceKind::Any,
                                         std::make_unique<typed::Expr>(std::move(negative.expr())),
                                         axes, false});
    }
    negative = truth(std::move(negative));
    typed::Block raise;
    raise.push_back({opLoc, typed::RaiseError{"IntegerNegativePower", ""}});
    stmts.push_back({opLoc, typed::If{std::move(negative.expr()), std::move(raise), {}}});
  }
  std::vector<Value> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return sequence(loc, std::move(stmts),
                  elementwise(loc, opLoc, ScalarOp::Power, Promotion::Same, std::move(operands)));
}

//===------------------------------------------------------------------------------------------===//
// Unary operators and comparisons
//===------------------------------------------------------------------------------------------===//

Value Analyzer::unary(ast::UnaryOperator op, Loc loc, Value operand) {
  if (operand.isPoison())
    return operand;
  if (op == ast::UnaryOperator::Not) {
    Value value = truth(std::move(operand));
    if (value.isPoison())
      return value;
    std::optional<ir::ScalarConstant> constant = value.facts().constant;
    std::vector<Value> operands;
    operands.push_back(std::move(value));
    Value result =
        applyNode(loc, loc, ScalarOp::Not, false, std::move(operands), DType::Bool, true);
    if (constant)
      result.facts().constant = ir::ScalarConstant{DType::Bool, constant->bits == 0};
    return result;
  }
  if (!isNumeric(operand) && !operand.typeAs<UnionType>())
    return fail(loc, message::wrongOperand, ast::spelling(op), describe(operand));
  std::vector<Value> operands;
  operands.push_back(std::move(operand));
  return distribute(loc, std::move(operands), [&](std::vector<Value> parts) -> Value {
    Value part = std::move(parts[0]);
    bool weak = isWeak(part);
    if (weak && dtypeOfValue(part) == DType::Bool)
      part = convert(std::move(part), DType::I64, true);
    DType dtype = dtypeOfValue(part);
    if (op == ast::UnaryOperator::UAdd)
      return isArray(part) ? copyArray(loc, std::move(part), true) : std::move(part);
    std::vector<Value> one;
    if (op == ast::UnaryOperator::Invert) {
      if (ir::isFloat(dtype))
        return fail(loc, message::wrongOperand, "~", describe(part));
      one.push_back(std::move(part));
      return applyNode(loc, loc, ScalarOp::Not, false, std::move(one), dtype, weak);
    }
    if (dtype == DType::Bool)
      return fail(loc, message::booleanNegative);
    if (weak && part.facts().constant) {
      const ir::ScalarConstant &constant = *part.facts().constant;
      bool literal = std::holds_alternative<typed::Constant>(part.expr().node);
      if (literal && dtype == DType::F64)
        return makeFloat(loc, -ir::asDouble(constant));
      if (literal && ir::asInteger(constant) != INT64_MIN)
        return makeInteger(loc, -ir::asInteger(constant));
    }
    bool checked = weak && dtype == DType::I64;
    std::optional<int64_t> known = part.constantInteger();
    one.push_back(std::move(part));
    Value value = applyNode(loc, loc, ScalarOp::Negate, checked, std::move(one), dtype, weak);
    if (weak && known && *known != INT64_MIN && !value.isPoison())
      value.facts().constant = ir::ScalarConstant{DType::I64, static_cast<uint64_t>(-*known)};
    return value;
  });
}

Value Analyzer::compare(ast::CompareOperator op, Loc loc, Loc opLoc, Value left, Value right) {
  if (left.isPoison() || right.isPoison() || !adoptLarge(left, right))
    return {loc, Poison{}};
  const auto *leftText = left.as<TextValue>(), *rightText = right.as<TextValue>();
  if (leftText && rightText &&
      (op == ast::CompareOperator::Eq || op == ast::CompareOperator::NotEq))
    return makeBool(loc, (leftText->text == rightText->text) == (op == ast::CompareOperator::Eq));
  ScalarOp scalarOp = ScalarOp::Equal;
  switch (op) {
  case ast::CompareOperator::Eq:
    scalarOp = ScalarOp::Equal;
    break;
  case ast::CompareOperator::NotEq:
    scalarOp = ScalarOp::NotEqual;
    break;
  case ast::CompareOperator::Lt:
    scalarOp = ScalarOp::Less;
    break;
  case ast::CompareOperator::LtE:
    scalarOp = ScalarOp::LessEqual;
    break;
  case ast::CompareOperator::Gt:
    scalarOp = ScalarOp::Greater;
    break;
  case ast::CompareOperator::GtE:
    scalarOp = ScalarOp::GreaterEqual;
    break;
  default:
    return unsupported(opLoc, "this comparison");
  }
  bool equality = op == ast::CompareOperator::Eq || op == ast::CompareOperator::NotEq;
  if (equality && (left.as<DTypeValue>() || right.as<DTypeValue>()))
    return compareTypes(op, loc, std::move(left), std::move(right));
  for (const Value *value : {&left, &right})
    if (!isNumeric(*value) && !value->typeAs<UnionType>())
      return unsupported(opLoc, "a comparison of " + describe(left) + " and " + describe(right));
  std::vector<Value> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return distribute(loc, std::move(operands), [&](std::vector<Value> parts) -> Value {
    bool python = isWeak(parts[0]) && isWeak(parts[1]);
    const Value *both[] = {&parts[0], &parts[1]};
    DType dtype = *promote(both);
    if (python) {
      // int with float is compared exactly, without conversion.
      for (Value &part : parts)
        if (dtypeOfValue(part) == DType::Bool && dtype != DType::Bool)
          part = convert(std::move(part), DType::I64, true);
      if (dtype == DType::Bool)
        for (Value &part : parts)
          part = convert(std::move(part), DType::I64, true);
      return applyNode(loc, opLoc, scalarOp, false, std::move(parts), DType::Bool, true);
    }
    adoptForComparison(parts[0], parts[1]);
    return applyNode(loc, opLoc, scalarOp, false, std::move(parts), DType::Bool, false);
  });
}

} // namespace hpcc::frontend::sema
