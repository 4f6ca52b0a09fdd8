//===- RaiseLoopsFlatten.cpp - the body of a loop as what happens at each point ------------===//
//
// Branches become guards, scalar variables of an iteration and `let`s become locals, and the axes
// of an inner nest follow those of the loop. A condition that its branch may change, or that must
// not be evaluated where an outer one is false, is named by a local.
//
//===-------------------------------------------------------------------------------------===//

#include "RaiseLoops.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

/// Values up to this number of operations are computed again at each point of an inner nest.
constexpr unsigned mostRepeatedOperations = 4;
/// A branch that decides more assignments than this has its condition named.
constexpr unsigned mostGuardedAssigns = 4;
/// Boxes up to this number of assignments are written out.
constexpr int64_t mostUnrolledAssigns = 64;

/// Operations of the tree; one that takes many cycles counts as too many.
unsigned operationsOf(const Scalar &scalar) {
  unsigned count = 0;
  forEachSubtree(scalar, [&](const Scalar &tree) {
    auto *node = std::get_if<ScalarApply>(&tree.node);
    if (!node)
      return;
    Typing typing = infoOf(node->op).typing;
    bool isSlow = typing == Typing::Float || typing == Typing::Divide || typing == Typing::Digits ||
                  node->op == ScalarOp::Power || node->op == ScalarOp::FloorDivide ||
                  node->op == ScalarOp::Modulo;
    count += isSlow ? mostRepeatedOperations + 1 : 1;
  });
  return count;
}

/// True if the tree can be evaluated where a guard of it is false.
bool isSafeAnywhere(const Scalar &scalar) {
  bool safe = !canRaise(scalar);
  forEachSubtree(scalar, [&](const Scalar &tree) {
    auto *load = std::get_if<ScalarLoad>(&tree.node);
    safe &=
        !std::holds_alternative<ScalarGather>(tree.node) && (!load || load->access.indices.empty());
  });
  return safe;
}

/// The iterations of an axis with constant bounds, if they are few.
std::optional<std::vector<int64_t>> valuesOf(const Axis &axis) {
  auto lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
  if (!lo || !hi || !lo->isConstant() || !hi->isConstant() ||
      hi->constant - lo->constant > mostUnrolledAssigns * axis.step)
    return std::nullopt;
  std::vector<int64_t> values;
  for (int64_t value = lo->constant; value < hi->constant; value += axis.step)
    values.push_back(value);
  return values;
}

class Flattener {
public:
  Flattener(Program &program, const IterationScalars &scalars, const StorageGroups &groups,
            FlattenOptions options, LoopObstacle &why)
      : program(program), scalars(scalars), groups(groups), options(options), why(why) {}

  std::optional<FlatLoop> flatten(const Loop &loop, Loc loc) {
    if (!addLoop(loop, loc, std::nullopt))
      return std::nullopt;
    for (const auto &[variable, local] : flat.locals)
      flat.compute.locals.push_back(local);
    return std::move(flat);
  }

private:
  using Guard = std::optional<Scalar>;

  bool refuse(const llvm::Twine &text, Loc loc) {
    why = {text.str(), loc};
    return false;
  }

  //===-----------------------------------------------------------------------------------===//
  // Names
  //===-----------------------------------------------------------------------------------===//

  BufferId localFor(BufferId variable) {
    auto [entry, isNew] = flat.locals.try_emplace(variable);
    if (isNew)
      entry->second = newLocal(program[variable].name, program[variable].type);
    return entry->second;
  }

  BufferId newLocal(std::string name, DType type) {
    Buffer row;
    row.name = std::move(name);
    row.type = type;
    return program.addBuffer(std::move(row));
  }

  /// A local that stands for no variable of the program.
  BufferId addLocal(std::string name, DType type) {
    BufferId local = newLocal(std::move(name), type);
    flat.locals[local] = local;
    return local;
  }

  bool namesLet(const Affine &form) const {
    return llvm::any_of(form.terms,
                        [&](const AffineTerm &term) { return letLocals.count(term.symbol); });
  }

