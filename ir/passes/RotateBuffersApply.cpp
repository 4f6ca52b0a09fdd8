//===- RotateBuffersApply.cpp - names become slots -----------------------------------------===//
//
// Takes a loop and the plan of a family, leaves the statements that replace the loop: what fills
// the storages, the first steps where they run as they were, the time loop, and what names hold
// after it.
//
//===-------------------------------------------------------------------------------------===//

#include "RotateBuffersLoop.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

class Rewriter {
public:
  Rewriter(const RotationLoop &loop, unsigned &labels, const RotationFamily &family,
           const RotationPlan &plan)
      : loop(loop), program(loop.program), labels(labels), family(family), plan(plan) {}

  Block run(const Stmt &before, Stmt rotated) {
    loc = rotated.loc;
    prepare(rotated);
    Block result;
    peel(before, rotated, result);
    Block body;
    choose();
    for (size_t index = 0; index < plan.buffers.size(); ++index)
      fill(index, result);
    rewrite(rotated);
    result.push_back(std::move(rotated));
    Block late; // names that hold what a step leaves only once one has run
    for (auto [name, head] : plan.atHead)
      if (plan.usedAfter.count(name))
        copyOut(name, outside(plan.versions[head]), isTakenOver(name) ? late : result);
    for (auto [name, end] : plan.atEnd)
      if (!plan.atHead.count(name) && plan.usedAfter.count(name)) {
        RotationVersion version = plan.versions[end];
        --version.offset;
        copyOut(name, outside(version), late);
      }
    if (!late.empty())
      result.push_back({If{ranAtLeastOnce(), std::move(late), {}}, loc});
    return result;
  }

private:
  //===-----------------------------------------------------------------------------------===//
  // The loop
  //===-----------------------------------------------------------------------------------===//

  void prepare(Stmt &rotated) {
    if (auto *node = std::get_if<Loop>(&rotated.node)) {
      node->role = LoopRole::Time;
      axis = node->axis;
      step = Affine(axis->iterator) - *axis->lo.asSingle();
    } else {
      auto &loop = std::get<While>(rotated.node);
      if (!loop.iterator)
        loop.iterator = program.addSymbol("round");
      step = Affine(*loop.iterator);
    }
  }

  Scalar isBelow(const Affine &position, const Bound &hi) const {
    std::optional<Scalar> all;
    for (const Affine &form : hi.forms) {
      Scalar each = apply(program, ScalarOp::Less, {affineScalar(position), affineScalar(form)});
      all =
          all ? apply(program, ScalarOp::And, {std::move(*all), std::move(each)}) : std::move(each);
    }
    return std::move(*all);
  }
  Scalar ranAtLeastOnce() const { return isBelow(*axis->lo.asSingle(), axis->hi); }

  /// The first steps run as they were, each in a loop of its own that advances what it rotates
  /// already; the loop starts behind them.
  void peel(const Stmt &before, Stmt &rotated, Block &result) {
    if (plan.peeled == 0)
      return;
    Affine lo = *axis->lo.asSingle();
    for (unsigned count = 0; count < plan.peeled; ++count) {
      Stmt first = std::move(cloneFresh(program, {before}, labels).front());
      Axis &own = std::get<Loop>(first.node).axis;
      own.lo = Bound(lo + count);
      own.hi.forms.push_back(lo + count + 1);
      countFrom(first, own.iterator, count);
      result.push_back(std::move(first));
    }
    Affine start = lo + plan.peeled;
    std::get<Loop>(rotated.node).axis.lo = Bound(start);
    countFrom(rotated, axis->iterator, plan.peeled);
    step = Affine(axis->iterator) - start;
  }

  /// Slots that the loop rotates already count from a later step.
  static void countFrom(Stmt &stmt, SymbolId iterator, unsigned count) {
    forEachStmt(bodyOf(stmt), [&](Stmt &inner) {
      forEachAccess(inner, [&](Access &access, Use) {
        if (access.slot && access.slot->coefficientOf(iterator) != 0)
          access.slot = *access.slot - count;
      });
    });
  }

  //===-----------------------------------------------------------------------------------===//
  // Buffers
  //===-----------------------------------------------------------------------------------===//

  /// For each buffer an array of the family that becomes it where it is made, or a new one.
  void choose() {
    for (auto [index, row] : llvm::enumerate(plan.buffers)) {
      std::optional<BufferId> first, primary;
      for (bool after : {true, false})
        for (auto [name, head] : plan.atHead)
          if (plan.versions[head].buffer == index && !primary) {
            if (!first)
              first = name;
            if (plan.usedAfter.count(name) == after && canHaveSlots(loop, name, row.slots))
              primary = name;
          }
      BufferId buffer;
      if (primary) {
        buffer = *primary;
        shift.push_back(plan.versions[plan.atHead.at(*primary)].offset);
        program[buffer].slots = row.slots;
      } else {
        Buffer fresh = program[*first];
        if (fresh.storage == Storage::Handle)
          fresh.layout = family.layout;
        fresh.storage = Storage::Own, fresh.shape = family.shape, fresh.slots = row.slots;
        buffer = program.addBuffer(std::move(fresh));
        shift.push_back(0);
      }
      buffers.push_back(buffer);
      isMade.push_back(!primary);
    }
  }

