//===- Inline.cpp - calls become the bodies of what they call --------------------------------===//
//
// Bottom-up over the call graph, a call of a function of this program becomes a copy of its body:
// parameters are variables set to the arguments and handles bound to them, results are stored and
// bound behind the body. Functions that nothing calls afterwards are removed, and what globals only
// `main` mentions then are its own.
//
//     call (%s) = @f(%x[] + 1.0, %u)   ->   alloc %a : f64[]      %a[] = %x[] + 1.0
//                                           handle %v : f64[?]    bind %v = %u
//                                           alloc %r : f64[]      <body>   %s[] = %r[]
//
// Locations stay, so errors name the lines that they named. Functions near a cycle of calls stay
// functions, because RecursionError counts their frames.
//
//===-----------------------------------------------------------------------------------------===//

#include "ir/CallGraph.h"
#include "ir/Effects.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include <map>

namespace hpcc::ir {
namespace {

/// Statements, assignments, axes and nodes of scalars: what the passes behind this one work on.
size_t weightOf(const Block &block) {
  size_t weight = 0;
  forEachStmt(block, [&](const Stmt &stmt) {
    ++weight;
    if (const auto *compute = std::get_if<Compute>(&stmt.node))
      weight += compute->axes.size() + compute->body.size();
    forEachScalar(stmt, [&](const Scalar &scalar) {
      forEachSubtree(scalar, [&](const Scalar &) { ++weight; });
    });
  });
  return weight;
}

bool isScalar(const Program &program, BufferId buffer) {
  return program[buffer].storage == Storage::Own;
}

class Inliner {
public:
  Inliner(Program &program, PassContext &context)
      : program(program), context(context), graph(callGraphOf(program)),
        callSites(program.functions.size()) {
    for (size_t index = 0; index < program.functions.size(); ++index)
      places[program.functions[index].name] = index;
    size_t weight = 0;
    for (const Function &function : program.functions) {
      weight += weightOf(function.body);
      forEachStmt(function.body, [&](const Stmt &stmt) {
        if (const auto *call = std::get_if<Call>(&stmt.node))
          ++callSites[places.lookup(call->callee)];
      });
    }
    // A program may double, and a small one may become as large as one of a few hundred lines.
    constexpr size_t smallProgram = 4000;
    growthLeft = smallProgram + weight;
  }

  void run() {
    for (size_t index : graph.bottomUp(program))
      inlineInto(program.functions[index]);
  }

private:
  void inlineInto(Function &caller) {
    bool changed = false;
    forEachBlock(caller.body, [&](Block &block) {
      Block result;
      for (Stmt &stmt : block) {
        const auto *call = std::get_if<Call>(&stmt.node);
        if (!call || !mayInline(*call, stmt.loc)) {
          result.push_back(std::move(stmt));
          continue;
        }
        Block body = bodyFor(*call, stmt.loc, caller);
        llvm::move(body, std::back_inserter(result));
        changed = true;
      }
      block = std::move(result);
    });
    if (changed)
      placeDrops(program, caller);
  }

  bool mayInline(const Call &call, Loc loc) {
    size_t index = places.lookup(call.callee);
    const Function &callee = program.functions[index];
    std::string name = "@" + callee.name;
    auto declined = [&](const llvm::Twine &fact) {
      context.missed(loc, name + " is not inlined: " + fact, callee.loc, name + " is defined here");
      return false;
    };
    if (graph.isRecursive(index))
      return declined("it calls itself, and RecursionError counts its frames");
    if (graph.isNearCycle(index))
      return declined("it calls or is called by a function that calls itself, and RecursionError "
                      "counts its frames");
    for (BufferId result : callee.results)
      if (!isScalar(program, result) && !bindsAlways(program, callee, result))
        return declined("it can return without an array");
    // The only copy takes the place of the function.
    size_t weight = callSites[index] == 1 ? 0 : weightOf(callee.body);
    if (weight > growthLeft)
      return declined("the program would grow by " + llvm::Twine(weight) + " nodes, of " +
                      llvm::Twine(growthLeft) + " that inlining may add");
    growthLeft -= weight;
    context.passed(loc, name + " is inlined", callee.loc, name + " is defined here");
    context.count("calls inlined");
    return true;
  }

