//===- EmitMath.cpp - calls of the math functions, with their vector forms -------------------===//
//
// A math function is a call of the runtime's own symbol. Its vector forms, which give the same bits
// lane for lane, are attached as attributes of the call, so that LLVM's loop vectoriser uses them;
// only those that the target's instructions can run are offered.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Transforms/Utils/ModuleUtils.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::DType;

namespace {

/// True for the rows of MathFunctions.def that have vector forms.
bool hasVectorForms(StringRef name) {
  static constexpr StringLiteral names[] = {
#define HPC_MATH(name, arity, sleef, bound, repair) #name,
#include "runtime/math/MathFunctions.def"
  };
  return is_contained(names, name);
}

/// True for the rows that have one form only, in double precision.
bool isScalarMath(StringRef name) {
  static constexpr StringLiteral names[] = {
#define HPC_SCALAR_MATH(name, sleef, bound) #name,
#include "runtime/math/MathFunctions.def"
  };
  return is_contained(names, name);
}

struct VectorForm {
  StringLiteral feature; // that the target needs
  unsigned bytes;
};
constexpr VectorForm vectorForms[] = {{"avx2", 32}, {"avx512f", 64}};

Function *declareMath(ModuleState &module, const Twine &name, Type *type, size_t arity) {
  SmallVector<Type *, 2> parameters(arity, type);
  FunctionCallee callee =
      module.module.getOrInsertFunction(name.str(), FunctionType::get(type, parameters, false));
  auto *function = cast<Function>(callee.getCallee());
  function->setDoesNotThrow();
  function->setWillReturn();
  function->setDoesNotAccessMemory();
  function->setNoSync();
  return function;
}

/// The attribute's text, `_ZGV_LLVM_N4v_hpc_exp_f64(hpc_exp_f64x4),..`; declares what it names.
std::string vectorVariants(ModuleState &module, Function &scalar, size_t arity) {
  Type *type = scalar.getReturnType();
  std::string variants;
  SmallVector<GlobalValue *, 2> declared;
  for (const VectorForm &form : vectorForms) {
    std::string needed = ("+" + form.feature).str();
    if (!module.machine.getMCSubtargetInfo()->checkFeatures(needed))
      continue;
    unsigned lanes = form.bytes * 8 / type->getScalarSizeInBits();
    std::string name = (scalar.getName() + "x" + Twine(lanes)).str();
    declared.push_back(declareMath(module, name, FixedVectorType::get(type, lanes), arity));
    variants += variants.empty() ? "" : ",";
    variants += ("_ZGV_LLVM_N" + Twine(lanes) + std::string(arity, 'v') + "_" + scalar.getName() +
                 "(" + name + ")")
                    .str();
  }
  // Nothing refers to the forms until the vectoriser does, and unused declarations vanish.
  appendToCompilerUsed(module.module, declared);
  return variants;
}

} // namespace

Value *emitMathCall(FunctionState &state, StringRef name, DType type, ArrayRef<Value *> operands) {
  IRBuilder<> &builder = state.builder;
  if (type == DType::F32 && isScalarMath(name)) {
    Value *wide = builder.CreateFPExt(operands[0], builder.getDoubleTy());
    return builder.CreateFPTrunc(emitMathCall(state, name, DType::F64, wide), builder.getFloatTy());
  }
  std::string symbol = ("hpc_" + name + (type == DType::F32 ? "_f32" : "_f64")).str();
  Type *floating = valueType(state.module, type);
  bool known = state.module.module.getFunction(symbol) != nullptr;
  Function *callee = declareMath(state.module, symbol, floating, operands.size());
  constexpr StringLiteral variantsName = "vector-function-abi-variant";
  if (!known && hasVectorForms(name) && !state.module.isGpu)
    if (std::string variants = vectorVariants(state.module, *callee, operands.size());
        !variants.empty())
      callee->addFnAttr(variantsName, variants);
  CallInst *call = builder.CreateCall(callee, operands);
  // The vectoriser reads the attribute of the call.
  if (Attribute variants = callee->getFnAttribute(variantsName); variants.isValid())
    call->addFnAttr(variants);
  return call;
}

} // namespace hpcc::codegen
