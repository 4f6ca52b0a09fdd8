//===- CanonicalizeRewrite.cpp - the forward walk of canonicalize: parts -----------------===//
//
// How names, affine forms and scalars inside a statement are rewritten by what is known.
//
//===-------------------------------------------------------------------------------------===//

#include "CanonicalizeWalk.h"
#include "ir/Simplify.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {

void CanonicalizeWalk::rewriteForm(Affine &form) const {
  Affine result(form.constant);
  bool changed = false;
  for (const AffineTerm &term : form.terms) {
    const std::optional<Affine> &value = letValues[term.symbol.index];
    changed |= value.has_value();
    result = result + (value ? *value : Affine(term.symbol)) * term.coefficient;
  }
  if (changed)
    form = std::move(result);
}

void CanonicalizeWalk::rewriteBound(Bound &bound) const {
  std::vector<Affine> forms;
  for (Affine &form : bound.forms) {
    rewriteForm(form);
    if (!llvm::is_contained(forms, form))
      forms.push_back(std::move(form));
  }
  bound.forms = std::move(forms);
}

void CanonicalizeWalk::rewriteName(BufferId &buffer) {
  if (program[buffer].storage != Storage::Handle)
    return;
  ArrayValue value = valueOf(buffer);
  if (value.kind != ArrayValue::Kind::Named || value.name == buffer ||
      !bufferInScope[value.name.index])
    return;
  buffer = value.name;
  context.count("uses of handles resolved");
}

const ViewMap *CanonicalizeWalk::mapHere(BufferId view) {
  auto found = views.find(view);
  if (found == views.end() || !bufferInScope[view.index])
    return nullptr;
  const ViewMap &map = found->second;
  return bufferInScope[map.root.index] && valueOf(map.root) == map.rootValue ? &map : nullptr;
}

void CanonicalizeWalk::rewriteAccess(Access &access) {
  rewriteName(access.buffer);
  forEachAffine(access, [&](Affine &form) { rewriteForm(form); });
  const ViewMap *map = mapHere(access.buffer);
  if (!map)
    return;
  std::optional<std::vector<Index>> indices = composeIndices(*map, access.indices);
  if (!indices)
    return;
  access.indices = std::move(*indices);
  access.buffer = map->root;
  context.count("accesses through views composed");
}

std::optional<Affine> CanonicalizeWalk::sizeOf(BufferId buffer, unsigned dim) {
  if (program[buffer].storage != Storage::Handle)
    return program[buffer].shape[dim];
  ArrayValue value = valueOf(buffer);
  if (value.kind == ArrayValue::Kind::Named && value.name != buffer)
    return sizeOf(value.name, dim);
  auto found = sizes.find({value, dim});
  if (found == sizes.end() || !isInScope(found->second))
    return std::nullopt;
  return found->second;
}

/// A gather at affine indices is an ordinary access; one through a view is one of its root.
void CanonicalizeWalk::rewriteGather(Scalar &scalar) {
  auto &gather = std::get<ScalarGather>(scalar.node);
  rewriteName(gather.buffer);
  Access access{gather.buffer, std::nullopt, {}};
  for (const Scalar &index : gather.indices)
    if (std::optional<Affine> form = asAffine(index))
      access.indices.push_back(*form);
  if (access.indices.size() == gather.indices.size()) {
    rewriteAccess(access);
    scalar.node = ScalarLoad{std::move(access)};
    return;
  }
  const ViewMap *map = mapHere(gather.buffer);
  if (!map)
    return;
  std::vector<Scalar> indices;
  for (const ViewMap::Dim &dim : map->dims) {
    Scalar index = affineScalar(dim.start);
    if (dim.dim) {
      Scalar offset = gather.indices[*dim.dim];
      if (dim.step != 1)
        offset = apply(program, ScalarOp::Multiply, {offset, constantInteger(dim.step)});
      index = apply(program, ScalarOp::Add, {std::move(index), std::move(offset)});
      simplify(index, facts);
    }
    indices.push_back(std::move(index));
  }
  gather = {map->root, std::move(indices)};
}

void CanonicalizeWalk::rewriteLeaf(Scalar &scalar) {
  if (auto *affine = std::get_if<ScalarAffine>(&scalar.node)) {
    Affine form = affine->form;
    rewriteForm(form);
    scalar = affineScalar(form);
  } else if (auto *load = std::get_if<ScalarLoad>(&scalar.node)) {
    rewriteAccess(load->access);
    if (auto known = state.scalars.find(load->access.buffer);
        known != state.scalars.end() && load->access.indices.empty())
      scalar = Scalar(known->second);
  } else if (std::holds_alternative<ScalarGather>(scalar.node)) {
    rewriteGather(scalar);
  } else if (auto *dim = std::get_if<ScalarDim>(&scalar.node)) {
    rewriteName(dim->buffer);
    if (std::optional<Affine> size = sizeOf(dim->buffer, dim->dim))
      scalar = affineScalar(*size);
  } else if (auto *asked = std::get_if<ScalarState>(&scalar.node);
             asked && asked->question == StateQuestion::Even) {
    rewriteName(asked->buffer);
    if (program[asked->buffer].storage == Storage::Own && isRowMajor(asked->buffer))
      scalar = constantBool(true);
  } else if (auto *bound = std::get_if<ScalarState>(&scalar.node)) {
    ArrayValue value = valueOf(bound->buffer);
    if (value.kind != ArrayValue::Kind::Opaque && boundNames.count(bound->buffer))
      scalar = constantBool(value.kind == ArrayValue::Kind::Named);
  }
}

