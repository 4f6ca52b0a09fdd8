//===- InsertTransfersDemands.cpp - what statements do with arrays, on which side
//--------------===//
//
// A kernel with all inside it reads and stores on the device, any other statement on the host. A
// statement of the host that is no loop over points may need single elements only.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertTransfers.h"
#include "ir/Iterations.h"
#include "ir/Library.h"
#include "ir/Slots.h"

namespace hpcc::ir {

std::optional<SymbolId> timeIteratorOf(const Stmt &stmt) {
  if (const auto *loop = std::get_if<Loop>(&stmt.node); loop && loop->role == LoopRole::Time)
    return loop->axis.iterator;
  const auto *loop = std::get_if<While>(&stmt.node);
  return loop ? loop->iterator : std::nullopt;
}

namespace {

/// Gathers the demands of one statement.
class StmtDemands {
public:
  StmtDemands(const Program &program, const DeviceUses &uses, const Facts &facts)
      : program(program), uses(uses), facts(facts) {}

  std::vector<Demand> of(const Stmt &stmt) {
    side = isKernel(stmt) ? Side::Device : Side::Host;
    loc = stmt.loc;
    addAccesses(stmt);
    if (side == Side::Device)
      forEachInnerBlock(stmt, [&](const Block &block) {
        forEachStmt(block, [&](const Stmt &inner) { addAccesses(inner); });
      });
    if (side == Side::Device || std::holds_alternative<Compute>(stmt.node))
      findOverwritten(stmt);
    return std::move(demands);
  }

private:
  void addAccesses(const Stmt &stmt) {
    if (stmt.loc.isValid())
      loc = stmt.loc;
    if (const auto *compute = std::get_if<Compute>(&stmt.node))
      return addCompute(*compute);
    forEachScalar(stmt, [&](const Scalar &scalar) { addReads(scalar, true, true); });
    if (const auto *call = std::get_if<Call>(&stmt.node)) {
      const Function *callee = program.find(call->callee);
      for (const CallArgument &argument : call->arguments)
        if (const auto *buffer = std::get_if<BufferId>(&argument))
          add(*buffer, {}, true, !callee || callee->effects.writes);
    } else if (const auto *call = std::get_if<LibraryCall>(&stmt.node)) {
      for (const auto &[index, argument] : llvm::enumerate(call->arguments))
        if (const auto *buffer = std::get_if<BufferId>(&argument)) {
          bool stores = index == 0 && storesToFirstArgument(*call);
          if (stores || !addElements(*buffer))
            add(*buffer, {}, true, stores);
        }
    }
  }

  void addCompute(const Compute &compute) {
    Loc outer = loc;
    bool single = compute.axes.empty(), alone = compute.body.size() == 1;
    for (const Assign &assign : compute.body) {
      loc = assign.loc.isValid() ? assign.loc : outer;
      if (assign.guard)
        addReads(*assign.guard, single, alone);
      addReads(assign.value, single && !assign.guard, alone);
      if (!isLocal(compute, assign.target.buffer))
        add(assign.target.buffer, assign.target.slot, assign.op != AssignOp::Set, true);
    }
    loc = outer;
  }

  /// `single`: elements alone can be brought in front of the statement. `early`: the values of
  /// variables are those that they have there.
  void addReads(const Scalar &scalar, bool single, bool early) {
    forEachOperand(scalar, [&](const Scalar &operand) { addReads(operand, single, early); });
    if (const auto *load = std::get_if<ScalarLoad>(&scalar.node)) {
      addLoad(load->access, single);
    } else if (const auto *gather = std::get_if<ScalarGather>(&scalar.node)) {
      bool known = single && early && llvm::none_of(gather->indices, canRaise);
      std::vector<Scalar> at;
      if (known)
        for (const Scalar &index : gather->indices)
          at.push_back(typeOf(index, program) == DType::I64 ? index : castTo(DType::I64, index));
      addRead(gather->buffer, {}, std::move(at));
    }
  }

  void addLoad(const Access &access, bool single) {
    std::vector<Scalar> at;
    std::vector<Affine> forms;
    for (const Index &index : access.indices) {
      at.push_back(index.wrap ? apply(program, ScalarOp::Modulo,
                                      {affineScalar(index.form), affineScalar(*index.wrap)})
                              : affineScalar(index.form));
      if (!index.wrap)
        forms.push_back(index.form);
    }
    auto view = uses.views.find(access.buffer);
    bool isOfView = view != uses.views.end() && forms.size() == at.size();
    if (single && isOfView)
      if (std::vector<Scalar> inBase = inArray(*view->second, forms); !inBase.empty())
        return addRead(view->second->base, {}, std::move(inBase));
    addRead(access.buffer, access.slot, single ? std::move(at) : std::vector<Scalar>());
  }

