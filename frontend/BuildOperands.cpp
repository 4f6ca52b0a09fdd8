// Order of evaluation: values that wait, and what makes them evaluate.
//
// A Value is a promise: its trees are evaluated where they are used. Between its making and its use
// the builder may emit statements for later operands. If these can change what the value reads, or
// if their output or errors could be seen in the wrong order because the value itself can raise,
// the value is stored before them. That rule is written once, in `operands`.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::overloaded;

Value Builder::value(const typed::Expr &expr) {
  Loc outer = here;
  here = expr.loc;
  Value result = std::visit([&](const auto &node) { return lowerNode(expr, node); }, expr.node);
  here = outer;
  return result;
}

namespace {

/// What running statements does that a waiting value may notice.
struct Changes {
  std::vector<BufferId> written; // scalar variables and handles
  bool writesArrays = false, calls = false, isSeen = false;
};

/// What a waiting value reads.
struct Reads {
  std::vector<BufferId> names; // scalar variables and handles
  bool arrays = false, raises = false;
};

} // namespace

static Changes changesOf(llvm::ArrayRef<ir::Stmt> stmts, const ir::Program &program) {
  Changes changes;
  auto visit = [&](const ir::Stmt &stmt) {
    ir::forEachScalar(stmt, [&](const Scalar &tree) { changes.isSeen |= ir::canRaise(tree); });
    std::visit(
        overloaded{[&](const ir::Compute &node) {
                     for (const ir::Assign &assign : node.body) {
                       const ir::Buffer &target = program[assign.target.buffer];
                       if (target.storage != ir::Storage::Own)
                         changes.writesArrays = true;
                       else if (target.dims == 0)
                         changes.written.push_back(assign.target.buffer);
                     }
                   },
                   [&](const ir::Bind &node) { changes.written.push_back(node.handle); },
                   [&](const ir::Call &node) {
                     changes.calls = changes.writesArrays = changes.isSeen = true;
                     llvm::append_range(changes.written, node.results);
                   },
                   [&](const ir::LibraryCall &) { changes.isSeen = true; },
                   [&](const ir::Alloc &node) { changes.isSeen |= program[node.buffer].dims > 0; },
                   [&](const ir::Check &) { changes.isSeen = true; },
                   [&](const ir::While &) { changes.isSeen = true; }, [](const auto &) {}},
        stmt.node);
  };
  for (const ir::Stmt &stmt : stmts) {
    visit(stmt);
    ir::forEachInnerBlock(stmt, [&](const ir::Block &block) { ir::forEachStmt(block, visit); });
  }
  return changes;
}

static void addReads(Reads &reads, const Scalar &tree, const ir::Program &program) {
  reads.raises |= ir::canRaise(tree);
  auto read = [&](BufferId buffer) {
    reads.names.push_back(buffer);
    reads.arrays |= program[buffer].dims > 0;
  };
  ir::forEachSubtree(tree, [&](const Scalar &part) {
    if (auto *load = std::get_if<ir::ScalarLoad>(&part.node))
      read(load->access.buffer);
    else if (auto *gather = std::get_if<ir::ScalarGather>(&part.node))
      read(gather->buffer);
    else if (auto *dim = std::get_if<ir::ScalarDim>(&part.node))
      reads.names.push_back(dim->buffer);
    else if (auto *bound = std::get_if<ir::ScalarState>(&part.node))
      reads.names.push_back(bound->buffer);
  });
}

bool Builder::disturbs(llvm::ArrayRef<ir::Stmt> stmts, const Value &value) const {
  Reads reads;
  for (const Scalar &tree : value.scalars)
    addReads(reads, tree, program);
  if (value.array && program[*value.array].storage == ir::Storage::Handle)
    reads.names.push_back(*value.array);
  if (value.elements) {
    addReads(reads, value.elements->value, program);
    reads.arrays = true;
    llvm::append_range(reads.names, value.elements->operands);
  }
  if (reads.names.empty() && !reads.raises && !reads.arrays)
    return false;
  Changes changes = changesOf(stmts, program);
  if ((reads.raises && changes.isSeen) || (reads.arrays && changes.writesArrays))
    return true;
  return llvm::any_of(reads.names, [&](BufferId name) {
    return llvm::is_contained(changes.written, name) ||
           (changes.calls && llvm::is_contained(program.globals, name));
  });
}

