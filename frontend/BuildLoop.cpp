// Loops: range loops over an iterator, loops over elements, while loops, break and continue.
//
// The iterator of a range loop is a symbol, so that subscripts with it are affine; the Python
// variable is stored at the start of each iteration and read only where the body assigns it.

#include "frontend/BuildIR.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::ScalarOp;

/// Whether the body, or a function that it may call, assigns the variable. Functions assign only
/// module variables, and one that another function assigns too is not constant anywhere.
static bool isAssigned(const Builder &builder, const typed::Block &body,
                       typed::VariableId variable) {
  bool assigned = false;
  auto look = [&](const typed::Stmt &stmt) {
    forEachAssigned(stmt, [&](typed::VariableId other) { assigned |= other == variable; });
  };
  forEachStmt(body, look);
  if (builder.variableOf(variable).global)
    for (const typed::Function &function : llvm::drop_begin(builder.module.functions))
      forEachStmt(function.body, look);
  return assigned;
}

/// The value of the loop variable for its type: a union's int is one of its alternatives.
static Value loopValueFor(const Type &type, ScalarType elementType, Scalar element) {
  Value value;
  auto *unionType = std::get_if<UnionType>(&type);
  if (!unionType) {
    value.scalars.push_back(std::move(element));
    return value;
  }
  auto alternative =
      llvm::find(unionType->alternatives, elementType) - unionType->alternatives.begin();
  value.scalars.push_back(ir::constantInteger(alternative));
  for (DType part : unionType->storage())
    value.scalars.push_back(ir::constantOf(part, int64_t(0)));
  value.scalars[1 + unionType->storageOf(static_cast<size_t>(alternative))] = std::move(element);
  return value;
}

/// The body of the innermost loop, in a block that `continue` leaves.
void Builder::lowerBody(const typed::Block &body) {
  ir::Block inner = inBlock([&] { lower(body); });
  if (std::optional<ir::LabelId> label = state.loops.back().continueLabel) {
    emit(ir::Labelled{*label, std::move(inner)});
    return;
  }
  for (ir::Stmt &stmt : inner)
    scopes.back().block->push_back(std::move(stmt));
}

/// Emits the loop and its else part, in a block that `break` leaves.
void Builder::finishLoop(decltype(ir::Stmt::node) loop, const typed::Block &otherwise) {
  std::optional<ir::LabelId> breakLabel = state.loops.back().breakLabel;
  state.loops.pop_back();
  if (!breakLabel) {
    emit(std::move(loop));
    lower(otherwise);
    return;
  }
  ir::Block inner = inBlock([&] {
    emit(std::move(loop));
    lower(otherwise);
  });
  emit(ir::Labelled{*breakLabel, std::move(inner)});
}

void Builder::lowerNode(const typed::Break &) {
  std::optional<ir::LabelId> &label = state.loops.back().breakLabel;
  if (!label)
    label = newLabel();
  emit(ir::Leave{*label});
}

void Builder::lowerNode(const typed::Continue &) {
  std::optional<ir::LabelId> &label = state.loops.back().continueLabel;
  if (!label)
    label = newLabel();
  emit(ir::Leave{*label});
}

//===------------------------------------------------------------------------------------------===//
// for .. in range(..)
//===------------------------------------------------------------------------------------------===//

namespace {

/// A range loop in normal form: an iterator over [lo, hi) and the variable's value in terms of it.
struct Trip {
  SymbolId iterator;
  Affine lo, hi, value;
};

} // namespace

/// Brings a stop so near that no loop that ends in this world sees the difference.
static Affine nearStop(Builder &builder, const Affine &stop) {
  if (builder.intervalOf(stop).within(smallInterval))
    return stop;
  return builder.maximumOf(builder.minimumOf(stop, smallInterval.hi, "stop"), smallInterval.lo,
                           "stop");
}

static Trip tripOf(Builder &builder, const Affine &start, const Affine &stop, const Affine &step,
                   llvm::StringRef name) {
  Interval first = builder.intervalOf(start), last = builder.intervalOf(stop);
  if (step == Affine(1)) {
    SymbolId iterator = builder.newSymbol(name, {first.lo, std::max(first.lo, last.hi - 1)});
    return {iterator, start, stop, iterator};
  }
  constexpr int64_t farStep = int64_t(1) << 62;
  Affine distance = stop - start, stride;
  Affine near = step;
  if (std::optional<int64_t> constant = step.asConstant()) {
    near = std::clamp(*constant, -farStep, farStep);
    bool forward = near.constant > 0;
    distance = builder.maximumOf(forward ? distance : distance * -1, 0, "distance");
    stride = forward ? near : near * -1;
  } else {
    near = builder.maximumOf(builder.minimumOf(step, farStep, "step"), -farStep, "step");
    Scalar forward = builder.compare(ScalarOp::Greater, near, Affine(0));
    distance = builder.maximumOf(builder.selectOf(forward, distance, distance * -1, "distance"), 0,
                                 "distance");
    stride = builder.maximumOf(builder.maximumOf(near, near * -1, "stride"), 1, "stride");
  }
  // ceil(distance / stride) without a sum that could overflow: (distance - 1) // stride + 1.
  Affine count =
      stride == Affine(1) ? distance : builder.floorDivide(distance - 1, stride, "count") + 1;
  SymbolId iterator =
      builder.newSymbol("trip", {0, std::max<int64_t>(builder.intervalOf(count).hi - 1, 0)});
  Trip trip{iterator, 0, count, {}};
  if (std::optional<int64_t> constant = near.asConstant())
    trip.value = start + Affine(iterator) * *constant;
  return trip;
}

