//===- RotateBuffersCells.cpp - cells that no step of a time loop stores --------------------===//
//
// They keep what they held at entry, so storages that take turns must agree in them: from the
// beginning, or after a few first steps that run as they were.
//
//===-------------------------------------------------------------------------------------===//

#include "RotateBuffersPlan.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

using Kind = RotationStep::Kind;
using Version = RotationVersion;

/// A loop advances the storages that it accesses: names that it exchanges only stay names.
bool areAllAccessed(const RotationPlan &plan) {
  std::set<unsigned> accessed;
  for (const RotationUse &use : plan.uses)
    for (const auto *names : {&use.read, &use.stored})
      for (auto [name, version] : *names)
        if (plan.versions[version].buffer)
          accessed.insert(*plan.versions[version].buffer);
  return accessed.size() == plan.buffers.size();
}

/// Marks the buffers with cells that no step stores. An obstacle where a version takes such cells
/// from another buffer.
std::optional<RotationObstacle> markBuffers(const Program &program, const RotationFamily &family,
                                            RotationPlan &plan) {
  Footprint whole = wholeOf(family.names.front(), family.shape);
  for (const Version &row : plan.versions) {
    auto isStored = [&](const Footprint &cells) {
      return llvm::any_of(row.certain, [&](const Footprint &each) {
        return covers(each, cells, program, family.facts);
      });
    };
    if (!row.buffer || row.kind != Version::Kind::Moved || isStored(whole))
      continue;
    // Its other cells are those of its base: the storages of one buffer can agree in them for
    // good, those of two buffers may exchange theirs in each step.
    if (plan.versions[row.base].buffer != row.buffer) {
      RotationObstacle obstacle{
          "a copy takes cells that no step stores from arrays that rotate apart", {}};
      obstacle.copy = row.cause;
      return obstacle;
    }
    RotationBuffer &buffer = plan.buffers[*row.buffer];
    bool isFirst = !buffer.hasFixedCells;
    buffer.hasFixedCells = true;
    if (isFirst && !row.certain.empty())
      buffer.storedBox = row.certain.front();
    else if (buffer.storedBox && !isStored(*buffer.storedBox))
      buffer.storedBox.reset();
  }
  return std::nullopt;
}

bool isEqualAtEntry(const RotationFamily &family, BufferId left, BufferId right) {
  return llvm::any_of(family.equalAtEntry, [&](const auto &pair) {
    return pair == std::pair(left, right) || pair == std::pair(right, left);
  });
}

/// Names with what their fixed cells hold: equal numbers are equal contents, 0 is equal to all.
using Contents = std::map<BufferId, unsigned>;

Contents contentsAtEntry(const RotationFamily &family, const std::set<BufferId> &liveAtHead) {
  Contents contents;
  for (BufferId name : liveAtHead)
    contents[name] = static_cast<unsigned>(contents.size()) + 1;
  for (auto [left, right] : family.equalAtEntry)
    if (contents.count(left) && contents.count(right)) {
      unsigned from = contents[right], to = contents[left];
      for (auto &[name, content] : contents)
        content = content == from ? to : content;
    }
  return contents;
}

/// True if storages that take turns hold the same, and names that are taken to share a version at
/// the head of a step do.
bool agree(const RotationFamily &family, const RotationPlan &plan, const Contents &contents,
           const std::set<BufferId> &liveAtHead, const std::map<BufferId, unsigned> &classes) {
  for (BufferId left : liveAtHead)
    for (BufferId right : liveAtHead) {
      const Version &version = plan.versions[plan.atHead.at(left)];
      bool isOneBuffer = version.buffer == plan.versions[plan.atHead.at(right)].buffer;
      bool isOneClass = classes.at(left) == classes.at(right);
      bool matters = isOneClass || (isOneBuffer && plan.buffers[*version.buffer].hasFixedCells);
      unsigned a = contents.at(left), b = contents.at(right);
      if (left != right && matters && a != b && a != 0 && b != 0)
        return false;
      // Sharing is more than equal fixed cells: it comes from the step before.
      if (left != right && isOneClass && plan.peeled == 0 && !isEqualAtEntry(family, left, right))
        return false;
    }
  return true;
}

} // namespace

std::optional<RotationObstacle> settleFixedCells(const Program &program,
                                                 const RotationFamily &family,
                                                 const std::set<BufferId> &liveAtHead,
                                                 const std::map<BufferId, unsigned> &classes,
                                                 RotationPlan &plan) {
  constexpr unsigned mostPeeled = 3;
  if (!areAllAccessed(plan))
    return RotationObstacle{"the loop exchanges names of arrays that it does not access", {}};
  if (std::optional<RotationObstacle> obstacle = markBuffers(program, family, plan))
    return obstacle;
  Contents contents = contentsAtEntry(family, liveAtHead);
  for (plan.peeled = 0; plan.peeled <= mostPeeled; ++plan.peeled) {
    if (agree(family, plan, contents, liveAtHead, classes))
      return std::nullopt;
    for (const RotationStep &step : family.steps)
      if (step.kind == Kind::Alloc)
        contents[step.name] = 0;
      else if (step.kind == Kind::Bind || step.kind == Kind::Copy)
        contents[step.name] = contents[step.source];
  }
  return RotationObstacle{"cells that no step stores differ in the arrays and never become equal",
                          {}};
}

} // namespace hpcc::ir
