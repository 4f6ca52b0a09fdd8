//===- MapCpuWork.cpp - how much work a statement is -----------------------------------------===//
//
// Points of boxes times a price of their bodies: an estimate that decides whether a team pays, and
// where sizes are known only at run time, the condition that decides it there.
//
//===-----------------------------------------------------------------------------------------===//

#include "MapCpu.h"
#include "ir/Walk.h"
#include <algorithm>
#include <cmath>
#include <limits>

namespace hpcc::ir {
namespace {

constexpr double unlimited = std::numeric_limits<double>::infinity();

double priceOf(ScalarOp op) {
  constexpr double division = 8, function = 20;
  switch (op) {
  case ScalarOp::Divide:
  case ScalarOp::FloorDivide:
  case ScalarOp::Modulo:
  case ScalarOp::SquareRoot:
    return division;
  case ScalarOp::Power:
  case ScalarOp::FMod:
  case ScalarOp::RoundDigits:
    return function;
  default:
    return op >= ScalarOp::Exp ? function : 1;
  }
}

double priceOf(const Scalar &value) {
  constexpr double gather = 4;
  double price = 0;
  forEachSubtree(value, [&](const Scalar &tree) {
    if (auto *apply = std::get_if<ScalarApply>(&tree.node))
      price += priceOf(apply->op);
    else if (std::holds_alternative<ScalarGather>(tree.node))
      price += gather;
    else if (std::holds_alternative<ScalarLoad>(tree.node))
      price += 1;
  });
  return price;
}

/// One point of a compute.
double priceOf(const Compute &compute) {
  double price = 0;
  for (const Assign &assign : compute.body)
    price += 1 + priceOf(assign.value) + (assign.guard ? priceOf(*assign.guard) : 0);
  return price;
}

Work operator+(Work left, Work right) { return {left.least + right.least, left.most + right.most}; }
Work operator*(Work left, Work right) {
  // No iteration of anything is no work.
  return {left.least == 0 || right.least == 0 ? 0 : left.least * right.least,
          left.most == 0 || right.most == 0 ? 0 : left.most * right.most};
}

Work workOf(const Block &block, Facts &facts) {
  Work work;
  for (const Stmt &stmt : block)
    work = work + ir::workOf(stmt, facts);
  return work;
}

Work workOf(const Compute &compute, Facts &facts) {
  Facts::Mark mark = facts.mark();
  double price = priceOf(compute);
  Work work{price, price};
  for (const Axis &axis : compute.axes) {
    work = work * countOf(axis, facts);
    facts.addAxis(axis);
  }
  facts.rewind(mark);
  return work;
}

Work workOf(const Loop &loop, Facts &facts) {
  Facts::Mark mark = facts.mark();
  Work count = countOf(loop.axis, facts);
  facts.addAxis(loop.axis);
  Work body = workOf(loop.body, facts);
  facts.rewind(mark);
  return count * body;
}

/// Iterations of an axis as a form in known symbols: iterators of the axes around it give way to
/// the bounds that make most of it.
std::optional<Affine> mostIterations(const Axis &axis, llvm::ArrayRef<Axis> around,
                                     llvm::function_ref<bool(SymbolId)> isKnown) {
  auto unknownOf = [&](const Affine &form) -> std::optional<AffineTerm> {
    for (const AffineTerm &term : llvm::reverse(form.terms))
      if (!isKnown(term.symbol))
        return term;
    return std::nullopt;
  };
  std::optional<Affine> best;
  for (const Affine &hi : axis.hi.forms)
    for (const Affine &lo : axis.lo.forms) {
      std::optional<Affine> form = hi - lo;
      for (std::optional<AffineTerm> term; form && (term = unknownOf(*form));) {
        auto outer = llvm::find_if(
            around, [&](const Axis &other) { return other.iterator == term->symbol; });
        if (outer == around.end())
          form.reset();
        else
          form = substitute(*form, term->symbol,
                            term->coefficient > 0 ? outer->hi.forms.front() - 1
                                                  : outer->lo.forms.front());
      }
      if (form && (!best || form->terms.size() < best->terms.size()))
        best = form;
    }
  return best;
}

} // namespace

Work countOf(const Axis &axis, const Facts &facts) {
  Work count{unlimited, unlimited};
  for (const Affine &hi : axis.hi.forms)
    for (const Affine &lo : axis.lo.forms) {
      Interval distance = facts.intervalOf(hi - lo);
      auto iterations = [&](Interval::Wide length) {
        Interval::Wide steps = (length + axis.step - 1) / axis.step;
        return std::max(0.0, static_cast<double>(steps));
      };
      count.least = std::min(count.least, iterations(distance.lo));
      count.most = std::min(count.most, iterations(distance.hi));
    }
  return count;
}

Work workOf(const Stmt &stmt, Facts &facts) {
  return std::visit(
      overloaded{[&](const Compute &node) { return workOf(node, facts); },
                 [&](const Loop &node) { return workOf(node, facts); },
                 [&](const While &) { return Work{0, unlimited}; },
                 [&](const Call &) { return Work{0, unlimited}; },
                 [&](const If &node) {
                   Work left = workOf(node.thenBody, facts), right = workOf(node.elseBody, facts);
                   return Work{std::min(left.least, right.least), std::max(left.most, right.most)};
                 },
                 [&](OneOf<Labelled, Parallel, Single, Exchange> auto &node) {
                   return workOf(node.body, facts);
                 },
                 [](OneOf<Let, Alloc, Declare, View, Bind, Drop, Leave, Barrier, Transfer,
                          LibraryCall, Check> auto &) { return Work{}; }},
      stmt.node);
}

std::optional<Scalar> worksAtLeast(const Program &program, const Stmt &stmt,
                                   llvm::ArrayRef<Axis> axes,
                                   llvm::function_ref<bool(SymbolId)> isKnown, double enough) {
  std::vector<Axis> around(axes.begin(), axes.end());
  std::vector<Affine> counts;
  double price = 1;
  auto add = [&](const Axis &axis) {
    std::optional<Affine> count = mostIterations(axis, around, isKnown);
    around.push_back(axis);
    if (count && count->isConstant()) {
      int64_t steps = count->constant / axis.step;
      price *= std::max(1.0, static_cast<double>(steps));
    } else if (count) {
      counts.push_back(*count);
      price /= static_cast<double>(axis.step);
    }
    return count.has_value();
  };
  if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
    price *= priceOf(*compute);
    if (!llvm::all_of(compute->axes, add))
      return std::nullopt;
  } else if (const auto *loop = std::get_if<Loop>(&stmt.node)) {
    constexpr double mostOfBody = 10'000; // where only a run knows
    Facts none;
    price *= std::clamp(workOf(loop->body, none).most, 1.0, mostOfBody);
    if (!add(loop->axis))
      return std::nullopt;
  }
  if (counts.empty())
    return std::nullopt;
  // In floats, which do not wrap.
  std::optional<Scalar> points;
  for (const Affine &count : counts) {
    Scalar factor = castTo(DType::F64, affineScalar(count));
    points = points ? apply(program, ScalarOp::Multiply, {std::move(*points), std::move(factor)})
                    : std::move(factor);
  }
  return apply(program, ScalarOp::GreaterEqual,
               {std::move(*points), constantFloat(std::max(1.0, std::ceil(enough / price)))});
}

} // namespace hpcc::ir
