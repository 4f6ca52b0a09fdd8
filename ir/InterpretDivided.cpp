//===- InterpretDivided.cpp - who has which elements up to date -------------------------------===//
//
// The ranks of a program run in lock step. Their names, symbols and control flow are the same, and
// all up-to-date copies of an element are equal: what a rank may get wrong is to use a copy that is
// not. So a run with several ranks keeps one value of each element and the set of ranks that have
// it. Whoever runs a statement must have what it reads, and has what it stores, alone.
//
//===---------------------------------------------------------------------------------------===//

#include "InterpretMachine.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/SaveAndRestore.h"
#include <algorithm>
#include <bit>

namespace hpcc::ir {

/// In the set of an element: a message with it is under way.
constexpr RankSet underWay = RankSet(1) << mostInterpretedRanks;

static RankSet only(int64_t rank) { return RankSet(1) << rank; }

/// An element on its way to a rank.
struct Machine::Message {
  std::shared_ptr<Memory> storage;
  int64_t element = 0;
  int64_t to = 0;
  RankSet &upToDate() const { return storage->upToDate[static_cast<size_t>(element)]; }
};

//===---------------------------------------------------------------------------------------===//
// Elements
//===---------------------------------------------------------------------------------------===//

/// The indices of an element of an array whose strides are those of a fresh one.
static std::string indicesOf(const Array &array, int64_t element) {
  llvm::SmallVector<size_t, 4> slowestFirst;
  for (size_t dim = 0; dim < array.dims(); ++dim)
    slowestFirst.push_back(dim);
  llvm::sort(slowestFirst, [&](size_t left, size_t right) {
    return std::pair(array.stride[left], array.shape[left]) >
           std::pair(array.stride[right], array.shape[right]);
  });
  Sizes index(array.dims());
  for (size_t dim : slowestFirst) {
    index[dim] = element / array.stride[dim];
    element %= array.stride[dim];
  }
  return llvm::formatv("[{0:$[, ]}]", llvm::make_range(index.begin(), index.end()));
}

std::string Machine::textOf(Cell cell) {
  std::string text = "an element of an array that has no name here";
  for (size_t id = 0; id < program.buffers.size(); ++id) {
    const Name &name = isGlobal[id] ? globals[id] : frame->names[id];
    if (name.state != Name::State::Live || name.array.storage.get() != cell.storage)
      continue;
    const Buffer &buffer = program.buffers[id];
    text = "%" + buffer.name;
    if (buffer.storage != Storage::Own)
      continue; // its array may have a name of its own
    if (name.array.slots == 1)
      return text + indicesOf(name.array, cell.element);
    return text + indicesOf(name.array, cell.element % name.array.slotSize) + " of storage " +
           std::to_string(cell.element / name.array.slotSize);
  }
  return text;
}

std::string Machine::nameOfRank(RankSet ranks) const {
  if (program.device)
    return ranks == onDevice ? "the device" : "the host";
  return "rank " + std::to_string(std::countr_zero(ranks));
}

void Machine::expectUpToDate(Cell cell, llvm::StringRef verb) {
  RankSet have = cell.storage->upToDate[static_cast<size_t>(cell.element)];
  RankSet lack = running & ~have;
  if (lack == 0 || stopped)
    return;
  llvm::StringRef problem = (have & underWay) != 0 ? "which a message may be bringing"
                                                   : "which it does not have up to date";
  fault(llvm::formatv("{0} {1} {2}, {3}", nameOfRank(lack), verb, textOf(cell), problem).str());
}

void Machine::markStored(Cell cell) {
  RankSet &have = cell.storage->upToDate[static_cast<size_t>(cell.element)];
  if ((have & underWay) != 0 && !stopped)
    return fault(nameOfRank(running) + " stores " + textOf(cell) +
                 ", which is in a message under way");
  have = running;
}

//===---------------------------------------------------------------------------------------===//
// Shares and exchanges
//===---------------------------------------------------------------------------------------===//

RankSet Machine::ranksOf(const RankMapping &mapping, int64_t iteration) {
  int64_t rows = valueOf(mapping.over.rows), number = iteration + valueOf(mapping.over.offset);
  bool inner = mapping.part != RankPart::All &&
               isInner(rows, number, mapping.left, mapping.right, rankCount);
  if (mapping.part != RankPart::All && inner != (mapping.part == RankPart::Inner))
    return 0;
  return only(ownerOf(mapping.over.division, rows, number, rankCount));
}

void Machine::forEachRequest(const ExchangePart &part,
                             llvm::function_ref<void(int64_t, Share)> visit) {
  if (part.whom != ExchangeFor::Own) {
    int64_t ranks = part.whom == ExchangeFor::Root ? 1 : rankCount;
    for (int64_t rank = 0; rank < ranks; ++rank)
      visit(rank, {valueOf(part.lo), valueOf(part.hi)});
    return;
  }
  std::vector<std::optional<Share>> rows(rankCount);
  forEachValue(*part.axis, [&](int64_t iteration) {
    std::optional<Share> &asked =
        rows[static_cast<size_t>(std::countr_zero(ranksOf(*part.axis->ranks, iteration)))];
    Share needed{valueOf(part.lo), valueOf(part.hi)};
    asked = asked ? Share{std::min(asked->begin, needed.begin), std::max(asked->end, needed.end)}
                  : needed;
    return true;
  });
  for (unsigned rank = 0; rank < rankCount; ++rank)
    if (rows[rank])
      visit(rank, *rows[rank]);
}

void Machine::addRow(const ExchangePart &part, int64_t row, int64_t rank,
                     std::vector<Message> &messages) {
  const Array *array = arrayOf(part.buffer);
  if (!array)
    return;
  const Distribution &home = *program[part.buffer].home;
  int64_t owner = ownerOf(home.division, valueOf(home.rows), row + valueOf(home.offset), rankCount);
  if (owner == rank)
    return;
  Sizes first{row}, sizes(array->shape);
  sizes[0] = 1;
  for (size_t dim = 1; dim < array->dims(); ++dim) {
    first.push_back(part.at.empty() ? 0 : valueOf(part.at[dim - 1]));
    sizes[dim] = part.at.empty() ? sizes[dim] : 1;
  }
  bool empty = llvm::is_contained(sizes, 0);
  std::optional<int64_t> slot;
  if (part.slot)
    slot = valueOf(*part.slot);
  llvm::SaveAndRestore<RankSet> sending(running, only(owner));
  for (Sizes index(first); !empty && !stopped;) {
    std::optional<Cell> cell = locate(part.buffer, index, slot);
    if (!cell)
      return;
    expectUpToDate(*cell, "sends");
    messages.push_back({array->storage, cell->element, rank});
    size_t dim = index.size();
    while (dim-- > 1 && ++index[dim] == first[dim] + sizes[dim])
      index[dim] = first[dim];
    empty = dim == 0;
  }
}

void Machine::addMessages(const ExchangePart &part, std::vector<Message> &messages) {
  const Array *array = arrayOf(part.buffer);
  if (!array)
    return;
  int64_t size = part.wrap ? valueOf(*part.wrap) : array->shape[0];
  forEachRequest(part, [&](int64_t rank, Share rows) {
    if (!part.wrap)
      rows = {std::max<int64_t>(rows.begin, 0), std::min(rows.end, size)};
    else if (rows.begin < rows.end && size <= 0)
      fault("rows of an exchange wrap at a size that is not positive");
    else if (rows.end - rows.begin > size)
      rows = {0, size};
    for (int64_t row = rows.begin; row < rows.end && !stopped; ++row)
      addRow(part, part.wrap ? (row % size + size) % size : row, rank, messages);
  });
}

Flow Machine::run(const Exchange &exchange) {
  std::vector<Message> messages;
  if (rankCount > 1)
    for (const ExchangePart &part : exchange.parts)
      addMessages(part, messages);
  if (stopped)
    return Flow::Stop;
  for (const Message &message : messages)
    message.upToDate() = (message.upToDate() & ~only(message.to)) | underWay;
  Flow flow = run(exchange.body);
  for (const Message &message : messages)
    message.upToDate() = (message.upToDate() & ~underWay) | only(message.to);
  return flow;
}

//===---------------------------------------------------------------------------------------===//
// A device
//===---------------------------------------------------------------------------------------===//

Flow Machine::run(const Transfer &transfer) {
  const Array *array = arrayOf(transfer.buffer);
  if (!array)
    return Flow::Stop;
  std::optional<int64_t> slot;
  if (transfer.slot)
    slot = valueOf(*transfer.slot);
  Sizes indices;
  for (const Affine &form : transfer.at)
    indices.push_back(valueOf(form));
  std::optional<Cell> first = Cell{array->storage.get(), 0};
  auto count = static_cast<int64_t>(array->storage->upToDate.size());
  if (!indices.empty()) {
    first = locate(transfer.buffer, indices, slot), count = 1;
  } else if (slot && array->elements() > 0) {
    first = locate(transfer.buffer, Sizes(array->dims()), slot), count = array->slotSize;
  }
  llvm::SaveAndRestore<RankSet> sending(running, transfer.to == Side::Host ? onDevice : onHost);
  for (int64_t each = 0; first && each < count && !stopped; ++each) {
    Cell cell{first->storage, first->element + each};
    expectUpToDate(cell, "sends");
    cell.storage->upToDate[static_cast<size_t>(cell.element)] = everyone();
  }
  return next();
}

} // namespace hpcc::ir
