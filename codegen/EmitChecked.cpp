//===- EmitChecked.cpp - Python's own arithmetic, which raises -------------------------------===//
//
// The checked forms of Scalar.def: int with overflow, division by zero, the errors of the math
// module. The common case is inline; what raises is in cold blocks, and what needs a closer look
// (a math function whose result is not finite) asks the runtime there.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "runtime/math/PythonMath.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/MDBuilder.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::DType;
using ir::ScalarOp;

/// hpc_power_i64 for kernels, which have no runtime: the factors are squares of squares. A function
/// of the module, made at its first use.
static Function *powerFunction(ModuleState &module) {
  constexpr StringLiteral name = "hpcc.power";
  if (Function *existing = module.module.getFunction(name))
    return existing;
  LLVMContext &context = module.context;
  IRBuilder<> builder(context);
  Type *type = builder.getInt64Ty();
  auto *function = Function::Create(FunctionType::get(type, {type, type}, false),
                                    GlobalValue::InternalLinkage, name, module.module);
  function->setDoesNotThrow();
  auto *entry = BasicBlock::Create(context, "entry", function);
  auto *test = BasicBlock::Create(context, "test", function);
  auto *bit = BasicBlock::Create(context, "bit", function);
  auto *end = BasicBlock::Create(context, "end", function);
  builder.SetInsertPoint(entry);
  builder.CreateBr(test);
  builder.SetInsertPoint(test);
  PHINode *factor = builder.CreatePHI(type, 2), *exponent = builder.CreatePHI(type, 2);
  PHINode *result = builder.CreatePHI(type, 2);
  builder.CreateCondBr(builder.CreateICmpSGT(exponent, builder.getInt64(0)), bit, end);
  builder.SetInsertPoint(bit);
  Value *isSet = builder.CreateTrunc(exponent, builder.getInt1Ty());
  Value *product = builder.CreateMul(result, factor);
  const std::tuple<PHINode *, Value *, Value *> rows[] = {
      {factor, function->getArg(0), builder.CreateMul(factor, factor)},
      {exponent, function->getArg(1), builder.CreateLShr(exponent, 1)},
      {result, builder.getInt64(1), builder.CreateSelect(isSet, product, result)}};
  for (auto [phi, first, next] : rows) {
    phi->addIncoming(first, entry);
    phi->addIncoming(next, bit);
  }
  builder.CreateBr(test);
  builder.SetInsertPoint(end);
  builder.CreateRet(result);
  return function;
}

Value *emitIntegerPower(FunctionState &state, Value *base, Value *exponent, bool isSigned) {
  IRBuilder<> &builder = state.builder;
  // Wrapping commutes with truncation, so one width serves all.
  Type *type = base->getType();
  Value *wideBase = builder.CreateIntCast(base, builder.getInt64Ty(), isSigned);
  Value *wideExponent = builder.CreateIntCast(exponent, builder.getInt64Ty(), isSigned);
  Value *power = state.module.isGpu
                     ? builder.CreateCall(powerFunction(state.module), {wideBase, wideExponent})
                     : static_cast<Value *>(
                           callRuntime(state, Entry::hpc_power_i64, {wideBase, wideExponent}));
  return builder.CreateTrunc(power, type);
}

/// The result of an LLVM `with.overflow` intrinsic, which must not overflow.
static Value *withOverflow(FunctionState &state, Intrinsic::ID intrinsic, Value *a, Value *b,
                           Loc loc) {
  Value *pair = state.builder.CreateBinaryIntrinsic(intrinsic, a, b);
  emitRaiseIf(state, state.builder.CreateExtractValue(pair, 1), HPC_ERROR_IntegerOverflow, loc);
  return state.builder.CreateExtractValue(pair, 0);
}

static Value *checkedPower(FunctionState &state, Value *base, Value *exponent, Loc loc) {
  IRBuilder<> &builder = state.builder;
  Value *zero = builder.getInt64(0);
  Value *negative = builder.CreateICmpSLT(exponent, zero);
  Value *zeroBase = builder.CreateICmpEQ(base, zero);
  emitRaiseIf(state, builder.CreateAnd(negative, zeroBase), HPC_ERROR_ZeroNegativePower, loc);
  emitRaiseIf(state, negative, HPC_ERROR_UnsupportedNegativePower, loc);
  Value *result = createEntryAlloca(state, builder.getInt64Ty(), "power");
  Value *overflow = callRuntime(state, Entry::hpc_power_checked_i64, {base, exponent, result});
  emitRaiseIf(state, builder.CreateIsNotNull(overflow), HPC_ERROR_IntegerOverflow, loc);
  return builder.CreateLoad(builder.getInt64Ty(), result);
}

