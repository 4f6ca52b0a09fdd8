//===- EmitTree.cpp - sums in NumPy's pairwise order -----------------------------------------===//
//
// A sum with the order `tree` becomes two functions: one that computes the k-th value, inlined into
// one that adds values up by the recursion of runtime/math/Sum.h: up to seven in order, up to 128
// by eight accumulators, more as two halves of which the first is a multiple of eight. What the
// value needs (sizes, addresses, scalars) is captured as parameters.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <array>
#include <set>

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::SymbolId;

namespace {

/// What the value of a sum is made of, as values of the surrounding function.
struct Captures {
  SmallVector<Value *, 16> values;
  /// Copies of these into the inner function; each takes the parameter of a captured value.
  std::vector<std::function<void(FunctionState &, function_ref<Value *(Value *)>)>> restores;

  void add(Value *value) {
    if (value && !isa<Constant>(value) && !is_contained(values, value))
      values.push_back(value);
  }
};

/// One axis of the tree: its iterator's values are lo + step * index for index < count.
struct TreeAxis {
  SymbolId iterator;
  Value *lo, *count;
  int64_t step;
};

std::set<SymbolId> symbolsOf(const ir::Scalar &value) {
  std::set<SymbolId> symbols;
  ir::forEachAffine(value, [&](const ir::Affine &form) {
    for (const ir::AffineTerm &term : form.terms)
      symbols.insert(term.symbol);
  });
  return symbols;
}

std::set<BufferId> buffersOf(const ir::Scalar &value) {
  std::set<BufferId> buffers;
  ir::forEachSubtree(value, [&](const ir::Scalar &tree) {
    std::visit(
        ir::overloaded{[&](const ir::ScalarLoad &node) { buffers.insert(node.access.buffer); },
                       [&](const ir::ScalarGather &node) { buffers.insert(node.buffer); },
                       [&](const ir::ScalarDim &node) { buffers.insert(node.buffer); },
                       [&](const ir::ScalarBound &node) { buffers.insert(node.buffer); },
                       [](const auto &) {}},
        tree.node);
  });
  return buffers;
}

void captureBuffer(FunctionState &state, BufferId buffer, Captures &captures) {
  if (state.variables.contains(buffer.index)) {
    Type *type = memoryType(state.module, state.program()[buffer].type);
    Value *now = state.builder.CreateLoad(type, state.variables.lookup(buffer.index));
    captures.add(now);
    captures.restores.push_back([=](FunctionState &inner, auto parameterOf) {
      Value *memory = createVariable(inner, buffer);
      inner.builder.CreateStore(parameterOf(now), memory);
    });
    return;
  }
  auto known = state.arrays.find(buffer.index);
  if (known == state.arrays.end())
    return; // a global scalar: the inner function reads it itself
  Descriptor array = known->second;
  for (Value *part : {array.object, array.data, array.slotSize, array.slot})
    captures.add(part);
  for (Value *part : concat<Value *>(array.shape, array.stride))
    captures.add(part);
  captures.restores.push_back([=](FunctionState &inner, auto parameterOf) {
    Descriptor copy = array;
    for (Value **part : {&copy.object, &copy.data, &copy.slotSize, &copy.slot})
      *part = parameterOf(*part);
    for (Value *&part : copy.shape)
      part = parameterOf(part);
    for (Value *&part : copy.stride)
      part = parameterOf(part);
    copy.scope = nullptr; // belongs to the outer function
    inner.arrays[buffer.index] = copy;
  });
}

Captures captureValue(FunctionState &state, const ir::Assign &assign, ArrayRef<TreeAxis> axes) {
  Captures captures;
  for (const TreeAxis &axis : axes) {
    captures.add(axis.lo);
    captures.add(axis.count);
  }
  for (SymbolId symbol : symbolsOf(assign.value)) {
    if (is_contained(assign.treeAxes, symbol))
      continue;
    Value *value = state.symbols.lookup(symbol.index);
    captures.add(value);
    captures.restores.push_back([=](FunctionState &inner, auto parameterOf) {
      inner.symbols[symbol.index] = parameterOf(value);
    });
  }
  for (BufferId buffer : buffersOf(assign.value))
    captureBuffer(state, buffer, captures);
  return captures;
}

/// A function of leading i64 parameters and the captured values.
Function *createFunction(FunctionState &state, const Twine &name, unsigned leading, Type *result,
                         const Captures &captures) {
  SmallVector<Type *, 16> parameters(leading, state.builder.getInt64Ty());
  for (Value *value : captures.values)
    parameters.push_back(value->getType());
  auto *function = Function::Create(FunctionType::get(result, parameters, false),
                                    GlobalValue::InternalLinkage, name, state.module.module);
  function->setDoesNotThrow();
  return function;
}

/// value(k): the k-th value in the order of the tree axes, the last running fastest.
Function *createValueFunction(FunctionState &state, const ir::Assign &assign,
                              ArrayRef<TreeAxis> axes, const Captures &captures,
                              const Twine &name) {
  Type *type = valueType(state.module, state.program()[assign.target.buffer].type);
  Function *function = createFunction(state, name, 1, type, captures);
  function->addFnAttr(Attribute::AlwaysInline);
  FunctionState inner(state.module, state.source, function);
  inner.builder.SetInsertPoint(BasicBlock::Create(state.module.context, "entry", function));
  auto parameterOf = [&](Value *value) -> Value * {
    auto *found = find(captures.values, value);
    if (found == captures.values.end())
      return value;
    return function->getArg(1 + static_cast<unsigned>(found - captures.values.begin()));
  };
  for (const auto &restore : captures.restores)
    restore(inner, parameterOf);
  IRBuilder<> &builder = inner.builder;
  Value *rest = function->getArg(0);
  for (size_t position = axes.size(); position-- > 0;) {
    const TreeAxis &axis = axes[position];
    Value *index = rest;
    if (position > 0) {
      Value *count = parameterOf(axis.count);
      index = builder.CreateURem(rest, count);
      rest = builder.CreateUDiv(rest, count);
    }
    Value *scaled = builder.CreateMul(index, builder.getInt64(axis.step), "", false, true);
    inner.symbols[axis.iterator.index] =
        builder.CreateAdd(parameterOf(axis.lo), scaled, "", false, true);
  }
  builder.CreateRet(emitScalar(inner, assign.value));
  return function;
}

/// The code of tree(first, count, captures..).
class TreeBuilder {
public:
  TreeBuilder(Function *tree, Function *value)
      : tree(tree), value(value), builder(tree->getContext()), first(tree->getArg(0)),
        count(tree->getArg(1)) {
    for (unsigned i = 2; i < tree->arg_size(); ++i)
      captured.push_back(tree->getArg(i));
  }

