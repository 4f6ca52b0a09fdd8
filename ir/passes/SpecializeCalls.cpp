//===- SpecializeCalls.cpp - copies of functions for what calls know -------------------------===//
//
// A function that stayed (it is recursive, or too large) gets a copy for each pattern of constant
// arguments and constant array sizes that calls pass. Only parameters that keep their value count:
// the function does not set them, and hands them on unchanged where it calls itself, so that a
// recursion stays in its copy.
//
//===-----------------------------------------------------------------------------------------===//

#include "SpecializeCalls.h"
#include "ir/CallGraph.h"
#include "ir/Lifetimes.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include <map>

namespace hpcc::ir {
namespace {

/// What is known of an argument: a constant, the constant sizes of an array, or nothing.
struct Known {
  std::optional<ScalarConstant> value;
  std::vector<std::optional<int64_t>> sizes;

  bool isAnything() const {
    return value || llvm::any_of(sizes, [](const auto &size) { return size.has_value(); });
  }
  bool operator==(const Known &) const = default;
};

using Pattern = std::vector<Known>; // by parameter

struct Copy {
  std::string original;
  Pattern pattern;
  std::string name;
};

/// The parameters that a call of the function by itself receives as they are.
std::vector<bool> keptParameters(const Function &function) {
  std::vector<bool> kept(function.parameters.size(), true);
  auto drop = [&](BufferId buffer) {
    for (auto [index, parameter] : llvm::enumerate(function.parameters))
      if (parameter == buffer)
        kept[index] = false;
  };
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (const auto *bind = std::get_if<Bind>(&stmt.node))
      drop(bind->handle);
    if (const auto *library = std::get_if<LibraryCall>(&stmt.node))
      for (const CallArgument &argument : library->arguments)
        if (const auto *buffer = std::get_if<BufferId>(&argument))
          drop(*buffer); // may be its result
    const auto *call = std::get_if<Call>(&stmt.node);
    if (call)
      llvm::for_each(call->results, drop);
    if (call && call->callee == function.name)
      for (auto [index, parameter] : llvm::enumerate(function.parameters)) {
        const CallArgument &argument = call->arguments[index];
        if (argument != CallArgument(parameter) && argument != CallArgument(load(parameter)))
          kept[index] = false;
      }
  });
  return kept;
}

/// True if the function stores the scalar variable.
bool isStored(const Function &function, BufferId scalar) {
  bool stored = false;
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (const auto *compute = std::get_if<Compute>(&stmt.node))
      for (const Assign &assign : compute->body)
        stored |= assign.target.buffer == scalar;
  });
  return stored;
}

class CallSpecializer {
public:
  CallSpecializer(Program &program, PassContext &context) : program(program), context(context) {}

  void run() {
    // Copies are appended, and their calls are looked at in turn.
    for (size_t index = 0; index < program.functions.size(); ++index) {
      Function caller = std::move(program.functions[index]);
      forEachStmt(caller.body, [&](Stmt &stmt) {
        if (auto *call = std::get_if<Call>(&stmt.node); call && call->callee != caller.name)
          retarget(*call, stmt.loc);
      });
      program.functions[index] = std::move(caller);
    }
    removeUncalled(program);
  }

private:
  Known knownOf(const CallArgument &argument) const {
    Known known;
    if (const auto *scalar = std::get_if<Scalar>(&argument)) {
      if (const auto *constant = std::get_if<ScalarConstant>(&scalar->node))
        known.value = *constant;
    } else if (const auto *buffer = std::get_if<BufferId>(&argument)) {
      for (const Affine &size : program[*buffer].shape)
        known.sizes.push_back(size.asConstant());
    }
    return known;
  }

