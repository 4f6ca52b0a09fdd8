//===- TextPrinter.h - what writes the text form ---------------------------------------------===//
//
// One function per struct of Program.h. Nothing here fails: ids without a row print as `%?7`.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_TEXTPRINTER_H
#define HPCC_IR_TEXTPRINTER_H

#include "Text.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace hpcc::ir {

/// Writes parts of one program; `depth` is the current indentation.
struct Printer {
  const Program &program;
  llvm::raw_ostream &out;
  PrintOptions options;
  unsigned depth = 0;

  // Names and literals.
  void symbol(SymbolId id);
  void buffer(BufferId id);
  void atName(llvm::StringRef name);
  void string(llvm::StringRef text);
  void range(Loc loc);
  void constant(const ScalarConstant &constant);

  // Affine forms and scalars.
  void affine(const Affine &form);
  void affines(llvm::ArrayRef<Affine> forms);
  void bound(const Bound &bound, llvm::StringRef function);
  void access(const Access &access);
  void scalar(const Scalar &scalar, unsigned minimumPrecedence = 0);
  void apply(const ScalarApply &apply, unsigned minimumPrecedence);
  void scalars(llvm::ArrayRef<Scalar> scalars);

  // Statements.
  void type(const Buffer &buffer);
  void declaration(BufferId id);
  void declarations(llvm::ArrayRef<BufferId> ids);
  void axis(const Axis &axis);
  void distribution(const Distribution &over);
  void mapping(const Axis &axis);
  void assign(const Assign &assign);
  void view(const View &view);
  void compute(const Compute &compute);
  void transfer(const Transfer &node);
  void exchangePart(const ExchangePart &part);
  void arguments(const std::vector<CallArgument> &arguments);
  void header(const Stmt &stmt);
  void stmt(const Stmt &stmt);
  void block(const Block &block);
  void function(const Function &function);
  void all();

  void line() { out << '\n', out.indent(2 * depth); }
  void location(Loc loc) {
    if (options.locations && loc != Loc{})
      out << " loc(", range(loc), out << ')';
  }
  template <typename Range, typename F> void list(const Range &range, F &&each) {
    llvm::interleave(range, each, [&] { out << ", "; });
  }
};

} // namespace hpcc::ir

#endif // HPCC_IR_TEXTPRINTER_H
