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
      auto *dim = let ? std::get_if<ScalarDim>(&let->value.node) : nullptr;
      if (dim)
        dims.emplace(let->symbol, *dim);
    });
    noteScopes(function.body);
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
  /// Symbols that the function's outermost block names before it comes to a handle's declaration.
  void noteScopes(const Block &body) {
    std::set<SymbolId> named;
    for (const Stmt &stmt : body) {
      auto note = [&](const Stmt &each) {
        if (auto *declare = std::get_if<Declare>(&each.node))
          inScope[declare->handle] = named;
      };
      note(stmt);
      forEachInnerBlock(stmt, [&](const Block &inner) { forEachStmt(inner, note); });
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

  /// The form with the sizes of handles replaced by what is assumed of them.
  Affine resolve(Affine form) const {
    for (unsigned round = 0; round < 8; ++round) {
      Affine next = form;
      for (const AffineTerm &term : form.terms) {
        auto dim = dims.find(term.symbol);
        if (dim == dims.end())
          continue;
        auto shape = shapes.find(dim->second.buffer);
        if (shape != shapes.end() && dim->second.dim < shape->second.size())
          next = substitute(next, term.symbol, shape->second[dim->second.dim]);
      }
      if (next == form)
        break;
      form = std::move(next);
    }
    return form;
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
  std::map<SymbolId, ScalarDim> dims; // symbols that name sizes
  std::map<BufferId, std::set<SymbolId>> inScope;
  std::map<BufferId, std::vector<Affine>> shapes;
};

} // namespace

std::map<BufferId, std::vector<Affine>> inferHandleShapes(const Program &program,
                                                          const Function &function) {
  return ShapeInference(program, function).run();
}

} // namespace hpcc::ir