/// What the variable of range(start, stop, step) can be inside the loop.
static Interval rangeInterval(const Builder &builder, const Affine &start, const Affine &stop,
                              const Affine &step) {
  Interval first = builder.intervalOf(start), end = builder.intervalOf(stop);
  Interval by = builder.intervalOf(step);
  end = {std::max(end.lo, smallInterval.lo), std::min(end.hi, smallInterval.hi)};
  return {by.lo > 0 ? first.lo : std::min(first.lo, end.lo + 1),
          by.hi < 0 ? first.hi : std::max(first.hi, end.hi - 1)};
}

void Builder::lowerNode(const typed::ForRange &node) {
  size_t count = temporaries();
  std::vector<Value> values = operands({&node.start, &node.stop, &node.step});
  Affine start = freeze(std::move(values[0].scalars.front()), "start");
  Affine stop = freeze(std::move(values[1].scalars.front()), "stop");
  Affine step = freeze(std::move(values[2].scalars.front()), "step");
  check(compare(ScalarOp::NotEqual, step, Affine(0)), "RangeStepZero");
  check(allOf({compare(ScalarOp::GreaterEqual, start, Affine(smallInterval.lo)),
               compare(ScalarOp::LessEqual, start, Affine(smallInterval.hi))}),
        "Unsupported", {}, "a range() that starts beyond 2**61");
  narrow(start, smallInterval);
  dropTemporaries(count);
  const typed::Variable &variable = variableOf(node.variable);
  Trip trip = tripOf(*this, start, nearStop(*this, stop), step, variable.name);

  state.loops.push_back({});
  bool isConstant = !isAssigned(*this, node.body, node.variable) && variable.type == Type(weakInt);
  std::optional<Affine> outer = loopValues[node.variable.index];
  ir::Block body = inBlock([&] {
    size_t factCount = facts.size();
    Affine value = trip.value;
    if (!step.isConstant()) {
      Scalar product = ir::apply(program, ScalarOp::Multiply,
                                 {ir::affineScalar(step), ir::affineScalar(trip.iterator)});
      value =
          freeze(ir::apply(program, ScalarOp::Add, {ir::affineScalar(start), std::move(product)}),
                 variable.name);
    }
    facts.push_back({value, rangeInterval(*this, start, stop, step)});
    assign(node.variable, loopValueFor(variable.type, weakInt, ir::affineScalar(value)));
    loopValues[node.variable.index] = isConstant ? std::optional(value) : std::nullopt;
    lowerBody(node.body);
    facts.resize(factCount);
  });
  loopValues[node.variable.index] = outer;
  ir::Axis axis{trip.iterator, trip.lo, trip.hi, 1, ir::AxisKind::Seq};
  finishLoop(ir::Loop{std::move(axis), ir::LoopRole::Seq, std::move(body)}, node.otherwise);
}

//===------------------------------------------------------------------------------------------===//
// for .. in sequence, while
//===------------------------------------------------------------------------------------------===//

/// The sequence is held in a handle of the function: a `return` inside the loop leaves it too.
void Builder::lowerNode(const typed::ForEach &node) {
  size_t count = temporaries();
  BufferId source = array(node.sequence);
  DType type = program[source].type;
  BufferId sequence = newFunctionHandle(type, 1, "each");
  emit(ir::Bind{sequence, source});
  dropTemporaries(count);
  Affine size = sizeOf(sequence, 0);
  SymbolId iterator = newSymbol("k", sizeInterval);

  state.loops.push_back({});
  ir::Block body = inBlock([&] {
    bool isList = std::holds_alternative<ListType>(node.sequence.type);
    Scalar element = ir::load(sequence, {iterator});
    assign(node.variable,
           loopValueFor(variableOf(node.variable).type, {type, isList}, std::move(element)));
    lowerBody(node.body);
  });
  ir::Axis axis{iterator, 0, size, 1, ir::AxisKind::Seq};
  finishLoop(ir::Loop{std::move(axis), ir::LoopRole::Seq, std::move(body)}, node.otherwise);
}

/// The test runs in the header; a variable holds its value if it needs temporaries.
void Builder::lowerNode(const typed::While &node) {
  std::optional<BufferId> variable;
  std::optional<Scalar> test;
  ir::Block header = inBlock([&] {
    Scalar tree = scalar(node.test);
    if (!scopes.back().block->empty()) {
      variable = program.addBuffer({"test", DType::Bool, ir::Storage::Own, 0, {}, 1, {}, {}});
      set(*variable, std::move(tree));
      tree = ir::load(*variable);
    }
    test = std::move(tree);
  });
  if (variable)
    emit(ir::Alloc{*variable});
  state.loops.push_back({});
  ir::Block body = inBlock([&] { lowerBody(node.body); });
  finishLoop(ir::While{std::move(header), std::move(*test), std::move(body)}, node.otherwise);
}

} // namespace hpcc::frontend
