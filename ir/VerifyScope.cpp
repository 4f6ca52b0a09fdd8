//===- VerifyScope.cpp - scopes, lifetimes, labels, slots ------------------------------------===//
//
// One walk in the order of execution. The state is the set of arrays, views and handles that are
// declared and not yet dropped; where paths meet, their states must agree. Behind a `leave` the
// state is nothing, and drops are not judged.
//
//===-----------------------------------------------------------------------------------------===//

#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <set>

namespace hpcc::ir {

namespace {

/// What must still be dropped; nothing on a path that never gets here.
using Live = std::optional<std::set<BufferId>>;

class ScopeVerifier {
public:
  explicit ScopeVerifier(VerifyReport &report)
      : report(report), program(report.program), symbolKnown(program.symbols.size(), Unknown),
        bufferKnown(program.buffers.size(), Unknown), isTracked(program.buffers.size(), false) {}

  void run() {
    for (BufferId id : program.globals)
      declare(id);
    for (const Function &function : program.functions)
      verifyFunction(function);
    report.function.clear();
  }

private:
  enum Knowledge : uint8_t { Unknown, Open, Closed };
  struct Label {
    std::set<BufferId> atEntry;
    Live atExit;
  };
  struct TimeLoop {
    SymbolId iterator;
    size_t symbolsOutside; // of openSymbols
  };

  void verifyFunction(const Function &function);
  void verifyBlock(const Block &block);
  void verifyHere(const Stmt &stmt);
  void verifyCompute(const Compute &compute);
  void verifyRepeats(const Live &before);
  void verifyLoop(const Stmt &stmt, const Loop &loop);
  void verifyWhile(const Stmt &stmt, const While &loop);
  void verifyIf(const If &node);
  void verifyExchange(const Exchange &node);
  void verifyLabelled(const Labelled &node);
  void verifyLeave(const Leave &leave);
  void verifyDrop(const Drop &drop);
  void verifySlot(BufferId buffer, const std::optional<Affine> &slot);
  bool isFixedIn(const TimeLoop &loop, const Affine &form) const;
  void verifyRotation(const Stmt &stmt, SymbolId iterator);

  void declare(SymbolId id);
  void declare(BufferId id);
  void declareTracked(BufferId id);
  void use(const Affine &form);
  void use(BufferId id);
  void use(const Access &access);
  void useScalar(const Scalar &scalar);
  void useAll(const Stmt &stmt);
  void join(Live &into, const Live &other);
  std::string name(BufferId id) const { return "%" + program[id].name; }

  /// Closes what is declared while it lives.
  struct Scope {
    ScopeVerifier &verifier;
    size_t symbols = verifier.openSymbols.size(), buffers = verifier.openBuffers.size();
    ~Scope() { verifier.close(symbols, buffers); }
  };
  void close(size_t symbols, size_t buffers);

