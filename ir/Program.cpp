//===- Program.cpp - the tables of a program, and their renumbering --------------------------===//
//
// Renumbering is what makes equal programs equal values: after it the ids follow from the text.
//
//===-----------------------------------------------------------------------------------------===//

#include "Program.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <map>

namespace hpcc::ir {

SymbolId Program::addSymbol(std::string name) {
  symbols.push_back({std::move(name)});
  return {static_cast<uint32_t>(symbols.size() - 1)};
}

BufferId Program::addBuffer(Buffer buffer) {
  buffers.push_back(std::move(buffer));
  return {static_cast<uint32_t>(buffers.size() - 1)};
}

const Function *Program::find(llvm::StringRef function) const {
  auto found = llvm::find_if(functions, [&](const Function &f) { return f.name == function; });
  return found == functions.end() ? nullptr : &*found;
}

namespace {

/// Gives out names that the text form can spell, each once.
class NameTable {
public:
  std::string unique(llvm::StringRef wanted) {
    std::string name = spellable(wanted);
    if (used.insert(name).second)
      return name;
    // `i.3` clashing becomes another `i.<number>`, not `i.3.1`.
    llvm::StringRef base = llvm::StringRef(name).rtrim("0123456789");
    base = base.size() > 1 && base.ends_with(".") ? base.drop_back() : llvm::StringRef(name);
    unsigned &next = nextSuffix[base];
    std::string candidate;
    do
      candidate = (base + "." + llvm::Twine(++next)).str();
    while (!used.insert(candidate).second);
    return candidate;
  }

private:
  static std::string spellable(llvm::StringRef wanted) {
    std::string name = wanted.str();
    for (char &c : name)
      if (!llvm::isAlnum(c) && c != '_' && c != '.' && static_cast<unsigned char>(c) < 0x80)
        c = '_';
    if (name.empty() || llvm::isDigit(name[0]) || name[0] == '.')
      name.insert(name.begin(), '_');
    // Words that cannot name a symbol where an operand may stand.
    if (name == "true" || name == "false" || name == "newaxis")
      name += "_";
    return name;
  }

  llvm::StringSet<> used;
  llvm::StringMap<unsigned> nextSuffix;
};

/// Old ids to new ones for one table, in the order of the first mention; `rows` becomes the new
/// table. What is mentioned without a declaration keeps a row, for the verifier to name.
template <typename Id, typename Row> class Renumbering {
public:
  explicit Renumbering(std::vector<Row> &rows) : rows(rows), newIndex(rows.size(), unassigned) {}

  void add(Id id) {
    if (id.index >= newIndex.size() || newIndex[id.index] != unassigned)
      return;
    newIndex[id.index] = static_cast<uint32_t>(order.size());
    order.push_back(id.index);
  }
  void apply(Id &id) const { id.index = id.index < newIndex.size() ? newIndex[id.index] : ~0u; }
  void finish(NameTable names) {
    std::vector<Row> sorted;
    sorted.reserve(order.size());
    for (uint32_t old : order) {
      sorted.push_back(std::move(rows[old]));
      sorted.back().name = names.unique(sorted.back().name);
    }
    rows = std::move(sorted);
  }

private:
  static constexpr uint32_t unassigned = ~0u;
  std::vector<Row> &rows;
  std::vector<uint32_t> newIndex;
  std::vector<uint32_t> order;
};

} // namespace

static void renumberLabels(Function &function) {
  std::map<LabelId, uint32_t> newIndex;
  forEachStmt(function.body, [&](const Stmt &stmt) {
    if (auto *labelled = std::get_if<Labelled>(&stmt.node))
      newIndex.emplace(labelled->label, static_cast<uint32_t>(newIndex.size()));
  });
  auto apply = [&](LabelId &label) {
    auto found = newIndex.find(label);
    label.index = found == newIndex.end() ? ~0u : found->second;
  };
  forEachStmt(function.body, [&](Stmt &stmt) {
    if (auto *labelled = std::get_if<Labelled>(&stmt.node))
      apply(labelled->label);
    else if (auto *leave = std::get_if<Leave>(&stmt.node))
      apply(leave->label);
  });
  function.labels = static_cast<unsigned>(newIndex.size());
}

/// visit(bufferId) for the buffers that globals and signatures declare.
template <typename F> static void forEachSignatureBuffer(Program &program, F visit) {
  llvm::for_each(program.globals, visit);
  for (Function &function : program.functions) {
    llvm::for_each(function.parameters, visit);
    llvm::for_each(function.results, visit);
  }
}

/// visit(symbolId) for the axes that tree sums of the statement name.
template <typename F> static void forEachTreeAxis(Stmt &stmt, F visit) {
  if (auto *compute = std::get_if<Compute>(&stmt.node))
    for (Assign &assign : compute->body)
      llvm::for_each(assign.treeAxes, visit);
}

/// Registers every row that stays: first what is declared, in the order of the text, then what is
/// only mentioned.
static void assignIndices(Program &program, Renumbering<SymbolId, Symbol> &symbols,
                          Renumbering<BufferId, Buffer> &buffers) {
  auto addBuffer = [&](BufferId id) { buffers.add(id); };
  llvm::for_each(program.globals, addBuffer);
  for (Function &function : program.functions) {
    llvm::for_each(function.parameters, addBuffer);
    llvm::for_each(function.results, addBuffer);
    forEachStmt(function.body, [&](Stmt &stmt) {
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { symbols.add(id); });
      forEachDeclaredBuffer(stmt, addBuffer);
    });
  }
  forEachStmt(program, [&](Stmt &stmt) {
    forEachBuffer(stmt, addBuffer);
    forEachDeclaredBuffer(stmt, [&](BufferId id) {
      if (id.index >= program.buffers.size())
        return;
      for (BufferId like : program[id].like)
        buffers.add(like);
    });
    forEachAffine(program, stmt, [&](const Affine &form) {
      for (const AffineTerm &term : form.terms)
        symbols.add(term.symbol);
    });
    forEachTreeAxis(stmt, [&](SymbolId id) { symbols.add(id); });
  });
}

void renumber(Program &program) {
  Renumbering<SymbolId, Symbol> symbols(program.symbols);
  Renumbering<BufferId, Buffer> buffers(program.buffers);
  assignIndices(program, symbols, buffers);

  auto renumberForm = [&](Affine &form) {
    for (AffineTerm &term : form.terms)
      symbols.apply(term.symbol);
    llvm::sort(form.terms, [](const AffineTerm &left, const AffineTerm &right) {
      return left.symbol < right.symbol;
    });
  };
  for (Buffer &buffer : program.buffers) {
    llvm::for_each(buffer.shape, renumberForm);
    if (buffer.home)
      renumberForm(buffer.home->rows), renumberForm(buffer.home->offset);
    for (BufferId &id : buffer.like)
      buffers.apply(id);
  }
  forEachStmt(program, [&](Stmt &stmt) {
    forEachDeclaredSymbol(stmt, [&](SymbolId &id) { symbols.apply(id); });
    forEachTreeAxis(stmt, [&](SymbolId &id) { symbols.apply(id); });
    forEachAffine(stmt, renumberForm);
    forEachBuffer(stmt, [&](BufferId &id) { buffers.apply(id); });
  });
  forEachSignatureBuffer(program, [&](BufferId &id) { buffers.apply(id); });
  symbols.finish(NameTable());
  buffers.finish(NameTable());
  for (Function &function : program.functions)
    renumberLabels(function);
}

} // namespace hpcc::ir
