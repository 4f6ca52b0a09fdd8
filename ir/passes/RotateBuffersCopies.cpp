//===- RotateBuffersCopies.cpp - whole copies and delayed stores ---------------------------===//

#include "RotateBuffersLoop.h"
#include "ir/Lifetimes.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

std::optional<WholeCopy> asWholeCopy(const Stmt &stmt, const Program &program,
                                     const std::vector<Affine> &shape) {
  const auto *compute = std::get_if<Compute>(&stmt.node);
  if (!compute || compute->body.size() != 1 || shape.empty() ||
      compute->axes.size() != shape.size())
    return std::nullopt;
  const Assign &assign = compute->body.front();
  const auto *value = std::get_if<ScalarLoad>(&assign.value.node);
  if (!value || assign.guard || assign.op != AssignOp::Set ||
      assign.target.indices != value->access.indices || assign.target.slot || value->access.slot ||
      assign.target.indices.size() != shape.size() ||
      program[assign.target.buffer].type != program[value->access.buffer].type ||
      assign.target.buffer == value->access.buffer)
    return std::nullopt;
  std::set<SymbolId> seen;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    const Index &index = assign.target.indices[dim];
    std::optional<SymbolId> symbol = index.form.asSymbol();
    auto axis =
        llvm::find_if(compute->axes, [&](const Axis &each) { return symbol == each.iterator; });
    if (index.wrap || axis == compute->axes.end() || !seen.insert(*symbol).second ||
        axis->step != 1 || axis->lo.asSingle() != Affine(0) || axis->hi.asSingle() != shape[dim])
      return std::nullopt;
  }
  return WholeCopy{assign.target.buffer, value->access.buffer};
}

Stmt makeCopy(Program &program, const std::vector<Affine> &shape, const CopyPlace &target,
              const CopyPlace &source, Loc loc, std::vector<std::pair<Bound, Bound>> box) {
  constexpr llvm::StringLiteral names = "ijkl";
  Compute copy;
  std::vector<Index> indices;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    SymbolId iterator = program.addSymbol(std::string(1, names[std::min<size_t>(dim, 3)]));
    auto [lo, hi] = box.empty() ? std::pair(Bound(0), Bound(shape[dim])) : box[dim];
    copy.axes.push_back({iterator, lo, hi, 1, AxisKind::Par});
    indices.push_back(iterator);
  }
  Assign assign;
  assign.target = {target.array, target.slot, indices};
  assign.value.node = ScalarLoad{{source.array, source.slot, indices}};
  assign.loc = loc;
  copy.body.push_back(std::move(assign));
  return {std::move(copy), loc};
}

bool leavesStmt(const Stmt &stmt) {
  std::set<LabelId> inside;
  bool leaves = false;
  auto look = [&](const Stmt &inner) {
    if (const auto *labelled = std::get_if<Labelled>(&inner.node))
      inside.insert(labelled->label);
    else if (const auto *leave = std::get_if<Leave>(&inner.node))
      leaves |= !inside.count(leave->label);
  };
  look(stmt);
  forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, look); });
  return leaves;
}

bool mentions(const Program &program, const Stmt &stmt, BufferId name) {
  bool found = false;
  forEachMention(program, stmt, [&](BufferId id) { found |= id == name; });
  return found;
}

//===-----------------------------------------------------------------------------------------===//
// Stores that a temporary delays
//===-----------------------------------------------------------------------------------------===//

namespace {

/// The constant distance of each index from an axis of its own, innermost axis names aside.
struct PlainIndices {
  std::vector<size_t> axis; // by dimension
  std::vector<int64_t> distance;
};
std::optional<PlainIndices> plainIndices(const Access &access, const std::vector<Axis> &axes) {
  PlainIndices plain;
  std::set<size_t> seen;
  if (access.slot || access.indices.size() != axes.size())
    return std::nullopt;
  for (const Index &index : access.indices) {
    const Axis *own = nullptr;
    for (const Axis &axis : axes)
      if (!index.wrap && (index.form - Affine(axis.iterator)).isConstant())
        own = &axis;
    if (!own || !seen.insert(static_cast<size_t>(own - axes.data())).second)
      return std::nullopt;
    plain.axis.push_back(static_cast<size_t>(own - axes.data()));
    plain.distance.push_back((index.form - Affine(own->iterator)).constant);
  }
  return plain;
}

const Compute *asSingle(const Stmt &stmt) {
  const auto *compute = std::get_if<Compute>(&stmt.node);
  if (!compute || compute->body.size() != 1 || !compute->locals.empty())
    return nullptr;
  const Assign &assign = compute->body.front();
  bool plain = assign.op == AssignOp::Set && !assign.guard &&
               llvm::all_of(compute->axes, [](const Axis &axis) {
                 return axis.kind == AxisKind::Par && axis.step == 1;
               });
  return plain ? compute : nullptr;
}

bool reads(const Compute &compute, BufferId name) {
  bool found = false;
  forEachAccess(compute.body.front().value,
                [&](const Access &access, Use) { found |= access.buffer == name; });
  return found;
}

} // namespace

