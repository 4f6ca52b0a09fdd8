//===- SplitLoopsParts.cpp - which statements of a loop may run in any order ------------------===//
//
// All statements are independent at first. What has an order, or meets a cell of another iteration,
// becomes ordered; so does what an ordered statement comes before, or would then come behind. What
// is left when nothing changes any more may run before the ordered statements of its chunk.
//
//===-----------------------------------------------------------------------------------------===//

#include "SplitLoops.h"
#include "ir/Library.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

constexpr uint64_t leastWork = 64;     // of an iteration that is worth a place of its own
constexpr size_t mostStatements = 256; // directly in a body; pairs are compared

/// The names that a statement mentions or declares, with all inside it.
struct Mentions {
  std::set<BufferId> arrays;  // of those that the body declares
  std::set<BufferId> scalars; // all
  std::set<SymbolId> symbols; // through repeated lets, too
  std::optional<SymbolId> let;
};

/// Why a statement is ordered; `cause` is the ordered statement whose own reason says more.
struct Reason {
  Obstacle obstacle;
  std::optional<size_t> cause;
};

std::optional<Reason> alone(std::optional<Obstacle> obstacle) {
  return obstacle ? std::optional(Reason{std::move(*obstacle), {}}) : std::nullopt;
}

class SplitFinder {
public:
  SplitFinder(const Program &program, const Loop &loop, LoopSplit split,
              const StorageGroups &groups, const Facts &facts)
      : program(program), loop(loop), split(std::move(split)), names(namesDeclaredIn(loop.body)),
        touches(program, loop, names, groups, ownScalars()),
        risks(earlyRisksOf(program, loop, facts)) {}

  std::optional<LoopSplit> find(Obstacle &why) {
    const Block &body = loop.body;
    reasons.resize(body.size());
    for (const Stmt &stmt : body)
      split.parts.push_back(isRepeated(stmt) ? LoopPart::Repeated : LoopPart::Independent);
    for (const Stmt &stmt : body)
      addMentions(stmt);
    forEachStmt(body, [&](const Stmt &stmt) { addBound(stmt); });
    for (size_t index = 0; index < body.size(); ++index)
      order(index, alone(effectOf(index)));
    spread();
    if (workIn(LoopPart::Independent) < leastWork) {
      why = heaviestReason();
      return std::nullopt;
    }
    if (llvm::is_contained(split.parts, LoopPart::Ordered))
      for (size_t index = body.size(); index-- > 0;)
        if (isIndependent(index) && mayFollow(index))
          split.parts[index] = LoopPart::Ordered;
    return std::move(split);
  }

private:
  bool isIndependent(size_t index) const { return split.parts[index] == LoopPart::Independent; }
  bool isOrdered(size_t index) const { return split.parts[index] == LoopPart::Ordered; }

  std::set<BufferId> ownScalars() const {
    std::set<BufferId> own = split.scalars.own;
    own.insert(split.scalars.lasting.begin(), split.scalars.lasting.end());
    return own;
  }

  /// A declaration of a scalar variable, or a number made of symbols alone.
  bool isRepeated(const Stmt &stmt) const {
    if (auto *alloc = std::get_if<Alloc>(&stmt.node))
      return program[alloc->buffer].dims == 0;
    auto *let = std::get_if<Let>(&stmt.node);
    if (!let || canRaise(let->value))
      return false;
    bool made = true;
    forEachSubtree(let->value, [&](const Scalar &tree) {
      made &= !std::holds_alternative<ScalarLoad>(tree.node) &&
              !std::holds_alternative<ScalarGather>(tree.node) &&
              !std::holds_alternative<ScalarDim>(tree.node) &&
              !std::holds_alternative<ScalarState>(tree.node);
    });
    return made;
  }

  void addBound(const Stmt &stmt) {
    if (auto *bind = std::get_if<Bind>(&stmt.node))
      bound.insert(bind->handle);
    else if (auto *call = std::get_if<Call>(&stmt.node))
      for (BufferId result : call->results)
        if (program[result].storage == Storage::Handle)
          bound.insert(result);
  }

