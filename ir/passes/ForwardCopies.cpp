//===- ForwardCopies.cpp - copies that stay equal to their originals --------------------------===//
//
// Where neither an array nor its copy is stored to while the copy is used, the copy's loads read
// the original, and the copy is not made:
//
//     compute (i) { %b[i] = %a[i] }           compute (i) { %c[i] = %a[i] + %a[i + 1] }
//     compute (i) { %c[i] = %b[i] + %b[i + 1] }   ->
//
// rotate-buffers comes first: copies that a step makes of what it stores to later are its business.
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Fusion.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {
namespace {

class ForwardCopies {
public:
  ForwardCopies(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context), groups(program, function),
        mentions(countMentions(program, function)) {}

  void run() {
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts,
                          [&](Block &block, Facts &inner) { visit(block, inner); });
    if (unnamed.empty())
      return;
    removeAllocations(program, function, unnamed);
    placeDrops(program, function);
  }

private:
  void visit(Block &block, Facts &facts) {
    Facts::Mark mark = facts.mark();
    for (size_t index = 0; index < block.size(); ++index) {
      addFactsOf(program, block[index], facts);
      auto *compute = std::get_if<Compute>(&block[index].node);
      const Access *source = compute ? copiedBy(*compute) : nullptr;
      BufferId target = source ? compute->body.front().target.buffer : BufferId();
      if (source && isOwnArray(program[target]) && target != source->buffer &&
          readOriginal(block, index, facts))
        --index;
    }
    facts.rewind(mark);
  }

  /// True if all mentions of the copy behind the statement are loads, and the statement that has
  /// the last of them.
  bool onlyLoaded(const Block &block, size_t start, BufferId copy, size_t &last) const {
    bool loads = true;
    last = start;
    for (size_t index = start + 1; index < block.size(); ++index) {
      unsigned found = 0, loaded = 0;
      forEachMention(program, block[index], [&](BufferId id) { found += id == copy; });
      auto count = [&](const Stmt &stmt) {
        forEachScalar(stmt, [&](const Scalar &scalar) {
          forEachAccess(scalar, [&](const Access &a, Use) { loaded += a.buffer == copy; });
        });
      };
      count(block[index]);
      forEachInnerBlock(block[index], [&](const Block &inner) { forEachStmt(inner, count); });
      loads &= found == loaded;
      if (found)
        last = index;
    }
    return loads;
  }

  /// Whether it did, so that the statement at the position is gone.
  bool readOriginal(Block &block, size_t position, const Facts &facts) {
    const auto &compute = std::get<Compute>(block[position].node);
    const Access source = *copiedBy(compute);
    BufferId copy = compute.body.front().target.buffer;
    auto declined = [&](const llvm::Twine &text, Loc other) {
      context.missed(block[position].loc, "%" + program[copy].name + " stays a copy: " + text,
                     other, "the other place");
      return false;
    };
    Footprint stored = footprintOf(compute.body.front().target, compute.axes);
    if (!covers(stored, wholeOf(copy, program[copy].shape), program, facts))
      return false;
    unsigned behind = 0;
    for (size_t index = position + 1; index < block.size(); ++index)
      forEachMention(program, block[index], [&](BufferId id) { behind += id == copy; });
    size_t last = position;
    if (behind + 1 != mentions[copy.index] || !onlyLoaded(block, position, copy, last) ||
        last == position)
      return false;
    for (size_t index = position + 1; index <= last; ++index)
      if (std::optional<Obstacle> clash = changes(block[index], source.buffer, facts))
        return declined(clash->text, clash->first);
    Block rewritten(block.begin() + static_cast<std::ptrdiff_t>(position) + 1,
                    block.begin() + static_cast<std::ptrdiff_t>(last) + 1);
    for (Stmt &stmt : rewritten)
      if (!replaceLoads(stmt, compute))
        return declined("a load of it is not affine in its axes", stmt.loc);
    context.passed(block[position].loc, "%" + program[copy].name + " is read as %" +
                                            program[source.buffer].name + ", not copied");
    context.count("copies read as their originals");
    llvm::move(rewritten, block.begin() + static_cast<std::ptrdiff_t>(position) + 1);
    block.erase(block.begin() + static_cast<std::ptrdiff_t>(position));
    mentions = countMentions(program, function);
    unnamed.insert(copy);
    return true;
  }

  /// Why the statement may change what the array, as a name, holds.
  std::optional<Obstacle> changes(const Stmt &stmt, BufferId array, const Facts &facts) const {
    std::optional<Obstacle> found;
    for (const Touch &touch : touchesOf(stmt, program, facts))
      if (isWrite(touch.use) && groups.mayOverlap(touch.footprint.buffer, array))
        found = {"%" + program[array].name + " is stored to while the copy is used", touch.loc, {}};
    auto rebinds = [&](const Stmt &inner) {
      auto *bind = std::get_if<Bind>(&inner.node);
      if (bind && bind->handle == array)
        found = {"%" + program[array].name + " is rebound while the copy is used", inner.loc, {}};
    };
    rebinds(stmt);
    forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, rebinds); });
    return found;
  }

  /// Replaces the loads of the copy in a statement and all inside it; false if one cannot be.
  bool replaceLoads(Stmt &stmt, const Compute &copying) {
    bool good = true;
    auto rewrite = [&](Scalar &tree) {
      auto *load = std::get_if<ScalarLoad>(&tree.node);
      if (!load || load->access.buffer != copying.body.front().target.buffer)
        return;
      std::optional<Scalar> value = producedValue(copying, load->access);
      good &= value.has_value();
      if (value)
        tree = std::move(*value);
    };
    auto replace = [&](Stmt &each) { rewriteScalars(each, rewrite); };
    replace(stmt);
    forEachInnerBlock(stmt, [&](Block &inner) { forEachStmt(inner, replace); });
    return good;
  }

  Program &program;
  Function &function;
  PassContext &context;
  StorageGroups groups;
  std::vector<unsigned> mentions;
  std::set<BufferId> unnamed; // copies that nothing names any more
};

} // namespace

void forwardCopies(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    ForwardCopies(program, function, context).run();
}

} // namespace hpcc::ir
