//===- HandleShapes.cpp - shapes that handles keep while they are rebound --------------------===//

#include "HandleShapes.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

namespace hpcc::ir {

std::map<BufferId, std::vector<BufferId>> bindingsOf(const Program &program,
                                                     const Function &function) {
  std::map<BufferId, std::vector<BufferId>> bindings;
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (auto *declare = std::get_if<Declare>(&stmt.node))
      bindings.try_emplace(declare->handle);
  });
  for (BufferId global : program.globals)
    bindings.erase(global);
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (auto *bind = std::get_if<Bind>(&stmt.node)) {
      if (auto found = bindings.find(bind->handle); found != bindings.end())
        found->second.push_back(bind->source);
    } else if (auto *call = std::get_if<Call>(&stmt.node)) {
      for (BufferId result : call->results)
        bindings.erase(result);
    }
  });
  std::erase_if(bindings, [](const auto &each) { return each.second.empty(); });
  return bindings;
}

namespace {

class ShapeInference {
public:
  ShapeInference(const Program &program, const Function &function)
      : program(program), bindings(bindingsOf(program, function)) {
    forEachStmt(function.body, [&](const Stmt &stmt) {
      auto *let = std::get_if<Let>(&stmt.node);
      if (let)
        lets.emplace(let->symbol, &let->value);
    });
    noteScopes(function.body, {});
  }

  std::map<BufferId, std::vector<Affine>> run() {
    // Handles that are bound to handles alone (a swap's third name) take over what is assumed
    // there.
    for (size_t known = ~size_t(0); known != shapes.size();) {
      known = shapes.size();
      for (const auto &[handle, sources] : bindings)
        for (BufferId source : sources)
          if (std::optional<std::vector<Affine>> shape = shapeOf(handle, source))
            shapes.emplace(handle, std::move(*shape));
    }
    while (removeWrong())
      ;
    return std::move(shapes);
  }

private:
  /// The symbols in scope at each handle's declaration, which are what they are as long as it
  /// lives.
  void noteScopes(const Block &body, std::set<SymbolId> named) {
    for (const Stmt &stmt : body) {
      if (auto *declare = std::get_if<Declare>(&stmt.node))
        inScope[declare->handle] = named;
      std::set<SymbolId> inside = named;
      if (auto *loop = std::get_if<Loop>(&stmt.node))
        inside.insert(loop->axis.iterator);
      forEachInnerBlock(stmt, [&](const Block &inner) { noteScopes(inner, inside); });
      if (auto *let = std::get_if<Let>(&stmt.node))
        named.insert(let->symbol);
    }
  }

  /// The shape of an array that is bound to the handle, if the handle's scope can say it.
  std::optional<std::vector<Affine>> shapeOf(BufferId handle, BufferId source) const {
    std::vector<Affine> shape = program[source].shape;
    if (program[source].storage == Storage::Handle) {
      auto assumed = shapes.find(source);
      if (assumed == shapes.end())
        return std::nullopt;
      shape = assumed->second;
    }
    if (shape.size() != program[handle].dims)
      return std::nullopt;
    const std::set<SymbolId> &named = inScope.at(handle);
    for (const Affine &size : shape)
      for (const AffineTerm &term : size.terms)
        if (!named.count(term.symbol))
          return std::nullopt;
    return shape;
  }

  static constexpr unsigned mostDepth = 16; // of symbols that name one another

  /// The form with the sizes of handles, and what follows from them, replaced by what is assumed.
  Affine resolve(const Affine &form, unsigned depth = 0) const {
    Affine result(form.constant);
    for (const AffineTerm &term : form.terms) {
      auto let = lets.find(term.symbol);
      std::optional<Affine> value;
      if (let != lets.end() && depth < mostDepth)
        value = resolve(*let->second, depth + 1);
      result = result + value.value_or(Affine(term.symbol)) * term.coefficient;
    }
    return result;
  }

  /// The value of a tree as a form, if it follows from what is assumed: sizes of handles, and the
  /// choice between sizes by which operands are broadcast.
  std::optional<Affine> resolve(const Scalar &tree, unsigned depth) const {
    if (auto *dim = std::get_if<ScalarDim>(&tree.node)) {
      auto shape = shapes.find(dim->buffer);
      if (shape == shapes.end() || dim->dim >= shape->second.size())
        return std::nullopt;
      return resolve(shape->second[dim->dim], depth);
    }
    if (std::optional<Affine> form = asAffine(tree))
      return resolve(*form, depth);
    auto *apply = std::get_if<ScalarApply>(&tree.node);
    if (!apply || apply->op != ScalarOp::Select)
      return std::nullopt;
    std::optional<Affine> first = resolve(apply->operands[1], depth);
    std::optional<Affine> second = resolve(apply->operands[2], depth);
    if (first && first == second)
      return first;
    std::optional<bool> condition = decide(apply->operands[0], depth);
    return !condition ? std::nullopt : *condition ? first : second;
  }

  /// Whether two sizes are equal, if numbers say so.
  std::optional<bool> decide(const Scalar &condition, unsigned depth) const {
    auto *apply = std::get_if<ScalarApply>(&condition.node);
    if (!apply || apply->op != ScalarOp::Equal || apply->operands.size() != 2)
      return std::nullopt;
    std::optional<Affine> left = resolve(apply->operands[0], depth);
    std::optional<Affine> right = resolve(apply->operands[1], depth);
    std::optional<int64_t> distance = left && right ? (*left - *right).asConstant() : std::nullopt;
    return distance ? std::optional<bool>(*distance == 0) : std::nullopt;
  }

  bool hasShape(BufferId array, const std::vector<Affine> &shape) const {
    if (program[array].storage == Storage::Handle) {
      auto found = shapes.find(array);
      return found != shapes.end() && found->second == shape;
    }
    const std::vector<Affine> &own = program[array].shape;
    return own.size() == shape.size() &&
           llvm::all_of(llvm::zip(own, shape), [&](const auto &sizes) {
             return resolve(std::get<0>(sizes)) == resolve(std::get<1>(sizes));
           });
  }

  /// Takes back assumptions that a bind breaks; returns whether there were any.
  bool removeWrong() {
    std::vector<BufferId> wrong;
    for (const auto &[handle, shape] : shapes)
      if (!llvm::all_of(bindings.at(handle),
                        [&, &expected = shape](BufferId s) { return hasShape(s, expected); }))
        wrong.push_back(handle);
    for (BufferId handle : wrong)
      shapes.erase(handle);
    return !wrong.empty();
  }

  const Program &program;
  std::map<BufferId, std::vector<BufferId>> bindings;
  std::map<SymbolId, const Scalar *> lets;
  std::map<BufferId, std::set<SymbolId>> inScope;
  std::map<BufferId, std::vector<Affine>> shapes;
};

} // namespace

std::map<BufferId, std::vector<Affine>> inferHandleShapes(const Program &program,
                                                          const Function &function) {
  return ShapeInference(program, function).run();
}

} // namespace hpcc::ir