  VerifyReport &report;
  const Program &program;
  std::vector<Knowledge> symbolKnown, bufferKnown;
  std::vector<SymbolId> openSymbols;
  std::vector<BufferId> openBuffers;
  std::vector<bool> isTracked;     // declared by a statement and to be dropped
  std::vector<TimeLoop> timeLoops; // around this place, outermost first
  std::map<LabelId, Label> openLabels;
  std::set<LabelId> usedLabels;
  Live live = std::set<BufferId>();
};

} // namespace

//===-----------------------------------------------------------------------------------------===//
// Declarations and uses
//===-----------------------------------------------------------------------------------------===//

void ScopeVerifier::declare(SymbolId id) {
  Knowledge &known = symbolKnown[id.index];
  if (known != Unknown)
    report("declared", program[id].name + " is declared twice");
  known = Open;
  openSymbols.push_back(id);
}

void ScopeVerifier::declare(BufferId id) {
  Knowledge &known = bufferKnown[id.index];
  if (known != Unknown)
    report("declared", name(id) + " is declared twice");
  known = Open;
  openBuffers.push_back(id);
}

void ScopeVerifier::declareTracked(BufferId id) {
  declare(id);
  isTracked[id.index] = program[id].dims != 0 || program[id].storage != Storage::Own;
  if (live && isTracked[id.index])
    live->insert(id);
}

void ScopeVerifier::close(size_t symbols, size_t buffers) {
  for (SymbolId id : llvm::drop_begin(openSymbols, symbols))
    symbolKnown[id.index] = Closed;
  openSymbols.resize(symbols);
  for (BufferId id : llvm::drop_begin(openBuffers, buffers)) {
    bufferKnown[id.index] = Closed;
    if (live && live->erase(id))
      report("drops", name(id) + " is not dropped at the end of its block");
  }
  openBuffers.resize(buffers);
}

void ScopeVerifier::use(const Affine &form) {
  for (const AffineTerm &term : form.terms)
    if (symbolKnown[term.symbol.index] != Open)
      report("declared", program[term.symbol].name + " is used outside its scope");
}

void ScopeVerifier::use(BufferId id) {
  if (bufferKnown[id.index] != Open)
    report("declared", name(id) + " is used outside its scope");
  else if (live && isTracked[id.index] && !live->contains(id))
    report("drops", name(id) + " is used after its drop");
}

void ScopeVerifier::use(const Access &access) {
  use(access.buffer);
  forEachAffine(access, [&](const Affine &form) { use(form); });
  verifySlot(access.buffer, access.slot);
}

/// Both paths must have dropped the same; what only one has dropped is reported once.
void ScopeVerifier::join(Live &into, const Live &other) {
  if (!into || !other) {
    into = into ? into : other;
    return;
  }
  for (BufferId id : *into)
    if (!other->contains(id))
      report("drops", name(id) + " is dropped on one of two paths only");
  for (BufferId id : *other)
    if (!into->contains(id))
      report("drops", name(id) + " is dropped on one of two paths only");
  std::erase_if(*into, [&](BufferId id) { return !other->contains(id); });
}

//===-----------------------------------------------------------------------------------------===//
// Slots
//===-----------------------------------------------------------------------------------------===//

bool ScopeVerifier::isFixedIn(const TimeLoop &loop, const Affine &form) const {
  llvm::ArrayRef<SymbolId> outside = llvm::ArrayRef(openSymbols).take_front(loop.symbolsOutside);
  return llvm::all_of(form.terms, [&](const AffineTerm &term) {
    return term.symbol == loop.iterator || llvm::is_contained(outside, term.symbol);
  });
}

void ScopeVerifier::verifySlot(BufferId buffer, const std::optional<Affine> &slot) {
  if (!slot)
    return;
  if (program[buffer].slots <= 1)
    report("slots", name(buffer) + " has no slots");
  if (slot->isConstant()) // outside of the loops that rotate the buffer: see verifyRotation
    return;
  // The innermost time loop that the form names; an outer one may only shift it.
  for (const TimeLoop &loop : llvm::reverse(timeLoops))
    if (int64_t coefficient = slot->coefficientOf(loop.iterator)) {
      if (coefficient != 1 || !isFixedIn(loop, *slot))
        report("slots", "the slot of " + name(buffer) + " is not " + program[loop.iterator].name +
                            " plus what is fixed in its loop");
      return;
    }
  report("slots", "the slot of " + name(buffer) + " names no time loop around it");
}

/// The buffers that a time loop rotates are mentioned in it by accesses with its slots alone.
void ScopeVerifier::verifyRotation(const Stmt &stmt, SymbolId iterator) {
  std::map<BufferId, unsigned> slotted, mentioned;
  auto count = [&](const Stmt &inner) {
    forEachAccess(inner, [&](const Access &access, Use) {
      slotted[access.buffer] += access.slot && access.slot->coefficientOf(iterator) != 0;
    });
    if (const auto *exchange = std::get_if<Exchange>(&inner.node))
      for (const ExchangePart &part : exchange->parts)
        slotted[part.buffer] += part.slot && part.slot->coefficientOf(iterator) != 0;
    if (const auto *transfer = std::get_if<Transfer>(&inner.node))
      slotted[transfer->buffer] += transfer->slot && transfer->slot->coefficientOf(iterator) != 0;
    if (!std::holds_alternative<Drop>(inner.node)) // the array ends, with all its storages
      forEachBuffer(inner, [&](BufferId id) { ++mentioned[id]; });
  };
  count(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, count); });
  const auto *loop = std::get_if<Loop>(&stmt.node);
  for (auto [id, accesses] : slotted) {
    if (accesses == 0)
      continue;
    if (accesses != mentioned[id])
      report("slots", name(id) + " is rotated by the loop over " + program[iterator].name +
                          " and mentioned in it without a slot");
    if (loop && loop->axis.step != 1)
      report("slots", "the loop that rotates " + name(id) + " has a step");
  }
}