  int64_t slotOf(const RotationVersion &version) const {
    auto slots = static_cast<int64_t>(plan.buffers[*version.buffer].slots);
    int64_t offset = (version.offset - shift[*version.buffer]) % slots;
    return offset < 0 ? offset + slots : offset;
  }
  /// Its storage outside of the loop, and in a step.
  CopyPlace outside(const RotationVersion &version) const {
    return {buffers[*version.buffer], Affine(slotOf(version))};
  }
  CopyPlace inside(const RotationVersion &version) const {
    return {buffers[*version.buffer], step + slotOf(version)};
  }

  void fill(size_t index, Block &result) {
    BufferId buffer = buffers[index];
    if (isMade[index])
      result.push_back({Alloc{buffer}, loc});
    std::set<int64_t> filled;
    std::optional<int64_t> full;
    if (!isMade[index])
      filled.insert(0), full = 0;
    for (auto [name, head] : plan.atHead) {
      const RotationVersion &version = plan.versions[head];
      if (version.buffer != index || !filled.insert(slotOf(version)).second)
        continue;
      full = slotOf(version);
      result.push_back(makeCopy(program, family.shape, outside(version), {name}, loc));
    }
    const RotationBuffer &row = plan.buffers[index];
    for (int64_t slot = 0; row.hasFixedCells && full && slot < row.slots; ++slot)
      if (!filled.count(slot))
        copyFixedCells(row, {buffer, Affine(slot)}, {buffer, Affine(*full)}, result);
  }

  /// Copies what lies around the box that each step stores.
  void copyFixedCells(const RotationBuffer &row, const CopyPlace &target, const CopyPlace &source,
                      Block &result) {
    bool isSimple = row.storedBox.has_value();
    if (isSimple)
      for (const std::optional<Range> &dim : row.storedBox->dims)
        isSimple &= dim && dim->step == 1 && dim->start.asSingle() && dim->end.asSingle();
    if (!isSimple) {
      result.push_back(makeCopy(program, family.shape, target, source, loc));
      return;
    }
    for (size_t dim = 0; dim < family.shape.size(); ++dim) {
      const Affine &size = family.shape[dim];
      Affine start = *row.storedBox->dims[dim]->start.asSingle();
      Affine end = *row.storedBox->dims[dim]->end.asSingle();
      std::vector<std::pair<Bound, Bound>> box;
      for (const Affine &each : family.shape)
        box.push_back({Bound(0), Bound(each)});
      if (!loop.facts.isAtMost(start, 0)) {
        box[dim].second = start;
        if (!loop.facts.isAtMost(start, size))
          box[dim].second.forms.push_back(size);
        result.push_back(makeCopy(program, family.shape, target, source, loc, box));
      }
      if (!loop.facts.isAtMost(size, end)) {
        box[dim] = {Bound(end), Bound(size)};
        if (!loop.facts.isNonNegative(end))
          box[dim].first.forms.push_back(0);
        result.push_back(makeCopy(program, family.shape, target, source, loc, box));
      }
    }
  }

  /// True if the name shares its storage with another one from the first step on, not before.
  bool isTakenOver(BufferId name) const {
    return plan.peeled != 0 && llvm::any_of(plan.atHead, [&](const auto &other) {
             return other.first != name && other.second == plan.atHead.at(name);
           });
  }

  /// Gives a name what it names after the loop.
  void copyOut(BufferId name, const CopyPlace &place, Block &result) {
    if (name == place.array && place.slot->asConstant() == 0)
      return;
    if (program[name].storage != Storage::Handle || keepsEntryArray(plan, name)) {
      CopyPlace target{name};
      if (name == place.array) // left within a step: the storage that is current then
        target.slot = step;
      result.push_back(makeCopy(program, family.shape, target, place, loc));
      return;
    }
    Buffer fresh = program[name];
    fresh.storage = Storage::Own, fresh.shape = family.shape, fresh.layout = family.layout;
    BufferId array = program.addBuffer(std::move(fresh));
    result.push_back({Alloc{array}, loc});
    result.push_back(makeCopy(program, family.shape, {array}, place, loc));
    result.push_back({Bind{name, array}, loc});
  }

  //===-----------------------------------------------------------------------------------===//
  // Statements
  //===-----------------------------------------------------------------------------------===//

