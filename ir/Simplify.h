//===- Simplify.h - simplification of scalar expressions ------------------------------------===//
//
// Rewrites that keep every bit and every error: constant folding, affine forms, comparisons and
// clamps that facts decide, checked operations that cannot fail. Floating-point algebra is not
// here.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_SIMPLIFY_H
#define HPCC_IR_SIMPLIFY_H

#include "Facts.h"

namespace hpcc::ir {

/// Simplifies the root of a tree whose operands are simple already.
void simplifyNode(Scalar &scalar, const Facts &facts);

/// Simplifies a whole tree.
void simplify(Scalar &scalar, const Facts &facts);

/// The value of a bool constant, if the tree is one.
std::optional<bool> asBoolConstant(const Scalar &scalar);

} // namespace hpcc::ir

#endif // HPCC_IR_SIMPLIFY_H
