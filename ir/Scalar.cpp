//===- Scalar.cpp - typing and building of scalar expressions --------------------------------===//

#include "Program.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include <bit>
#include <cassert>

namespace hpcc::ir {

const ScalarOpInfo &infoOf(ScalarOp op) {
  static const ScalarOpInfo rows[] = {
#define HPCC_SCALAR(Enum, text, arity, typing, checkable, infix)                                   \
  {text, arity, Typing::typing, checkable, infix},
#include "Scalar.def"
  };
  return rows[static_cast<unsigned>(op)];
}

std::optional<ScalarOp> parseScalarOp(llvm::StringRef text) {
  return llvm::StringSwitch<std::optional<ScalarOp>>(text)
#define HPCC_SCALAR(Enum, text, arity, typing, checkable, infix) .Case(text, ScalarOp::Enum)
#include "Scalar.def"
      .Default(std::nullopt);
}

//===-----------------------------------------------------------------------------------------===//
// Types
//===-----------------------------------------------------------------------------------------===//

/// Whether the plain operation, whose typing is Same, is defined on operands of this type.
static bool takes(ScalarOp op, DType type) {
  switch (op) {
  case ScalarOp::And:
  case ScalarOp::Or:
  case ScalarOp::Xor:
  case ScalarOp::Not:
    return isInteger(type) || type == DType::Bool;
  case ScalarOp::ShiftLeft:
  case ScalarOp::ShiftRight:
    return isInteger(type);
  case ScalarOp::Minimum:
  case ScalarOp::Maximum:
  case ScalarOp::FMinimum:
  case ScalarOp::FMaximum:
    return isInteger(type) || isFloat(type) || type == DType::Bool;
  default:
    return isInteger(type) || isFloat(type);
  }
}

/// Whether the checked form exists for operands of this type: Python's int and, where an operation
/// on its float can raise, float.
static bool takesChecked(ScalarOp op, DType type) {
  bool floatRaises = op == ScalarOp::FloorDivide || op == ScalarOp::Modulo || op == ScalarOp::Power;
  return type == DType::I64 || (type == DType::F64 && floatRaises);
}

std::optional<DType> resultType(ScalarOp op, bool checked, llvm::ArrayRef<DType> operands) {
  const ScalarOpInfo &info = infoOf(op);
  if (operands.size() != info.arity || (checked && !info.checkable) ||
      llvm::any_of(operands, isComplex))
    return std::nullopt;
  DType first = operands[0];
  bool allSame = llvm::all_equal(operands);
  auto when = [](bool legal, DType type) { return legal ? std::optional(type) : std::nullopt; };

  switch (info.typing) {
  case Typing::Same:
    return when(allSame && (checked ? takesChecked(op, first) : takes(op, first)), first);
  case Typing::Compare: {
    DType second = operands[1], other = first == DType::I64 ? second : first;
    bool mixed = (first == DType::I64 || second == DType::I64) &&
                 (other == DType::F64 || other == DType::U64);
    return when(allSame || mixed, DType::Bool);
  }
  case Typing::Select:
    return when(first == DType::Bool && operands[1] == operands[2], operands[1]);
  case Typing::Predicate:
    return when(isFloat(first), DType::Bool);
  case Typing::Float:
    return when(allSame && (checked ? first == DType::F64 : isFloat(first)), first);
  case Typing::Divide:
    if (checked && allSame && first == DType::I64)
      return DType::F64;
    return when(allSame && (checked ? first == DType::F64 : isFloat(first)), first);
  case Typing::Digits:
    return when(first == DType::F64 && operands[1] == DType::I64, DType::F64);
  }
  llvm_unreachable("not a Typing");
}

DType typeOf(const Scalar &scalar, const Program &program) {
  return std::visit(
      overloaded{[](const ScalarConstant &node) { return node.type; },
                 [](const ScalarAffine &) { return DType::I64; },
                 [&](const ScalarLoad &node) { return program[node.access.buffer].type; },
                 [&](const ScalarGather &node) { return program[node.buffer].type; },
                 [](const ScalarDim &) { return DType::I64; },
                 [](const ScalarState &) { return DType::Bool; },
                 [](const ScalarCast &node) { return node.type; },
                 [](const ScalarApply &node) { return node.type; }},
      scalar.node);
}

bool canRaise(const Scalar &scalar) {
  bool raises = false;
  forEachSubtree(scalar, [&](const Scalar &tree) {
    if (auto *apply = std::get_if<ScalarApply>(&tree.node))
      raises |= apply->checked;
    else if (auto *cast = std::get_if<ScalarCast>(&tree.node))
      raises |= cast->checked;
  });
  return raises;
}

//===-----------------------------------------------------------------------------------------===//
// Constants
//===-----------------------------------------------------------------------------------------===//

/// The low bytes of `bits` that an element of the type has.
static uint64_t truncateTo(DType type, uint64_t bits) {
  unsigned size = sizeOf(type);
  return size >= 8 ? bits : bits & ((uint64_t(1) << (8 * size)) - 1);
}

const ScalarApply *asProduct(const Scalar &scalar) {
  const auto *apply = std::get_if<ScalarApply>(&scalar.node);
  return apply && apply->op == ScalarOp::Product ? apply : nullptr;
}

double asDouble(const ScalarConstant &constant) {
  if (constant.type == DType::F32)
    return std::bit_cast<float>(static_cast<uint32_t>(constant.bits));
  assert(constant.type == DType::F64 && "not a float constant");
  return std::bit_cast<double>(constant.bits);
}

int64_t asInteger(const ScalarConstant &constant) {
  switch (constant.type) {
  case DType::I8:
    return static_cast<int8_t>(constant.bits);
  case DType::I16:
    return static_cast<int16_t>(constant.bits);
  case DType::I32:
    return static_cast<int32_t>(constant.bits);
  default:
    assert(!isFloat(constant.type) && !isComplex(constant.type) && "not an integer constant");
    return static_cast<int64_t>(constant.bits);
  }
}

Scalar constantBool(bool value) { return {ScalarConstant{DType::Bool, value}}; }
Scalar constantInteger(int64_t value) {
  return {ScalarConstant{DType::I64, static_cast<uint64_t>(value)}};
}
Scalar constantFloat(double value) {
  return {ScalarConstant{DType::F64, std::bit_cast<uint64_t>(value)}};
}

Scalar constantOf(DType type, double value) {
  assert(!isComplex(type) && "complex constants do not exist");
  if (type == DType::F64)
    return constantFloat(value);
  if (type == DType::F32)
    return {ScalarConstant{type, std::bit_cast<uint32_t>(static_cast<float>(value))}};
  return constantOf(type, static_cast<int64_t>(value));
}

Scalar constantOf(DType type, int64_t value) {
  if (isFloat(type))
    return type == DType::F64
               ? constantFloat(static_cast<double>(value))
               : Scalar{ScalarConstant{type, std::bit_cast<uint32_t>(static_cast<float>(value))}};
  assert(!isComplex(type) && "complex constants do not exist");
  if (type == DType::Bool)
    return constantBool(value != 0);
  return {ScalarConstant{type, truncateTo(type, static_cast<uint64_t>(value))}};
}

//===-----------------------------------------------------------------------------------------===//
// Trees
//===-----------------------------------------------------------------------------------------===//

Scalar affineScalar(const Affine &form) {
  if (std::optional<int64_t> value = form.asConstant())
    return constantInteger(*value);
  return {ScalarAffine{form}};
}

Scalar load(BufferId buffer, std::vector<Index> indices) {
  return {ScalarLoad{{buffer, std::nullopt, std::move(indices)}}};
}

Scalar castTo(DType type, Scalar operand, bool checked, Loc loc) {
  std::vector<Scalar> operands;
  operands.push_back(std::move(operand));
  return {ScalarCast{type, checked, checked ? loc : Loc{}, std::move(operands)}};
}

Scalar apply(const Program &program, ScalarOp op, std::vector<Scalar> operands, bool checked,
             Loc loc) {
  llvm::SmallVector<DType, 3> types;
  for (const Scalar &operand : operands)
    types.push_back(typeOf(operand, program));
  std::optional<DType> type = resultType(op, checked, types);
  assert(type && "operation on operands of illegal types");
  return {ScalarApply{op, checked, type.value_or(DType::F64), checked ? loc : Loc{},
                      std::move(operands)}};
}

/// asAffine of an unchecked i64 operation.
static std::optional<Affine> affineOfApply(const ScalarApply &apply) {
  if (apply.checked || apply.type != DType::I64 || apply.operands.empty())
    return std::nullopt;
  std::optional<Affine> left = asAffine(apply.operands[0]);
  if (!left)
    return std::nullopt;
  if (apply.op == ScalarOp::Negate)
    return *left * -1;
  if (apply.operands.size() != 2)
    return std::nullopt;
  std::optional<Affine> right = asAffine(apply.operands[1]);
  if (!right)
    return std::nullopt;
  switch (apply.op) {
  case ScalarOp::Add:
    return *left + *right;
  case ScalarOp::Subtract:
    return *left - *right;
  case ScalarOp::Multiply:
    if (std::optional<int64_t> factor = right->asConstant())
      return *left * *factor;
    if (std::optional<int64_t> factor = left->asConstant())
      return *right * *factor;
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

std::optional<Affine> asAffine(const Scalar &scalar) {
  if (auto *constant = std::get_if<ScalarConstant>(&scalar.node)) {
    if (constant->type == DType::I64)
      return Affine(asInteger(*constant));
  } else if (auto *affine = std::get_if<ScalarAffine>(&scalar.node)) {
    return affine->form;
  } else if (auto *apply = std::get_if<ScalarApply>(&scalar.node)) {
    return affineOfApply(*apply);
  }
  return std::nullopt;
}

} // namespace hpcc::ir