//===-----------------------------------------------------------------------------------------===//
// Statements
//===-----------------------------------------------------------------------------------------===//

void ScopeVerifier::verifyDrop(const Drop &drop) {
  use(drop.buffer);
  if (!isTracked[drop.buffer.index])
    report("drops", name(drop.buffer) + " is not to be dropped");
  else if (live)
    live->erase(drop.buffer);
}

void ScopeVerifier::verifyLeave(const Leave &leave) {
  auto found = openLabels.find(leave.label);
  if (found == openLabels.end())
    return report("labels",
                  "leave @b" + llvm::Twine(leave.label.index) + " stands outside its block");
  if (!live)
    return;
  for (BufferId id : *live)
    if (!found->second.atEntry.contains(id))
      report("drops", name(id) + " is not dropped before the leave");
  std::erase_if(*live, [&](BufferId id) { return !found->second.atEntry.contains(id); });
  join(found->second.atExit, live);
  live = std::nullopt;
}

void ScopeVerifier::verifyLabelled(const Labelled &node) {
  bool fresh = usedLabels.insert(node.label).second;
  if (!fresh)
    report("labels", "@b" + llvm::Twine(node.label.index) + " is used twice");
  Label label{live.value_or(std::set<BufferId>()), std::nullopt};
  if (fresh)
    openLabels[node.label] = label;
  verifyBlock(node.body);
  if (fresh) {
    join(live, openLabels[node.label].atExit);
    openLabels.erase(node.label);
  }
}

/// Reports what a body that may run again has dropped, and goes on as if it had not.
void ScopeVerifier::verifyRepeats(const Live &before) {
  if (live && before)
    for (BufferId id : *before)
      if (!live->contains(id))
        report("drops", name(id) + " is dropped in a loop that may run again");
}

void ScopeVerifier::verifyLoop(const Stmt &stmt, const Loop &loop) {
  Scope scope{*this};
  bool isTime = loop.role == LoopRole::Time;
  if (isTime) {
    verifyRotation(stmt, loop.axis.iterator);
    timeLoops.push_back({loop.axis.iterator, openSymbols.size()});
  }
  forEachAffine(loop.axis, [&](const Affine &form) { use(form); });
  declare(loop.axis.iterator);
  Live before = live;
  verifyBlock(loop.body);
  verifyRepeats(before);
  live = before;
  if (isTime)
    timeLoops.pop_back();
}

void ScopeVerifier::verifyWhile(const Stmt &whole, const While &loop) {
  Scope scope{*this};
  if (loop.iterator) {
    verifyRotation(whole, *loop.iterator);
    timeLoops.push_back({*loop.iterator, openSymbols.size()});
    declare(*loop.iterator);
  }
  Live before = live;
  for (const Stmt &stmt : loop.header)
    verifyHere(stmt);
  Live afterHeader = live;
  useScalar(loop.condition);
  verifyBlock(loop.body);
  verifyRepeats(before);
  live = afterHeader;
  if (loop.iterator)
    timeLoops.pop_back();
}

void ScopeVerifier::verifyIf(const If &node) {
  useScalar(node.condition);
  Live before = live;
  verifyBlock(node.thenBody);
  std::swap(live, before);
  verifyBlock(node.elseBody);
  join(live, before);
}

