//===- EvaluateFloat.h - the meaning of floating-point operations ---------------------------===//
//
// The part of Evaluate.cpp that is about float and double: NumPy's plain operations, Python's
// checked ones, and rounding to decimal digits.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_EVALUATEFLOAT_H
#define HPCC_IR_EVALUATEFLOAT_H

#include "Scalar.h"

namespace hpcc::ir {

/// An operation with typing Same, Float or Divide on floats; `b` counts only where it has two
/// operands.
double plainFloat(ScalarOp op, double a, double b);
float plainFloat(ScalarOp op, float a, float b);

/// The same as Python's float and math module do it: sets `errorId` (hpc_error_id) where they
/// raise.
double checkedFloat(ScalarOp op, double a, double b, int &errorId);
float checkedFloat(ScalarOp op, float a, float b, int &errorId);

/// isnan, isinf, isfinite, signbit.
bool testFloat(ScalarOp op, double value);

/// `value` rounded to `digits` decimal places, ties of the exact value to even. Checked: a result
/// that overflows sets `errorId`, as Python's round() raises; plain: it is infinite.
double roundDigits(double value, int64_t digits, bool checked, int &errorId);

} // namespace hpcc::ir

#endif // HPCC_IR_EVALUATEFLOAT_H
