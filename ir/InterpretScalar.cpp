//===- InterpretScalar.cpp - evaluation of scalar expressions -------------------------------===//

#include "InterpretMachine.h"
#include "Walk.h"
#include "llvm/Support/FormatVariadic.h"

namespace hpcc::ir {

int64_t Machine::valueOf(const Affine &form) {
  return ir::evaluate(form, [&](SymbolId symbol) { return frame->symbols[symbol.index]; });
}

int64_t Machine::evaluateInteger(const Scalar &scalar) {
  ScalarConstant value = evaluate(scalar);
  return stopped ? 0 : asInteger(value);
}

ScalarConstant Machine::take(const Evaluated &evaluated, Loc loc) {
  if (evaluated.raised())
    raise(evaluated.errorId, evaluated.arguments, loc.isValid() ? loc : here);
  return evaluated.value;
}

ScalarConstant Machine::evaluate(const Scalar &scalar) {
  if (stopped)
    return {};
  auto readAt = [&](std::optional<Cell> cell) { return cell ? load(*cell) : ScalarConstant(); };
  return std::visit(
      overloaded{[&](const ScalarConstant &node) { return node; },
                 [&](const ScalarAffine &node) {
                   return ScalarConstant{DType::I64, static_cast<uint64_t>(valueOf(node.form))};
                 },
                 [&](const ScalarLoad &node) { return readAt(locate(node.access)); },
                 [&](const ScalarGather &node) {
                   llvm::SmallVector<int64_t, 4> indices;
                   for (const Scalar &index : node.indices)
                     indices.push_back(evaluateInteger(index));
                   return stopped ? ScalarConstant()
                                  : readAt(locate(node.buffer, indices, std::nullopt));
                 },
                 [&](const ScalarDim &node) {
                   const Array *array = arrayOf(node.buffer);
                   int64_t size = array ? array->shape[node.dim] : 0;
                   return ScalarConstant{DType::I64, static_cast<uint64_t>(size)};
                 },
                 [&](const ScalarState &node) {
                   if (node.question == StateQuestion::Even) {
                     const Array *array = arrayOf(node.buffer);
                     return ScalarConstant{DType::Bool, array && isEven(*array)};
                   }
                   bool bound = nameOf(node.buffer).state == Name::State::Live;
                   return ScalarConstant{DType::Bool, bound};
                 },
                 [&](const ScalarCast &node) {
                   ScalarConstant operand = evaluate(node.operand.front());
                   if (stopped)
                     return ScalarConstant();
                   return take(evaluateCast(node.type, node.checked, operand), node.loc);
                 },
                 [&](const ScalarApply &node) {
                   llvm::SmallVector<ScalarConstant, 3> operands;
                   for (const Scalar &operand : node.operands)
                     operands.push_back(evaluate(operand));
                   if (stopped)
                     return ScalarConstant();
                   return take(evaluateApply(node.op, node.checked, node.type, operands), node.loc);
                 }},
      scalar.node);
}

std::optional<Cell> Machine::locate(const Access &access) {
  llvm::SmallVector<int64_t, 4> indices;
  for (const Index &index : access.indices) {
    int64_t value = valueOf(index.form);
    if (index.wrap) {
      int64_t size = valueOf(*index.wrap);
      if (size <= 0) {
        fault("an index wraps at a size that is not positive");
        return std::nullopt;
      }
      value %= size;
      value += value < 0 ? size : 0;
    }
    indices.push_back(value);
  }
  std::optional<int64_t> slot;
  if (access.slot)
    slot = valueOf(*access.slot);
  return locate(access.buffer, indices, slot);
}

std::optional<Cell> Machine::locate(BufferId buffer, llvm::ArrayRef<int64_t> indices,
                                    std::optional<int64_t> slot) {
  const Array *array = arrayOf(buffer);
  if (!array)
    return std::nullopt;
  if (array->outside) {
    fault(llvm::formatv("%{0} lies outside of its array", program[buffer].name).str());
    return std::nullopt;
  }
  int64_t element = array->offset;
  for (size_t dim = 0; dim < indices.size(); ++dim) {
    int64_t index = indices[dim], size = array->shape[dim];
    if (index < 0 || index >= size) {
      fault(llvm::formatv("index {0} of dimension {1} of %{2} is out of bounds for size {3}", index,
                          dim, program[buffer].name, size)
                .str());
      return std::nullopt;
    }
    element += index * array->stride[dim];
  }
  if (array->slots > 1) {
    int64_t current = (array->storage->currentSlot + slot.value_or(0)) % array->slots;
    element += (current < 0 ? current + array->slots : current) * array->slotSize;
  }
  return Cell{array->storage.get(), element};
}

ScalarConstant Machine::load(Cell cell) {
  if (watch && !watch->touch(cell, false))
    fault("a point of a par axis reads a cell that another point stores");
  if (team && !team->touch(cell, false))
    fault("a thread reads a cell that another one stores, without a barrier between");
  if (!cell.storage->upToDate.empty())
    expectUpToDate(cell);
  return cell.storage->load(cell.element);
}

void Machine::store(Cell cell, const ScalarConstant &value) {
  if (watch && !watch->touch(cell, true))
    fault("a point of a par axis stores a cell that another point touches");
  if (team && !team->touch(cell, true))
    fault("a thread stores a cell that another one touches, without a barrier between");
  if (!cell.storage->upToDate.empty())
    markStored(cell);
  cell.storage->store(cell.element, value);
}

} // namespace hpcc::ir