/// Evaluates the expressions from left to right. Each value still waits, but holds what Python
/// would have found when it was that operand's turn.
std::vector<Value> Builder::operands(llvm::ArrayRef<const typed::Expr *> exprs) {
  std::vector<Value> values;
  std::vector<size_t> ends; // of each operand's statements in the current block
  for (const typed::Expr *expr : exprs) {
    size_t begin = scopes.back().block->size();
    values.push_back(value(*expr));
    ir::Block &block = *scopes.back().block;
    ends.push_back(block.size());
    if (block.size() == begin)
      continue;
    for (size_t earlier = values.size() - 1; earlier-- > 0;) {
      llvm::ArrayRef<ir::Stmt> since(block);
      if (!disturbs(since.drop_front(ends[earlier]), values[earlier]))
        continue;
      ir::Block stored;
      std::swap(stored, block);
      values[earlier] = store(std::move(values[earlier]), exprs[earlier]->type);
      std::swap(stored, block);
      size_t count = stored.size();
      block.insert(block.begin() + static_cast<ptrdiff_t>(ends[earlier]),
                   std::make_move_iterator(stored.begin()), std::make_move_iterator(stored.end()));
      for (size_t later = earlier; later < ends.size(); ++later)
        ends[later] += count;
    }
  }
  return values;
}

Scalar Builder::store(Scalar tree) {
  DType type = ir::typeOf(tree, program);
  if (type == DType::I64)
    return ir::affineScalar(freeze(std::move(tree), "s"));
  BufferId variable = newScalar(type, "s");
  set(variable, std::move(tree));
  return ir::load(variable);
}

Value Builder::store(Value value, const Type &type) {
  for (Scalar &tree : value.scalars) {
    Reads reads;
    addReads(reads, tree, program);
    if (reads.raises || reads.arrays || !reads.names.empty())
      tree = store(std::move(tree));
  }
  if (value.elements)
    return {{}, named(std::move(value), type), std::nullopt};
  if (value.array && program[*value.array].storage == ir::Storage::Handle) {
    const ir::Buffer &handle = program[*value.array];
    BufferId held = newHandle(handle.type, handle.dims, handle.name);
    emit(ir::Bind{held, *value.array});
    value.array = held;
  }
  return value;
}

Scalar Builder::simple(Scalar tree) {
  bool isSimple = std::holds_alternative<ir::ScalarConstant>(tree.node) ||
                  std::holds_alternative<ir::ScalarAffine>(tree.node);
  if (auto *load = std::get_if<ir::ScalarLoad>(&tree.node))
    isSimple = load->access.indices.empty();
  return isSimple ? std::move(tree) : store(std::move(tree));
}

std::vector<DType> Builder::partsOf(const Type &type) const {
  if (auto *scalarType = std::get_if<ScalarType>(&type))
    return {scalarType->dtype};
  std::vector<DType> parts;
  if (auto *unionType = std::get_if<UnionType>(&type)) {
    parts.push_back(DType::I64);
    llvm::append_range(parts, unionType->storage());
  }
  return parts;
}

/// Constants come last: the part of a union that is made from another part of the same variable
/// reads it before it is cleared.
void Builder::assign(const Place &place, Value value) {
  for (bool constants : {false, true})
    for (auto [variable, tree] : llvm::zip_equal(place.scalars, value.scalars))
      if (std::holds_alternative<ir::ScalarConstant>(tree.node) == constants)
        set(variable, tree);
  if (place.handle)
    emit(ir::Bind{*place.handle, *value.array});
  if (place.boundFlag)
    set(*place.boundFlag, ir::constantBool(true));
}

void Builder::assign(typed::VariableId variable, Value value) {
  if (value.elements)
    value = {{}, named(std::move(value), variableOf(variable).type), std::nullopt};
  assign(placeOf(variable), std::move(value));
}

} // namespace hpcc::frontend