static Value *checkedShift(FunctionState &state, ScalarOp op, Value *value, Value *amount,
                           Loc loc) {
  IRBuilder<> &builder = state.builder;
  Value *zero = builder.getInt64(0);
  emitRaiseIf(state, builder.CreateICmpSLT(amount, zero), HPC_ERROR_NegativeShift, loc);
  Value *shifted = emitPlain(state, op, DType::I64, {value, amount});
  if (op == ScalarOp::ShiftRight)
    return shifted;
  // Back and the same: nothing was lost. Beyond the width the plain shift gives zero.
  Value *beyond = builder.CreateICmpUGE(amount, builder.getInt64(64));
  Value *back = builder.CreateAShr(shifted, builder.CreateSelect(beyond, zero, amount));
  emitRaiseIf(state, builder.CreateICmpNE(back, value), HPC_ERROR_IntegerOverflow, loc);
  return shifted;
}

/// int / int for operands that a double does not hold exactly: the double nearest to the quotient,
/// ties to even. A function of the module, made at its first use.
static Function *trueDivisionFunction(ModuleState &module) {
  constexpr StringLiteral name = "hpcc.true.division";
  if (Function *existing = module.module.getFunction(name))
    return existing;
  LLVMContext &context = module.context;
  Type *integer = Type::getInt64Ty(context), *wide = Type::getIntNTy(context, 128);
  Type *floating = Type::getDoubleTy(context);
  auto *function = Function::Create(FunctionType::get(floating, {integer, integer}, false),
                                    GlobalValue::InternalLinkage, name, module.module);
  function->setDoesNotThrow();
  function->addFnAttr(Attribute::NoInline);
  IRBuilder<> builder(BasicBlock::Create(context, "entry", function));
  Value *a = function->getArg(0), *b = function->getArg(1);
  auto magnitude = [&](Value *value) {
    return builder.CreateBinaryIntrinsic(Intrinsic::abs, value, builder.getFalse());
  };
  auto leadingZeros = [&](Value *value) {
    return builder.CreateBinaryIntrinsic(Intrinsic::ctlz, value, builder.getFalse());
  };
  // With the top bit of both set the quotient has 63 or 64 bits, of which the lowest also says
  // whether anything is left: enough to round to 53. The numerator is not zero here.
  Value *numerator = magnitude(a), *denominator = magnitude(b);
  Value *numeratorShift = leadingZeros(numerator), *denominatorShift = leadingZeros(denominator);
  Value *dividend =
      builder.CreateShl(builder.CreateZExt(builder.CreateShl(numerator, numeratorShift), wide), 63);
  Value *divisor = builder.CreateZExt(builder.CreateShl(denominator, denominatorShift), wide);
  Value *quotient = builder.CreateUDiv(dividend, divisor);
  Value *left = builder.CreateICmpNE(builder.CreateMul(quotient, divisor), dividend);
  Value *digits =
      builder.CreateOr(builder.CreateTrunc(quotient, integer), builder.CreateZExt(left, integer));
  // The power of two that undoes the shifts, as the bits of a double.
  Value *exponent = builder.CreateAdd(builder.CreateSub(denominatorShift, numeratorShift),
                                      builder.getInt64(1023 - 63));
  Value *scale = builder.CreateBitCast(builder.CreateShl(exponent, 52), floating);
  Value *result = builder.CreateFMul(builder.CreateUIToFP(digits, floating), scale);
  Value *negative = builder.CreateICmpSLT(builder.CreateXor(a, b), builder.getInt64(0));
  builder.CreateRet(builder.CreateSelect(negative, builder.CreateFNeg(result), result));
  return function;
}

