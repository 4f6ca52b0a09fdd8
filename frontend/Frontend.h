// The front end in one call: text to IR.
//
// Takes the text of a program; leaves an IR program at stage `source`, or messages in `diags`.
#pragma once

#include "frontend/AST.h"
#include "frontend/TypedAST.h"
#include "ir/Diagnostics.h"
#include "ir/Program.h"
#include <optional>

namespace hpcc::frontend {

/// -D NAME=VALUE: replaces the literal of a name that is assigned exactly once at module level.
struct Define {
  std::string name;
  std::string value; // a Python literal: number, True, False or quoted string
};

/// Applies the definitions to a module. Reports names that are not assigned exactly once by a
/// literal, and values that are no literals.
void applyDefines(ast::Module &module, const std::vector<Define> &defines, Diagnostics &diags);

/// Resolves names and types. On problems reports them all and returns nothing.
std::optional<typed::Module> analyze(const ast::Module &module, Diagnostics &diags);

/// Lowers a typed program, naive and obviously right: a temporary per right-hand side, a handle per
/// array variable. The program verifies and is at stage `source`. `programName` names it.
ir::Program buildIr(const typed::Module &module, llvm::StringRef programName,
                    llvm::StringRef fileName);

/// All of it: parse, definitions, sema, build.
std::optional<ir::Program> compileToIr(llvm::StringRef text, llvm::StringRef fileName,
                                       const std::vector<Define> &defines, Diagnostics &diags);

} // namespace hpcc::frontend