  void addMentions(const Stmt &stmt) {
    Mentions mention;
    if (auto *let = std::get_if<Let>(&stmt.node))
      mention.let = let->symbol;
    auto addBuffer = [&](BufferId id) {
      if (program[id].dims == 0 && program[id].storage == Storage::Own)
        mention.scalars.insert(id);
      else if (names.buffers.count(id))
        mention.arrays.insert(id);
    };
    auto look = [&](const Stmt &each) {
      forEachBuffer(each, addBuffer);
      forEachDeclaredBuffer(each,
                            [&](BufferId id) { llvm::for_each(program[id].like, addBuffer); });
      forEachAffine(program, each, [&](const Affine &form) {
        for (const AffineTerm &term : form.terms)
          mention.symbols.insert(term.symbol);
      });
    };
    look(stmt);
    forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
    for (size_t before = 0; before < mentions.size(); ++before)
      if (split.parts[before] == LoopPart::Repeated && mentions[before].let &&
          mention.symbols.count(*mentions[before].let))
        mention.symbols.insert(mentions[before].symbols.begin(), mentions[before].symbols.end());
    mentions.push_back(std::move(mention));
  }

  //===---------------------------------------------------------------------------------------===//
  // Obstacles
  //===---------------------------------------------------------------------------------------===//

  std::optional<Obstacle> effectOf(size_t index) const {
    const Stmt &stmt = loop.body[index];
    if (std::optional<Obstacle> effect = orderedEffectOf(program, stmt, names))
      return effect;
    if (risks[index].allocation)
      return risks[index].allocation;
    bool binds = false, isMapped = false;
    auto look = [&](const Stmt &each) {
      // Which array a name stands for, and so its size too, is decided in order.
      forEachBuffer(each, [&](BufferId id) { binds |= bound.count(id) != 0; });
      isMapped |= std::holds_alternative<Parallel>(each.node);
    };
    look(stmt);
    forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
    if (binds)
      return Obstacle{"it uses a name that an iteration binds to another array", stmt.loc, {}};
    if (isMapped)
      return Obstacle{"it is divided among threads already", stmt.loc, {}};
    return std::nullopt;
  }

  bool mayEndProgram(size_t index) const {
    const Stmt &stmt = loop.body[index];
    bool ends = risks[index].allocation.has_value();
    auto look = [&](const Stmt &each) {
      forEachScalar(each, [&](const Scalar &scalar) { ends |= canRaise(scalar); });
      auto *library = std::get_if<LibraryCall>(&each.node);
      auto *call = std::get_if<Call>(&each.node);
      const Function *callee = call ? program.find(call->callee) : nullptr;
      ends |= std::holds_alternative<Check>(each.node) ||
              (call && (!callee || callee->effects.fails)) ||
              (library && infoOf(library->function).fails);
    };
    look(stmt);
    forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
    return ends;
  }

  /// Why the second statement, of a later iteration or further on, may not run before the first.
  std::optional<Reason> obstacleBetween(size_t ordered, size_t other) const {
    if (std::optional<Obstacle> shared = touches.meetLater(ordered, other))
      return Reason{std::move(*shared), ordered};
    Loc from = loop.body[ordered].loc, to = loop.body[other].loc;
    for (BufferId array : mentions[other].arrays)
      if (mentions[ordered].arrays.count(array)) {
        bool isMade = std::holds_alternative<Alloc>(loop.body[ordered].node);
        return Reason{
            {"%" + program[array].name + " of an iteration is used by what keeps its order, too",
             to, from},
            isMade ? std::optional(ordered) : std::nullopt};
      }
    const EarlyRisk &risk = risks[other];
    if ((risk.access || risk.mayNotEnd) && mayEndProgram(ordered))
      return Reason{{"an earlier iteration may raise an error first, and this " +
                         (risk.access ? "uses " + risk.access->text : "may run without an end"),
                     risk.access ? risk.access->first : to, from},
                    std::nullopt};
    if (ordered > other)
      return std::nullopt;
    if (std::optional<Obstacle> shared = touches.meetInIteration(ordered, other))
      return Reason{std::move(*shared), ordered};
    if (mentions[ordered].let && mentions[other].symbols.count(*mentions[ordered].let))
      return Reason{{"it uses what is computed in order", to, from}, ordered};
    return std::nullopt;
  }

  void order(size_t index, std::optional<Reason> reason) {
    if (!reason || !isIndependent(index))
      return;
    split.parts[index] = LoopPart::Ordered;
    reasons[index] = std::move(*reason);
    changed = true;
  }