  void emit() {
    builder.SetInsertPoint(block("entry"));
    BasicBlock *few = block("few"), *more = block("more");
    BasicBlock *leaf = block("leaf"), *split = block("split");
    builder.CreateCondBr(builder.CreateICmpSLT(count, builder.getInt64(8)), few, more);
    builder.SetInsertPoint(more);
    builder.CreateCondBr(builder.CreateICmpSLE(count, builder.getInt64(128)), leaf, split);
    builder.SetInsertPoint(few);
    emitFew();
    builder.SetInsertPoint(leaf);
    emitLeaf();
    builder.SetInsertPoint(split);
    emitSplit();
  }

private:
  BasicBlock *block(const Twine &name) {
    return BasicBlock::Create(tree->getContext(), name, tree);
  }

  Value *valueAt(Value *position) {
    SmallVector<Value *, 16> arguments = {builder.CreateAdd(first, position, "", true, true)};
    append_range(arguments, captured);
    return builder.CreateCall(value, arguments);
  }

  /// sum + value(from) + .. + value(to - 1), in order; returns.
  void returnSum(Value *sum, Value *from, Value *to) {
    BasicBlock *before = builder.GetInsertBlock();
    BasicBlock *loop = block("add"), *end = block("added");
    builder.CreateCondBr(builder.CreateICmpSLT(from, to), loop, end);
    builder.SetInsertPoint(loop);
    PHINode *position = builder.CreatePHI(builder.getInt64Ty(), 2);
    PHINode *partial = builder.CreatePHI(sum->getType(), 2);
    position->addIncoming(from, before);
    partial->addIncoming(sum, before);
    Value *added = builder.CreateFAdd(partial, valueAt(position));
    Value *next = builder.CreateAdd(position, builder.getInt64(1), "", true, true);
    BasicBlock *latch = builder.GetInsertBlock();
    position->addIncoming(next, latch);
    partial->addIncoming(added, latch);
    builder.CreateCondBr(builder.CreateICmpSLT(next, to), loop, end);
    builder.SetInsertPoint(end);
    PHINode *result = builder.CreatePHI(sum->getType(), 2);
    result->addIncoming(sum, before);
    result->addIncoming(added, latch);
    builder.CreateRet(result);
  }

  void emitFew() {
    BasicBlock *none = block("none"), *some = block("some");
    builder.CreateCondBr(builder.CreateICmpSLE(count, builder.getInt64(0)), none, some);
    builder.SetInsertPoint(none);
    builder.CreateRet(ConstantFP::getZero(tree->getReturnType()));
    builder.SetInsertPoint(some);
    returnSum(valueAt(builder.getInt64(0)), builder.getInt64(1), count);
  }

