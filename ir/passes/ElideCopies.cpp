//===- ElideCopies.cpp - temporaries of right-hand sides --------------------------------------===//
//
// The value of a temporary that holds a right-hand side until it is stored goes straight to the
// target, where no point overwrites what another still reads:
//
//     compute (i) { %t[i] = f(i) }         compute (i) { %u[i + 1] = f(i) }
//     compute (i) { %u[i + 1] = %t[i] } ->
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Fusion.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {
namespace {

class ElideCopies {
public:
  ElideCopies(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context), groups(program, function),
        mentions(countMentions(program, function)) {}

  void run() {
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts,
                          [&](Block &block, Facts &inner) { visit(block, inner); });
    if (!changed)
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
      if (source && isOwnArray(program[source->buffer]) && storeStraight(block, index, facts))
        index = 0, facts.rewind(mark), addFactsOf(program, block[0], facts);
    }
    facts.rewind(mark);
  }

  /// The statement of the block before `end` that stores all of the temporary, if it is the only
  /// one besides the copy that names it.
  std::optional<size_t> producerOf(const Block &block, size_t end, BufferId temporary) const {
    if (mentions[temporary.index] != 2)
      return std::nullopt;
    for (size_t index = end; index-- > 0;)
      if (auto *compute = std::get_if<Compute>(&block[index].node))
        if (compute->body.size() == 1 && compute->body.front().target.buffer == temporary)
          return index;
    return std::nullopt;
  }

  bool storeStraight(Block &block, size_t consumer, const Facts &facts) {
    const auto &copy = std::get<Compute>(block[consumer].node);
    BufferId temporary = copiedBy(copy)->buffer;
    std::optional<size_t> producer = producerOf(block, consumer, temporary);
    if (!producer)
      return false;
    FusionContext fusion{program, groups, facts};
    Obstacle why;
    std::optional<Compute> merged =
        substituteProducer(std::get<Compute>(block[*producer].node), copy, fusion, &why);
    std::optional<std::vector<bool>> room;
    if (merged)
      room = makeRoom(block, *producer, consumer, fusion, &why);
    if (!room) {
      context.missed(block[consumer].loc,
                     "%" + program[temporary].name + " stays a temporary: " + why.text, why.second,
                     "the other place");
      return false;
    }
    context.passed(block[consumer].loc, "stored without the temporary %" + program[temporary].name);
    context.count("temporaries stored straight");
    // The value computes what the producer did: its place in the source is the producer's.
    Loc loc = std::get<Compute>(block[*producer].node).body.front().loc;
    if (loc.isValid())
      merged->body.front().loc = loc;
    for (const Assign &assign : std::get<Compute>(block[*producer].node).body)
      forEachAccess(assign.value, [&](const Access &read, Use) { count(read.buffer, -1); });
    Stmt stmt{std::move(*merged), block[consumer].loc};
    forEachMention(program, stmt, [&](BufferId id) { count(id, 1); });
    forEachMention(program, block[consumer], [&](BufferId id) { count(id, -1); });
    count(temporary, -1);
    replacePair(block, *producer, consumer, *room, std::move(stmt));
    unnamed.insert(temporary);
    changed = true;
    return true;
  }

  void count(BufferId id, int by) { mentions[id.index] += static_cast<unsigned>(by); }

  Program &program;
  Function &function;
  PassContext &context;
  StorageGroups groups;
  std::vector<unsigned> mentions;
  std::set<BufferId> unnamed; // arrays that nothing names any more
  bool changed = false;
};

} // namespace

void elideCopies(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    ElideCopies(program, function, context).run();
}

} // namespace hpcc::ir