static Value *trueDivision(FunctionState &state, Value *a, Value *b) {
  IRBuilder<> &builder = state.builder;
  // Both exact as doubles, or a dividend of zero: the division rounds once.
  auto large = [&](Value *value) {
    Value *shifted = builder.CreateAdd(value, builder.getInt64(int64_t(1) << 53));
    return builder.CreateICmpUGT(shifted, builder.getInt64(int64_t(1) << 54));
  };
  Value *isLarge = builder.CreateAnd(builder.CreateOr(large(a), large(b)),
                                     builder.CreateICmpNE(a, builder.getInt64(0)));
  auto *slow = BasicBlock::Create(state.module.context, "divide.large", state.function);
  auto *fast = BasicBlock::Create(state.module.context, "divide", state.function);
  auto *next = BasicBlock::Create(state.module.context, "divided", state.function);
  builder.CreateCondBr(isLarge, slow, fast,
                       MDBuilder(state.module.context).createUnlikelyBranchWeights());
  builder.SetInsertPoint(slow);
  Value *exact = builder.CreateCall(trueDivisionFunction(state.module), {a, b});
  builder.CreateBr(next);
  builder.SetInsertPoint(fast);
  Value *quotient = builder.CreateFDiv(builder.CreateSIToFP(a, builder.getDoubleTy()),
                                       builder.CreateSIToFP(b, builder.getDoubleTy()));
  builder.CreateBr(next);
  builder.SetInsertPoint(next);
  PHINode *result = builder.CreatePHI(builder.getDoubleTy(), 2);
  result->addIncoming(exact, slow);
  result->addIncoming(quotient, fast);
  return result;
}

static Value *checkedInteger(FunctionState &state, const ir::ScalarApply &apply,
                             ArrayRef<Value *> operands) {
  IRBuilder<> &builder = state.builder;
  Value *a = operands.front(), *b = operands.back();
  Value *zero = builder.getInt64(0);
  auto raiseIfZero = [&](int errorId) {
    emitRaiseIf(state, builder.CreateICmpEQ(b, zero), errorId, apply.loc);
  };
  switch (apply.op) {
  case ScalarOp::Add:
    return withOverflow(state, Intrinsic::sadd_with_overflow, a, b, apply.loc);
  case ScalarOp::Subtract:
    return withOverflow(state, Intrinsic::ssub_with_overflow, a, b, apply.loc);
  case ScalarOp::Multiply:
    return withOverflow(state, Intrinsic::smul_with_overflow, a, b, apply.loc);
  case ScalarOp::Negate:
    return withOverflow(state, Intrinsic::ssub_with_overflow, zero, a, apply.loc);
  case ScalarOp::Absolute: {
    Value *smallest = builder.getInt64(uint64_t(1) << 63);
    emitRaiseIf(state, builder.CreateICmpEQ(a, smallest), HPC_ERROR_IntegerOverflow, apply.loc);
    return emitPlain(state, apply.op, DType::I64, operands);
  }
  case ScalarOp::Divide:
    raiseIfZero(HPC_ERROR_IntegerDivideZero);
    return trueDivision(state, a, b);
  case ScalarOp::FloorDivide: {
    raiseIfZero(HPC_ERROR_IntegerFloorDivideZero);
    Value *smallest = builder.getInt64(uint64_t(1) << 63);
    Value *overflow = builder.CreateAnd(builder.CreateICmpEQ(a, smallest),
                                        builder.CreateICmpEQ(b, builder.getInt64(-1)));
    emitRaiseIf(state, overflow, HPC_ERROR_IntegerOverflow, apply.loc);
    return emitFloorDivision(state, a, b, true, true);
  }
  case ScalarOp::Modulo:
    raiseIfZero(HPC_ERROR_IntegerModuloZero);
    return emitPlain(state, apply.op, DType::I64, operands);
  case ScalarOp::Power:
    return checkedPower(state, a, b, apply.loc);
  case ScalarOp::ShiftLeft:
  case ScalarOp::ShiftRight:
    return checkedShift(state, apply.op, a, b, apply.loc);
  default:
    llvm_unreachable("no checked form on integers");
  }
}

//===-----------------------------------------------------------------------------------------===//
// Floats
//===-----------------------------------------------------------------------------------------===//

/// The rule by which Python's math module checks the function.
static hpc_math_rule ruleOf(ScalarOp op) {
  if (op == ScalarOp::Power)
    return HPC_CHECK_powerOperator;
  if (op == ScalarOp::RoundDigits)
    return HPC_CHECK_round;
  return StringSwitch<hpc_math_rule>(infoOf(op).text)
#define HPC_PYTHON_MATH(name, arity, function, rule) .Case(#function, HPC_CHECK_##rule)
#include "runtime/math/PythonMath.def"
      .Default(HPC_CHECK_none);
}

