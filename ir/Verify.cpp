//===- Verify.cpp - the verifier: tables and functions ---------------------------------------===//

#include "Verify.h"
#include "Effects.h"
#include "Text.h"
#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Ids
//===-----------------------------------------------------------------------------------------===//

static void verifyIds(VerifyReport &report) {
  const Program &program = report.program;
  auto symbol = [&](SymbolId id) {
    if (id.index >= program.symbols.size())
      report("ids", "no symbol " + llvm::Twine(id.index));
  };
  auto buffer = [&](BufferId id) {
    if (id.index >= program.buffers.size())
      report("ids", "no buffer " + llvm::Twine(id.index));
  };
  auto form = [&](const Affine &form) {
    for (const AffineTerm &term : form.terms)
      symbol(term.symbol);
    auto unsorted = [](const AffineTerm &left, const AffineTerm &right) {
      return !(left.symbol < right.symbol);
    };
    if (std::adjacent_find(form.terms.begin(), form.terms.end(), unsorted) != form.terms.end() ||
        llvm::any_of(form.terms, [](const AffineTerm &term) { return term.coefficient == 0; }))
      report("ids", "the terms of an affine form are not sorted or have a coefficient of 0");
  };

  llvm::for_each(program.globals, buffer);
  for (const Buffer &row : program.buffers) {
    llvm::for_each(row.shape, form);
    llvm::for_each(row.like, buffer);
  }
  for (const Function &function : program.functions) {
    report.function = function.name;
    llvm::for_each(function.parameters, buffer);
    llvm::for_each(function.results, buffer);
    forEachStmt(function.body, [&](const Stmt &stmt) {
      report.loc = stmt.loc;
      forEachDeclaredSymbol(stmt, symbol);
      forEachBuffer(stmt, buffer);
      forEachAffine(stmt, form);
      if (auto *compute = std::get_if<Compute>(&stmt.node))
        for (const Assign &assign : compute->body)
          llvm::for_each(assign.treeAxes, symbol);
    });
  }
  report.function.clear(), report.loc = {};
}

//===-----------------------------------------------------------------------------------------===//
// Tables
//===-----------------------------------------------------------------------------------------===//

static bool isPermutation(std::vector<unsigned> order, unsigned size) {
  llvm::sort(order);
  return order.size() == size && llvm::all_of(llvm::enumerate(order), [](auto each) {
           return each.value() == each.index();
         });
}

static void verifyRow(const Buffer &buffer, VerifyReport &report) {
  std::string name = "%" + buffer.name;
  size_t sizes = buffer.storage == Storage::Handle ? 0 : buffer.dims;
  if (buffer.shape.size() != sizes)
    report("rows",
           name + " has " + llvm::Twine(buffer.shape.size()) + " sizes, not " + llvm::Twine(sizes));
  if (isComplex(buffer.type))
    report("rows", name + " has complex elements");
  if (buffer.storage == Storage::Handle && buffer.dims == 0)
    report("rows", name + " is a handle without dimensions");
  bool isArray = buffer.storage == Storage::Own && buffer.dims != 0;
  if (buffer.slots == 0 || (buffer.slots != 1 && !isArray))
    report("rows", name + " has " + llvm::Twine(buffer.slots) + " slots");
  if (!buffer.layout.empty() && (!isArray || !isPermutation(buffer.layout, buffer.dims)))
    report("rows", name + " has a layout that is no permutation of its dimensions");
  if (!buffer.like.empty() && (!isArray || !buffer.layout.empty()))
    report("rows", name + " has `like` beside a layout or without dimensions");
  if (buffer.home && (!isArray || !buffer.layout.empty() || !buffer.like.empty()))
    report("rows", name + " has a home and is no row-major array");
  for (BufferId id : buffer.like)
    if (report.program[id].dims == 0)
      report("rows", name + " is laid out like a scalar variable");
}

