//===- CanonicalizeState.cpp - what names stand for at a place of a program --------------===//

#include "CanonicalizeState.h"
#include "ir/Walk.h"

namespace hpcc::ir {

ViewMap identityMap(BufferId root, ArrayValue value, unsigned dims) {
  ViewMap map{root, value, {}};
  for (unsigned dim = 0; dim < dims; ++dim)
    map.dims.push_back({Affine(), 1, dim});
  return map;
}

/// form * factor, unless a number does not fit.
static std::optional<Affine> scaled(const Affine &form, int64_t factor) {
  int64_t product;
  if (__builtin_mul_overflow(form.constant, factor, &product))
    return std::nullopt;
  for (const AffineTerm &term : form.terms)
    if (__builtin_mul_overflow(term.coefficient, factor, &product))
      return std::nullopt;
  return form * factor;
}

using MapDims = std::optional<std::vector<ViewMap::Dim>>;

static MapDims dimsOf(const Permute &permute) {
  std::vector<ViewMap::Dim> dims(permute.order.size());
  for (unsigned dim = 0; dim < permute.order.size(); ++dim)
    dims[permute.order[dim]] = {Affine(), 1, dim};
  return dims;
}

static MapDims dimsOf(const Subscript &subscript) {
  std::vector<ViewMap::Dim> dims;
  unsigned next = 0;
  for (const ViewDim &viewDim : subscript.dims) {
    if (const auto *index = std::get_if<ViewIndex>(&viewDim)) {
      dims.push_back({index->at, 0, std::nullopt});
      continue;
    }
    unsigned dim = next++;
    const auto *slice = std::get_if<ViewSlice>(&viewDim);
    if (!slice)
      continue; // a new axis has no dimension of the base
    std::optional<int64_t> step = slice->step.asConstant();
    if (!step)
      return std::nullopt;
    dims.push_back({slice->start, *step, dim});
  }
  return dims;
}

static MapDims dimsOf(const Broadcast &broadcast, const Facts &facts,
                      llvm::ArrayRef<std::optional<Affine>> baseShape) {
  std::vector<ViewMap::Dim> dims;
  auto extra = static_cast<unsigned>(broadcast.shape.size() - baseShape.size());
  for (unsigned index = 0; index < baseShape.size(); ++index) {
    const std::optional<Affine> &had = baseShape[index];
    const Affine &size = broadcast.shape[extra + index];
    if (had && (*had == size || (facts.isAtMost(*had, size) && facts.isAtMost(size, *had))))
      dims.push_back({Affine(), 1, extra + index});
    else if (had && had->asConstant() == 1)
      dims.push_back({Affine(), 0, std::nullopt});
    else
      return std::nullopt;
  }
  return dims;
}

std::optional<ViewMap> mapOf(const ViewMap &baseMap, const View &view, const Facts &facts,
                             llvm::ArrayRef<std::optional<Affine>> baseShape) {
  MapDims dims =
      std::visit(overloaded{[](const Permute &form) { return dimsOf(form); },
                            [](const Subscript &form) { return dimsOf(form); },
                            [](const Reshape &) { return MapDims(); },
                            [&](const Broadcast &form) { return dimsOf(form, facts, baseShape); }},
                 view.form);
  if (!dims)
    return std::nullopt;
  ViewMap map{baseMap.root, baseMap.rootValue, {}};
  for (const ViewMap::Dim &outer : baseMap.dims) {
    if (!outer.dim) {
      map.dims.push_back(outer);
      continue;
    }
    const ViewMap::Dim &inner = (*dims)[*outer.dim];
    std::optional<Affine> start = scaled(inner.start, outer.step);
    int64_t step;
    if (!start || __builtin_mul_overflow(inner.step, outer.step, &step))
      return std::nullopt;
    map.dims.push_back({outer.start + *start, step, inner.dim});
  }
  return map;
}

std::optional<std::vector<Index>> composeIndices(const ViewMap &map,
                                                 const std::vector<Index> &indices) {
  std::vector<Index> composed;
  for (const ViewMap::Dim &dim : map.dims) {
    if (!dim.dim) {
      composed.push_back(dim.start);
      continue;
    }
    const Index &index = indices[*dim.dim];
    if (index.wrap) {
      if (dim.step != 1 || dim.start != Affine())
        return std::nullopt;
      composed.push_back(index);
      continue;
    }
    std::optional<Affine> offset = scaled(index.form, dim.step);
    if (!offset)
      return std::nullopt;
    composed.push_back(dim.start + *offset);
  }
  return composed;
}

std::optional<Subscript> asSubscript(const ViewMap &map, const std::vector<Affine> &shape) {
  Subscript subscript;
  unsigned next = 0; // the first dimension of the view that is not yet written
  auto addNewAxes = [&](unsigned end) {
    for (; next < end; ++next) {
      if (shape[next].asConstant() != 1)
        return false; // a repeated dimension
      subscript.dims.push_back(ViewNewAxis());
    }
    return true;
  };
  for (const ViewMap::Dim &dim : map.dims) {
    if (!dim.dim) {
      subscript.dims.push_back(ViewIndex{dim.start});
      continue;
    }
    if (*dim.dim < next || !addNewAxes(*dim.dim))
      return std::nullopt;
    subscript.dims.push_back(ViewSlice{dim.start, shape[next++], dim.step});
  }
  if (!addNewAxes(static_cast<unsigned>(shape.size())))
    return std::nullopt;
  return subscript;
}

bool isPure(const Scalar &value) {
  bool pure = true;
  forEachSubtree(value, [&](const Scalar &tree) {
    pure &= !std::holds_alternative<ScalarLoad>(tree.node) &&
            !std::holds_alternative<ScalarGather>(tree.node) &&
            !std::holds_alternative<ScalarDim>(tree.node) &&
            !std::holds_alternative<ScalarState>(tree.node);
  });
  return pure;
}

void collectChanges(const Block &block, Changes &changes) {
  forEachStmt(block, [&](const Stmt &stmt) {
    if (const auto *bind = std::get_if<Bind>(&stmt.node)) {
      changes.handles.insert(bind->handle);
    } else if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
      for (const Assign &assign : compute->body)
        changes.scalars.insert(assign.target.buffer);
    } else if (const auto *call = std::get_if<Call>(&stmt.node)) {
      changes.calls = true;
      changes.handles.insert(call->results.begin(), call->results.end());
      changes.scalars.insert(call->results.begin(), call->results.end());
    } else if (const auto *library = std::get_if<LibraryCall>(&stmt.node)) {
      for (const CallArgument &argument : library->arguments)
        if (const auto *buffer = std::get_if<BufferId>(&argument))
          changes.scalars.insert(*buffer);
    }
  });
}

} // namespace hpcc::ir