  void rewrite(Stmt &rotated) {
    if (auto *node = std::get_if<While>(&rotated.node)) {
      RotationUse use;
      use.read = plan.atHead;
      for (Stmt &stmt : node->header)
        rewrite(stmt, use);
      forEachAccess(node->condition, [&](Access &access, Use) { rewrite(access, use.read); });
    }
    Block &body = bodyOf(rotated);
    Block result;
    for (auto [index, stmt] : llvm::enumerate(body)) {
      if (keeps(stmt, index)) {
        rewrite(stmt, plan.uses[index]);
        if (auto left = plan.left.find(index); left != plan.left.end())
          forEachInnerBlock(stmt, [&](Block &block) { rewriteLeaves(block, left->second); });
        result.push_back(std::move(stmt));
      }
    }
    body = std::move(result);
  }

  bool keeps(const Stmt &stmt, size_t index) const {
    auto isMember = [&](BufferId id) { return llvm::is_contained(family.names, id); };
    const RotationStep &each = family.steps[index];
    if (each.kind == RotationStep::Kind::Alloc) {
      const RotationVersion &version = plan.versions[plan.uses[index].stored.at(each.name)];
      return !version.buffer && version.isTouched;
    }
    if (const auto *drop = std::get_if<Drop>(&stmt.node))
      return !isMember(drop->buffer);
    return each.kind != RotationStep::Kind::Bind && each.kind != RotationStep::Kind::Copy;
  }

  void rewrite(Access &access, const std::map<BufferId, unsigned> &versions) {
    auto found = versions.find(access.buffer);
    if (found == versions.end() || !plan.versions[found->second].buffer)
      return;
    CopyPlace place = inside(plan.versions[found->second]);
    access.buffer = place.array, access.slot = place.slot;
  }

  void rewrite(Stmt &stmt, const RotationUse &use) {
    auto change = [&](Stmt &inner) {
      forEachScalar(inner, [&](Scalar &scalar) {
        forEachAccess(scalar, [&](Access &access, Use) { rewrite(access, use.read); });
      });
      if (auto *compute = std::get_if<Compute>(&inner.node))
        for (Assign &assign : compute->body)
          rewrite(assign.target, use.stored);
    };
    change(stmt);
    forEachInnerBlock(stmt, [&](Block &block) {
      forEachStmt(block, change);
      forEachBlock(block, [&](Block &inner) {
        std::erase_if(inner, [&](const Stmt &each) {
          const auto *drop = std::get_if<Drop>(&each.node);
          return drop && llvm::is_contained(family.names, drop->buffer);
        });
      });
    });
  }

  /// Before a `leave` that ends the loop, names take what they hold there.
  void rewriteLeaves(Block &block, const std::map<BufferId, unsigned> &versions) {
    for (size_t index = 0; index < block.size(); ++index) {
      forEachInnerBlock(block[index], [&](Block &inner) { rewriteLeaves(inner, versions); });
      const auto *leave = std::get_if<Leave>(&block[index].node);
      if (!leave || !isOutside(leave->label))
        continue;
      Block before;
      for (auto [name, version] : versions)
        if (CopyPlace place = inside(plan.versions[version]); name != place.array)
          copyOut(name, place, before);
      // The buffer itself comes last: its current storage may be what another name means.
      for (auto [name, version] : versions)
        if (CopyPlace place = inside(plan.versions[version]);
            name == place.array && slotOf(plan.versions[version]) != 0)
          copyOut(name, place, before);
      size_t added = before.size();
      block.insert(block.begin() + static_cast<std::ptrdiff_t>(index),
                   std::make_move_iterator(before.begin()), std::make_move_iterator(before.end()));
      index += added;
    }
  }

  bool isOutside(LabelId label) const {
    bool inside = false;
    forEachStmt(bodyOf(loop.stmt()), [&](const Stmt &stmt) {
      const auto *labelled = std::get_if<Labelled>(&stmt.node);
      inside |= labelled && labelled->label == label;
    });
    return !inside;
  }

  const RotationLoop &loop;
  Program &program;
  unsigned &labels;
  const RotationFamily &family;
  const RotationPlan &plan;
  Loc loc;
  std::optional<Axis> axis; // of a counted loop
  Affine step;              // counts the steps of the loop from 0
  std::vector<BufferId> buffers;
  std::vector<int64_t> shift; // of slots, so that the first name of a buffer has slot 0
  std::vector<bool> isMade;
};

} // namespace

Block applyRotation(const RotationLoop &loop, unsigned &labels, const Stmt &before, Stmt rotated,
                    const RotationFamily &family, const RotationPlan &plan) {
  return Rewriter(loop, labels, family, plan).run(before, std::move(rotated));
}

} // namespace hpcc::ir