std::vector<DelayedStore> findDelayedStores(const RotationLoop &loop, const Block &body) {
  std::vector<DelayedStore> found;
  const Program &program = loop.program;
  for (size_t store = 0; store < body.size(); ++store) {
    const Compute *copy = asSingle(body[store]);
    const auto *value = copy ? std::get_if<ScalarLoad>(&copy->body.front().value.node) : nullptr;
    if (!value)
      continue;
    BufferId temporary = value->access.buffer, target = copy->body.front().target.buffer;
    if (program[temporary].storage != Storage::Own || program[target].storage != Storage::Own ||
        program[target].slots != 1 || program[target].dims == 0 || temporary == target ||
        program[temporary].type != program[target].type || !plainIndices(value->access, copy->axes))
      continue;
    // Its one other mention is the compute that makes it.
    std::optional<size_t> compute;
    unsigned mentioned = 0;
    bool isLocal = false;
    for (size_t index = 0; index < body.size(); ++index) {
      mentioned += mentions(program, body[index], temporary);
      if (const auto *alloc = std::get_if<Alloc>(&body[index].node))
        isLocal |= alloc->buffer == temporary;
      const Compute *each = index < store ? asSingle(body[index]) : nullptr;
      if (each && each->body.front().target.buffer == temporary)
        compute = index;
    }
    if (!compute || !isLocal || mentioned != 2)
      continue;
    const Compute &maker = std::get<Compute>(body[*compute].node);
    if (!plainIndices(maker.body.front().target, maker.axes) || !reads(maker, target) ||
        reads(maker, temporary))
      continue;
    bool between = false;
    for (size_t index = *compute + 1; index < store; ++index)
      between |= mentions(program, body[index], target) || leavesStmt(body[index]);
    Footprint made = footprintOf(maker.body.front().target, maker.axes);
    Footprint taken = footprintOf(value->access, copy->axes);
    if (!between && covers(made, taken, program, loop.facts) &&
        covers(taken, made, program, loop.facts))
      found.push_back({*compute, store, temporary, target});
  }
  return found;
}

std::set<BufferId> spreadThroughTemporaries(const Program &program, const Block &body,
                                            size_t position, const std::vector<BufferId> &names,
                                            const Facts &facts) {
  const auto *store = std::get_if<Compute>(&body[position].node);
  if (!store || store->axes.empty() || store->body.size() != 1 ||
      !llvm::is_contained(names, store->body[0].target.buffer))
    return {};
  Footprint stored = footprintOf(store->body[0].target, store->axes);
  std::set<BufferId> spread, seen;
  std::vector<std::pair<const Stmt *, bool>> pending = {{&body[position], false}};
  while (!pending.empty()) {
    auto [stmt, isMaker] = pending.back();
    pending.pop_back();
    const auto &compute = std::get<Compute>(stmt->node);
    forEachScalar(*stmt, [&](const Scalar &scalar) {
      forEachAccess(scalar, [&](const Access &access, Use) {
        if (llvm::is_contained(names, access.buffer)) {
          Footprint read = footprintOf(access, compute.axes);
          read.buffer = stored.buffer, read.slot = stored.slot;
          if (isMaker && !covers(stored, read, program, facts))
            spread.insert(access.buffer);
          return;
        }
        bool isTemporary = llvm::any_of(body, [&](const Stmt &each) {
          auto *alloc = std::get_if<Alloc>(&each.node);
          return alloc && alloc->buffer == access.buffer;
        });
        if (!isTemporary || !seen.insert(access.buffer).second)
          return;
        for (size_t index = 0; index < position; ++index) {
          auto *maker = std::get_if<Compute>(&body[index].node);
          if (maker && llvm::any_of(maker->body, [&](const Assign &assign) {
                return assign.target.buffer == access.buffer;
              }))
            pending.push_back({&body[index], true});
        }
      });
    });
  }
  return spread;
}

void storeThroughCopy(Program &program, Block &body, const DelayedStore &delayed) {
  auto compute = static_cast<std::ptrdiff_t>(delayed.compute);
  auto store = static_cast<std::ptrdiff_t>(delayed.store);
  Stmt maker = body[delayed.compute];
  Compute &node = std::get<Compute>(maker.node);
  const Compute &copy = std::get<Compute>(body[delayed.store].node);
  const auto &taken = std::get<ScalarLoad>(copy.body.front().value.node).access;
  PlainIndices from = *plainIndices(node.body.front().target, node.axes);
  PlainIndices to = *plainIndices(taken, copy.axes);
  // Cell d of the temporary is axis + distance on both sides.
  Access target = copy.body.front().target;
  for (size_t dim = 0; dim < from.axis.size(); ++dim) {
    Affine value = Affine(node.axes[from.axis[dim]].iterator) + from.distance[dim];
    for (Index &index : target.indices) {
      SymbolId axis = copy.axes[to.axis[dim]].iterator;
      index.form = substitute(index.form, axis, value - to.distance[dim]);
      if (index.wrap)
        index.wrap = substitute(*index.wrap, axis, value - to.distance[dim]);
    }
  }
  node.body.front().target = std::move(target);
  node.body.front().loc = copy.body.front().loc;
  Buffer row = program[delayed.target];
  BufferId old = program.addBuffer(std::move(row));
  forEachAccess(node.body.front().value, [&](Access &access, Use) {
    if (access.buffer == delayed.target)
      access.buffer = old;
  });
  Loc loc = body[delayed.store].loc;
  maker.loc = loc;
  std::vector<Affine> shape = program[delayed.target].shape;
  body[delayed.compute] = std::move(maker);
  body.erase(body.begin() + store);
  body.insert(body.begin() + compute, makeCopy(program, shape, {old}, {delayed.target}, loc));
  body.insert(body.begin() + compute, {Alloc{old}, loc});
  std::erase_if(body, [&](const Stmt &stmt) {
    const auto *alloc = std::get_if<Alloc>(&stmt.node);
    const auto *drop = std::get_if<Drop>(&stmt.node);
    return (alloc && alloc->buffer == delayed.temporary) ||
           (drop && drop->buffer == delayed.temporary);
  });
}

} // namespace hpcc::ir
