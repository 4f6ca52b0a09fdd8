// Emitting statements: blocks, temporaries and their ends, the common small statements.

#include "frontend/BuildIR.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

/// A bind makes the sizes that were read from the handle stale; a call those of every global.
static void forgetSizes(Builder &builder, const ir::Stmt &stmt) {
  auto forget = [&](auto isStale) {
    for (Scope &scope : builder.scopes)
      llvm::erase_if(scope.sizes, [&](const auto &entry) { return isStale(entry.first.buffer); });
  };
  if (auto *bind = std::get_if<ir::Bind>(&stmt.node))
    forget([&](BufferId buffer) { return buffer == bind->handle; });
  else if (auto *call = std::get_if<ir::Call>(&stmt.node))
    forget([&](BufferId buffer) {
      return llvm::is_contained(call->results, buffer) ||
             llvm::is_contained(builder.program.globals, buffer);
    });
}

void Builder::emit(decltype(ir::Stmt::node) node, Loc loc) {
  ir::Stmt stmt{std::move(node), loc};
  forgetSizes(*this, stmt);
  scopes.back().block->push_back(std::move(stmt));
}

ir::Block Builder::inBlock(llvm::function_ref<void()> fill) {
  ir::Block block;
  scopes.push_back({&block, {}, {}, {}});
  fill();
  dropTemporaries(0);
  scopes.pop_back();
  return block;
}

void Builder::dropTemporaries(size_t count) {
  std::vector<BufferId> &open = scopes.back().temporaries;
  while (open.size() > count) {
    emit(ir::Drop{open.back()});
    open.pop_back();
  }
}

void Builder::check(Scalar condition, llvm::StringRef error, std::vector<Scalar> arguments,
                    std::string text) {
  if (auto *constant = std::get_if<ir::ScalarConstant>(&condition.node); constant && constant->bits)
    return;
  emit(ir::Check{std::move(condition), error.str(), std::move(arguments), std::move(text)});
}

void Builder::set(BufferId variable, Scalar value) {
  compute({}, {variable, std::nullopt, {}}, std::move(value));
}

void Builder::compute(std::vector<ir::Axis> axes, ir::Access target, Scalar value, ir::AssignOp op,
                      ir::ReductionOrder order) {
  ir::Assign assign{std::move(target), op, std::move(value), std::nullopt, order, {}, here};
  if (order == ir::ReductionOrder::Tree)
    for (const ir::Axis &axis : axes)
      if (axis.kind == ir::AxisKind::Red)
        assign.treeAxes.push_back(axis.iterator);
  ir::Compute node{std::move(axes), {}};
  node.body.push_back(std::move(assign));
  emit(std::move(node));
}

BufferId Builder::newScalar(DType type, llvm::StringRef name) {
  BufferId buffer = program.addBuffer({name.str(), type, ir::Storage::Own, 0, {}, 1, {}, {}});
  emit(ir::Alloc{buffer});
  return buffer;
}

BufferId Builder::newArray(DType type, std::vector<Affine> shape, llvm::ArrayRef<BufferId> like,
                           llvm::StringRef name) {
  auto dims = static_cast<unsigned>(shape.size());
  std::vector<BufferId> operands;
  if (dims >= 2)
    for (BufferId operand : like)
      if (!llvm::is_contained(operands, operand))
        operands.push_back(operand);
  BufferId buffer = program.addBuffer(
      {name.str(), type, ir::Storage::Own, dims, std::move(shape), 1, {}, std::move(operands)});
  emit(ir::Alloc{buffer});
  scopes.back().temporaries.push_back(buffer);
  return buffer;
}

BufferId Builder::newHandle(DType type, unsigned dims, llvm::StringRef name) {
  BufferId buffer = program.addBuffer({name.str(), type, ir::Storage::Handle, dims, {}, 1, {}, {}});
  emit(ir::Declare{buffer});
  scopes.back().temporaries.push_back(buffer);
  return buffer;
}

BufferId Builder::newFunctionHandle(DType type, unsigned dims, llvm::StringRef name) {
  BufferId buffer = program.addBuffer({name.str(), type, ir::Storage::Handle, dims, {}, 1, {}, {}});
  state.declarations.push_back({ir::Declare{buffer}, here});
  state.handles.push_back(buffer);
  return buffer;
}

BufferId Builder::newView(BufferId base, std::vector<Affine> shape, decltype(ir::View::form) form) {
  auto dims = static_cast<unsigned>(shape.size());
  BufferId buffer = program.addBuffer(
      {"v", program[base].type, ir::Storage::View, dims, std::move(shape), 1, {}, {}});
  emit(ir::View{buffer, base, std::move(form)});
  scopes.back().temporaries.push_back(buffer);
  return buffer;
}

SymbolId Builder::newSymbol(llvm::StringRef name, Interval interval) {
  SymbolId symbol = program.addSymbol(name.str());
  intervals.resize(program.symbols.size());
  depths.resize(program.symbols.size());
  intervals[symbol.index] = interval;
  depths[symbol.index] = scopes.size();
  return symbol;
}

std::vector<SymbolId> Builder::newAxes(size_t count) {
  static constexpr llvm::StringLiteral names[] = {"i", "j", "k", "l"};
  std::vector<SymbolId> axes;
  for (size_t dim = 0; dim < count; ++dim)
    axes.push_back(newSymbol(names[std::min<size_t>(dim, 3)], sizeInterval));
  return axes;
}

std::vector<ir::Axis> Builder::boxOf(llvm::ArrayRef<SymbolId> axes, llvm::ArrayRef<Affine> shape,
                                     ir::AxisKind kind) {
  std::vector<ir::Axis> box;
  for (auto [axis, size] : llvm::zip_equal(axes, shape))
    box.push_back({axis, 0, size, 1, kind});
  return box;
}

} // namespace hpcc::frontend
