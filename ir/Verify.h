//===- Verify.h - the invariants of programs -------------------------------------------------===//
//
// Everything else in the IR relies on a program that verifies. The invariants, each with a test in
// test/ir/verify:
//
// Tables
//   ids           every id names a row
//   names         names are words of the text form and unique: symbols, buffers, functions
//   rows          sizes fit the number of dimensions; no complex elements; slots, `layout` (a
//                 permutation) and `like` only on allocated arrays
//   depth         scalars and blocks are not nested beyond the limits of Text.h
// Scopes and lifetimes (VerifyScope.cpp)
//   declared      every symbol and buffer is declared once, and used only in its scope
//   drops         an allocated array, view or declared handle is dropped exactly once on each path
//                 from its declaration to the end of the block, before a `leave` too; not used
//                 after it; parameters, results, globals and scalar variables are not dropped
//   labels        labels are unique in a function; `leave` stands inside its block
//   slots         a slot is chosen on buffers with slots only, by a form in which the iterator of
//                 one enclosing time loop has coefficient 1 and everything else is fixed in the
//                 loop, or by a number, counted from the current storage; inside that loop every
//                 mention of the buffer is an access with a slot of the first kind
// Scalars (VerifyScalar.cpp)
//   arity         as many indices as the buffer has dimensions, as many operands as the operation
//                 takes; `dim` names a dimension; `bound` a handle
//   types         operand types are legal for the operation and give the type it states; constants
//                 have bits of their type only; gather indices are i64
//   checked       checked forms only where Scalar.def has one; a location only on checked forms
// Statements (VerifyStmt.cpp)
//   conditions    guards and conditions are bool; a `let` is i64
//   bounds        bounds have a form; steps are positive; slice steps are not zero
//   assign        the value has the target's type; `op=` is defined for it
//   par           each par axis has an index of its own in every written access, of the form
//                 c * axis + terms without axes; other accesses to a written buffer use the same
//                 index there, or provably (dependenceBetween, without further facts) never meet it
//                 at another point of the axis. Locals belong to one point and are exempt
//   red           a red axis that occurs in a target is as a par axis to it; an assignment whose
//                 target lacks one is `op=`, and its target is not read in the compute
//   par-loops     (VerifyLoop.cpp) the iterations of a loop over a par axis may run in any order:
//                 each has what the body declares of its own; a cell of another buffer that one
//                 writes is touched by no other, provably (touchesOf, without further facts); none
//                 prints, raises, asks the time, leaves the loop, calls what does so or stores,
//                 binds or drops a name from outside, or advances slots. No loop is red, none over
//                 time is par
//   order         a float sum or product over red axes states its order; `tree` is for float sums,
//                 over red axes that the target lacks, the same ones for all trees of a compute;
//                 without red axes there is none
//   views         a view's type and shape follow from its base and form
//   binds         a handle is bound to an array of its type and dimensions, without slots
//   calls         the callee exists; arguments and results fit its signature, or the row of
//                 Library.def
//   errors        a check names a row of runtime/Errors.def and gives it its arguments
// Teams of threads (VerifyParallel.cpp)
//   parallel      a `parallel` stands in no other one, and no `leave` leaves it; `single` and
//                 `barrier` stand in one, and neither in a `single` nor in a mapped loop; a time
//                 loop in a `single` moves only storages of buffers that are declared there
//   mapping       a mapped axis is par, or red in an order of which a share can be taken (any, or
//                 the first axis of trees over all axes) into scalar variables; a compute has one;
//                 inside an axis that is not par it is `@threads` with bounds that no axis changes;
//                 it stands in a `parallel`, and neither in a `single` nor in a mapped loop. A
//                 mapped loop is par
//   own           what all threads of a team do stores only to what is declared inside, and neither
//                 raises, prints, calls nor names arrays
// Ranks (VerifyRanks.cpp)
//   ranks         homes, divided axes and loops, and exchanges are in programs with `ranks` only,
//                 which are distributed
//   division      a compute has one divided axis; no divided loop, exchange or team of threads
//                 stands around it or a divided loop; a divided loop is par. Parts of a share are
//                 of blocks
//   owner         what a divided axis or loop stores has a home, where the row belongs to the rank
//                 of the iteration, or is declared inside. Exempt are targets of red and seq axes
//                 without a home that the axis does not index
//   exchange      it brings rows of buffers with a home; an `own` part has a divided axis, of all
//                 of a share, and others none; further indices are all or none; it stands in no
//                 divided loop, other exchange or team of threads
// A device (VerifyDevice.cpp)
//   device        axes of the grid and transfers are in programs with `device` only, which are
//                 mapped and not for ranks
//   grid          a kernel has at most three axes of the grid, which do not depend on each other,
//                 with at most 1024 threads of a block; they are par, or red with orders any and
//                 tree over all axes into scalar variables; those of loops are par, each alone in
//                 the loop around it. No kernel stands inside another
//   kernel        a thread of a loop makes and names no arrays, stores to no scalar variable from
//                 outside, and neither calls nor prints
//   transfer      it moves own arrays, and one element to the host only; it stands in no kernel
// Functions (Verify.cpp)
//   signature     parameters and results are scalar variables or handles; `main` exists and has
//   none effects       the stated effects are those inferred (Effects.h)
// Stages (VerifyStmt.cpp)
//   source        loops are ordered: axis kinds of loops are seq
//   canonical     no view names a view
//   mapped        only from here on there are teams of threads
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_VERIFY_H
#define HPCC_IR_VERIFY_H

#include "Program.h"

namespace hpcc::ir {

/// What a grid may be on every GPU (CUDA C Programming Guide, compute capabilities).
constexpr size_t mostGridAxes = 3;
constexpr int64_t mostThreadsOfBlock = 1024;
constexpr int64_t mostThreadsAlongZ = 64;

/// A broken invariant: its name in the list above, and what breaks it. The location is the user's,
/// of the statement, and may be nowhere.
struct VerifyError {
  std::string invariant;
  std::string function;
  Loc loc;
  std::string text;
};

/// All invariants that the program breaks, in the order of the text; empty for a good program. When
/// ids are out of range nothing else is looked at.
std::vector<VerifyError> verify(const Program &program);

/// `@f 3:5: types: ...`, on one line.
std::string toText(const VerifyError &error);

} // namespace hpcc::ir

#endif // HPCC_IR_VERIFY_H
