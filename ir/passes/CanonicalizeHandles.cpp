//===- CanonicalizeHandles.cpp - what is known of handles that stay --------------------------===//
//
// The part of canonicalize that looks at handles as a whole, not along the flow: sizes that every
// bind keeps become forms, and a handle that only repeats another one's name gives way to it.
//
//===-----------------------------------------------------------------------------------------===//

#include "CanonicalizeHandles.h"
#include "ir/HandleShapes.h"
#include "ir/Lifetimes.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

/// A broadcast that repeats nothing is a slice of everything.
static void simplifyBroadcast(View &view, const std::vector<Affine> &baseShape) {
  auto *broadcast = std::get_if<Broadcast>(&view.form);
  if (!broadcast || broadcast->shape != baseShape)
    return;
  Subscript whole;
  for (const Affine &size : baseShape)
    whole.dims.push_back(ViewSlice{Affine(0), size, Affine(1)});
  view.form = std::move(whole);
}

/// Replaces `dim(%h, k)` by the size that all arrays bound to %h have, and uses these sizes where
/// %h is broadcast.
static void replaceSizes(const Program &program, Function &function) {
  std::map<BufferId, std::vector<Affine>> shapes = inferHandleShapes(program, function);
  if (shapes.empty())
    return;
  forEachStmt(function.body, [&](Stmt &stmt) {
    if (auto *view = std::get_if<View>(&stmt.node))
      if (auto found = shapes.find(view->base); found != shapes.end())
        simplifyBroadcast(*view, found->second);
    rewriteScalars(stmt, [&](Scalar &scalar) {
      auto *dim = std::get_if<ScalarDim>(&scalar.node);
      auto found = dim ? shapes.find(dim->buffer) : shapes.end();
      if (found != shapes.end())
        scalar = affineScalar(found->second[dim->dim]);
    });
  });
}

static bool names(const Program &program, const Stmt &stmt, BufferId id) {
  bool found = false;
  forEachMention(program, stmt, [&](BufferId mentioned) { found |= mentioned == id; });
  return found;
}

/// Whether the statement, or one inside it, may give the handle another array.
static bool rebinds(const Stmt &stmt, BufferId handle) {
  bool found = false;
  auto look = [&](const Stmt &each) {
    if (auto *bind = std::get_if<Bind>(&each.node))
      found |= bind->handle == handle;
    else if (auto *call = std::get_if<Call>(&each.node))
      found |= llvm::is_contained(call->results, handle);
    else if (auto *declare = std::get_if<Declare>(&each.node))
      found |= declare->handle == handle;
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, look); });
  return found;
}

static void rename(Program &program, Stmt &stmt, BufferId from, BufferId to) {
  auto apply = [&](Stmt &each) {
    forEachBuffer(each, [&](BufferId &id) { id = id == from ? to : id; });
    forEachDeclaredBuffer(each, [&](BufferId id) { llvm::replace(program[id].like, from, to); });
  };
  apply(stmt);
  forEachInnerBlock(stmt, [&](Block &inner) { forEachStmt(inner, apply); });
}

/// Where the block binds a handle of its own to another handle that keeps its array until the first
/// is used for the last time, the second is the name. It is called like the one of them that is
/// declared first: the user's variable, not the result of an inlined call. `calledLike` holds the
/// handle that gave the name.
static void forwardCopies(Program &program, const std::map<BufferId, std::vector<BufferId>> &binds,
                          Block &block, std::map<BufferId, BufferId> &calledLike) {
  for (size_t index = 0; index < block.size(); ++index) {
    forEachInnerBlock(block[index],
                      [&](Block &inner) { forwardCopies(program, binds, inner, calledLike); });
    auto *bind = std::get_if<Bind>(&block[index].node);
    if (!bind || program[bind->source].storage != Storage::Handle)
      continue;
    BufferId copy = bind->handle, original = bind->source;
    auto bound = binds.find(copy);
    bool isLocal = llvm::any_of(block, [&](const Stmt &stmt) {
      auto *declare = std::get_if<Declare>(&stmt.node);
      return declare && declare->handle == copy;
    });
    bool isGlobal = llvm::is_contained(program.globals, original);
    if (bound == binds.end() || bound->second.size() != 1 || !isLocal || isGlobal)
      continue;
    size_t last = index;
    for (size_t next = index + 1; next < block.size(); ++next)
      if (names(program, block[next], copy))
        last = next;
    bool kept = true;
    for (size_t next = index + 1; next <= last; ++next)
      // The last use may be a bind of the original itself: it reads before it binds.
      kept &= !rebinds(block[next], original) ||
              (next == last && std::holds_alternative<Bind>(block[next].node));
    if (!kept)
      continue;
    for (size_t next = index + 1; next <= last; ++next)
      rename(program, block[next], copy, original);
    if (BufferId &named = calledLike.try_emplace(original, original).first->second; copy < named) {
      named = copy;
      program[original].name = program[copy].name;
    }
    block.erase(block.begin() + static_cast<std::ptrdiff_t>(index));
    llvm::erase_if(block, [&](const Stmt &stmt) {
      auto *drop = std::get_if<Drop>(&stmt.node);
      auto *declare = std::get_if<Declare>(&stmt.node);
      return (drop && drop->buffer == copy) || (declare && declare->handle == copy);
    });
    index = 0;
  }
}

void resolveHandles(Program &program, Function &function) {
  replaceSizes(program, function);
  std::map<BufferId, BufferId> calledLike;
  forwardCopies(program, bindingsOf(program, function), function.body, calledLike);
}

} // namespace hpcc::ir