void ScopeVerifier::useScalar(const Scalar &scalar) {
  forEachSubtree(scalar, [&](const Scalar &tree) {
    std::visit(overloaded{[&](const ScalarAffine &node) { use(node.form); },
                          [&](const ScalarLoad &node) { use(node.access); },
                          [&](OneOf<ScalarGather, ScalarDim, ScalarState> auto &node) {
                            use(node.buffer);
                          },
                          [](OneOf<ScalarConstant, ScalarCast, ScalarApply> auto &) {}},
               tree.node);
  });
}

void ScopeVerifier::useAll(const Stmt &stmt) {
  forEachAffine(stmt, [&](const Affine &form) { use(form); });
  forEachBuffer(stmt, [&](BufferId id) { use(id); });
  forEachAccess(stmt, [&](const Access &access, Use) { verifySlot(access.buffer, access.slot); });
}

void ScopeVerifier::verifyCompute(const Compute &compute) {
  Scope scope{*this};
  for (const Axis &axis : compute.axes) {
    forEachAffine(axis, [&](const Affine &form) { use(form); });
    declare(axis.iterator);
  }
  for (BufferId local : compute.locals)
    declare(local);
  for (const Assign &assign : compute.body) {
    if (assign.guard)
      useScalar(*assign.guard);
    useScalar(assign.value);
    use(assign.target);
  }
}

void ScopeVerifier::verifyExchange(const Exchange &node) {
  for (const ExchangePart &part : node.parts) {
    Scope scope{*this};
    if (part.axis) {
      forEachAffine(*part.axis, [&](const Affine &form) { use(form); });
      declare(part.axis->iterator);
    }
    use(part.buffer);
    forEachAffine(part, [&](const Affine &form) { use(form); });
    verifySlot(part.buffer, part.slot);
  }
  verifyBlock(node.body);
}

void ScopeVerifier::verifyHere(const Stmt &stmt) {
  report.loc = stmt.loc;
  std::visit(overloaded{[&](const Let &node) { useScalar(node.value), declare(node.symbol); },
                        [&](const Alloc &node) {
                          for (const Affine &size : program[node.buffer].shape)
                            use(size);
                          for (BufferId id : program[node.buffer].like)
                            use(id);
                          declareTracked(node.buffer);
                        },
                        [&](const Declare &node) { declareTracked(node.handle); },
                        [&](const View &node) {
                          forEachAffine(program, stmt, [&](const Affine &form) { use(form); });
                          use(node.base), declareTracked(node.result);
                        },
                        [&](const Drop &node) { verifyDrop(node); },
                        [&](const Compute &node) { verifyCompute(node); },
                        [&](const Loop &node) { verifyLoop(stmt, node); },
                        [&](const While &node) { verifyWhile(stmt, node); },
                        [&](const Labelled &node) { verifyLabelled(node); },
                        [&](const Leave &node) { verifyLeave(node); },
                        [&](const If &node) { verifyIf(node); },
                        [&](const Parallel &node) {
                          if (node.condition)
                            useScalar(*node.condition);
                          verifyBlock(node.body);
                        },
                        [&](const Single &node) { verifyBlock(node.body); }, [](const Barrier &) {},
                        [&](const Exchange &node) { verifyExchange(node); },
                        [&](const Transfer &node) {
                          useAll(stmt);
                          verifySlot(node.buffer, node.slot);
                        },
                        [&](OneOf<Bind, Call, LibraryCall, Check> auto &) { useAll(stmt); }},
             stmt.node);
}

void ScopeVerifier::verifyBlock(const Block &block) {
  Scope scope{*this};
  for (const Stmt &stmt : block)
    verifyHere(stmt);
}

void ScopeVerifier::verifyFunction(const Function &function) {
  report.function = function.name;
  report.loc = function.loc;
  Scope scope{*this};
  live = std::set<BufferId>();
  usedLabels.clear();
  for (BufferId id : function.parameters)
    declare(id);
  for (BufferId id : function.results)
    declare(id);
  verifyBlock(function.body);
  for (LabelId label : usedLabels)
    if (label.index >= function.labels)
      report("labels", "@b" + llvm::Twine(label.index) + " is beyond the function's " +
                           llvm::Twine(function.labels) + " labels");
}

void verifyScopes(VerifyReport &report) { ScopeVerifier(report).run(); }

} // namespace hpcc::ir
