//===- SplitLoopsRisks.cpp - what may go wrong where a statement runs early -------------------===//
//
// An iteration that runs before an earlier one has raised its error must not do what the program
// never does: reach outside of an array, or run for ever.
//
//===-----------------------------------------------------------------------------------------===//

#include "SplitLoops.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {
namespace {

class RiskFinder {
public:
  RiskFinder(const Program &program, Facts facts) : program(program), facts(std::move(facts)) {}

  std::vector<EarlyRisk> find(const Loop &loop) {
    std::vector<EarlyRisk> risks;
    facts.addAxis(loop.axis);
    for (const Stmt &stmt : loop.body) {
      risk = {};
      visit(stmt);
      risks.push_back(risk);
    }
    return risks;
  }

private:
  void visit(const Block &block) {
    Facts::Mark mark = facts.mark();
    for (const Stmt &stmt : block)
      visit(stmt);
    facts.rewind(mark);
  }

  void visitIf(const If &branch) {
    Facts::Mark mark = facts.mark();
    facts.addCondition(branch.condition, true);
    visit(branch.thenBody);
    facts.rewind(mark);
    facts.addCondition(branch.condition, false);
    visit(branch.elseBody);
    facts.rewind(mark);
  }

  void visit(const Stmt &stmt) {
    here = stmt.loc.isValid() ? stmt.loc : here;
    Facts::Mark mark = facts.mark();
    if (auto *compute = std::get_if<Compute>(&stmt.node)) {
      visitCompute(*compute);
      return facts.rewind(mark);
    }
    forEachScalar(stmt, [&](const Scalar &scalar) { visit(scalar); });
    if (auto *branch = std::get_if<If>(&stmt.node)) {
      visitIf(*branch);
    } else if (auto *loop = std::get_if<Loop>(&stmt.node)) {
      facts.addAxis(loop->axis);
      visit(loop->body);
      facts.rewind(mark);
    } else if (std::holds_alternative<While>(stmt.node) ||
               std::holds_alternative<Call>(stmt.node)) {
      risk.mayNotEnd = true;
      forEachInnerBlock(stmt, [&](const Block &block) { visit(block); });
    } else {
      forEachInnerBlock(stmt, [&](const Block &block) { visit(block); });
    }
    if (auto *alloc = std::get_if<Alloc>(&stmt.node))
      visitAlloc(alloc->buffer);
    else if (std::holds_alternative<View>(stmt.node))
      refuse("a part of an array that an earlier check may keep in bounds");
    if (!std::holds_alternative<Check>(stmt.node))
      addFactsOf(program, stmt, facts);
  }

  void visitAlloc(BufferId id) {
    if (!risk.allocation && !llvm::all_of(program[id].shape, [&](const Affine &size) {
          return facts.isNonNegative(size);
        }))
      risk.allocation = Obstacle{"a size of %" + program[id].name + " may be negative", here, {}};
  }

  void visitCompute(const Compute &compute) {
    for (const Axis &axis : compute.axes)
      facts.addAxis(axis);
    Facts::Mark mark = facts.mark();
    for (const Assign &assign : compute.body) {
      if (assign.guard) {
        visit(*assign.guard);
        facts.addCondition(*assign.guard);
      }
      visit(assign.value);
      visit(assign.target);
      facts.rewind(mark);
    }
  }

  void visit(const Scalar &scalar) {
    forEachSubtree(scalar, [&](const Scalar &tree) {
      if (auto *load = std::get_if<ScalarLoad>(&tree.node))
        visit(load->access);
      else if (std::holds_alternative<ScalarGather>(tree.node))
        refuse("an element at a computed index");
    });
  }

  void visit(const Access &access) {
    const Buffer &buffer = program[access.buffer];
    if (buffer.dims == 0)
      return;
    if (buffer.shape.size() != access.indices.size())
      return refuse("%" + buffer.name + ", whose size is not known");
    for (auto [index, size] : llvm::zip_equal(access.indices, buffer.shape)) {
      bool inside = index.wrap
                        ? *index.wrap == size && facts.isAtMost(1, size)
                        : facts.isNonNegative(index.form) && facts.isAtMost(index.form + 1, size);
      if (!inside)
        return refuse("an element of %" + buffer.name +
                      " that an earlier check may keep in bounds");
    }
  }

  void refuse(const llvm::Twine &text) {
    if (!risk.access)
      risk.access = Obstacle{text.str(), here, {}};
  }

  const Program &program;
  Facts facts;
  EarlyRisk risk;
  Loc here;
};

constexpr uint64_t largeWork = uint64_t(1) << 20; // of what only run time knows

uint64_t timesIterations(uint64_t work, const Axis &axis) {
  auto lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
  std::optional<int64_t> length = lo && hi ? (*hi - *lo).asConstant() : std::nullopt;
  if (!length)
    return largeWork;
  uint64_t iterations =
      *length <= 0 ? 0
                   : (static_cast<uint64_t>(*length) - 1) / static_cast<uint64_t>(axis.step) + 1;
  return std::min(largeWork, std::min(iterations, largeWork) * work);
}

} // namespace

std::vector<EarlyRisk> earlyRisksOf(const Program &program, const Loop &loop, Facts facts) {
  return RiskFinder(program, std::move(facts)).find(loop);
}

uint64_t workOf(const Program &program, const Stmt &stmt) {
  auto inside = [&](const Block &block) {
    uint64_t work = 0;
    for (const Stmt &inner : block)
      work += workOf(program, inner);
    return std::min(work, largeWork);
  };
  return std::visit(
      overloaded{
          [&](const Compute &node) {
            uint64_t work = node.body.size();
            for (const Axis &axis : node.axes)
              work = timesIterations(work, axis);
            return work;
          },
          [&](const Loop &node) { return timesIterations(inside(node.body) + 1, node.axis); },
          [&](const If &node) {
            return std::max(inside(node.thenBody), inside(node.elseBody)) + 1;
          },
          [&](OneOf<Labelled, Parallel, Single, Exchange> auto &node) { return inside(node.body); },
          [](const LibraryCall &node) {
            return node.function == LibraryFunction::Sum ? largeWork : 1;
          },
          [](OneOf<While, Call> auto &) { return largeWork; },
          [](OneOf<Let, Alloc, Declare, View, Bind, Drop, Leave, Barrier, Transfer, Check> auto &) {
            return uint64_t(1);
          }},
      stmt.node);
}

} // namespace hpcc::ir
