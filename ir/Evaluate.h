//===- Evaluate.h - the meaning of scalar operations ----------------------------------------===//
//
// Takes constants, leaves a constant or an error. Scalar.def says what each operation means; this
// is that meaning in plain code, for the interpreter and for constant folding. Math functions are
// the runtime's own symbols, so a folded constant has the bits that the program would compute.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_EVALUATE_H
#define HPCC_IR_EVALUATE_H

#include "Scalar.h"
#include "llvm/ADT/SmallVector.h"

namespace hpcc::ir {

/// A value, or the error that a checked operation raises in its place.
struct Evaluated {
  ScalarConstant value;
  int errorId = -1;                        // hpc_error_id, or -1
  llvm::SmallVector<int64_t, 2> arguments; // of the error, in the encoding of hpc_raise

  bool raised() const { return errorId >= 0; }
};

/// True if every operation on values of this type can be evaluated: all but complex ones.
bool canEvaluate(DType type);

/// `operand` converted to `type`; see ScalarCast.
Evaluated evaluateCast(DType type, bool checked, const ScalarConstant &operand);

/// An operation of Scalar.def with the result type `type`, on operands that resultType accepts.
Evaluated evaluateApply(ScalarOp op, bool checked, DType type,
                        llvm::ArrayRef<ScalarConstant> operands);

/// left * right + sum, rounded once; floats of the type.
ScalarConstant evaluateMultiplyAdd(DType type, const ScalarConstant &left,
                                   const ScalarConstant &right, const ScalarConstant &sum);

} // namespace hpcc::ir

#endif // HPCC_IR_EVALUATE_H