  void emitLeaf() {
    std::array<Value *, 8> start;
    for (auto [lane, value] : enumerate(start))
      value = valueAt(builder.getInt64(lane));
    Value *whole = builder.CreateAnd(count, builder.getInt64(-8));
    BasicBlock *before = builder.GetInsertBlock();
    BasicBlock *loop = block("eight"), *end = block("combine");
    builder.CreateCondBr(builder.CreateICmpSLT(builder.getInt64(8), whole), loop, end);
    builder.SetInsertPoint(loop);
    PHINode *position = builder.CreatePHI(builder.getInt64Ty(), 2);
    position->addIncoming(builder.getInt64(8), before);
    std::array<PHINode *, 8> partial;
    for (auto [lane, phi] : enumerate(partial)) {
      phi = builder.CreatePHI(tree->getReturnType(), 2);
      phi->addIncoming(start[lane], before);
    }
    std::array<Value *, 8> values, added;
    for (auto [lane, value] : enumerate(values))
      value = valueAt(builder.CreateAdd(position, builder.getInt64(lane), "", true, true));
    for (auto [lane, sum] : enumerate(added))
      sum = builder.CreateFAdd(partial[lane], values[lane]);
    Value *next = builder.CreateAdd(position, builder.getInt64(8), "", true, true);
    BasicBlock *latch = builder.GetInsertBlock();
    position->addIncoming(next, latch);
    for (auto [lane, phi] : enumerate(partial))
      phi->addIncoming(added[lane], latch);
    builder.CreateCondBr(builder.CreateICmpSLT(next, whole), loop, end);
    builder.SetInsertPoint(end);
    std::array<PHINode *, 8> r;
    for (auto [lane, phi] : enumerate(r)) {
      phi = builder.CreatePHI(tree->getReturnType(), 2);
      phi->addIncoming(start[lane], before);
      phi->addIncoming(added[lane], latch);
    }
    auto sum = [&](Value *a, Value *b) { return builder.CreateFAdd(a, b); };
    returnSum(sum(sum(sum(r[0], r[1]), sum(r[2], r[3])), sum(sum(r[4], r[5]), sum(r[6], r[7]))),
              whole, count);
  }

  void emitSplit() {
    Value *half = builder.CreateAnd(builder.CreateLShr(count, 1), builder.getInt64(-8));
    auto call = [&](Value *from, Value *size) {
      SmallVector<Value *, 16> arguments = {from, size};
      append_range(arguments, captured);
      return builder.CreateCall(tree, arguments);
    };
    Value *left = call(first, half);
    Value *right = call(builder.CreateAdd(first, half, "", true, true),
                        builder.CreateSub(count, half, "", true, true));
    builder.CreateRet(builder.CreateFAdd(left, right));
  }

  Function *tree, *value;
  IRBuilder<> builder;
  Value *first, *count;
  SmallVector<Value *, 16> captured;
};

/// The number of iterations of an axis.
Value *emitCount(FunctionState &state, Value *lo, Value *hi, int64_t step) {
  IRBuilder<> &builder = state.builder;
  Value *distance = builder.CreateSub(hi, lo, "", false, true);
  if (step != 1)
    distance =
        builder.CreateSDiv(builder.CreateAdd(distance, builder.getInt64(step - 1), "", false, true),
                           builder.getInt64(step));
  return builder.CreateBinaryIntrinsic(Intrinsic::smax, distance, builder.getInt64(0));
}

} // namespace

Value *emitTree(FunctionState &state, const ir::Assign &assign, ArrayRef<ir::Axis> axes) {
  SmallVector<TreeAxis, 4> treeAxes;
  Value *total = state.builder.getInt64(1);
  for (SymbolId symbol : assign.treeAxes) {
    const auto *axis = find_if(axes, [&](const ir::Axis &a) { return a.iterator == symbol; });
    bool rectangular = axis != axes.end();
    if (rectangular)
      ir::forEachAffine(*axis, [&](const ir::Affine &form) {
        for (SymbolId other : assign.treeAxes)
          rectangular &= form.coefficientOf(other) == 0;
      });
    if (!rectangular) {
      reportFault(state, "a tree sum over axes that are not a box");
      return ConstantFP::getZero(
          valueType(state.module, state.program()[assign.target.buffer].type));
    }
    Value *lo = emitBound(state, axis->lo, true), *hi = emitBound(state, axis->hi, false);
    Value *count = emitCount(state, lo, hi, axis->step);
    treeAxes.push_back({symbol, lo, count, axis->step});
    total = state.builder.CreateMul(total, count, "", true, true);
  }
  Captures captures = captureValue(state, assign, treeAxes);
  Twine number(state.module.reductions++);
  std::string name = (state.function->getName() + ".sum" + number).str();
  Function *value = createValueFunction(state, assign, treeAxes, captures, name + ".value");
  Function *tree = createFunction(state, name, 2, value->getReturnType(), captures);
  TreeBuilder(tree, value).emit();
  SmallVector<Value *, 16> arguments = {state.builder.getInt64(0), total};
  append_range(arguments, captures.values);
  return state.builder.CreateCall(tree, arguments);
}

} // namespace hpcc::codegen
