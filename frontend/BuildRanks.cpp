// Communication between ranks: library calls in the order of the program.
//
// Values go out from scalar variables and arrays. What an operation brings waits in the runtime:
// the sizes of an array are asked for, then it is taken into fresh storage.

#include "frontend/BuildIR.h"

namespace hpcc::frontend {

using ir::LibraryFunction;
using typed::RankOperation;

/// The scalar variable or array that holds an operand.
static BufferId holderOf(Builder &builder, Value value, const Type &type) {
  const auto *scalarType = std::get_if<ScalarType>(&type);
  if (!scalarType)
    return builder.named(std::move(value), type);
  BufferId variable = builder.newScalar(scalarType->dtype, "sent");
  builder.set(variable, std::move(value.scalars.front()));
  return variable;
}

/// What waits in the runtime.
static Value takeResult(Builder &builder, const Type &type) {
  Value result;
  if (const auto *scalarType = std::get_if<ScalarType>(&type)) {
    BufferId variable = builder.newScalar(scalarType->dtype, "received");
    builder.emit(ir::LibraryCall{LibraryFunction::MpiTake, {variable}});
    result.scalars.push_back(ir::load(variable));
    return result;
  }
  const auto &arrayType = std::get<ArrayType>(type);
  std::vector<Affine> shape;
  for (unsigned dim = 0; dim < arrayType.dims; ++dim) {
    BufferId size = builder.newScalar(DType::I64, "size");
    builder.emit(ir::LibraryCall{LibraryFunction::MpiDim, {size, ir::constantInteger(dim)}});
    shape.push_back(builder.freeze(ir::load(size), "n"));
    builder.narrow(shape.back(), sizeInterval);
  }
  BufferId array = builder.newArray(arrayType.dtype, std::move(shape), {}, "received");
  builder.emit(ir::LibraryCall{LibraryFunction::MpiTake, {array}});
  result.array = array;
  return result;
}

Value Builder::lowerNode(const typed::Expr &expr, const typed::Communicate &node) {
  std::vector<const typed::Expr *> exprs;
  for (const typed::Expr &operand : node.operands)
    exprs.push_back(&operand);
  std::vector<Value> values = operands(exprs);
  auto holder = [&] { return holderOf(*this, std::move(values[0]), exprs[0]->type); };
  auto number = [&](size_t index) { return simple(std::move(values[index].scalars.front())); };
  Scalar reduction = ir::constantInteger(static_cast<int64_t>(node.reduction));
  auto question = [&](LibraryFunction function, DType type, llvm::StringRef name) {
    BufferId variable = newScalar(type, name);
    emit(ir::LibraryCall{function, {variable}});
    Value result;
    result.scalars.push_back(ir::load(variable));
    return result;
  };
  switch (node.operation) {
  case RankOperation::Rank:
    return question(LibraryFunction::MpiRank, DType::I64, "rank");
  case RankOperation::Size:
    return question(LibraryFunction::MpiSize, DType::I64, "ranks");
  case RankOperation::Time:
    return question(LibraryFunction::MpiTime, DType::F64, "clock");
  case RankOperation::Barrier:
    emit(ir::LibraryCall{LibraryFunction::MpiBarrier, {}});
    return {};
  case RankOperation::Finalize:
    emit(ir::LibraryCall{LibraryFunction::MpiFinalize, {}});
    return {};
  case RankOperation::Send: {
    BufferId operand = holder();
    Scalar dest = number(1), tag = number(2);
    emit(ir::LibraryCall{LibraryFunction::MpiSend, {operand, std::move(dest), std::move(tag)}});
    return {};
  }
  case RankOperation::Receive: {
    Scalar source = number(0), tag = number(1);
    emit(ir::LibraryCall{LibraryFunction::MpiReceive, {std::move(source), std::move(tag)}});
    break;
  }
  case RankOperation::Broadcast: {
    BufferId operand = holder();
    emit(ir::LibraryCall{LibraryFunction::MpiBroadcast, {operand, number(1)}});
    break;
  }
  case RankOperation::Reduce: {
    BufferId operand = holder();
    emit(ir::LibraryCall{LibraryFunction::MpiReduce, {operand, std::move(reduction), number(1)}});
    break;
  }
  case RankOperation::ReduceAll:
    emit(ir::LibraryCall{LibraryFunction::MpiReduceAll, {holder(), std::move(reduction)}});
    break;
  }
  return takeResult(*this, expr.type);
}

} // namespace hpcc::frontend