  /// The form with `let`s read from their locals.
  Scalar valueOf(const Affine &form) const {
    Affine rest = form;
    std::optional<Scalar> sum;
    for (const AffineTerm &term : form.terms) {
      auto local = letLocals.find(term.symbol);
      if (local == letLocals.end())
        continue;
      rest = rest - Affine(term.symbol) * term.coefficient;
      Scalar value = load(local->second);
      if (term.coefficient != 1)
        value = apply(program, ScalarOp::Multiply,
                      {std::move(value), constantInteger(term.coefficient)});
      sum = sum ? apply(program, ScalarOp::Add, {std::move(*sum), std::move(value)})
                : std::move(value);
    }
    if (!sum)
      return affineScalar(form);
    if (rest == Affine(0))
      return std::move(*sum);
    return apply(program, ScalarOp::Add, {std::move(*sum), affineScalar(rest)});
  }

  bool isOwn(BufferId variable) const {
    return scalars.own.count(variable) || scalars.lasting.count(variable) ||
           flat.locals.count(variable);
  }

  /// False if an index that wraps has no other form.
  bool rewrite(Scalar &scalar) {
    bool good = true;
    rewriteScalar(scalar, [&](Scalar &tree) {
      if (auto *affine = std::get_if<ScalarAffine>(&tree.node)) {
        Affine form = affine->form;
        tree = valueOf(form);
        return;
      }
      auto *node = std::get_if<ScalarLoad>(&tree.node);
      if (!node)
        return;
      Access &access = node->access;
      if (isOwn(access.buffer))
        access.buffer = localFor(access.buffer);
      bool opaque = false;
      forEachAffine(access, [&](const Affine &form) { opaque |= namesLet(form); });
      if (!opaque)
        return;
      good &= !access.slot;
      ScalarGather gather{access.buffer, {}};
      for (const Index &index : access.indices) {
        good &= !index.wrap;
        gather.indices.push_back(valueOf(index.form));
      }
      tree = {std::move(gather)};
    });
    return good;
  }

  //===-----------------------------------------------------------------------------------===//
  // Statements
  //===-----------------------------------------------------------------------------------===//

  bool add(const Block &block, const Guard &guard) {
    return llvm::all_of(block, [&](const Stmt &stmt) { return add(stmt, guard); });
  }

  bool add(const Stmt &stmt, const Guard &guard) {
    if (auto *drop = std::get_if<Drop>(&stmt.node); !drop && behindNest)
      return refuse("a statement follows the inner loop", stmt.loc);
    return std::visit(
        overloaded{[&](const Compute &node) { return addCompute(node, stmt.loc, guard); },
                   [&](const Loop &node) { return addLoop(node, stmt.loc, guard); },
                   [&](const If &node) { return addIf(node, stmt.loc, guard); },
                   [&](const Let &node) { return addLet(node, stmt.loc, guard); },
                   [&](const Alloc &node) {
                     if (program[node.buffer].dims != 0)
                       return refuse("each iteration makes an array", stmt.loc);
                     localFor(node.buffer);
                     return true;
                   },
                   [&](const Check &) { return refuse("a check may raise here", stmt.loc); },
                   [&](const LibraryCall &) {
                     return refuse("the iterations print, or call the runtime, in order", stmt.loc);
                   },
                   [&](const Call &node) {
                     return refuse("the iterations call " + node.callee, stmt.loc);
                   },
                   [&](const While &) {
                     return refuse("an inner loop runs an unknown number of times", stmt.loc);
                   },
                   [&](OneOf<Labelled, Leave> auto &) {
                     return refuse("an iteration may end early", stmt.loc);
                   },
                   [&](OneOf<Parallel, Single, Barrier, Exchange, Transfer> auto &) {
                     return refuse("the iterations are divided already", stmt.loc);
                   },
                   [&](OneOf<Declare, View, Bind, Drop> auto &) {
                     return refuse("each iteration names arrays", stmt.loc);
                   }},
        stmt.node);
  }

  bool addLet(const Let &let, Loc loc, const Guard &guard) {
    BufferId local = addLocal(program[let.symbol].name, DType::I64);
    Assign assign{{local, {}, {}}, AssignOp::Set, let.value, {}, ReductionOrder::Any, {}, loc};
    if (!push(std::move(assign), guard))
      return false;
    letLocals[let.symbol] = local;
    return true;
  }