  void retarget(Call &call, Loc loc) {
    const Function *callee = program.find(call.callee);
    // The function that is being looked at is out of the table: a cycle through others stays.
    if (!callee)
      return;
    std::vector<bool> kept = keptParameters(*callee);
    Pattern pattern;
    for (auto [index, argument] : llvm::enumerate(call.arguments)) {
      BufferId parameter = callee->parameters[index];
      bool counts = kept[index] &&
                    !(program[parameter].storage == Storage::Own && isStored(*callee, parameter));
      pattern.push_back(counts ? knownOf(argument) : Known());
    }
    if (llvm::none_of(pattern, [](const Known &known) { return known.isAnything(); }))
      return;
    auto same = llvm::find_if(copies, [&](const Copy &copy) {
      return copy.original == call.callee && copy.pattern == pattern;
    });
    if (same != copies.end()) {
      call.callee = same->name;
      return;
    }
    constexpr ptrdiff_t mostCopies = 4;
    if (llvm::count_if(copies, [&](const Copy &c) { return c.original == call.callee; }) >=
        mostCopies) {
      context.missed(loc,
                     "@" + call.callee + " is not copied for what this call knows: it has " +
                         llvm::Twine(mostCopies) + " copies already",
                     callee->loc, "@" + call.callee + " is defined here");
      return;
    }
    context.passed(loc, "@" + call.callee + " is copied for the constants and sizes of this call",
                   callee->loc, "@" + call.callee + " is defined here");
    context.count("functions copied");
    std::string name = makeCopy(*callee, pattern);
    copies.push_back({call.callee, std::move(pattern), name});
    call.callee = std::move(name);
  }

  std::string freshName(llvm::StringRef base) const {
    std::string name;
    auto isTaken = [&] {
      return program.find(name) ||
             llvm::any_of(copies, [&](const Copy &copy) { return copy.name == name; });
    };
    for (unsigned number = 1; name.empty() || isTaken(); ++number)
      name = (base + ".for" + llvm::Twine(number)).str();
    return name;
  }

  std::string makeCopy(const Function &original, const Pattern &pattern) {
    Function copy = original;
    copy.name = freshName(original.name);
    // The signature in front of the body, so that the copy has names of its own for it too.
    Block body;
    std::map<BufferId, size_t> declarations;
    for (const std::vector<BufferId> *names : {&copy.parameters, &copy.results})
      for (BufferId name : *names)
        if (declarations.try_emplace(name, body.size()).second)
          body.push_back({Alloc{name}, copy.loc});
    llvm::append_range(body, copy.body);
    copy.labels = 0;
    body = cloneFresh(program, body, copy.labels);
    for (std::vector<BufferId> *names : {&copy.parameters, &copy.results})
      for (BufferId &name : *names)
        name = std::get<Alloc>(body[declarations.at(name)].node).buffer;
    body.erase(body.begin(), body.begin() + static_cast<ptrdiff_t>(declarations.size()));
    copy.body = std::move(body);
    for (auto [parameter, known] : llvm::zip_equal(copy.parameters, pattern))
      replaceKnown(copy, parameter, known);
    forEachStmt(copy.body, [&](Stmt &stmt) {
      if (auto *call = std::get_if<Call>(&stmt.node); call && call->callee == original.name)
        call->callee = copy.name;
    });
    std::string name = copy.name;
    program.functions.push_back(std::move(copy));
    return name;
  }

  void replaceKnown(Function &function, BufferId parameter, const Known &known) {
    forEachStmt(function.body, [&](Stmt &stmt) {
      rewriteScalars(stmt, [&](Scalar &tree) {
        const auto *dim = std::get_if<ScalarDim>(&tree.node);
        const auto *variable = std::get_if<ScalarLoad>(&tree.node);
        if (dim && dim->buffer == parameter && !known.sizes.empty() && known.sizes[dim->dim])
          tree = constantInteger(*known.sizes[dim->dim]);
        else if (variable && variable->access.buffer == parameter && known.value)
          tree = Scalar{*known.value};
      });
    });
  }

  Program &program;
  PassContext &context;
  std::vector<Copy> copies;
};

} // namespace

void specializeCalls(Program &program, PassContext &context) {
  CallSpecializer(program, context).run();
}

} // namespace hpcc::ir