void CanonicalizeWalk::rewriteScalar(Scalar &scalar) {
  ir::rewriteScalar(scalar, [&](Scalar &tree) {
    rewriteLeaf(tree);
    simplifyNode(tree, facts);
  });
}

void CanonicalizeWalk::rewriteArguments(std::vector<CallArgument> &arguments) {
  for (CallArgument &argument : arguments) {
    if (auto *scalar = std::get_if<Scalar>(&argument))
      rewriteScalar(*scalar);
    else if (auto *buffer = std::get_if<BufferId>(&argument))
      rewriteName(*buffer);
  }
}

/// True if the strides of the operand do not grow from one dimension to the next, so that order 'K'
/// of row-major operands alone is row-major.
bool CanonicalizeWalk::isRowMajor(BufferId operand) {
  const Buffer &buffer = program[operand];
  if (buffer.storage == Storage::Own)
    return buffer.layout.empty() && buffer.like.empty();
  const ViewMap *map = buffer.storage == Storage::View ? mapHere(operand) : nullptr;
  if (!map || program[map->root].storage != Storage::Own || !isRowMajor(map->root))
    return false;
  unsigned next = 0;
  for (const ViewMap::Dim &dim : map->dims) {
    if (!dim.dim)
      continue;
    if (*dim.dim < next || dim.step <= 0)
      return false;
    next = *dim.dim + 1;
  }
  return true;
}

void CanonicalizeWalk::simplifyLike(Alloc &alloc) {
  std::vector<BufferId> &like = program[alloc.buffer].like;
  if (like.empty() || !llvm::all_of(like, [&](BufferId operand) { return isRowMajor(operand); }))
    return;
  like.clear();
  context.count("layouts known to be row-major");
}

bool CanonicalizeWalk::isChanged(BufferId buffer, const Changes &changes) const {
  return changes.handles.count(buffer) || changes.scalars.count(buffer) ||
         (changes.calls && changedGlobals.count(buffer));
}

Block CanonicalizeWalk::letsBefore(const Block &body, const Changes &changes, Loc loc) {
  std::vector<Scalar> values;
  auto add = [&](const Scalar &value) {
    if (!llvm::is_contained(values, value))
      values.push_back(value);
  };
  auto look = [&](const Scalar &tree) {
    if (const auto *load = std::get_if<ScalarLoad>(&tree.node)) {
      BufferId variable = load->access.buffer;
      const Buffer &row = program[variable];
      if (row.storage == Storage::Own && row.dims == 0 && row.type == DType::I64 &&
          bufferInScope[variable.index] && !aliased.count(variable) &&
          !state.scalars.count(variable) && !isChanged(variable, changes))
        add(tree);
    } else if (const auto *dim = std::get_if<ScalarDim>(&tree.node)) {
      // Stores to elements change no size.
      bool isRebound = changes.handles.count(dim->buffer) ||
                       (changes.calls && changedGlobals.count(dim->buffer));
      if (program[dim->buffer].storage == Storage::Handle && bufferInScope[dim->buffer.index] &&
          !isRebound && valueOf(dim->buffer).bound && !sizeOf(dim->buffer, dim->dim))
        add(tree);
    }
  };
  auto isFixed = [&](const Scalar &value) {
    bool fixed = isPure(value) && !canRaise(value) && !asAffine(value);
    forEachAffine(value, [&](const Affine &form) { fixed &= isInScope(form); });
    return fixed && llvm::none_of(numbered, [&](const auto &n) { return n.first == value; });
  };
  forEachStmt(body, [&](const Stmt &stmt) {
    const auto *let = std::get_if<Let>(&stmt.node);
    if (let && isFixed(let->value))
      add(let->value);
    forEachScalar(stmt, [&](const Scalar &scalar) { forEachSubtree(scalar, look); });
  });
  Block lets;
  for (Scalar &value : values) {
    std::string name = "fixed";
    if (const auto *load = std::get_if<ScalarLoad>(&value.node))
      name = program[load->access.buffer].name;
    else if (const auto *dim = std::get_if<ScalarDim>(&value.node))
      name = program[dim->buffer].name;
    SymbolId symbol = program.addSymbol(std::move(name));
    letValues.resize(program.symbols.size());
    symbolInScope.resize(program.symbols.size());
    lets.push_back({Let{symbol, std::move(value)}, loc});
  }
  return lets;
}

} // namespace hpcc::ir
