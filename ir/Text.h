//===- Text.h - the text form of programs ----------------------------------------------------===//
//
// The text says everything the structs say: parseProgram(toText(p)) equals p for every program that
// verifies and is renumbered. Any stage can be saved, edited and resumed. docs/ir.md has the
// grammar.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_TEXT_H
#define HPCC_IR_TEXT_H

#include "Program.h"
#include "llvm/Support/raw_ostream.h"

namespace hpcc::ir {

struct PrintOptions {
  bool locations = true; // of the user's program; a text without them is for reading only
};

/// Writes the program. Programs that do not verify print as well, for messages; their text may not
/// parse.
void print(const Program &program, llvm::raw_ostream &out, PrintOptions options = {});
std::string toText(const Program &program, PrintOptions options = {});

// Parts, for messages: without locations, on one line.
std::string toText(const Affine &form, const Program &program);
std::string toText(const Access &access, const Program &program);
std::string toText(const Scalar &scalar, const Program &program);
/// The statement without what is inside its blocks.
std::string toText(const Stmt &stmt, const Program &program);

/// Where a text is not a program, from line and column 1, and why.
struct TextError {
  unsigned line = 0, column = 0;
  std::string text;
};

/// The program of a text, renumbered but not verified. A name may be declared again where its
/// earlier declaration is out of scope; renumbering then tells the two apart.
std::variant<Program, TextError> parseProgram(llvm::StringRef text);

/// Limits of every verified program, so that recursion over one is safe: levels of operations in a
/// scalar, and of blocks in a function.
inline constexpr unsigned maxScalarHeight = 2000, maxBlockDepth = 1000;

/// How strongly an infix operation binds, as in Python: 1 for comparisons (which do not chain) to 7
/// for products; 0 for operations without an infix form.
unsigned precedenceOf(ScalarOp op);

} // namespace hpcc::ir

#endif // HPCC_IR_TEXT_H
