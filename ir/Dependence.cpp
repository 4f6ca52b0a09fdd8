//===- Dependence.cpp - at which distance accesses meet --------------------------------------===//

#include "Dependence.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Names that share storage
//===-----------------------------------------------------------------------------------------===//

StorageGroups::StorageGroups(const Program &program, const Function &function)
    : parents(program.buffers.size()) {
  std::iota(parents.begin(), parents.end(), 0u);
  for (const Buffer &buffer : program.buffers)
    own.push_back(buffer.storage == Storage::Own);
  // What comes from outside can be one array under several names.
  std::optional<BufferId> outside;
  auto isHandle = [&](BufferId id) { return program[id].storage == Storage::Handle; };
  auto joinOutside = [&](BufferId id) {
    if (!isHandle(id))
      return;
    if (outside)
      join(*outside, id);
    outside = id;
  };
  llvm::for_each(program.globals, joinOutside);
  llvm::for_each(function.parameters, joinOutside);
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (auto *view = std::get_if<View>(&stmt.node)) {
      join(view->result, view->base);
    } else if (auto *bind = std::get_if<Bind>(&stmt.node)) {
      join(bind->handle, bind->source);
    } else if (auto *call = std::get_if<Call>(&stmt.node)) {
      // A callee may return any array that it gets or that a global names, and bind it to a global.
      llvm::for_each(call->results, joinOutside);
      bool keeps = llvm::any_of(program.globals, isHandle) || llvm::any_of(call->results, isHandle);
      for (const CallArgument &argument : call->arguments)
        if (auto *buffer = std::get_if<BufferId>(&argument); buffer && keeps && outside)
          join(*outside, *buffer);
    }
  });
}

uint32_t StorageGroups::groupOf(BufferId id) const {
  if (id.index >= parents.size())
    return id.index; // made after the groups: storage of its own
  uint32_t root = id.index;
  while (parents[root] != root)
    root = parents[root] = parents[parents[root]];
  return root;
}

void StorageGroups::join(BufferId left, BufferId right) { parents[groupOf(left)] = groupOf(right); }

//===-----------------------------------------------------------------------------------------===//
// Distances
//===-----------------------------------------------------------------------------------------===//

bool Dependence::isAtSamePoint() const {
  return llvm::all_of(distance, [](const std::optional<int64_t> &d) { return d == 0; });
}

bool Dependence::isForwardOrSame() const {
  for (const std::optional<int64_t> &d : distance) {
    if (!d)
      return false;
    if (*d != 0)
      return *d > 0;
  }
  return true;
}

/// The one axis of a form, or null where it has none or several.
static const Axis *onlyAxisOf(const Affine &form, llvm::ArrayRef<Axis> axes) {
  const Axis *only = nullptr;
  for (const Axis &axis : axes)
    if (form.coefficientOf(axis.iterator) != 0) {
      if (only)
        return nullptr;
      only = &axis;
    }
  return only;
}

std::optional<Dependence> dependenceBetween(const Access &first, const Access &second,
                                            llvm::ArrayRef<Axis> axes, const Program &program,
                                            const Facts &facts) {
  Dependence result{std::vector<std::optional<int64_t>>(axes.size())};
  if (areDifferentStorages(first.slot, second.slot, program[first.buffer]))
    return std::nullopt;
  for (size_t dim = 0; dim < std::min(first.indices.size(), second.indices.size()); ++dim) {
    const Index &left = first.indices[dim], &right = second.indices[dim];
    if (left.wrap || right.wrap) // the same position at equal points at most
      continue;
    if (neverMeet(left, right, axes, facts))
      return std::nullopt;
    const Axis *axis = onlyAxisOf(left.form, axes);
    if (!axis || axis != onlyAxisOf(right.form, axes))
      continue;
    int64_t coefficient = left.form.coefficientOf(axis->iterator);
    if (coefficient != right.form.coefficientOf(axis->iterator))
      continue;
    // c * p + a == c * q + b, so q - p == (a - b) / c; the iterator moves in steps.
    std::optional<int64_t> difference = (left.form - right.form).asConstant();
    if (!difference)
      continue;
    int64_t steps = *difference / coefficient;
    if (*difference % coefficient != 0 || steps % axis->step != 0)
      return std::nullopt;
    std::optional<int64_t> &known = result.distance[static_cast<size_t>(axis - axes.data())];
    if (known && *known != steps)
      return std::nullopt; // two dimensions ask for different distances
    known = steps;
  }
  return result;
}

} // namespace hpcc::ir
