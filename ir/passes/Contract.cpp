//===- Contract.cpp - arrays that each point uses for itself ---------------------------------===//
//
// An array of which a point stores one element and loads only that one, all inside one compute,
// becomes a local scalar of the compute:
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
#include <set>

namespace hpcc::ir {
namespace {

/// Where an array is named, apart from its declaration and drops.
struct Uses {
  unsigned mentions = 0;
  Stmt *only = nullptr; // the one statement that names it, if there is one only
};

/// Why the array cannot be a scalar of the compute, or nothing if it can: each point sets its own
/// element before it loads it, and touches no other.
std::optional<std::string> unfit(const Compute &compute, BufferId array, unsigned mentions) {
  unsigned accesses = 0;
  const Access *own = nullptr;
  std::optional<std::string> reason;
  auto look = [&](const Access &access, Use use, bool guarded) {
    if (access.buffer != array)
      return;
    ++accesses;
    if (!own && use != Use::Write)
      reason = "it is loaded before it is set";
    else if (!own && guarded)
      reason = "it is set under a guard";
    else if (own && access != *own)
      reason = "a point uses elements of others";
    own = own ? own : &access;
  };
  for (const Assign &assign : compute.body) {
    auto read = [&](const Access &access, Use use) { look(access, use, false); };
    if (assign.guard)
      forEachAccess(*assign.guard, read);
    forEachAccess(assign.value, read);
    look(assign.target, assign.op == AssignOp::Set ? Use::Write : Use::ReadWrite,
         assign.guard.has_value());
  }
  if (!reason && accesses != mentions)
    reason = "it is used as a whole";
  if (!reason)
    for (const Axis &axis : compute.axes)
      if (llvm::none_of(own->indices, [&](const Index &index) {
            return index.form.coefficientOf(axis.iterator) != 0;
          }))
        reason = "points share its elements"; // an update gathers over the axis
  return reason;
}

class Contract {
public:
  Contract(Program &program, Function &function, PassContext &context)
      : program(program), function(function), context(context) {}

  void run() {
    std::map<BufferId, Uses> uses;
    forEachStmt(function.body, [&](Stmt &stmt) {
      bool isDeclaration = std::holds_alternative<Alloc>(stmt.node);
      if (isDeclaration || std::holds_alternative<Drop>(stmt.node)) {
        for (BufferId like : likesOf(stmt))
          ++uses[like].mentions;
        return;
      }
      forEachBuffer(stmt, [&](BufferId id) {
        Uses &use = uses[id];
        use.only = use.mentions == 0 || use.only == &stmt ? &stmt : nullptr;
        ++use.mentions;
      });
    });
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts, [&](Block &block, Facts &inner) {
      Facts::Mark mark = inner.mark();
      for (const Stmt &stmt : block) {
        if (auto *alloc = std::get_if<Alloc>(&stmt.node))
          consider(alloc->buffer, uses[alloc->buffer], stmt.loc, inner);
        addFactsOf(program, stmt, inner); // an allocation itself says that its size is legal
      }
      inner.rewind(mark);
    });
    removeNames();
  }

private:
  std::vector<BufferId> likesOf(const Stmt &stmt) const {
    auto *alloc = std::get_if<Alloc>(&stmt.node);
    return alloc ? program[alloc->buffer].like : std::vector<BufferId>();
  }

  void consider(BufferId array, const Uses &use, Loc loc, const Facts &facts) {
    const Buffer &row = program[array];
    auto *compute = use.only ? std::get_if<Compute>(&use.only->node) : nullptr;
    if (row.dims == 0 || row.slots != 1 || !compute)
      return;
    std::optional<std::string> reason = unfit(*compute, array, use.mentions);
    if (!reason &&
        !llvm::all_of(row.shape, [&](const Affine &size) { return facts.isNonNegative(size); }))
      reason = "its size may be negative, which raises an error";
    if (reason)
      return context.missed(loc, "%" + row.name + " stays an array: " + *reason, use.only->loc,
                            "the only statement that uses it");
    context.passed(loc, "%" + row.name + " is a scalar of each point, not an array", use.only->loc,
                   "the only statement that uses it");
    context.count("arrays contracted");
    Buffer scalar;
    scalar.name = row.name, scalar.type = row.type;
    BufferId local = program.addBuffer(std::move(scalar));
    auto replace = [&](Access &access, Use) {
      if (access.buffer == array)
        access = {local, {}, {}};
    };
    forEachAccess(*use.only, replace);
    compute->locals.push_back(local);
    removed.insert(array);
  }

  void removeNames() {
    if (removed.empty())
      return;
    forEachBlock(function.body, [&](Block &block) {
      llvm::erase_if(block, [&](const Stmt &stmt) {
        auto *alloc = std::get_if<Alloc>(&stmt.node);
        auto *drop = std::get_if<Drop>(&stmt.node);
        return (alloc && removed.count(alloc->buffer)) || (drop && removed.count(drop->buffer));
      });
    });
  }

  Program &program;
  Function &function;
  PassContext &context;
  std::set<BufferId> removed;
};

} // namespace

void contract(Program &program, PassContext &context) {
  for (Function &function : program.functions)
    Contract(program, function, context).run();
}

} // namespace hpcc::ir
