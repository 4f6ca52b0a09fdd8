//===- Fusion.h - making one compute of two ------------------------------------------------===//
//
// The two ways in which computes of a block become one, with their legality: merging (one box, the
// bodies one behind the other) and substitution (the value that a producer stores takes the place
// of the consumer's loads). Both leave arithmetic, stored values and the order of errors as they
// were; whether they pay is the caller's business.
//
//===---------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_FUSION_H
#define HPCC_IR_FUSION_H

#include "Touches.h"

namespace hpcc::ir {

/// What legality is judged by.
struct FusionContext {
  const Program &program;
  const StorageGroups &groups;
  const Facts &facts; // that hold at the second of the two computes
};

/// True if only `alloc` has made the name, and no loop rotates it: nothing else shares its storage.
bool isOwnArray(const Buffer &buffer);

/// The access that a plain copy reads, or null: one assignment of a load, without a guard.
const Access *copiedBy(const Compute &compute);

/// The computes as one: the axes of `first`, its body, then that of `second` with its axes renamed.
/// Needs equal boxes (up to a shift), and that cells which one writes and the other touches are
/// touched at equal points: a consumer of a reduction's result is refused by that. Nothing, with
/// the reason, where that does not hold.
std::optional<Compute> mergeComputes(const Compute &first, const Compute &second,
                                     const FusionContext &context, Obstacle *why);

/// `consumer` with the producer's value in the place of each load of the producer's target. The
/// producer has one assignment, without a guard and without errors, over par axes that its target's
/// indices determine; its cells cover what the consumer loads; the consumer does not overwrite
/// what the value is made of before it is used. Nothing, with the reason, where that does not hold.
/// The producer may be removed when no other load of its target is left.
std::optional<Compute> substituteProducer(const Compute &producer, const Compute &consumer,
                                          const FusionContext &context, Obstacle *why);

/// The value that the producer (fit for `substituteProducer`) stores at the cell of an access,
/// where its indices determine the point. That it stores the cell at all is for the caller to know.
std::optional<Scalar> producedValue(const Compute &producer, const Access &load);

/// How the statements between two positions of a block make room so that the two meet: those that
/// go before the first, the others go behind the second. Each keeps its order among its own.
/// Nothing, with the reason, where one can do neither.
std::optional<std::vector<bool>> makeRoom(const Block &block, size_t first, size_t second,
                                          const FusionContext &context, Obstacle *why);

/// Replaces the two statements by one, with the room as `makeRoom` found it. Returns the position
/// of the new statement.
size_t replacePair(Block &block, size_t first, size_t second, const std::vector<bool> &before,
                   Stmt merged);

} // namespace hpcc::ir

#endif // HPCC_IR_FUSION_H