static void verifyTables(VerifyReport &report) {
  const Program &program = report.program;
  // Renumbering makes every name a word of the text form, and unique; it changes no good name.
  Program renamed = program;
  renumber(renamed);
  bool sameTables = renamed.symbols == program.symbols &&
                    renamed.buffers.size() == program.buffers.size() &&
                    llvm::equal(renamed.buffers, program.buffers,
                                [](auto &left, auto &right) { return left.name == right.name; });
  if (!sameTables)
    report("names", "the tables are not in the order of the text, or names are not unique words");
  for (const Buffer &buffer : program.buffers)
    verifyRow(buffer, report);
  llvm::StringSet<> functions;
  for (const Function &function : program.functions)
    if (function.name.empty() || llvm::StringRef(function.name).starts_with("lib.") ||
        !functions.insert(function.name).second)
      report("names", "the function name '" + function.name + "' is taken or empty");
}

//===-----------------------------------------------------------------------------------------===//
// Functions
//===-----------------------------------------------------------------------------------------===//

static unsigned depthOf(const Block &block) {
  unsigned depth = 0;
  for (const Stmt &stmt : block)
    forEachInnerBlock(stmt, [&](const Block &inner) { depth = std::max(depth, depthOf(inner)); });
  return depth + 1;
}

/// Signature buffers are scalar variables or handles.
static void verifySignature(llvm::ArrayRef<BufferId> ids, llvm::StringRef what,
                            VerifyReport &report) {
  for (BufferId id : ids) {
    const Buffer &buffer = report.program[id];
    bool isScalar = buffer.storage == Storage::Own && buffer.dims == 0;
    if (!isScalar && buffer.storage != Storage::Handle)
      report("signature", what + " %" + buffer.name + " is no scalar variable and no handle");
  }
}

static void verifyFunctions(VerifyReport &report) {
  const Program &program = report.program;
  verifySignature(program.globals, "global", report);
  const Function *main = program.find("main");
  if (!main || !main->parameters.empty() || !main->results.empty())
    report("signature", "there is no @main without parameters and results");
  for (const Function &function : program.functions) {
    report.function = function.name, report.loc = function.loc;
    verifySignature(function.parameters, "parameter", report);
    verifySignature(function.results, "result", report);
    if (depthOf(function.body) > maxBlockDepth)
      report("depth", "blocks are nested too deeply");
    forEachStmt(function.body, [&](const Stmt &stmt) {
      report.loc = stmt.loc.isValid() ? stmt.loc : function.loc;
      verifyStmt(stmt, report);
    });
  }
  report.function.clear(), report.loc = {};
}

static std::string toText(const Effects &effects) {
  std::string text;
  auto add = [&](bool has, llvm::StringRef word) {
    if (has)
      text += (text.empty() ? "" : ", ") + word.str();
  };
  add(effects.reads, "reads"), add(effects.writes, "writes");
  add(effects.prints, "prints"), add(effects.fails, "fails");
  return "effects(" + text + ")";
}

static void verifyEffects(VerifyReport &report) {
  std::vector<Effects> inferred = inferEffects(report.program);
  for (auto [function, effects] : llvm::zip_equal(report.program.functions, inferred)) {
    report.function = function.name, report.loc = function.loc;
    if (!(function.effects == effects))
      report("effects", toText(effects) + " are inferred, " + toText(function.effects) + " stated");
  }
}

std::vector<VerifyError> verify(const Program &program) {
  VerifyReport report{program};
  verifyIds(report);
  if (!report.errors.empty())
    return std::move(report.errors);
  verifyTables(report);
  verifyFunctions(report);
  verifyScopes(report);
  verifyTeams(report);
  verifyRanks(report);
  verifyDevice(report);
  if (report.errors.empty())
    verifyEffects(report);
  return std::move(report.errors);
}

std::string toText(const VerifyError &error) {
  std::string text;
  if (!error.function.empty())
    text += "@" + error.function + " ";
  if (error.loc.isValid())
    text += std::to_string(error.loc.line) + ":" + std::to_string(error.loc.column) + ": ";
  return text + error.invariant + ": " + error.text;
}

} // namespace hpcc::ir
