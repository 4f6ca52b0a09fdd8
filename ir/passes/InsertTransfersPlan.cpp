//===- InsertTransfersPlan.cpp - plans transfers and tells of them
//------------------------------===//

#include "InsertTransfers.h"
#include "ir/Text.h"

namespace hpcc::ir {

Cause causeOf(const Demand &demand) {
  std::string what = demand.reads ? "it is read here on " : "it is stored in part here on ";
  return {demand.loc, what + (demand.side == Side::Host ? "the host" : "the device")};
}

/// The size as a factor of a product.
static std::string factorOf(const Affine &size, const Program &program) {
  std::string text = toText(size, program);
  bool isSymbol = size.asSymbol().has_value();
  return isSymbol ? text : "(" + text + ")";
}

/// How many bytes so many storages of an array have, or one element, as in `8*n`.
static std::string bytesText(const Program &program, BufferId array, size_t storages,
                             bool element) {
  uint64_t bytes = sizeOf(program[array].type);
  std::string factors;
  if (!element) {
    bytes *= storages;
    for (const Affine &size : program[array].shape)
      if (std::optional<int64_t> number = size.asConstant())
        bytes *= static_cast<uint64_t>(*number);
      else
        factors += "*" + factorOf(size, program);
  }
  return std::to_string(bytes) + factors + " bytes";
}

void TransferPlanner::put(PlannedTransfer transfer, Place place) {
  std::visit(
      overloaded{[&](const Stmt *stmt) { plan.before[stmt].push_back(std::move(transfer)); },
                 [&](const Block *block) { plan.atEnd[block].push_back(std::move(transfer)); }},
      place);
}

void TransferPlanner::bring(Whereabouts &now, BufferId array, llvm::ArrayRef<size_t> storages,
                            Side to, Place place, const Cause &cause) {
  std::vector<Sides> &sides = now.sides.at(array);
  std::vector<size_t> missing;
  for (size_t each : storages)
    if (!(sides[each] & only(to)))
      missing.push_back(each);
  if (missing.empty())
    return;
  for (size_t each : missing)
    sides[each] |= only(to);
  if (isLooking)
    return;
  // A loop that counts the storages mentions them by its number only.
  auto base = numbers.current.find(array);
  bool all = missing.size() == sides.size();
  size_t count = all ? program[array].slots : missing.size();
  if (all && base == numbers.current.end())
    put({array, {}, {}, to, cause.loc}, place);
  else
    for (size_t each = 0; each < count; ++each)
      put({array,
           (base == numbers.current.end() ? Affine(0) : base->second) +
               static_cast<int64_t>(all ? each : missing[each]),
           {},
           to,
           cause.loc},
          place);
  report(now, array, count, to, cause, nullptr);
}

void TransferPlanner::bringElement(Whereabouts &now, const Demand &demand, Place place) {
  std::vector<size_t> storages = numbers.all(demand.array, demand.slot);
  const std::vector<Sides> &sides = now.sides.at(demand.array);
  if (llvm::all_of(storages, [&](size_t each) { return sides[each] & only(Side::Host); }))
    return;
  KnownElement element{demand.array, demand.slot, {}};
  for (const Scalar &index : demand.at)
    if (std::optional<Affine> form = asAffine(index))
      element.at.push_back(*form);
  bool isComparable = element.at.size() == demand.at.size();
  if (isComparable && llvm::is_contained(now.elements, element))
    return;
  if (isComparable)
    now.elements.push_back(element);
  if (isLooking)
    return;
  std::optional<Affine> slot;
  if (program[demand.array].slots > 1)
    slot = demand.slot;
  put({demand.array, slot, demand.at, Side::Host, demand.loc}, place);
  report(now, demand.array, 1, Side::Host, causeOf(demand), &demand);
}

void TransferPlanner::report(const Whereabouts &now, BufferId array, size_t storages, Side to,
                             const Cause &cause, const Demand *element) {
  std::string text = "%" + program[array].name;
  for (size_t dim = 0; element && dim < element->at.size(); ++dim) {
    std::optional<Affine> form = asAffine(element->at[dim]);
    text += (dim == 0 ? "[" : ", ") +
            (form ? toText(*form, program) : toText(element->at[dim], program));
  }
  text += element ? "]" : "";
  text += to == Side::Host ? " comes to the host" : " goes to the device";
  text += depth > 0 ? " at each iteration (" : " (";
  text += bytesText(program, array, storages, element) + "): " + cause.text;
  Side from = otherThan(to);
  auto stored = now.storedAt[static_cast<size_t>(from)].find(array);
  Loc other;
  if (stored != now.storedAt[static_cast<size_t>(from)].end())
    other = stored->second;
  std::string otherText =
      from == Side::Host ? "stored here on the host" : "stored here on the device";
  if (depth > 0 && !element)
    context.missed(cause.loc, text, other, other.isValid() ? otherText : "");
  else
    context.passed(cause.loc, text, other, other.isValid() ? otherText : "");
  context.count(element            ? "elements to the host"
                : to == Side::Host ? "transfers to the host"
                                   : "transfers to the device");
  if (depth > 0)
    context.count("transfers in loops");
}

} // namespace hpcc::ir
