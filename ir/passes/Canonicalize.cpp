//===- Canonicalize.cpp - names become arrays, views become accesses ---------------------===//
//
// Source stage to canonical stage: a use of a handle whose array is known becomes a use of that
// array, accesses through views become accesses to the viewed array, sizes become affine forms,
// checks that they prove go away, and so does all that is not needed then.
//
//     let n = dim(%u, 0)                            compute (i in [0, m) par) {
//     let m = maximum(n - 2, 0)                       %t[i] = %a[i + 1] + %a[i]
//     view %v = %u[1 : m : 1]              ->       }
//     view %w = %u[0 : m : 1]
//     compute (i in [0, m) par) { %t[i] = %v[i] + %w[i] }
//
// Handles whose array is known on some paths only stay, and so do views with a step or a repeated
// size that run time knows; a remark says which. Order and text of errors and output are kept.
//
//===-------------------------------------------------------------------------------------===//

#include "CanonicalizeHandles.h"
#include "CanonicalizeWalk.h"
#include "ir/Effects.h"
#include "ir/Lifetimes.h"
#include "ir/RemoveDead.h"
#include "ir/Walk.h"
#include <map>

namespace hpcc::ir {

/// Gives a view of a view a handle between them: canonical views name arrays and handles only.
static void separateViews(Program &program, Block &block) {
  for (size_t index = 0; index < block.size(); ++index) {
    forEachInnerBlock(block[index], [&](Block &inner) { separateViews(program, inner); });
    auto *view = std::get_if<View>(&block[index].node);
    if (!view || program[view->base].storage != Storage::View)
      continue;
    Buffer row;
    row.name = program[view->base].name;
    row.type = program[view->base].type;
    row.storage = Storage::Handle;
    row.dims = program[view->base].dims;
    BufferId base = view->base;
    BufferId handle = program.addBuffer(std::move(row));
    view->base = handle;
    Loc loc = block[index].loc;
    block.insert(block.begin() + index,
                 {Stmt{Declare{handle}, loc}, Stmt{Bind{handle, base}, loc}});
    index += 2;
  }
}

/// An array takes over the name of the user's variable that it was bound to, where that handle is
/// gone.
static void renameArrays(Program &program, const std::map<BufferId, BufferId> &handleOf) {
  std::set<BufferId> declared;
  forEachStmt(program, [&](const Stmt &stmt) {
    forEachDeclaredBuffer(stmt, [&](BufferId buffer) { declared.insert(buffer); });
  });
  for (auto [array, handle] : handleOf)
    if (declared.count(array) && !declared.count(handle))
      program[array].name = program[handle].name;
}

void canonicalize(Program &program, PassContext &context) {
  // A round can uncover more (a store that is gone no longer changes a variable in a loop); a few
  // are enough, and each leaves a good program.
  constexpr unsigned mostRounds = 4;
  size_t remarks = context.remarks.size();
  std::map<BufferId, BufferId> handleOf;
  for (unsigned round = 0; round < mostRounds; ++round) {
    Program before = program;
    context.remarks.resize(remarks); // those of the last round count
    for (Function &function : program.functions) {
      resolveHandles(program, function);
      CanonicalizeWalk walk(program, context);
      walk.run(function);
      handleOf.insert(walk.firstHandles().begin(), walk.firstHandles().end());
      size_t removed = removeDead(program, function, walk.safeAllocs());
      context.count("dead statements removed", removed);
      placeDrops(program, function);
    }
    if (program == before)
      break;
  }
  for (Function &function : program.functions) {
    separateViews(program, function.body);
    placeDrops(program, function);
  }
  renameArrays(program, handleOf);
  setEffects(program);
}

} // namespace hpcc::ir
