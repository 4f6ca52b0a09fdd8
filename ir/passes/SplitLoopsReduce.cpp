//===- SplitLoopsReduce.cpp - partial results of iterations -----------------------------------===//
//
// A variable that inner loops only reduce into would tie all iterations together. Where the order
// does not count (integers, and the first of the greatest) each iteration reduces into a variable
// of its own, from the neutral value on, and combines it with the variable at its end:
//
//     loop i in .. {                           loop i in .. {
//       loop j in .. {                           %mine[] = 0
//         if .. { %count[] = %count[] + 1 }  ->  loop j in .. { if .. { %mine[] = %mine[] + 1 } }
//       }                                        %count[] = %count[] + %mine[]
//     }                                        }
//
//===-----------------------------------------------------------------------------------------===//

#include "SplitLoops.h"
#include "llvm/ADT/STLExtras.h"
#include <limits>

namespace hpcc::ir {
namespace {

/// `variable = variable op value`, or with `marks`: `if value > variable`, the variable is set to
/// the value and each mark to what goes with it.
struct Reduction {
  BufferId variable;
  ScalarOp op = ScalarOp::Add; // Greater, Less: of the value over the variable
  std::vector<BufferId> marks;
};

bool loads(const Scalar &scalar, BufferId variable) {
  auto *load = std::get_if<ScalarLoad>(&scalar.node);
  return load && load->access.buffer == variable;
}

std::optional<ScalarOp> operationOf(AssignOp op) {
  switch (op) {
  case AssignOp::Add:
    return ScalarOp::Add;
  case AssignOp::Multiply:
    return ScalarOp::Multiply;
  case AssignOp::And:
    return ScalarOp::And;
  case AssignOp::Or:
    return ScalarOp::Or;
  case AssignOp::Set:
  case AssignOp::MultiplyAdd:
  case AssignOp::Minimum:
  case AssignOp::Maximum:
    return std::nullopt;
  }
  llvm_unreachable("not an AssignOp");
}

/// The operation by which the assignment updates its target from its former value.
std::optional<ScalarOp> updateOf(const Assign &assign) {
  if (assign.op != AssignOp::Set)
    return operationOf(assign.op);
  auto *node = std::get_if<ScalarApply>(&assign.value.node);
  BufferId target = assign.target.buffer;
  if (!node || node->checked || node->operands.size() != 2)
    return std::nullopt;
  bool isFirst = loads(node->operands[0], target), isSecond = loads(node->operands[1], target);
  switch (node->op) {
  case ScalarOp::Add:
  case ScalarOp::Multiply:
  case ScalarOp::And:
  case ScalarOp::Or:
  case ScalarOp::Xor:
    return isFirst || isSecond ? std::optional(node->op) : std::nullopt;
  case ScalarOp::Subtract:
    return isFirst ? std::optional(ScalarOp::Add) : std::nullopt;
  default:
    return std::nullopt;
  }
}

/// The assignment, if the statement is nothing but one to a variable, always.
const Assign *plainSet(const Stmt &stmt) {
  auto *compute = std::get_if<Compute>(&stmt.node);
  if (!compute || !compute->axes.empty() || compute->body.size() != 1)
    return nullptr;
  const Assign &assign = compute->body[0];
  return assign.op == AssignOp::Set && !assign.guard && assign.target.indices.empty() ? &assign
                                                                                      : nullptr;
}

/// `if value > best { best = value, at = .. }`.
std::optional<Reduction> extremeOf(const If &branch) {
  auto *test = std::get_if<ScalarApply>(&branch.condition.node);
  if (!test || !branch.elseBody.empty() ||
      (test->op != ScalarOp::Less && test->op != ScalarOp::Greater))
    return std::nullopt;
  for (unsigned side : {0u, 1u}) {
    auto *best = std::get_if<ScalarLoad>(&test->operands[side].node);
    const Scalar &value = test->operands[1 - side];
    if (!best)
      continue;
    Reduction reduction{
        best->access.buffer, side == 1 ? test->op : swappedComparison(test->op), {}};
    bool isSet = false, isPlain = true;
    for (const Stmt &stmt : branch.thenBody) {
      const Assign *set = plainSet(stmt);
      if (!set)
        isPlain = false;
      else if (set->target.buffer != reduction.variable)
        reduction.marks.push_back(set->target.buffer);
      else
        isSet = set->value == value;
    }
    if (isSet && isPlain)
      return reduction;
  }
  return std::nullopt;
}

class ReductionFinder {
public:
  ReductionFinder(const Program &program, const Loop &loop)
      : program(program), loop(loop), names(namesDeclaredIn(loop.body)) {}

  std::vector<Reduction> find() {
    for (const Stmt &stmt : loop.body) {
      isInner = workOf(program, stmt) >= leastInnerWork;
      look(stmt);
    }
    std::vector<Reduction> reductions;
    for (auto &[variable, found] : updates)
      if (found.isInner && !found.isMixed && found.mentions == mentions[variable] &&
          isReducible(found.reduction))
        reductions.push_back(found.reduction);
    return reductions;
  }

private:
  static constexpr uint64_t leastInnerWork = 8; // else the update may stay behind the chunk

