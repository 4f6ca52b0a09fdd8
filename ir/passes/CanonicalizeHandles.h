//===- CanonicalizeHandles.h - what is known of handles that stay ----------------------------===//
#ifndef HPCC_IR_PASSES_CANONICALIZEHANDLES_H
#define HPCC_IR_PASSES_CANONICALIZEHANDLES_H

#include "ir/Program.h"

namespace hpcc::ir {

/// Replaces sizes of handles that every bind keeps, and handles that are second names of handles.
/// Drops are out of place afterwards: see placeDrops.
void resolveHandles(Program &program, Function &function);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_CANONICALIZEHANDLES_H
