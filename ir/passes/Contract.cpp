//===- Contract.cpp - arrays that each point uses for itself ---------------------------------===//
//
// An array that is loaded only where the same point has just stored the element becomes a local
// scalar of the compute. What else is stored to it is read by nothing, and goes.
//
//     alloc %t : f64[n]                       compute (i in [0, n) par) local(%t : f64[]) {
//     compute (i in [0, n) par) {               %t[] = %a[i] + %b[i]
//       %t[i] = %a[i] + %b[i]           ->      %c[i] = %t[] * %t[]
//       %c[i] = %t[i] * %t[i]                 }
//     }
//
//===---------------------------------------------------------------------------------------===//

#include "ir/Facts.h"
#include "ir/Lifetimes.h"
#include "ir/Pass.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

namespace hpcc::ir {
namespace {

/// Why an array stays, and where that is plain.
struct Reason {
  std::string text;
  Loc loc;
};

/// Why the compute needs the array itself, or nothing: each load comes behind an unguarded store of
/// the same element at the same point, and no other element is stored.
std::optional<Reason> needsArray(const Stmt &stmt, const Compute &compute, BufferId array) {
  const Access *stored = nullptr;
  bool isGuarded = false; // stored under a guard before it is stored always
  std::optional<Reason> reason;
  for (const Assign &assign : compute.body) {
    Loc loc = assign.loc.isValid() ? assign.loc : stmt.loc;
    auto load = [&](const Access &access, Use) {
      if (access.buffer != array)
        return;
      if (!stored)
        reason = {isGuarded ? "it is set under a guard" : "it is loaded before it is set", loc};
      else if (access != *stored)
        reason = {"a point uses elements of others", loc};
    };
    if (assign.guard)
      forEachAccess(*assign.guard, load);
    forEachAccess(assign.value, load);
    if (assign.target.buffer != array)
      continue;
    if (assign.op != AssignOp::Set)
      reason = {"it gathers a reduction", loc};
    else if (canRaise(assign.value) || (assign.guard && canRaise(*assign.guard)))
      reason = {"storing to it can raise an error", loc};
    else if (stored && assign.target != *stored)
      reason = {"a point uses elements of others", loc};
    else if (assign.guard)
      isGuarded |= !stored;
    else if (!stored)
      stored = &assign.target;
  }
  return reason;
}

class Contract {
public:
  Contract(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context) {}

  void run() {
    collectUses();
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts, [&](Block &block, Facts &inner) {
      Facts::Mark mark = inner.mark();
      for (const Stmt &stmt : block) {
        if (auto *alloc = std::get_if<Alloc>(&stmt.node))
          consider(alloc->buffer, stmt.loc, inner);
        addFactsOf(program, stmt, inner); // an allocation itself says that its size is legal
      }
      inner.rewind(mark);
    });
    removeContracted();
  }

private:
  /// The statements that mention each buffer, apart from its declaration and drops; those that an
  /// allocation is laid out like count as mentions.
  void collectUses() {
    forEachStmt(function.body, [&](Stmt &stmt) {
      if (auto *alloc = std::get_if<Alloc>(&stmt.node)) {
        for (BufferId like : program[alloc->buffer].like)
          uses[like].push_back(&stmt);
        return;
      }
      if (std::holds_alternative<Drop>(stmt.node))
        return;
      forEachBuffer(stmt, [&](BufferId id) {
        std::vector<Stmt *> &users = uses[id];
        if (users.empty() || users.back() != &stmt)
          users.push_back(&stmt);
      });
    });
  }

  /// Why the array stays one, or nothing.
  std::optional<Reason> reasonToStay(BufferId array, Loc loc, const Facts &facts) const {
    bool isLoaded = false;
    for (const Stmt *stmt : uses.at(array)) {
      auto *compute = std::get_if<Compute>(&stmt->node);
      bool isGathered = false;
      forEachScalar(*stmt, [&](const Scalar &scalar) {
        forEachSubtree(scalar, [&](const Scalar &tree) {
          if (auto *load = std::get_if<ScalarLoad>(&tree.node))
            isLoaded |= load->access.buffer == array;
          else if (auto *gather = std::get_if<ScalarGather>(&tree.node))
            isGathered |= gather->buffer == array;
        });
      });
      if (!compute || isGathered)
        return Reason{"it is used as a whole", stmt->loc};
      if (std::optional<Reason> reason = needsArray(*stmt, *compute, array))
        return reason;
    }
    if (!isLoaded)
      return Reason{"", loc}; // dead, which is simplify's business
    if (!llvm::all_of(program[array].shape,
                      [&](const Affine &size) { return facts.isNonNegative(size); }))
      return Reason{"its size may be negative, which raises an error", loc};
    return std::nullopt;
  }

  void consider(BufferId array, Loc loc, const Facts &facts) {
    const Buffer &row = program[array];
    if (row.dims == 0 || row.slots != 1 || uses[array].empty())
      return;
    if (std::optional<Reason> reason = reasonToStay(array, loc, facts)) {
      bool isShort = uses[array].size() <= 2; // others are no temporaries, and nobody asks
      if (!reason->text.empty() && isShort)
        context.missed(loc, "%" + row.name + " stays an array: " + reason->text, reason->loc,
                       "the statement that needs it");
      return;
    }
    context.passed(loc, "%" + row.name + " is a scalar of each point, not an array");
    context.count("arrays contracted");
    contracted.push_back(array);
    for (Stmt *stmt : uses[array])
      replaceIn(std::get<Compute>(stmt->node), array);
  }

  /// Makes a local of the element that each point stores and loads, and removes other stores.
  void replaceIn(Compute &compute, BufferId array) {
    bool isLoaded = false;
    auto look = [&](const Access &access, Use) { isLoaded |= access.buffer == array; };
    for (const Assign &assign : compute.body) {
      if (assign.guard)
        forEachAccess(*assign.guard, look);
      forEachAccess(assign.value, look);
    }
    if (!isLoaded) {
      llvm::erase_if(compute.body,
                     [&](const Assign &assign) { return assign.target.buffer == array; });
      return;
    }
    Buffer scalar;
    scalar.name = program[array].name, scalar.type = program[array].type;
    BufferId local = program.addBuffer(std::move(scalar));
    auto replace = [&](Access &access, Use) {
      if (access.buffer == array)
        access = {local, {}, {}};
    };
    for (Assign &assign : compute.body) {
      if (assign.guard)
        forEachAccess(*assign.guard, replace);
      forEachAccess(assign.value, replace);
      replace(assign.target, Use::Write);
    }
    compute.locals.push_back(local);
  }

  void removeContracted() {
    if (contracted.empty())
      return;
    auto isGone = [&](BufferId id) { return llvm::is_contained(contracted, id); };
    forEachBlock(function.body, [&](Block &block) {
      llvm::erase_if(block, [&](const Stmt &stmt) {
        auto *alloc = std::get_if<Alloc>(&stmt.node);
        auto *drop = std::get_if<Drop>(&stmt.node);
        auto *compute = std::get_if<Compute>(&stmt.node);
        return (alloc && isGone(alloc->buffer)) || (drop && isGone(drop->buffer)) ||
               (compute && compute->body.empty());
      });
    });
  }

  Program &program;
  Function &function;
  PassContext &context;
  std::map<BufferId, std::vector<Stmt *>> uses;
  std::vector<BufferId> contracted;
};

} // namespace

void contract(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    Contract(program, function, context).run();
}

} // namespace hpcc::ir
