//===- Statistics.cpp - how many nodes of each kind a program has ----------------------------===//

#include "Statistics.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {

/// Names of the kinds of statements, in the order of Stmt::node.
static constexpr llvm::StringLiteral kinds[] = {
    "let",     "alloc",    "handle",   "view",  "bind",         "drop",     "compute",
    "loop",    "while",    "block",    "leave", "if",           "parallel", "single",
    "barrier", "exchange", "transfer", "call",  "library-call", "check"};
static_assert(std::size(kinds) == std::variant_size_v<decltype(Stmt::node)>);

namespace {

bool isArray(const Program &program, const Access &access) {
  return program[access.buffer].dims > 0;
}

/// True if one access is the other moved by a number along an iterator.
bool isShifted(const Compute &compute, const Access &left, const Access &right) {
  if (left.buffer != right.buffer)
    return false;
  for (auto [one, other] : llvm::zip_equal(left.indices, right.indices)) {
    std::optional<int64_t> distance = (one.form - other.form).asConstant();
    if (distance.value_or(0) != 0 && llvm::any_of(compute.axes, [&](const Axis &axis) {
          return one.form.coefficientOf(axis.iterator) != 0;
        }))
      return true;
  }
  return false;
}

/// True if a point of the box loads an array at places that are a number apart: a stencil.
bool loadsNeighbours(const Program &program, const Stmt &stmt) {
  const auto &compute = std::get<Compute>(stmt.node);
  std::vector<const Access *> loads;
  forEachAccess(stmt, [&](const Access &access, Use use) {
    if (isRead(use) && isArray(program, access))
      loads.push_back(&access);
  });
  return llvm::any_of(loads, [&](const Access *left) {
    return llvm::any_of(loads,
                        [&](const Access *right) { return isShifted(compute, *left, *right); });
  });
}

bool touchesArrays(const Program &program, const Stmt &stmt) {
  bool found = false;
  forEachAccess(stmt, [&](const Access &access, Use) { found |= isArray(program, access); });
  return found;
}

/// True if the statement stores one element of an array, at a place that one of the symbols tells.
bool storesElement(const Stmt &stmt, const std::set<SymbolId> &symbols) {
  const auto *compute = std::get_if<Compute>(&stmt.node);
  return compute && compute->axes.empty() && llvm::any_of(compute->body, [&](const Assign &assign) {
           return llvm::any_of(assign.target.indices, [&](const Index &index) {
             return llvm::any_of(index.form.terms, [&](const AffineTerm &term) {
               return symbols.contains(term.symbol);
             });
           });
         });
}

/// True if the loop, but for those in it, stores an array element by element, and has no boxes.
bool storesElements(const Stmt &loop) {
  std::set<SymbolId> symbols;
  forEachDeclaredSymbol(loop, [&](SymbolId id) { symbols.insert(id); });
  bool found = false, hasBoxes = false;
  auto look = [&](auto &&self, const Block &block, bool isInner) -> void {
    for (const Stmt &stmt : block) {
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { symbols.insert(id); });
      const auto *compute = std::get_if<Compute>(&stmt.node);
      hasBoxes |= compute && !compute->axes.empty();
      found |= !isInner && storesElement(stmt, symbols);
      bool isLoop =
          std::holds_alternative<Loop>(stmt.node) || std::holds_alternative<While>(stmt.node);
      forEachInnerBlock(stmt, [&](const Block &inner) { self(self, inner, isInner || isLoop); });
    }
  };
  forEachInnerBlock(loop, [&](const Block &inner) { look(look, inner, false); });
  return found && !hasBoxes;
}

/// What statements do with arrays, and where they stand.
struct Uses {
  unsigned boxes = 0, stencils = 0, reductions = 0, elementLoops = 0;
  unsigned computesInTime = 0, exchangesInLoops = 0;
};

/// The loops around a statement.
struct Place {
  bool inLoop = false, inTime = false;
  bool inShare = false; // of iterations that ranks divide
};

void countUses(const Program &program, const Block &block, Place place, Uses &uses) {
  for (const Stmt &stmt : block) {
    Place inner = place;
    if (const auto *compute = std::get_if<Compute>(&stmt.node)) {
      bool isBox = !compute->axes.empty() && touchesArrays(program, stmt);
      uses.boxes += isBox;
      uses.stencils += isBox && loadsNeighbours(program, stmt);
      uses.reductions += isBox && llvm::any_of(compute->body, [](const Assign &assign) {
                           return assign.op != AssignOp::Set;
                         });
      uses.computesInTime += place.inTime;
    } else if (const auto *loop = std::get_if<Loop>(&stmt.node)) {
      inner = {true, place.inTime || loop->role == LoopRole::Time,
               place.inShare || loop->axis.ranks.has_value()};
      uses.elementLoops += !inner.inShare && storesElements(stmt);
    } else if (std::holds_alternative<While>(stmt.node)) {
      inner.inLoop = true;
      uses.elementLoops += !inner.inShare && storesElements(stmt);
    } else if (std::holds_alternative<Exchange>(stmt.node)) {
      uses.exchangesInLoops += place.inLoop;
    }
    forEachInnerBlock(stmt, [&](const Block &each) { countUses(program, each, inner, uses); });
  }
}

} // namespace

std::vector<std::pair<llvm::StringRef, unsigned>> countNodes(const Program &program) {
  std::vector<std::pair<llvm::StringRef, unsigned>> counts;
  for (llvm::StringRef kind : kinds)
    counts.push_back({kind, 0});
  unsigned assigns = 0, checked = 0, gathers = 0;
  forEachStmt(program, [&](const Stmt &stmt) {
    ++counts[stmt.node.index()].second;
    if (auto *compute = std::get_if<Compute>(&stmt.node))
      assigns += static_cast<unsigned>(compute->body.size());
    forEachScalar(stmt, [&](const Scalar &scalar) {
      forEachSubtree(scalar, [&](const Scalar &tree) {
        if (auto *apply = std::get_if<ScalarApply>(&tree.node))
          checked += apply->checked;
        else if (auto *cast = std::get_if<ScalarCast>(&tree.node))
          checked += cast->checked;
        gathers += std::holds_alternative<ScalarGather>(tree.node);
      });
    });
  });
  Uses uses;
  for (const Function &function : program.functions)
    countUses(program, function.body, {}, uses);
  counts.push_back({"assign", assigns});
  counts.push_back({"box", uses.boxes});
  counts.push_back({"stencil", uses.stencils});
  counts.push_back({"reduction", uses.reductions});
  counts.push_back({"element-loop", uses.elementLoops});
  counts.push_back({"compute-in-time-loop", uses.computesInTime});
  counts.push_back({"exchange-in-loop", uses.exchangesInLoops});
  counts.push_back({"checked", checked});
  counts.push_back({"gather", gathers});
  return counts;
}

} // namespace hpcc::ir
