//===- RotateBuffersCalls.cpp - arrays that calls of the library take as a whole ------------===//
//
// Printing takes an array, or a view of one, as it is in memory, and there a storage that takes
// turns with others has no place of its own. The call gets a copy of the cells, made in front of it
// by a compute that reads them one by one; the view goes.
//
//===-------------------------------------------------------------------------------------===//

#include "CanonicalizeState.h"
#include "RotateBuffersLoop.h"
#include "ir/Library.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// True if the statement, or one inside it, gives the handle another array.
bool rebinds(const Stmt &stmt, BufferId handle) {
  bool found = false;
  auto look = [&](const Stmt &each) {
    if (const auto *bind = std::get_if<Bind>(&each.node))
      found |= bind->handle == handle;
    else if (const auto *call = std::get_if<Call>(&each.node))
      found |= llvm::is_contained(call->results, handle);
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, look); });
  return found;
}

/// True if the call only reads the arrays that it takes.
bool isReader(const LibraryCall &call) { return !storesToFirstArgument(call); }

class ArgumentCopier {
public:
  ArgumentCopier(const RotationLoop &loop, const RotationFamily &family)
      : loop(loop), program(loop.program), family(family) {}

  std::vector<size_t> run(Stmt &stmt) {
    forEachInnerBlock(
        stmt, [&](Block &block) { forEachStmt(block, [&](Stmt &each) { replaceSizes(each); }); });
    forEachInnerBlock(
        stmt, [&](Block &block) { forEachBlock(block, [&](Block &inner) { findViews(inner); }); });
    std::vector<size_t> places;
    forEachInnerBlock(stmt, [&](Block &block) {
      forEachBlock(block, [&](Block &inner) {
        places = rewrite(inner); // those of the body come last
      });
    });
    return places;
  }

private:
  bool isMember(BufferId id) const { return llvm::is_contained(family.names, id); }

  void replaceSizes(Stmt &stmt) {
    rewriteScalars(stmt, [&](Scalar &scalar) {
      if (auto *dim = std::get_if<ScalarDim>(&scalar.node); dim && isMember(dim->buffer))
        scalar = affineScalar(Affine(family.shape[dim->dim]));
    });
  }

  //===-----------------------------------------------------------------------------------===//
  // Views
  //===-----------------------------------------------------------------------------------===//

  /// Notes the views of the block that only calls read, with their place in the array.
  void findViews(const Block &block) {
    for (size_t index = 0; index < block.size(); ++index)
      if (const auto *view = std::get_if<View>(&block[index].node);
          view && isMember(view->base) && isReadByCalls(block, index, *view)) {
        std::vector<std::optional<Affine>> shape(family.shape.begin(), family.shape.end());
        ViewMap whole = identityMap(view->base, {}, program[view->base].dims);
        if (std::optional<ViewMap> map = mapOf(whole, *view, loop.facts, shape))
          views.emplace(view->result, std::move(*map));
      }
  }

  /// True if calls that only read are all that names the view, and its base names one array until
  /// the last of them.
  bool isReadByCalls(const Block &block, size_t position, const View &view) const {
    bool rebound = false;
    for (size_t index = position + 1; index < block.size(); ++index) {
      const Stmt &stmt = block[index];
      if (std::holds_alternative<Drop>(stmt.node))
        continue;
      bool isNamed = mentions(program, stmt, view.result);
      rebound |= rebinds(stmt, view.base);
      if (!isNamed)
        continue;
      bool isRead = takesWhole(stmt, view.result);
      forEachInnerBlock(stmt, [&](const Block &inner) {
        forEachStmt(inner,
                    [&](const Stmt &each) { isRead = isRead && takesWhole(each, view.result); });
      });
      if (rebound || !isRead)
        return false;
    }
    return true;
  }

  /// True if the statement itself names the array as an argument of a call that reads, or not.
  bool takesWhole(const Stmt &stmt, BufferId array) const {
    if (std::holds_alternative<Drop>(stmt.node))
      return true;
    int named = 0;
    forEachBuffer(stmt, [&](BufferId id) { named += id == array; });
    if (const auto *alloc = std::get_if<Alloc>(&stmt.node))
      named += llvm::is_contained(program[alloc->buffer].like, array);
    if (const auto *call = std::get_if<LibraryCall>(&stmt.node); call && isReader(*call))
      for (const CallArgument &argument : call->arguments)
        if (const auto *buffer = std::get_if<BufferId>(&argument))
          named -= *buffer == array;
    return named == 0;
  }

  //===-----------------------------------------------------------------------------------===//
  // Copies
  //===-----------------------------------------------------------------------------------===//

  bool isGone(const Stmt &stmt) const {
    const auto *view = std::get_if<View>(&stmt.node);
    const auto *drop = std::get_if<Drop>(&stmt.node);
    return (view && views.count(view->result)) || (drop && views.count(drop->buffer));
  }

  /// The cells of the argument, in an array of their own.
  BufferId copyOf(BufferId argument, Loc loc, Block &before) {
    auto found = views.find(argument);
    Buffer row = program[argument];
    row.storage = Storage::Own;
    if (found == views.end())
      row.shape = family.shape;
    std::vector<Affine> shape = row.shape;
    BufferId copy = program.addBuffer(std::move(row));
    before.push_back({Alloc{copy}, loc});
    before.push_back(makeCopy(program, shape, {copy}, {argument}, loc));
    if (found != views.end()) {
      auto &assign = std::get<Compute>(before.back().node).body.front();
      auto &source = std::get<ScalarLoad>(assign.value.node).access;
      source = {found->second.root, std::nullopt, *composeIndices(found->second, source.indices)};
    }
    return copy;
  }

  /// Where the statements of the block are then; those that go are nowhere.
  std::vector<size_t> rewrite(Block &block) {
    constexpr auto nowhere = ~size_t(0);
    std::vector<size_t> places;
    Block result;
    for (Stmt &stmt : block) {
      if (isGone(stmt)) {
        places.push_back(nowhere);
        continue;
      }
      auto *call = std::get_if<LibraryCall>(&stmt.node);
      if (call && isReader(*call))
        for (CallArgument &argument : call->arguments)
          if (auto *buffer = std::get_if<BufferId>(&argument);
              buffer && (isMember(*buffer) || views.count(*buffer)))
            *buffer = copyOf(*buffer, stmt.loc, result);
      places.push_back(result.size());
      result.push_back(std::move(stmt));
    }
    block = std::move(result);
    return places;
  }

  const RotationLoop &loop;
  Program &program;
  const RotationFamily &family;
  std::map<BufferId, ViewMap> views; // that only calls read
};

} // namespace

std::vector<size_t> makeAccesses(const RotationLoop &loop, Stmt &stmt,
                                 const RotationFamily &family) {
  return ArgumentCopier(loop, family).run(stmt);
}

} // namespace hpcc::ir
