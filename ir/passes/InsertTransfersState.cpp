//===- InsertTransfersState.cpp - which side has what
//---------------------------------------------===//
//
// The state that insert-transfers follows, and how slots of time loops number storages.
//
//===-----------------------------------------------------------------------------------------===//

#include "InsertTransfers.h"

namespace hpcc::ir {

void Whereabouts::forget(SymbolId symbol) {
  llvm::erase_if(elements, [&](const KnownElement &element) {
    return element.slot.coefficientOf(symbol) != 0 ||
           llvm::any_of(element.at,
                        [&](const Affine &form) { return form.coefficientOf(symbol) != 0; });
  });
}

void Whereabouts::forget(BufferId array) {
  llvm::erase_if(elements, [&](const KnownElement &element) { return element.array == array; });
}

void Whereabouts::rotate(BufferId array, int64_t by) {
  auto found = sides.find(array);
  if (found == sides.end())
    return;
  std::vector<Sides> &storages = found->second;
  auto count = static_cast<int64_t>(storages.size());
  std::rotate(storages.begin(), storages.begin() + (by % count + count) % count, storages.end());
}

Whereabouts common(const Whereabouts &left, const Whereabouts &right) {
  Whereabouts both = left;
  std::erase_if(both.sides, [&](auto &entry) { return !right.sides.contains(entry.first); });
  for (auto &[array, sides] : both.sides)
    for (auto [each, other] : llvm::zip(sides, right.sides.at(array)))
      each &= other;
  llvm::erase_if(both.elements, [&](const KnownElement &element) {
    return !llvm::is_contained(right.elements, element);
  });
  for (size_t side : {0, 1})
    both.storedAt[side].insert(right.storedAt[side].begin(), right.storedAt[side].end());
  return both;
}

size_t StorageNumbers::countOf(BufferId array) const {
  return uses.joined.contains(array) ? 1 : program[array].slots;
}

std::optional<size_t> StorageNumbers::find(BufferId array, const Affine &slot) const {
  auto base = current.find(array);
  Affine distance = base == current.end() ? slot : slot - base->second;
  auto count = static_cast<int64_t>(countOf(array));
  if (count == 1)
    return 0;
  if (!distance.isConstant())
    return std::nullopt;
  return static_cast<size_t>((distance.constant % count + count) % count);
}

std::vector<size_t> StorageNumbers::all(BufferId array, const std::optional<Affine> &slot) const {
  std::vector<size_t> storages;
  std::optional<size_t> one = slot ? find(array, *slot) : std::nullopt;
  for (size_t each = 0; each < countOf(array); ++each)
    if (!one || *one == each)
      storages.push_back(each);
  return storages;
}

} // namespace hpcc::ir
