//===- RaiseLoopsLocals.cpp - locals that a compute does not need ----------------------------===//
//
// Flattening names what an iteration computes. A name that is read once gives way to its value, so
// that accumulations have their usual form and guards protect what they should.
//
//===---------------------------------------------------------------------------------------===//

#include "RaiseLoops.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

bool reads(const Scalar &scalar, BufferId buffer, const StorageGroups &groups) {
  bool found = false;
  forEachSubtree(scalar, [&](const Scalar &tree) {
    if (auto *load = std::get_if<ScalarLoad>(&tree.node))
      found |= groups.mayOverlap(load->access.buffer, buffer);
    else if (auto *gather = std::get_if<ScalarGather>(&tree.node))
      found |= groups.mayOverlap(gather->buffer, buffer);
  });
  return found;
}

namespace {

unsigned readsOf(const Scalar &scalar, BufferId local) {
  unsigned count = 0;
  forEachAccess(scalar,
                [&](const Access &access, Use) { count += access.buffer == local ? 1 : 0; });
  return count;
}

unsigned readsOf(const Assign &assign, BufferId local) {
  return readsOf(assign.value, local) + (assign.guard ? readsOf(*assign.guard, local) : 0) +
         (assign.target.buffer == local && assign.op != AssignOp::Set ? 1 : 0);
}

/// The one assignment that sets the local and the one that reads it, once, behind it.
std::optional<std::pair<size_t, size_t>> onlyUseOf(const Compute &compute, BufferId local) {
  std::optional<size_t> set, read;
  for (auto [index, assign] : llvm::enumerate(compute.body)) {
    if (unsigned count = readsOf(assign, local)) {
      if (read || count > 1 || !set)
        return std::nullopt;
      read = index;
    }
    if (assign.target.buffer == local) {
      if (set || assign.op != AssignOp::Set)
        return std::nullopt;
      set = index;
    }
  }
  if (!set || !read)
    return std::nullopt;
  return std::pair(*set, *read);
}

bool forward(Compute &compute, BufferId local, const StorageGroups &groups) {
  auto use = onlyUseOf(compute, local);
  if (!use)
    return false;
  auto [from, to] = *use;
  const Assign &set = compute.body[from];
  Assign &reader = compute.body[to];
  bool inGuard = reader.guard && readsOf(*reader.guard, local) != 0;
  if (canRaise(set.value) || (set.guard && (inGuard || set.guard != reader.guard)))
    return false;
  for (size_t between = from + 1; between < to; ++between) {
    BufferId target = compute.body[between].target.buffer;
    if (reads(set.value, target, groups) || (set.guard && reads(*set.guard, target, groups)))
      return false;
  }
  auto replace = [&](Scalar &tree) {
    auto *load = std::get_if<ScalarLoad>(&tree.node);
    if (load && load->access.buffer == local)
      tree = Scalar(set.value);
  };
  if (reader.guard)
    rewriteScalar(*reader.guard, replace);
  rewriteScalar(reader.value, replace);
  compute.body.erase(compute.body.begin() + static_cast<ptrdiff_t>(from));
  return true;
}

bool removeUnread(Compute &compute, BufferId local) {
  bool isRead =
      llvm::any_of(compute.body, [&](const Assign &assign) { return readsOf(assign, local) != 0; });
  if (isRead)
    return false;
  return std::erase_if(compute.body, [&](const Assign &assign) {
    return assign.target.buffer == local && !canRaise(assign.value) &&
           (!assign.guard || !canRaise(*assign.guard));
  });
}

} // namespace

void forwardLocals(Compute &compute, const StorageGroups &groups) {
  bool changed = true;
  while (changed) {
    changed = false;
    for (BufferId local : compute.locals)
      changed |= forward(compute, local, groups) || removeUnread(compute, local);
  }
  std::erase_if(compute.locals, [&](BufferId local) {
    return llvm::none_of(compute.body, [&](const Assign &assign) {
      return assign.target.buffer == local || readsOf(assign, local) != 0;
    });
  });
}

} // namespace hpcc::ir