  /// Reads of the elements of a view, if these are few.
  bool addElements(BufferId name) {
    auto view = uses.views.find(name);
    if (side == Side::Device || view == uses.views.end())
      return false;
    uint64_t count = 1;
    for (const Affine &size : program[name].shape) {
      if (!size.isConstant() || size.constant < 1 || uint64_t(size.constant) > fewElements)
        return false;
      count *= static_cast<uint64_t>(size.constant);
      if (count > fewElements)
        return false;
    }
    std::vector<std::vector<Scalar>> elements;
    for (uint64_t each = 0; each < count; ++each) {
      std::vector<Affine> at(program[name].dims);
      uint64_t rest = each;
      for (size_t dim = at.size(); dim-- > 0;) {
        auto size = static_cast<uint64_t>(program[name].shape[dim].constant);
        at[dim] = static_cast<int64_t>(rest % size), rest /= size;
      }
      elements.push_back(inArray(*view->second, at));
    }
    if (llvm::any_of(elements, [](const auto &at) { return at.empty(); }))
      return false;
    for (std::vector<Scalar> &at : elements)
      addRead(view->second->base, {}, std::move(at));
    return true;
  }

  /// The indices in its array of an element of a view; none if they are no forms.
  static std::vector<Scalar> inArray(const View &view, llvm::ArrayRef<Affine> at) {
    std::vector<Scalar> indices;
    const auto *subscript = std::get_if<Subscript>(&view.form);
    if (!subscript)
      return {};
    for (const ViewDim &dim : subscript->dims) {
      if (const auto *fixed = std::get_if<ViewIndex>(&dim))
        indices.push_back(affineScalar(fixed->at));
      else if (const auto *slice = std::get_if<ViewSlice>(&dim)) {
        std::optional<int64_t> step = slice->step.asConstant();
        if (!step)
          return {};
        indices.push_back(affineScalar(slice->start + at.front() * *step));
      }
      if (!std::holds_alternative<ViewIndex>(dim))
        at = at.drop_front();
    }
    return indices;
  }

  void addRead(BufferId name, const std::optional<Affine> &slot, std::vector<Scalar> at) {
    if (side == Side::Host && uses.arrays.contains(name) && !at.empty())
      demands.push_back(
          {name, slot.value_or(Affine(0)), side, true, false, false, std::move(at), loc});
    else
      add(name, slot, true, false);
  }

  void add(BufferId name, const std::optional<Affine> &slot, bool reads, bool stores) {
    auto root = uses.roots.find(name);
    BufferId array = root == uses.roots.end() ? name : root->second;
    if (!uses.arrays.contains(array))
      return;
    Affine storage = slot.value_or(Affine(0));
    auto same = llvm::find_if(demands, [&](const Demand &each) {
      return each.array == array && each.slot == storage && each.at.empty();
    });
    if (same == demands.end())
      same = demands.insert(demands.end(), {array, storage, side, false, false, false, {}, loc});
    same->reads |= reads;
    same->stores |= stores;
  }

  void findOverwritten(const Stmt &stmt) {
    auto isCandidate = [](const Demand &each) { return each.stores && !each.reads; };
    if (llvm::none_of(demands, isCandidate))
      return;
    std::vector<Touch> touches = touchesOf(stmt, program, facts);
    for (Demand &demand : demands) {
      if (!isCandidate(demand))
        continue;
      std::vector<Footprint> boxes;
      for (const Touch &touch : touches)
        if (touch.footprint.buffer == demand.array && touch.isCertain && touch.footprint.isExact &&
            touch.footprint.slot.value_or(Affine(0)) == demand.slot)
          addJoined(boxes, touch.footprint, program, facts);
      demand.overwrites = llvm::any_of(boxes, [&](const Footprint &box) {
        return covers(box, wholeOf(demand.array, program[demand.array].shape, box.slot), program,
                      facts);
      });
    }
  }

  const Program &program;
  const DeviceUses &uses;
  const Facts &facts;
  std::vector<Demand> demands;
  Side side = Side::Host;
  Loc loc;
};

/// Looks at a function, outer statements before inner ones.
class UseFinder {
public:
  UseFinder(const Program &program, const Function &function) : program(program) {
    forEachStmt(function.body, [&](const Stmt &stmt) {
      if (const auto *view = std::get_if<View>(&stmt.node)) {
        uses.roots[view->result] = rootOf(view->base);
        uses.views[view->result] = view;
      }
    });
    findArrays(function.body);
    if (uses.arrays.empty())
      return;
    findJoined(function.body, {});
    findDemands(function.body);
    findLiveArrays(program, function, uses);
  }

  DeviceUses uses;

private:
  BufferId rootOf(BufferId name) const {
    auto root = uses.roots.find(name);
    return root == uses.roots.end() ? name : root->second;
  }

  void findArrays(const Block &block, bool inKernel = false) {
    for (const Stmt &stmt : block) {
      bool runsThere = inKernel || isKernel(stmt);
      if (runsThere)
        forEachBuffer(stmt, [&](BufferId id) {
          BufferId array = rootOf(id);
          if (program[array].storage == Storage::Own && program[array].dims > 0)
            uses.arrays.insert(array);
        });
      forEachInnerBlock(stmt, [&](const Block &inner) { findArrays(inner, runsThere); });
    }
  }