  Stmt declarationOf(BufferId buffer, Loc loc) const {
    if (isScalar(program, buffer))
      return {Alloc{buffer}, loc};
    return {Declare{buffer}, loc};
  }

  /// Sets the variable or binds the handle.
  Stmt copyOf(BufferId target, BufferId source, Loc loc) const {
    if (!isScalar(program, target))
      return {Bind{target, source}, loc};
    return setOf(target, load(source), loc);
  }
  static Stmt setOf(BufferId target, Scalar value, Loc loc) {
    Assign assign;
    assign.target.buffer = target;
    assign.value = std::move(value);
    assign.loc = loc;
    return {Compute{{}, {std::move(assign)}}, loc};
  }

  Block bodyFor(const Call &call, Loc loc, Function &caller) {
    const Function &callee = program.functions[places.lookup(call.callee)];
    // The signature in front of the body, so that the copy has names of its own for it too.
    Block body;
    std::map<BufferId, size_t> declarations;
    for (const std::vector<BufferId> *names : {&callee.parameters, &callee.results})
      for (BufferId name : *names)
        if (declarations.try_emplace(name, body.size()).second)
          body.push_back(declarationOf(name, loc));
    llvm::append_range(body, callee.body);
    body = cloneFresh(program, body, caller.labels);
    auto copied = [&](BufferId name) {
      BufferId copy;
      forEachDeclaredBuffer(body[declarations.at(name)], [&](BufferId id) { copy = id; });
      return copy;
    };
    Block arguments;
    for (auto [parameter, argument] : llvm::zip_equal(callee.parameters, call.arguments)) {
      if (const auto *scalar = std::get_if<Scalar>(&argument))
        arguments.push_back(setOf(copied(parameter), *scalar, loc));
      else
        arguments.push_back(copyOf(copied(parameter), std::get<BufferId>(argument), loc));
    }
    for (auto [result, target] : llvm::zip_equal(callee.results, call.results))
      body.push_back(copyOf(target, copied(result), loc));
    body.insert(body.begin() + static_cast<ptrdiff_t>(declarations.size()), arguments.begin(),
                arguments.end());
    return body;
  }

  Program &program;
  PassContext &context;
  const CallGraph graph;
  llvm::StringMap<size_t> places;
  std::vector<size_t> callSites; // of each function, before this pass
  size_t growthLeft = 0;
};

} // namespace

/// Globals that no other function mentions become variables of `main`, where what they hold can be
/// followed.
static void moveGlobalsToMain(Program &program, PassContext &context) {
  std::vector<bool> shared(program.buffers.size());
  Function *main = nullptr;
  for (Function &function : program.functions) {
    if (function.name == "main") {
      main = &function;
      continue;
    }
    forEachStmt(function.body, [&](const Stmt &stmt) {
      forEachBuffer(stmt, [&](BufferId buffer) { shared[buffer.index] = true; });
      forEachMention(program, stmt, [&](BufferId buffer) { shared[buffer.index] = true; });
    });
  }
  Block declarations;
  for (BufferId global : program.globals) {
    if (shared[global.index])
      continue;
    if (isScalar(program, global))
      declarations.push_back({Alloc{global}, main->loc});
    else
      declarations.push_back({Declare{global}, main->loc});
  }
  if (declarations.empty())
    return;
  context.count("globals made variables of main", declarations.size());
  std::erase_if(program.globals, [&](BufferId global) { return !shared[global.index]; });
  main->body.insert(main->body.begin(), declarations.begin(), declarations.end());
  placeDrops(program, *main);
}

void inlineCalls(Program &program, PassContext &context) {
  Inliner(program, context).run();
  context.count("functions removed", removeUncalled(program));
  moveGlobalsToMain(program, context);
  setEffects(program);
}

} // namespace hpcc::ir