  bool push(Assign assign, const Guard &guard) {
    bool named = false;
    forEachAffine(assign.target, [&](const Affine &form) { named |= namesLet(form); });
    if (named)
      return refuse("the position that is stored to is computed", assign.loc);
    if (isOwn(assign.target.buffer))
      assign.target.buffer = localFor(assign.target.buffer);
    if (!rewrite(assign.value) || (assign.guard && !rewrite(*assign.guard)))
      return refuse("the position that is read is computed", assign.loc);
    if (guard && assign.guard)
      assign.guard = conditionUnder(std::move(*assign.guard), guard, false, assign.loc);
    else if (guard)
      assign.guard = guard;
    flat.compute.body.push_back(std::move(assign));
    return true;
  }

  void setLocal(BufferId local, Scalar value, Guard guard, Loc loc) {
    flat.compute.body.push_back({{local, {}, {}},
                                 AssignOp::Set,
                                 std::move(value),
                                 std::move(guard),
                                 ReductionOrder::Any,
                                 {},
                                 loc});
  }

  /// Guard and condition, whose loads and checks the guard protects.
  Scalar conditionUnder(Scalar condition, const Guard &guard, bool mustName, Loc loc) {
    if (!mustName && !guard)
      return condition;
    if (!mustName && isSafeAnywhere(condition))
      return apply(program, ScalarOp::And, {*guard, std::move(condition)});
    BufferId local = addLocal("holds", DType::Bool);
    if (guard)
      setLocal(local, constantBool(false), {}, loc);
    setLocal(local, std::move(condition), guard, loc);
    return load(local);
  }

  bool addIf(const If &branch, Loc loc, const Guard &guard) {
    Scalar condition = branch.condition;
    if (!rewrite(condition))
      return refuse("the position that is read is computed", loc);
    unsigned assigns = 0;
    bool changes = false, hasNest = false;
    auto look = [&](const Stmt &stmt) {
      auto *compute = std::get_if<Compute>(&stmt.node);
      hasNest |= std::holds_alternative<Loop>(stmt.node) || (compute && !compute->axes.empty());
      for (const Assign &assign : compute ? compute->body : std::vector<Assign>()) {
        ++assigns;
        changes |= reads(branch.condition, assign.target.buffer, groups);
      }
    };
    forEachStmt(branch.thenBody, look);
    forEachStmt(branch.elseBody, look);
    // One assignment evaluates its guard before it stores.
    bool mustName = canRaise(condition) || (changes && (assigns > 1 || hasNest)) ||
                    (assigns > mostGuardedAssigns && operationsOf(condition) > 1);
    Scalar holds = conditionUnder(condition, guard, mustName, loc);
    if (!add(branch.thenBody, holds))
      return false;
    if (branch.elseBody.empty())
      return true;
    if (behindNest)
      return refuse("both branches hold loops", loc);
    bool isNamed = std::holds_alternative<ScalarLoad>(holds.node) && holds != condition;
    Scalar fails = apply(program, ScalarOp::Not, {isNamed ? holds : condition});
    // Where the guard is false a named condition has not been evaluated.
    Scalar otherwise = isNamed && guard ? apply(program, ScalarOp::And, {*guard, std::move(fails)})
                                        : conditionUnder(std::move(fails), guard, false, loc);
    return add(branch.elseBody, otherwise);
  }

  //===-----------------------------------------------------------------------------------===//
  // Nests
  //===-----------------------------------------------------------------------------------===//

  bool addAxis(const Axis &axis, AxisKind kind, Loc loc) {
    bool named = false;
    forEachAffine(axis, [&](const Affine &form) { named |= namesLet(form); });
    if (named)
      return refuse("the bounds of an inner loop are computed in each iteration", loc);
    flat.compute.axes.push_back(axis);
    flat.compute.axes.back().kind = kind;
    return true;
  }

  /// What stands before a nest is computed again at each of its points: true if that is cheap and
  /// gives the same.
  bool mayRepeat(size_t prefix, Loc loc) {
    llvm::ArrayRef<Assign> body(flat.compute.body);
    for (const Assign &before : body.take_front(prefix)) {
      bool isLocal = llvm::any_of(
          flat.locals, [&](const auto &entry) { return entry.second == before.target.buffer; });
      unsigned operations = operationsOf(before.value);
      operations += before.guard ? operationsOf(*before.guard) : 0;
      if (!isLocal)
        return refuse("a store stands before the inner loop", before.loc);
      if (operations > mostRepeatedOperations)
        return refuse("a value before the inner loop costs too much to compute at each point",
                      before.loc);
      for (const Assign &inside : body.drop_front(prefix)) {
        BufferId target = inside.target.buffer;
        bool changes = target == before.target.buffer || reads(before.value, target, groups) ||
                       (before.guard && reads(*before.guard, target, groups));
        if (changes) {
          why = {"the inner loop changes %" + program[target].name, loc, before.loc,
                 "which is set, or read, before it"};
          return false;
        }
      }
    }
    return true;
  }

