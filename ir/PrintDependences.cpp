//===- PrintDependences.cpp - the dependence analysis as text --------------------------------===//

#include "PrintDependences.h"
#include "Fusion.h"
#include "Text.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace hpcc::ir {
namespace {

class DependencePrinter {
public:
  DependencePrinter(const Program &program, const Function &function, llvm::raw_ostream &out)
      : program(program), groups(program, function), out(out) {}

  void print(const Block &block, Facts &facts) {
    out << " block\n";
    Facts::Mark mark = facts.mark();
    for (size_t index = 0; index < block.size(); ++index) {
      addFactsOf(program, block[index], facts);
      if (std::holds_alternative<Alloc>(block[index].node) ||
          std::holds_alternative<Drop>(block[index].node))
        continue; // they touch no cell
      out << "  " << llvm::StringRef(toText(block[index], program)).rtrim() << '\n';
      for (const Touch &touch : touchesOf(block[index], program, facts))
        out << "    " << textOf(touch) << '\n';
      if (auto *compute = std::get_if<Compute>(&block[index].node))
        printDistances(*compute, facts);
      if (index > 0)
        printPair(block[index - 1], block[index], facts);
    }
    facts.rewind(mark);
  }

private:
  std::string textOf(const Bound &bound, llvm::StringRef several) const {
    std::vector<std::string> forms;
    for (const Affine &form : bound.forms)
      forms.push_back(toText(form, program));
    return forms.size() == 1 ? forms[0] : several.str() + "(" + llvm::join(forms, ", ") + ")";
  }

  std::string textOf(const std::optional<Range> &range) const {
    if (!range)
      return "anywhere";
    std::string step = range->step == 1 ? "" : " step " + std::to_string(range->step);
    return "[" + textOf(range->start, "max") + ", " + textOf(range->end, "min") + ")" + step;
  }

  std::string textOf(const Touch &touch) const {
    const Footprint &footprint = touch.footprint;
    constexpr llvm::StringLiteral words[] = {"", "reads", "writes", "updates"};
    std::string text = words[static_cast<unsigned>(touch.use)].str() + " %" +
                       program[footprint.buffer].name +
                       (footprint.slot ? "{" + toText(*footprint.slot, program) + "}" : "");
    for (const std::optional<Range> &dim : footprint.dims)
      text += " " + textOf(dim);
    return text + (footprint.isExact ? " exact" : " hull") + (touch.isCertain ? "" : " perhaps");
  }

  /// (1, *, 0) with the direction (<, *, =).
  static std::string textOf(const Dependence &dependence) {
    std::vector<std::string> distance, direction;
    for (const std::optional<int64_t> &d : dependence.distance) {
      distance.push_back(d ? std::to_string(*d) : "*");
      direction.push_back(!d ? "*" : *d > 0 ? "<" : *d < 0 ? ">" : "=");
    }
    return "distance (" + llvm::join(distance, ", ") + ") direction (" +
           llvm::join(direction, ", ") + ")";
  }

  /// The distance from each target of a compute to each of its accesses to that buffer.
  void printDistances(const Compute &compute, const Facts &facts) {
    for (const Assign &writer : compute.body) {
      auto toAccess = [&](const Access &access, Use) {
        if (access.buffer != writer.target.buffer || &access == &writer.target)
          return;
        std::optional<Dependence> dependence =
            dependenceBetween(writer.target, access, compute.axes, program, facts);
        out << "    " << toText(writer.target, program) << " to " << toText(access, program) << ": "
            << (dependence ? textOf(*dependence) : "never one cell") << '\n';
      };
      for (const Assign &assign : compute.body) {
        if (assign.guard)
          forEachAccess(*assign.guard, toAccess);
        forEachAccess(assign.value, toAccess);
        toAccess(assign.target, Use::Write);
      }
    }
  }

  void printPair(const Stmt &first, const Stmt &second, const Facts &facts) {
    std::vector<Touch> before = touchesOf(first, program, facts);
    std::vector<Touch> after = touchesOf(second, program, facts);
    for (const Touch &a : before)
      for (const Touch &b : after) {
        BufferId x = a.footprint.buffer, y = b.footprint.buffer;
        if ((!isWrite(a.use) && !isWrite(b.use)) || !groups.mayOverlap(x, y))
          continue;
        out << "    before: " << textOf(a) << ": ";
        if (x != y)
          out << "perhaps the array of %" << program[y].name << '\n';
        else if (areDisjoint(a.footprint, b.footprint, program, facts))
          out << "disjoint\n";
        else
          out << (covers(a.footprint, b.footprint, program, facts) ? "covers this\n"
                                                                   : "may meet\n");
      }
    Obstacle why;
    bool free = canSwap(first, second, program, groups, facts, &why);
    out << "    swap: " << (free ? "yes" : why.text) << '\n';
    auto *producer = std::get_if<Compute>(&first.node), *user = std::get_if<Compute>(&second.node);
    if (!producer || !user)
      return;
    FusionContext fusion{program, groups, facts};
    std::optional<Compute> result = mergeComputes(*producer, *user, fusion, &why);
    out << "    merge: " << (result ? "yes" : why.text) << '\n';
    result = substituteProducer(*producer, *user, fusion, &why);
    out << "    substitute: " << (result ? "yes" : why.text) << '\n';
  }

  const Program &program;
  StorageGroups groups;
  llvm::raw_ostream &out;
};

} // namespace

void printDependences(const Program &program, llvm::raw_ostream &out) {
  for (Function function : program.functions) { // a copy: the walk over blocks wants to change them
    out << "func @" << function.name << '\n';
    DependencePrinter printer(program, function, out);
    Facts facts;
    forEachBlockWithFacts(program, function.body, facts,
                          [&](Block &block, Facts &inner) { printer.print(block, inner); });
  }
}

} // namespace hpcc::ir