  void spread() {
    const size_t count = loop.body.size();
    for (size_t index = 0; index < count; ++index)
      for (size_t other = 0; other < count; ++other)
        if (isIndependent(index) && isIndependent(other))
          order(other, alone(touches.meetLater(index, other)));
    do {
      changed = false;
      for (size_t ordered = 0; ordered < count; ++ordered)
        for (size_t other = 0; other < count; ++other)
          if (isOrdered(ordered) && isIndependent(other))
            order(other, obstacleBetween(ordered, other));
    } while (changed);
  }

  //===---------------------------------------------------------------------------------------===//
  // Profit
  //===---------------------------------------------------------------------------------------===//

  uint64_t workIn(LoopPart part) const {
    uint64_t work = 0;
    for (auto [index, stmt] : llvm::enumerate(loop.body))
      if (split.parts[index] == part)
        work += workOf(program, stmt);
    return work;
  }

  Obstacle heaviestReason() const {
    size_t heaviest = 0;
    uint64_t most = 0;
    for (auto [index, stmt] : llvm::enumerate(loop.body))
      if (uint64_t work = workOf(program, stmt); isOrdered(index) && work > most)
        heaviest = index, most = work;
    if (most + workIn(LoopPart::Independent) < leastWork)
      return {"an iteration does little", {}, {}};
    while (reasons[heaviest].cause)
      heaviest = *reasons[heaviest].cause;
    return reasons[heaviest].obstacle;
  }

  /// True if the statement costs little and may as well be ordered, and needs nothing that would
  /// have to be kept for it.
  bool mayFollow(size_t index) const {
    if (workOf(program, loop.body[index]) > 1 || !mentions[index].arrays.empty() ||
        mentions[index].let)
      return false;
    for (const Touch &touch : touches.of(index))
      if (isWrite(touch.use) && program[touch.footprint.buffer].dims != 0)
        return false;
    for (size_t other = 0; other < loop.body.size(); ++other) {
      if (!isIndependent(other) || other == index)
        continue;
      if (obstacleBetween(index, other) || usesResultOf(index, other))
        return false;
    }
    return true;
  }

  bool usesResultOf(size_t reader, size_t setter) const {
    if (mentions[setter].let && mentions[reader].symbols.count(*mentions[setter].let))
      return true;
    return llvm::any_of(touches.of(setter), [&](const Touch &touch) {
      return isWrite(touch.use) && mentions[reader].scalars.count(touch.footprint.buffer);
    });
  }

  const Program &program;
  const Loop &loop;
  LoopSplit split;
  IterationNames names;
  IterationTouches touches;
  std::vector<EarlyRisk> risks;
  std::set<BufferId> bound; // handles that the body binds
  std::vector<Mentions> mentions;
  std::vector<Reason> reasons; // of ordered statements
  bool changed = false;
};

/// The scalar variables of the function's own that the body stores to.
LiveScalars::Set writtenScalars(const Program &program, const Block &body) {
  LiveScalars::Set written;
  auto add = [&](BufferId id) {
    if (program[id].dims == 0 && program[id].storage == Storage::Own)
      written.insert(id);
  };
  forEachStmt(body, [&](const Stmt &stmt) {
    if (auto *compute = std::get_if<Compute>(&stmt.node)) {
      for (const Assign &assign : compute->body)
        add(assign.target.buffer);
      for (BufferId local : compute->locals)
        written.erase(local);
    } else if (auto *call = std::get_if<Call>(&stmt.node)) {
      llvm::for_each(call->results, add);
    }
  });
  for (BufferId id : program.globals)
    written.erase(id);
  return written;
}

} // namespace

std::optional<LoopSplit> findSplit(const Program &program, const Loop &loop,
                                   const LiveScalars::Set &after, LiveScalars &liveness,
                                   const StorageGroups &groups, const Facts &facts, Obstacle &why) {
  if (loop.body.size() > mostStatements) {
    why = {"its body is long", {}, {}};
    return std::nullopt;
  }
  LoopSplit split;
  split.scalars = liveness.scalarsOf(loop, writtenScalars(program, loop.body), after);
  split.around = after;
  for (unsigned round = 0; round < 2; ++round) { // reaches the fixed point, see LiveScalars
    LiveScalars::Set entry = liveness.before(loop.body, split.around);
    split.around.insert(entry.begin(), entry.end());
  }
  return SplitFinder(program, loop, std::move(split), groups, facts).find(why);
}

} // namespace hpcc::ir