  /// An inner nest whose points are the innermost ones.
  template <typename F> bool addNest(Loc loc, F addInside) {
    size_t prefix = flat.compute.body.size();
    if (!addInside())
      return false;
    behindNest = true;
    return mayRepeat(prefix, loc);
  }

  bool addLoop(const Loop &loop, Loc loc, const Guard &guard) {
    if (loop.role != LoopRole::Seq)
      return refuse("the loop counts time steps or tiles", loc);
    if (flat.compute.axes.empty())
      return addAxis(loop.axis, AxisKind::Seq, loc) && add(loop.body, guard);
    return addNest(loc,
                   [&] { return addAxis(loop.axis, AxisKind::Seq, loc) && add(loop.body, guard); });
  }

  bool addAssigns(const Compute &compute, Loc loc, const Guard &guard) {
    for (BufferId local : compute.locals)
      localFor(local);
    for (Assign assign : compute.body) {
      if (!assign.loc.isValid())
        assign.loc = loc;
      if (!push(std::move(assign), guard))
        return false;
    }
    return true;
  }

  bool addCompute(const Compute &compute, Loc loc, const Guard &guard) {
    if (compute.axes.empty())
      return addAssigns(compute, loc, guard);
    bool hasTree = llvm::any_of(
        compute.body, [](const Assign &assign) { return assign.order == ReductionOrder::Tree; });
    if (options.unroll && !hasTree && isSmall(compute))
      return addUnrolled(compute, loc, guard, 0);
    if (hasTree && (guard || !flat.compute.body.empty()))
      return refuse("a sum in NumPy's order stands alone", loc);
    return addNest(loc, [&] {
      return llvm::all_of(compute.axes,
                          [&](const Axis &axis) { return addAxis(axis, axis.kind, loc); }) &&
             addAssigns(compute, loc, guard);
    });
  }

  /// Few points that depend on one another; independent ones are better off as axes.
  static bool isSmall(const Compute &compute) {
    int64_t points = static_cast<int64_t>(compute.body.size());
    for (const Axis &axis : compute.axes) {
      std::optional<std::vector<int64_t>> values = valuesOf(axis);
      if (axis.kind == AxisKind::Par)
        return false;
      points *= values ? static_cast<int64_t>(values->size()) : mostUnrolledAssigns + 1;
      if (points > mostUnrolledAssigns)
        return false;
    }
    return true;
  }

  bool addUnrolled(const Compute &compute, Loc loc, const Guard &guard, size_t axis) {
    if (axis == compute.axes.size())
      return addAssigns(compute, loc, guard);
    SymbolId iterator = compute.axes[axis].iterator;
    const std::vector<int64_t> values = *valuesOf(compute.axes[axis]);
    for (int64_t value : values) {
      Stmt copy{compute, loc};
      substitute(program, copy, iterator, Affine(value));
      auto &point = std::get<Compute>(copy.node);
      for (Assign &assign : point.body)
        assign.order = ReductionOrder::Any;
      if (!addUnrolled(point, loc, guard, axis + 1))
        return false;
    }
    return true;
  }

  Program &program;
  const IterationScalars &scalars;
  const StorageGroups &groups;
  FlattenOptions options;
  LoopObstacle &why;
  FlatLoop flat;
  std::map<SymbolId, BufferId> letLocals;
  bool behindNest = false;
};

} // namespace

std::optional<FlatLoop> flattenLoop(Program &program, const Loop &loop, Loc loc,
                                    const IterationScalars &scalars, const StorageGroups &groups,
                                    FlattenOptions options, LoopObstacle &why) {
  return Flattener(program, scalars, groups, options, why).flatten(loop, loc);
}

} // namespace hpcc::ir