/// Asks the runtime whether an operation raises; but for the gamma functions only where the result
/// is not finite, because no other rule raises elsewhere.
static void emitMathCheck(FunctionState &state, hpc_math_rule rule, Value *x, Value *y,
                          Value *result, Loc loc) {
  IRBuilder<> &builder = state.builder;
  if (rule == HPC_CHECK_none)
    return;
  LLVMContext &context = state.module.context;
  auto *look = BasicBlock::Create(context, "math.check", state.function);
  auto *raise = BasicBlock::Create(context, "raise", state.function);
  auto *next = BasicBlock::Create(context, "checked", state.function);
  MDNode *unlikely = MDBuilder(context).createUnlikelyBranchWeights();
  bool always = rule == HPC_CHECK_gamma || rule == HPC_CHECK_lgamma;
  Value *finite = emitPlain(state, ScalarOp::IsFinite, DType::F64, result);
  Value *suspect = always ? builder.getTrue() : builder.CreateNot(finite);
  builder.CreateCondBr(suspect, look, next, unlikely);
  builder.SetInsertPoint(look);
  Value *error = callRuntime(state, Entry::hpc_math_check, {builder.getInt32(rule), x, y, result});
  builder.CreateCondBr(builder.CreateICmpSGE(error, builder.getInt32(0)), raise, next, unlikely);
  builder.SetInsertPoint(raise);
  callRuntime(state, Entry::hpc_raise,
              {error, locationOf(state, loc), ConstantPointerNull::get(builder.getPtrTy()),
               builder.getInt32(0)});
  builder.CreateUnreachable();
  builder.SetInsertPoint(next);
}

static Value *checkedFloat(FunctionState &state, const ir::ScalarApply &apply,
                           ArrayRef<Value *> operands) {
  IRBuilder<> &builder = state.builder;
  Value *zero = ConstantFP::getZero(builder.getDoubleTy());
  auto raiseIfZero = [&](int errorId) {
    emitRaiseIf(state, builder.CreateFCmpOEQ(operands[1], zero), errorId, apply.loc);
    return emitPlain(state, apply.op, DType::F64, operands);
  };
  switch (apply.op) {
  case ScalarOp::Divide:
    return raiseIfZero(HPC_ERROR_FloatDivideZero);
  case ScalarOp::FloorDivide:
    return raiseIfZero(HPC_ERROR_FloatFloorDivideZero);
  case ScalarOp::Modulo:
    return raiseIfZero(HPC_ERROR_FloatModuloZero);
  default:
    break;
  }
  Value *result = emitPlain(state, apply.op, DType::F64, operands);
  bool two = operands.size() > 1 && operands[1]->getType()->isDoubleTy();
  emitMathCheck(state, ruleOf(apply.op), operands[0], two ? operands[1] : zero, result, apply.loc);
  return result;
}

Value *emitChecked(FunctionState &state, const ir::ScalarApply &apply, DType operandType,
                   ArrayRef<Value *> operands) {
  return isFloat(operandType) ? checkedFloat(state, apply, operands)
                              : checkedInteger(state, apply, operands);
}

Value *emitCheckedCast(FunctionState &state, const ir::ScalarCast &cast, DType from, Value *value) {
  IRBuilder<> &builder = state.builder;
  if (from == DType::I64 && cast.type == DType::I32) {
    Value *narrow = emitCast(state, cast.type, from, value);
    Value *back = builder.CreateSExt(narrow, builder.getInt64Ty());
    emitRaiseIf(state, builder.CreateICmpNE(back, value), HPC_ERROR_IntegerOutOfBounds, cast.loc,
                {value, builder.getInt64(static_cast<uint64_t>(cast.type))});
    return narrow;
  }
  if (!isFloat(from) || !isInteger(cast.type))
    return emitCast(state, cast.type, from, value);
  Type *type = value->getType();
  Value *magnitude = builder.CreateUnaryIntrinsic(Intrinsic::fabs, value);
  emitRaiseIf(state, builder.CreateFCmpUNO(value, value), HPC_ERROR_IntegerFromNan, cast.loc);
  emitRaiseIf(state, builder.CreateFCmpOEQ(magnitude, ConstantFP::getInfinity(type)),
              HPC_ERROR_IntegerFromInfinity, cast.loc);
  Constant *limit = ConstantFP::get(type, 9223372036854775808.0);
  Value *outside = builder.CreateOr(builder.CreateFCmpOGE(value, limit),
                                    builder.CreateFCmpOLT(value, ConstantFP::get(type, -0x1p63)));
  emitRaiseIf(state, outside, HPC_ERROR_IntegerOverflow, cast.loc);
  return emitCast(state, cast.type, from, value);
}

} // namespace hpcc::codegen
