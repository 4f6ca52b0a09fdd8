//===- EmitScalar.cpp - scalar trees, affine forms, NumPy's plain operations -----------------===//
//
// Each operation gives the bits of ir/Evaluate.cpp for every operand, without LLVM's undefined
// results: divisors, shift amounts and conversions are guarded. What is exact in IEEE 754 is an
// instruction or an intrinsic; every other function is the runtime's own symbol, because LLVM would
// fold calls of `exp` with the host's libm.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

namespace hpcc::codegen {

using namespace llvm;
using ir::DType;
using ir::ScalarOp;

Type *valueType(ModuleState &module, DType type) {
  LLVMContext &context = module.context;
  if (type == DType::Bool)
    return Type::getInt1Ty(context);
  if (type == DType::F32)
    return Type::getFloatTy(context);
  if (type == DType::F64)
    return Type::getDoubleTy(context);
  return Type::getIntNTy(context, 8 * ir::sizeOf(type));
}

Type *memoryType(ModuleState &module, DType type) {
  return type == DType::Bool ? Type::getInt8Ty(module.context) : valueType(module, type);
}

//===-----------------------------------------------------------------------------------------===//
// Affine forms
//===-----------------------------------------------------------------------------------------===//

Value *emitAffine(FunctionState &state, const ir::Affine &form, Overflow overflow) {
  IRBuilder<> &builder = state.builder;
  bool never = overflow == Overflow::Never;
  Value *sum = nullptr;
  for (const ir::AffineTerm &term : form.terms) {
    Value *part = state.symbols.lookup(term.symbol.index);
    if (term.coefficient == -1 && sum) {
      sum = builder.CreateSub(sum, part, "", false, never);
      continue;
    }
    if (term.coefficient != 1)
      part = builder.CreateMul(part, builder.getInt64(term.coefficient), "", false, never);
    sum = sum ? builder.CreateAdd(sum, part, "", false, never) : part;
  }
  Value *constant = builder.getInt64(form.constant);
  if (!sum)
    return constant;
  return form.constant == 0 ? sum : builder.CreateAdd(sum, constant, "", false, never);
}

Value *emitBound(FunctionState &state, const ir::Bound &bound, bool lower) {
  Value *result = nullptr;
  for (const ir::Affine &form : bound.forms) {
    Value *value = emitAffine(state, form);
    result = result ? state.builder.CreateBinaryIntrinsic(lower ? Intrinsic::smax : Intrinsic::smin,
                                                          result, value)
                    : value;
  }
  return result;
}

//===-----------------------------------------------------------------------------------------===//
// Trees
//===-----------------------------------------------------------------------------------------===//

static Value *emitConstant(FunctionState &state, const ir::ScalarConstant &constant) {
  Type *type = valueType(state.module, constant.type);
  APInt bits(type->getScalarSizeInBits(), constant.bits, false, /*implicitTrunc=*/true);
  if (isFloat(constant.type))
    return ConstantFP::get(type, APFloat(type->getFltSemantics(), bits));
  return ConstantInt::get(type, bits);
}

/// `unsignedOne op signedOne`, mirrored the other way round: a negative number is below all others.
static Value *emitCompareOfSigns(FunctionState &state, ScalarOp op, Value *unsignedOne,
                                 Value *signedOne, bool mirrored) {
  IRBuilder<> &builder = state.builder;
  auto compare = [&](Value *a, Value *b) {
    return mirrored ? emitPlain(state, op, DType::U64, {b, a})
                    : emitPlain(state, op, DType::U64, {a, b});
  };
  Value *isNegative = builder.CreateICmpSLT(signedOne, builder.getInt64(0));
  return builder.CreateSelect(isNegative, compare(builder.getInt64(1), builder.getInt64(0)),
                              compare(unsignedOne, signedOne));
}

static Value *emitApply(FunctionState &state, const ir::ScalarApply &apply) {
  SmallVector<Value *, 3> operands;
  for (const ir::Scalar &operand : apply.operands)
    operands.push_back(emitScalar(state, operand));
  const ir::Program &program = state.program();
  DType first = typeOf(apply.operands[0], program);
  if (apply.checked)
    return emitChecked(state, apply, first, operands);
  if (infoOf(apply.op).typing == ir::Typing::Compare) {
    DType second = typeOf(apply.operands[1], program);
    if (first == DType::U64 && second == DType::I64)
      return emitCompareOfSigns(state, apply.op, operands[0], operands[1], /*mirrored=*/false);
    if (first == DType::I64 && second == DType::U64)
      return emitCompareOfSigns(state, apply.op, operands[1], operands[0], /*mirrored=*/true);
    if (first != second)
      return emitMixedCompare(state, apply.op, operands[0], operands[1]);
  }
  return emitPlain(state, apply.op, first, operands);
}

Value *emitScalar(FunctionState &state, const ir::Scalar &scalar) {
  return std::visit(ir::overloaded{
                        [&](const ir::ScalarConstant &node) { return emitConstant(state, node); },
                        [&](const ir::ScalarAffine &node) { return emitAffine(state, node.form); },
                        [&](const ir::ScalarLoad &node) { return emitLoad(state, node.access); },
                        [&](const ir::ScalarGather &node) {
                          SmallVector<Value *, 4> indices;
                          for (const ir::Scalar &index : node.indices)
                            indices.push_back(emitScalar(state, index));
                          return emitGather(state, node.buffer, indices);
                        },
                        [&](const ir::ScalarDim &node) -> Value * {
                          return descriptorOf(state, node.buffer).shape[node.dim];
                        },
                        [&](const ir::ScalarState &node) -> Value * {
                          if (node.question == ir::StateQuestion::Even)
                            return emitIsEven(state, node.buffer);
                          return state.builder.CreateIsNotNull(
                              descriptorOf(state, node.buffer).object);
                        },
                        [&](const ir::ScalarCast &node) {
                          DType from = typeOf(node.operand[0], state.program());
                          Value *operand = emitScalar(state, node.operand[0]);
                          return node.checked ? emitCheckedCast(state, node, from, operand)
                                              : emitCast(state, node.type, from, operand);
                        },
                        [&](const ir::ScalarApply &node) { return emitApply(state, node); },
                    },
                    scalar.node);
}

//===-----------------------------------------------------------------------------------------===//
// Conversion
//===-----------------------------------------------------------------------------------------===//

/// A float to a signed integer of 32 or 64 bits as cvttsd2si does it.
static Value *truncateFloat(FunctionState &state, Value *value, unsigned bits) {
  IRBuilder<> &builder = state.builder;
  Type *floating = value->getType();
  Type *integer = builder.getIntNTy(bits);
  // The integer part is compared, so that the limits are exact in both float types.
  Value *whole = builder.CreateUnaryIntrinsic(Intrinsic::trunc, value);
  double limit = std::ldexp(1.0, static_cast<int>(bits) - 1);
  Value *fits = builder.CreateAnd(builder.CreateFCmpOGE(whole, ConstantFP::get(floating, -limit)),
                                  builder.CreateFCmpOLT(whole, ConstantFP::get(floating, limit)));
  Value *smallest = ConstantInt::get(integer, APInt::getSignedMinValue(bits));
  return builder.CreateSelect(fits, builder.CreateFPToSI(whole, integer), smallest);
}

static Value *floatToInteger(FunctionState &state, DType to, Value *value) {
  IRBuilder<> &builder = state.builder;
  if (to == DType::I64)
    return truncateFloat(state, value, 64);
  if (to == DType::U64) {
    Constant *half = ConstantFP::get(value->getType(), 9223372036854775808.0);
    Value *high =
        builder.CreateXor(truncateFloat(state, builder.CreateFSub(value, half), 64),
                          ConstantInt::get(builder.getInt64Ty(), APInt::getSignedMinValue(64)));
    return builder.CreateSelect(builder.CreateFCmpOGE(value, half), high,
                                truncateFloat(state, value, 64));
  }
  if (to == DType::U32)
    return builder.CreateTrunc(truncateFloat(state, value, 64), builder.getInt32Ty());
  return builder.CreateTrunc(truncateFloat(state, value, 32), valueType(state.module, to));
}

Value *emitCast(FunctionState &state, DType to, DType from, Value *value) {
  IRBuilder<> &builder = state.builder;
  if (to == from)
    return value;
  Type *type = valueType(state.module, to);
  if (to == DType::Bool)
    return isFloat(from) ? builder.CreateFCmpUNE(value, ConstantFP::getZero(value->getType()))
                         : builder.CreateIsNotNull(value);
  if (isFloat(from))
    return isFloat(to) ? builder.CreateFPCast(value, type) : floatToInteger(state, to, value);
  if (isFloat(to))
    return isSigned(from) ? builder.CreateSIToFP(value, type) : builder.CreateUIToFP(value, type);
  return builder.CreateIntCast(value, type, isSigned(from));
}

//===-----------------------------------------------------------------------------------------===//
// Integers and bool
//===-----------------------------------------------------------------------------------------===//

Value *emitFloorDivision(FunctionState &state, Value *dividend, Value *divisor, bool isSigned,
                         bool quotient) {
  IRBuilder<> &builder = state.builder;
  if (!isSigned)
    return quotient ? builder.CreateUDiv(dividend, divisor) : builder.CreateURem(dividend, divisor);
  Value *zero = ConstantInt::get(dividend->getType(), 0);
  Value *rest = builder.CreateSRem(dividend, divisor);
  Value *signsDiffer = builder.CreateICmpSLT(builder.CreateXor(rest, divisor), zero);
  Value *adjust = builder.CreateAnd(builder.CreateICmpNE(rest, zero), signsDiffer);
  if (quotient)
    return builder.CreateAdd(builder.CreateSDiv(dividend, divisor),
                             builder.CreateSExt(adjust, dividend->getType()));
  return builder.CreateAdd(rest, builder.CreateSelect(adjust, divisor, zero));
}

/// NumPy's // and %: 0 for a divisor of zero, and the smallest value divided by -1 wraps.
static Value *guardedDivision(FunctionState &state, Value *dividend, Value *divisor, bool isSigned,
                              bool quotient) {
  IRBuilder<> &builder = state.builder;
  Type *type = dividend->getType();
  Value *zero = ConstantInt::get(type, 0), *one = ConstantInt::get(type, 1);
  Value *byZero = builder.CreateICmpEQ(divisor, zero);
  Value *unsafe = byZero;
  if (isSigned) {
    Value *smallest = ConstantInt::get(type, APInt::getSignedMinValue(type->getIntegerBitWidth()));
    Value *overflows =
        builder.CreateAnd(builder.CreateICmpEQ(dividend, smallest),
                          builder.CreateICmpEQ(divisor, Constant::getAllOnesValue(type)));
    // Divided by one instead, the smallest value is itself and leaves no rest.
    unsafe = builder.CreateOr(byZero, overflows);
  }
  Value *result = emitFloorDivision(state, dividend, builder.CreateSelect(unsafe, one, divisor),
                                    isSigned, quotient);
  return builder.CreateSelect(byZero, zero, result);
}

static Value *guardedShift(FunctionState &state, ScalarOp op, bool isSigned, Value *value,
                           Value *amount) {
  IRBuilder<> &builder = state.builder;
  Type *type = value->getType();
  unsigned width = type->getIntegerBitWidth();
  // A negative amount is a large unsigned one.
  Value *beyond = builder.CreateICmpUGE(amount, ConstantInt::get(type, width));
  if (op == ScalarOp::ShiftRight && isSigned)
    return builder.CreateAShr(
        value, builder.CreateSelect(beyond, ConstantInt::get(type, width - 1), amount));
  Value *zero = ConstantInt::get(type, 0);
  Value *safe = builder.CreateSelect(beyond, zero, amount);
  Value *shifted =
      op == ScalarOp::ShiftLeft ? builder.CreateShl(value, safe) : builder.CreateLShr(value, safe);
  return builder.CreateSelect(beyond, zero, shifted);
}

static Value *emitInteger(FunctionState &state, ScalarOp op, DType type,
                          ArrayRef<Value *> operands) {
  IRBuilder<> &builder = state.builder;
  bool isSigned = ir::isSigned(type);
  Value *a = operands.front(), *b = operands.back();
  Value *zero = ConstantInt::get(a->getType(), 0);
  switch (op) {
  case ScalarOp::Add:
    return builder.CreateAdd(a, b);
  case ScalarOp::Subtract:
    return builder.CreateSub(a, b);
  case ScalarOp::Multiply:
    return builder.CreateMul(a, b);
  case ScalarOp::FloorDivide:
    return guardedDivision(state, a, b, isSigned, true);
  case ScalarOp::Modulo:
    return guardedDivision(state, a, b, isSigned, false);
  case ScalarOp::Power:
    return emitIntegerPower(state, a, b, isSigned);
  case ScalarOp::Negate:
    return builder.CreateNeg(a);
  case ScalarOp::Absolute:
    return isSigned ? builder.CreateBinaryIntrinsic(Intrinsic::abs, a, builder.getFalse()) : a;
  case ScalarOp::Sign: {
    Value *positive = builder.CreateZExt(
        isSigned ? builder.CreateICmpSGT(a, zero) : builder.CreateIsNotNull(a), a->getType());
    return isSigned
               ? builder.CreateOr(builder.CreateSExt(builder.CreateICmpSLT(a, zero), a->getType()),
                                  positive)
               : positive;
  }
  case ScalarOp::And:
    return builder.CreateAnd(a, b);
  case ScalarOp::Or:
    return builder.CreateOr(a, b);
  case ScalarOp::Xor:
    return builder.CreateXor(a, b);
  case ScalarOp::Not:
    return builder.CreateNot(a);
  case ScalarOp::ShiftLeft:
  case ScalarOp::ShiftRight:
    return guardedShift(state, op, isSigned, a, b);
  case ScalarOp::Minimum:
  case ScalarOp::FMinimum:
    return builder.CreateBinaryIntrinsic(isSigned ? Intrinsic::smin : Intrinsic::umin, a, b);
  case ScalarOp::Maximum:
  case ScalarOp::FMaximum:
    return builder.CreateBinaryIntrinsic(isSigned ? Intrinsic::smax : Intrinsic::umax, a, b);
  default:
    llvm_unreachable("not an operation on integers");
  }
}

/// Logic, and NumPy's arithmetic on bool where it has one.
static Value *emitBool(FunctionState &state, ScalarOp op, ArrayRef<Value *> operands) {
  IRBuilder<> &builder = state.builder;
  Value *a = operands.front(), *b = operands.back();
  switch (op) {
  case ScalarOp::Add:
  case ScalarOp::Or:
  case ScalarOp::Maximum:
  case ScalarOp::FMaximum:
    return builder.CreateOr(a, b);
  case ScalarOp::Multiply:
  case ScalarOp::And:
  case ScalarOp::Minimum:
  case ScalarOp::FMinimum:
  case ScalarOp::FloorDivide:
    return builder.CreateAnd(a, b);
  case ScalarOp::Xor:
  case ScalarOp::Subtract:
    return builder.CreateXor(a, b);
  case ScalarOp::Not:
    return builder.CreateNot(a);
  case ScalarOp::Negate:
  case ScalarOp::Absolute:
  case ScalarOp::Sign:
  case ScalarOp::ShiftLeft:
    return a;
  case ScalarOp::Power:
    return builder.CreateOr(a, builder.CreateNot(b));
  case ScalarOp::Modulo:
    return builder.getFalse();
  case ScalarOp::ShiftRight:
    return builder.CreateAnd(a, builder.CreateNot(b));
  default:
    llvm_unreachable("not an operation on bool");
  }
}

//===-----------------------------------------------------------------------------------------===//
// Floats
//===-----------------------------------------------------------------------------------------===//

/// fmod with the sign of the divisor, and the quotient that belongs to it; ir/EvaluateFloat.cpp has
/// the same in C++.
static Value *floatDivision(FunctionState &state, Value *a, Value *b, bool quotient) {
  IRBuilder<> &builder = state.builder;
  Type *type = a->getType();
  Value *zero = ConstantFP::getZero(type), *one = ConstantFP::get(type, 1.0);
  auto copySign = [&](Value *magnitude, Value *sign) {
    return builder.CreateBinaryIntrinsic(Intrinsic::copysign, magnitude, sign);
  };
  Value *rest = builder.CreateFRem(a, b);
  Value *byZero = builder.CreateFCmpOEQ(b, zero);
  Value *signsDiffer =
      builder.CreateXor(builder.CreateFCmpOLT(b, zero), builder.CreateFCmpOLT(rest, zero));
  Value *noRest = builder.CreateFCmpOEQ(rest, zero);
  if (!quotient) {
    Value *adjusted = builder.CreateSelect(signsDiffer, builder.CreateFAdd(rest, b), rest);
    Value *result = builder.CreateSelect(noRest, copySign(zero, b), adjusted);
    return builder.CreateSelect(byZero, rest, result);
  }
  Value *ratio = builder.CreateFDiv(a, b);
  Value *estimate = builder.CreateFDiv(builder.CreateFSub(a, rest), b);
  Value *adjust = builder.CreateAnd(builder.CreateNot(noRest), signsDiffer);
  estimate = builder.CreateSelect(adjust, builder.CreateFSub(estimate, one), estimate);
  Value *whole = builder.CreateUnaryIntrinsic(Intrinsic::floor, estimate);
  Value *far =
      builder.CreateFCmpOGT(builder.CreateFSub(estimate, whole), ConstantFP::get(type, 0.5));
  whole = builder.CreateSelect(far, builder.CreateFAdd(whole, one), whole);
  Value *isZero = builder.CreateFCmpOEQ(estimate, zero);
  Value *result = builder.CreateSelect(isZero, copySign(zero, ratio), whole);
  return builder.CreateSelect(byZero, ratio, result);
}

static Value *floatSign(FunctionState &state, Value *a) {
  IRBuilder<> &builder = state.builder;
  Type *type = a->getType();
  Value *zero = ConstantFP::getZero(type);
  Value *sign = builder.CreateSelect(
      builder.CreateFCmpOGT(a, zero), ConstantFP::get(type, 1.0),
      builder.CreateSelect(builder.CreateFCmpOLT(a, zero), ConstantFP::get(type, -1.0), zero));
  return builder.CreateSelect(builder.CreateFCmpUNO(a, a), a, sign);
}

/// The intrinsics that are exact and so the same bits everywhere.
static Intrinsic::ID exactIntrinsic(ScalarOp op) {
  switch (op) {
  case ScalarOp::Absolute:
    return Intrinsic::fabs;
  case ScalarOp::SquareRoot:
    return Intrinsic::sqrt;
  case ScalarOp::Floor:
    return Intrinsic::floor;
  case ScalarOp::Ceil:
    return Intrinsic::ceil;
  case ScalarOp::Truncate:
    return Intrinsic::trunc;
  case ScalarOp::RoundEven:
    return Intrinsic::rint;
  case ScalarOp::CopySign:
    return Intrinsic::copysign;
  case ScalarOp::Minimum:
    return Intrinsic::minimum;
  case ScalarOp::Maximum:
    return Intrinsic::maximum;
  case ScalarOp::FMinimum:
    return Intrinsic::minimumnum;
  case ScalarOp::FMaximum:
    return Intrinsic::maximumnum;
  default:
    return Intrinsic::not_intrinsic;
  }
}

/// A function of libm that is exact: no own symbol is needed for the same bits.
static Value *callNextAfter(FunctionState &state, DType type, ArrayRef<Value *> operands) {
  Type *floating = operands[0]->getType();
  FunctionCallee callee = state.module.module.getOrInsertFunction(
      type == DType::F32 ? "nextafterf" : "nextafter",
      FunctionType::get(floating, {floating, floating}, false));
  auto *function = cast<Function>(callee.getCallee());
  function->setDoesNotThrow();
  return state.builder.CreateCall(callee, operands);
}

static Value *emitFloat(FunctionState &state, ScalarOp op, DType type, ArrayRef<Value *> operands) {
  IRBuilder<> &builder = state.builder;
  Value *a = operands.front(), *b = operands.back();
  if (Intrinsic::ID intrinsic = exactIntrinsic(op); intrinsic != Intrinsic::not_intrinsic)
    return operands.size() > 1 ? builder.CreateBinaryIntrinsic(intrinsic, a, b)
                               : builder.CreateUnaryIntrinsic(intrinsic, a);
  switch (op) {
  case ScalarOp::Add:
    return builder.CreateFAdd(a, b);
  case ScalarOp::Subtract:
    return builder.CreateFSub(a, b);
  case ScalarOp::Multiply:
  case ScalarOp::Product:
    return builder.CreateFMul(a, b);
  case ScalarOp::Divide:
    return builder.CreateFDiv(a, b);
  case ScalarOp::FloorDivide:
    return floatDivision(state, a, b, true);
  case ScalarOp::Modulo:
    return floatDivision(state, a, b, false);
  case ScalarOp::Negate:
    return builder.CreateFNeg(a);
  case ScalarOp::Sign:
    return floatSign(state, a);
  case ScalarOp::FMod:
    return builder.CreateFRem(a, b);
  case ScalarOp::NextAfter:
    return callNextAfter(state, type, operands);
  case ScalarOp::Power:
    return emitMathCall(state, "pow", type, operands);
  default:
    return emitMathCall(state, infoOf(op).text, type, operands);
  }
}

static Value *emitPredicate(FunctionState &state, ScalarOp op, Value *a) {
  IRBuilder<> &builder = state.builder;
  Type *type = a->getType();
  if (op == ScalarOp::SignBit) {
    Type *integer = builder.getIntNTy(type->getScalarSizeInBits());
    return builder.CreateICmpSLT(builder.CreateBitCast(a, integer), ConstantInt::get(integer, 0));
  }
  if (op == ScalarOp::IsNan)
    return builder.CreateFCmpUNO(a, a);
  Value *magnitude = builder.CreateUnaryIntrinsic(Intrinsic::fabs, a);
  Value *infinity = ConstantFP::getInfinity(type);
  return op == ScalarOp::IsInfinite ? builder.CreateFCmpOEQ(magnitude, infinity)
                                    : builder.CreateFCmpOLT(magnitude, infinity);
}

//===-----------------------------------------------------------------------------------------===//
// Comparison and selection
//===-----------------------------------------------------------------------------------------===//

static Value *emitCompare(FunctionState &state, ScalarOp op, DType type, Value *a, Value *b) {
  struct Row {
    CmpInst::Predicate ofFloats, ofSigned, ofUnsigned;
  };
  auto row = [op]() -> Row {
    switch (op) {
    case ScalarOp::Less:
      return {CmpInst::FCMP_OLT, CmpInst::ICMP_SLT, CmpInst::ICMP_ULT};
    case ScalarOp::LessEqual:
      return {CmpInst::FCMP_OLE, CmpInst::ICMP_SLE, CmpInst::ICMP_ULE};
    case ScalarOp::Greater:
      return {CmpInst::FCMP_OGT, CmpInst::ICMP_SGT, CmpInst::ICMP_UGT};
    case ScalarOp::GreaterEqual:
      return {CmpInst::FCMP_OGE, CmpInst::ICMP_SGE, CmpInst::ICMP_UGE};
    case ScalarOp::Equal:
      return {CmpInst::FCMP_OEQ, CmpInst::ICMP_EQ, CmpInst::ICMP_EQ};
    default:
      return {CmpInst::FCMP_UNE, CmpInst::ICMP_NE, CmpInst::ICMP_NE};
    }
  }();
  if (isFloat(type))
    return state.builder.CreateFCmp(row.ofFloats, a, b);
  return state.builder.CreateICmp(isSigned(type) ? row.ofSigned : row.ofUnsigned, a, b);
}

Value *emitMixedCompare(FunctionState &state, ScalarOp op, Value *a, Value *b) {
  IRBuilder<> &builder = state.builder;
  bool mirrored = a->getType()->isDoubleTy();
  Value *integer = mirrored ? b : a, *floating = mirrored ? a : b;
  Constant *limit = ConstantFP::get(builder.getDoubleTy(), 9223372036854775808.0);
  Constant *lowest = ConstantFP::get(builder.getDoubleTy(), -9223372036854775808.0);
  Value *aboveAll = builder.CreateFCmpOGE(floating, limit);
  Value *belowAll = builder.CreateFCmpOLT(floating, lowest);
  Value *isNan = builder.CreateFCmpUNO(floating, floating);
  Value *outside = builder.CreateOr(builder.CreateOr(aboveAll, belowAll), isNan);
  Value *whole = builder.CreateUnaryIntrinsic(Intrinsic::trunc, floating);
  Value *part = builder.CreateSelect(outside, builder.getInt64(0),
                                     builder.CreateFPToSI(whole, builder.getInt64Ty()));
  Value *sameWhole =
      builder.CreateAnd(builder.CreateICmpEQ(integer, part), builder.CreateNot(outside));
  auto order = [&](CmpInst::Predicate integers, CmpInst::Predicate fractions, Value *extreme) {
    Value *inside = builder.CreateOr(
        builder.CreateICmp(integers, integer, part),
        builder.CreateAnd(sameWhole, builder.CreateFCmp(fractions, whole, floating)));
    return builder.CreateSelect(outside, extreme, inside);
  };
  Value *less = order(CmpInst::ICMP_SLT, CmpInst::FCMP_OLT, aboveAll);
  Value *greater = order(CmpInst::ICMP_SGT, CmpInst::FCMP_OGT, belowAll);
  if (mirrored)
    std::swap(less, greater);
  Value *equal = builder.CreateAnd(sameWhole, builder.CreateFCmpOEQ(whole, floating));
  switch (op) {
  case ScalarOp::Less:
    return less;
  case ScalarOp::LessEqual:
    return builder.CreateOr(less, equal);
  case ScalarOp::Greater:
    return greater;
  case ScalarOp::GreaterEqual:
    return builder.CreateOr(greater, equal);
  case ScalarOp::Equal:
    return equal;
  default:
    return builder.CreateNot(equal);
  }
}

Value *emitPlain(FunctionState &state, ScalarOp op, DType operandType, ArrayRef<Value *> operands) {
  switch (infoOf(op).typing) {
  case ir::Typing::Compare:
    return emitCompare(state, op, operandType, operands[0], operands[1]);
  case ir::Typing::Select:
    return state.builder.CreateSelect(operands[0], operands[1], operands[2]);
  case ir::Typing::Predicate:
    return emitPredicate(state, op, operands[0]);
  case ir::Typing::Digits:
    return callRuntime(state, Entry::hpc_round_digits_f64, operands);
  case ir::Typing::Same:
  case ir::Typing::Float:
  case ir::Typing::Divide:
    break;
  }
  if (operandType == DType::Bool)
    return emitBool(state, op, operands);
  return isFloat(operandType) ? emitFloat(state, op, operandType, operands)
                              : emitInteger(state, op, operandType, operands);
}

} // namespace hpcc::codegen
