//===- RotateBuffersLoop.h - the loop around a rotation ------------------------------------===//
//
// What rotate-buffers knows of one loop: the statements around it, the names that binds and whole
// copies in its body join, and how these are used outside of it.
//
//===-------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_ROTATEBUFFERSLOOP_H
#define HPCC_IR_PASSES_ROTATEBUFFERSLOOP_H

#include "RotateBuffersPlan.h"

namespace hpcc::ir {

/// A block that is open around a loop, from the function's body inwards, and the statement in it
/// that holds the loop.
struct RotationLevel {
  const Block *block;
  size_t index;
};

struct RotationLoop {
  Program &program;
  const Function &function;
  const StorageGroups &groups;
  const std::vector<RotationLevel> &levels; // the last one holds the loop
  const Facts &facts;                       // before the loop

  const Stmt &stmt() const { return (*levels.back().block)[levels.back().index]; }
};

/// The body of a Loop or a While, which the statement is.
Block &bodyOf(Stmt &loop);
const Block &bodyOf(const Stmt &loop);

/// True if a `leave` inside the statement ends a block around it.
bool leavesStmt(const Stmt &stmt);
/// True if the statement, or one inside it, mentions the buffer, drops and declarations aside.
bool mentions(const Program &program, const Stmt &stmt, BufferId name);

/// Two names of a whole copy `target[:] = source`.
struct WholeCopy {
  BufferId target, source;
};
/// The statement as a whole copy of arrays of this shape.
std::optional<WholeCopy> asWholeCopy(const Stmt &stmt, const Program &program,
                                     const std::vector<Affine> &shape);

/// Where an array is, for a copy: its storage if it has slots.
struct CopyPlace {
  BufferId array;
  std::optional<Affine> slot = {};
};
/// target = source for all cells of a box, by default the whole array.
Stmt makeCopy(Program &program, const std::vector<Affine> &shape, const CopyPlace &target,
              const CopyPlace &source, Loc loc, std::vector<std::pair<Bound, Bound>> box = {});

/// A step that reads an array, keeps what it is to become in a temporary, and stores that:
/// `alloc t; t = f(u); u[box] = t`.
struct DelayedStore {
  size_t compute, store; // positions in the body
  BufferId temporary, target;
};
std::vector<DelayedStore> findDelayedStores(const RotationLoop &loop, const Block &body);
/// The same as a copy: `alloc old; old = u; u[box] = f(old)`.
void storeThroughCopy(Program &program, Block &body, const DelayedStore &store);

/// The names of which temporaries of the body have taken cells, for the statement, that stores to
/// one of the names, but not these cells at the same point.
std::set<BufferId> spreadThroughTemporaries(const Program &program, const Block &body,
                                            size_t position, const std::vector<BufferId> &names,
                                            const Facts &facts);

/// Cuts the compute at the position in two where one of the boxes ends inside what it reads of the
/// names; false where none does.
bool splitAtBoxes(Program &program, Block &body, size_t position,
                  const std::vector<BufferId> &names, const std::vector<Footprint> &boxes,
                  const Facts &facts);

/// Families of names in the body, without the copies at these positions.
std::vector<RotationFamily> findFamilies(const RotationLoop &loop, const Stmt &stmt,
                                         const std::set<size_t> &keptCopies);

/// Makes all mentions of the family in the loop accesses where that is possible: arrays that are
/// printed, and parts of them, are copied first, sizes are forms. Returns where the statements of
/// the body are then.
std::vector<size_t> makeAccesses(const RotationLoop &loop, Stmt &stmt,
                                 const RotationFamily &family);

/// Whether statements outside of the loop use what it leaves in a name.
enum class After : uint8_t { No, NextEntry, Yes };
After isUsedAfter(const RotationLoop &loop, BufferId name);

/// True if a view, a handle or a function outside of the loop may name the array too.
bool isHeld(const RotationLoop &loop, BufferId array);

/// The array that a handle names when the loop begins, where one statement before it says so.
std::optional<BufferId> nameAtEntry(const RotationLoop &loop, BufferId handle);

/// Fills in the steps of a family and what surrounds them. The obstacle, if there is one.
std::optional<RotationObstacle> describe(const RotationLoop &loop, const Stmt &stmt,
                                         const std::set<size_t> &keptCopies,
                                         RotationFamily &family);

/// Handles that hold an array from before the loop: each an array of its own, which nothing else
/// names. The obstacle, if there is one.
std::optional<RotationObstacle>
findSharedEntry(const RotationLoop &loop, const RotationFamily &family, const RotationPlan &plan);

/// True if the array can become a buffer with slots where it is made: outside of the loop it is
/// named by accesses and by calls of the library alone.
bool canHaveSlots(const RotationLoop &loop, BufferId array, unsigned slots);

/// Replaces the loop by statements in which the family is buffers with slots.
Block applyRotation(const RotationLoop &loop, unsigned &labels, const Stmt &before, Stmt rotated,
                    const RotationFamily &family, const RotationPlan &plan);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_ROTATEBUFFERSLOOP_H