  struct Updates {
    Reduction reduction;
    size_t mentions = 0; // of the variable in its updates
    bool isInner = false, isMixed = false;
  };

  void look(const Stmt &stmt) {
    forEachBuffer(stmt, [&](BufferId id) { ++mentions[id]; });
    if (auto *compute = std::get_if<Compute>(&stmt.node)) {
      for (const Assign &assign : compute->body)
        if (std::optional<ScalarOp> op = updateOf(assign))
          add({assign.target.buffer, *op, {}}, assign.op == AssignOp::Set ? 2 : 1);
    } else if (auto *branch = std::get_if<If>(&stmt.node)) {
      if (std::optional<Reduction> extreme = extremeOf(*branch))
        add(*extreme, 2);
    }
    forEachInnerBlock(stmt, [&](const Block &block) {
      for (const Stmt &inner : block)
        look(inner);
    });
  }

  void add(const Reduction &reduction, size_t count) {
    auto [found, isNew] = updates.try_emplace(reduction.variable, Updates{reduction});
    Updates &known = found->second;
    known.isMixed |= !isNew && (known.reduction.op != reduction.op || !reduction.marks.empty() ||
                                !known.reduction.marks.empty());
    known.mentions += count;
    known.isInner |= isInner;
  }

  bool isFromOutside(BufferId id) const {
    return program[id].dims == 0 && !names.buffers.count(id) &&
           !llvm::is_contained(program.globals, id);
  }

  bool isReducible(const Reduction &reduction) const {
    DType type = program[reduction.variable].type;
    bool isExtreme = reduction.op == ScalarOp::Greater || reduction.op == ScalarOp::Less;
    bool isLogic = reduction.op == ScalarOp::And || reduction.op == ScalarOp::Or ||
                   reduction.op == ScalarOp::Xor;
    bool hasOrder = isExtreme ? type != DType::I64 && !isFloat(type)
                              : !isInteger(type) && !(isLogic && type == DType::Bool);
    return !hasOrder && isFromOutside(reduction.variable) &&
           llvm::all_of(reduction.marks, [&](BufferId mark) {
             auto found = mentions.find(mark);
             return isFromOutside(mark) && found->second == 1;
           });
  }

  const Program &program;
  const Loop &loop;
  IterationNames names;
  bool isInner = false;
  std::map<BufferId, size_t> mentions;
  std::map<BufferId, Updates> updates;
};

/// The value that changes nothing: 0, 1, all bits, or what everything is greater than.
Scalar neutralOf(ScalarOp op, DType type) {
  switch (op) {
  case ScalarOp::Multiply:
    return constantOf(type, int64_t(1));
  case ScalarOp::And:
    return type == DType::Bool ? constantBool(true) : constantOf(type, int64_t(-1));
  case ScalarOp::Greater:
    return isFloat(type) ? constantOf(type, -std::numeric_limits<double>::infinity())
                         : constantInteger(INT64_MIN);
  case ScalarOp::Less:
    return isFloat(type) ? constantOf(type, std::numeric_limits<double>::infinity())
                         : constantInteger(INT64_MAX);
  default:
    return constantOf(type, int64_t(0));
  }
}

Stmt setTo(BufferId target, Scalar value, Loc loc) {
  Compute compute;
  compute.body.push_back(
      {{target, {}, {}}, AssignOp::Set, std::move(value), {}, ReductionOrder::Any, {}, loc});
  return {std::move(compute), loc};
}

} // namespace

bool reduceByIteration(Program &program, Loop &loop) {
  std::vector<Reduction> reductions = ReductionFinder(program, loop).find();
  std::map<BufferId, BufferId> own;
  Block before, behind;
  Loc loc = loop.body.empty() ? Loc() : loop.body.back().loc;
  auto declare = [&](BufferId id, Scalar first) {
    own[id] = program.addBuffer(Buffer(program[id]));
    before.push_back({Alloc{own[id]}, loc});
    before.push_back(setTo(own[id], std::move(first), loc));
  };
  for (const Reduction &reduction : reductions) {
    DType type = program[reduction.variable].type;
    declare(reduction.variable, neutralOf(reduction.op, type));
    for (BufferId mark : reduction.marks)
      declare(mark, constantOf(program[mark].type, int64_t(0)));
  }
  forEachStmt(loop.body, [&](Stmt &stmt) {
    forEachBuffer(stmt, [&](BufferId &id) {
      if (auto found = own.find(id); found != own.end())
        id = found->second;
    });
  });
  for (const auto &[variable, op, marks] : reductions) {
    Scalar mine = load(own[variable]), all = load(variable);
    if (op != ScalarOp::Greater && op != ScalarOp::Less) {
      behind.push_back(setTo(variable, apply(program, op, {all, mine}), loc));
      continue;
    }
    If better{apply(program, op, {mine, all}), {setTo(variable, mine, loc)}, {}};
    for (BufferId mark : marks)
      better.thenBody.push_back(setTo(mark, load(own[mark]), loc));
    behind.push_back({std::move(better), loc});
  }
  loop.body.insert(loop.body.begin(), before.begin(), before.end());
  llvm::append_range(loop.body, behind);
  return !reductions.empty();
}

} // namespace hpcc::ir