  /// Storages can be told apart where one time loop at a time counts them, from a known number on.
  void findJoined(const Block &block, const std::map<BufferId, SymbolId> &counted) {
    for (const Stmt &stmt : block) {
      std::map<BufferId, SymbolId> inner = counted;
      if (std::optional<SymbolId> iterator = timeIteratorOf(stmt)) {
        const auto *loop = std::get_if<Loop>(&stmt.node);
        std::optional<Affine> first = loop ? loop->axis.lo.asSingle() : Affine(0);
        for (BufferId id : advancedBuffers(stmt, *iterator))
          if (!inner.emplace(id, *iterator).second || !first || !first->isConstant())
            uses.joined.insert(id);
      }
      forEachInnerBlock(stmt, [&](const Block &body) { findJoined(body, inner); });
    }
  }

  void findDemands(const Block &block) {
    Facts::Mark entry = facts.mark();
    for (const Stmt &stmt : block) {
      uses.demands[&stmt] = StmtDemands(program, uses, facts).of(stmt);
      Facts::Mark mark = facts.mark();
      if (const auto *branch = std::get_if<If>(&stmt.node)) {
        facts.addCondition(branch->condition, true);
        findDemands(branch->thenBody);
        facts.rewind(mark);
        facts.addCondition(branch->condition, false);
        findDemands(branch->elseBody);
      } else if (!isKernel(stmt)) {
        if (const auto *loop = std::get_if<Loop>(&stmt.node))
          facts.addAxis(loop->axis);
        forEachInnerBlock(stmt, [&](const Block &inner) { findDemands(inner); });
      }
      facts.rewind(mark);
      findLoopUses(stmt);
      addFactsOf(program, stmt, facts);
    }
    facts.rewind(entry);
  }

  void findLoopUses(const Stmt &stmt) {
    bool isLoop =
        std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node);
    if (!isLoop || isKernel(stmt))
      return;
    declared.clear();
    forEachDeclaredSymbol(stmt, [&](SymbolId id) { declared.insert(id); });
    forEachInnerBlock(stmt, [&](const Block &inner) {
      std::set<SymbolId> symbols = namesDeclaredIn(inner).symbols;
      declared.insert(symbols.begin(), symbols.end());
    });
    addUses(stmt, 1, uses.loops[&stmt]);
  }

  static constexpr uint64_t many = 1 << 20;

  static uint64_t iterationsOf(const Stmt &stmt) {
    const auto *loop = std::get_if<Loop>(&stmt.node);
    if (!loop)
      return std::holds_alternative<While>(stmt.node) ? many : 1;
    std::optional<Affine> lo = loop->axis.lo.asSingle(), hi = loop->axis.hi.asSingle();
    std::optional<int64_t> size = lo && hi ? (*hi - *lo).asConstant() : std::nullopt;
    if (!size || *size / loop->axis.step >= int64_t(many))
      return many;
    return static_cast<uint64_t>(std::max<int64_t>((*size - 1) / loop->axis.step + 1, 0));
  }

  void addUses(const Stmt &stmt, uint64_t times, std::map<BufferId, LoopUse> &into) {
    if (!isKernel(stmt))
      times = std::min(times * iterationsOf(stmt), many);
    for (const Demand &demand : uses.demands.at(&stmt))
      addUse(demand, times, into[demand.array]);
    if (!isKernel(stmt))
      forEachInnerBlock(stmt, [&](const Block &block) {
        for (const Stmt &inner : block)
          addUses(inner, times, into);
      });
  }

  void addUse(const Demand &demand, uint64_t times, LoopUse &use) {
    auto side = static_cast<size_t>(demand.side);
    if (!use.first[side])
      use.first[side] = demand;
    use.isOn[side] |= demand.at.empty();
    use.storesOn[side] |= demand.stores;
    if (demand.at.empty())
      return;
    if (!isFixed(demand))
      use.varying = std::min(use.varying + times, many);
    else if (llvm::none_of(use.fixed, [&](const Demand &each) {
               return each.slot == demand.slot && each.at == demand.at;
             }))
      use.fixed.push_back(demand);
  }

  /// True if it is the same element in all iterations, and is there even if the loop does not run.
  bool isFixed(const Demand &demand) const {
    auto isOutside = [&](const Affine &form) {
      return llvm::none_of(form.terms,
                           [&](const AffineTerm &term) { return declared.contains(term.symbol); });
    };
    const std::vector<Affine> &shape = program[demand.array].shape;
    return isOutside(demand.slot) &&
           llvm::all_of(llvm::zip(demand.at, shape), [&](const auto &dim) {
             std::optional<Affine> form = asAffine(std::get<0>(dim));
             return form && isOutside(*form) && facts.isNonNegative(*form) &&
                    facts.isAtMost(*form + 1, std::get<1>(dim));
           });
  }

  const Program &program;
  Facts facts;
  std::set<SymbolId> declared; // in the loop that is looked at
};

} // namespace

DeviceUses findDeviceUses(const Program &program, const Function &function) {
  return UseFinder(program, function).uses;
}

} // namespace hpcc::ir
