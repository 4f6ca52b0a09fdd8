//===- Layout.cpp - what is known of the memory order of arrays ------------------------------===//

#include "Layout.h"
#include "HandleShapes.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <numeric>

namespace hpcc::ir {

Layouts::Layouts(const Program &program) : program(program) {
  forEachStmt(program, [&](const Stmt &stmt) {
    if (const auto *view = std::get_if<View>(&stmt.node))
      views.emplace(view->result, *view);
  });
  for (const Function &function : program.functions)
    assumeHandles(function);
}

/// By induction, as shapes are found: the order of the first array that a handle names is assumed,
/// and taken back where another one has not the same.
void Layouts::assumeHandles(const Function &function) {
  std::map<BufferId, std::vector<BufferId>> bindings = bindingsOf(program, function);
  for (auto &[handle, shape] : inferHandleShapes(program, function)) {
    shapes[handle] = shape;
    if (std::optional<MemoryOrder> order = orderOf(bindings.at(handle).front()))
      handles[handle] = *order;
  }
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto &[handle, sources] : bindings) {
      auto assumed = handles.find(handle);
      if (assumed == handles.end())
        continue;
      if (llvm::all_of(sources, [&](BufferId source) {
            std::optional<MemoryOrder> order = orderOf(source);
            return order && *order == assumed->second;
          }))
        continue;
      handles.erase(assumed);
      changed = true;
    }
  }
}

/// For each dimension of the base the one of the view that runs along it.
using Along = std::vector<std::optional<unsigned>>;

/// A slice of two elements or more, with whatever step, has a smaller stride than the dimensions
/// outside of it: its last element lies before their next.
static Along alongOf(const Subscript &subscript) {
  Along along;
  unsigned next = 0;
  for (const ViewDim &dim : subscript.dims) {
    if (std::holds_alternative<ViewIndex>(dim)) {
      along.push_back(std::nullopt);
      continue;
    }
    if (std::holds_alternative<ViewSlice>(dim))
      along.push_back(next);
    ++next;
  }
  return along;
}

static Along alongOf(const Permute &permute) {
  Along along(permute.order.size());
  for (unsigned dim = 0; dim < permute.order.size(); ++dim)
    along[permute.order[dim]] = dim;
  return along;
}

static std::optional<Along> alongOf(const Broadcast &broadcast, const std::vector<Affine> &base) {
  Along along;
  auto extra = static_cast<unsigned>(broadcast.shape.size() - base.size());
  for (unsigned dim = 0; dim < base.size(); ++dim) {
    if (base[dim] == broadcast.shape[extra + dim])
      along.push_back(extra + dim);
    else if (base[dim].asConstant() == 1)
      along.push_back(std::nullopt);
    else
      return std::nullopt;
  }
  return along;
}

std::optional<MemoryOrder> Layouts::orderOfOwn(BufferId buffer) const {
  const Buffer &row = program[buffer];
  MemoryOrder order;
  std::optional<std::vector<unsigned>> layout = row.like.empty() ? row.layout : resolveLike(buffer);
  if (!layout)
    return std::nullopt;
  order.dims = std::move(*layout);
  if (order.dims.empty()) {
    order.dims.resize(row.dims);
    std::iota(order.dims.begin(), order.dims.end(), 0u);
  }
  order.packed = true;
  return order;
}

std::optional<MemoryOrder> Layouts::orderOf(BufferId buffer) const {
  const Buffer &row = program[buffer];
  MemoryOrder order;
  if (row.storage == Storage::Own)
    return orderOfOwn(buffer);
  if (auto assumed = handles.find(buffer); assumed != handles.end())
    return assumed->second;
  auto found = views.find(buffer);
  if (found == views.end())
    return std::nullopt;
  const View &view = found->second;
  std::optional<MemoryOrder> base = orderOf(view.base);
  if (!base)
    return std::nullopt;
  std::optional<Along> along = std::visit(
      overloaded{[](const Subscript &form) { return std::optional(alongOf(form)); },
                 [](const Permute &form) { return std::optional(alongOf(form)); },
                 [](const Reshape &) { return std::optional<Along>(); },
                 [&](const Broadcast &form) { return alongOf(form, program[view.base].shape); }},
      view.form);
  if (!along)
    return std::nullopt;
  for (unsigned dim : base->dims)
    if (std::optional<unsigned> own = (*along)[dim])
      order.dims.push_back(*own);
  order.packed = base->packed && std::holds_alternative<Permute>(view.form);
  order.repeats = base->repeats || std::holds_alternative<Broadcast>(view.form);
  return order;
}

const std::vector<Affine> &Layouts::shapeOf(BufferId buffer) const {
  auto kept = shapes.find(buffer);
  return kept == shapes.end() ? program[buffer].shape : kept->second;
}

/// True if `dims` names dimensions in an order in which `all` names them too.
static bool isSubsequence(const std::vector<unsigned> &dims, const std::vector<unsigned> &all) {
  auto place = all.begin();
  return llvm::all_of(dims, [&](unsigned dim) {
    place = std::find(place, all.end(), dim);
    return place != all.end();
  });
}

std::optional<std::vector<unsigned>> Layouts::resolveLike(BufferId buffer) const {
  const Buffer &row = program[buffer];
  std::vector<unsigned> rowMajor(row.dims);
  std::iota(rowMajor.begin(), rowMajor.end(), 0u);
  // An operand of the result's shape decides; without one, C order where nothing speaks against it.
  std::vector<unsigned> layout = rowMajor;
  std::vector<std::vector<unsigned>> orders;
  for (BufferId operand : row.like) {
    std::optional<MemoryOrder> order = orderOf(operand);
    if (!order)
      return std::nullopt;
    unsigned missing = row.dims - program[operand].dims;
    for (unsigned &dim : order->dims)
      dim += missing;
    if (order->dims.size() == row.dims && shapeOf(operand) == row.shape)
      layout = order->dims;
    orders.push_back(std::move(order->dims));
  }
  for (const std::vector<unsigned> &order : orders)
    if (!isSubsequence(order, layout))
      return std::nullopt;
  return layout == rowMajor ? std::vector<unsigned>() : layout;
}

} // namespace hpcc::ir
