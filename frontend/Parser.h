// Text to syntax tree.
//
// Takes the text of a file; leaves the tree of AST.h and, for each syntax error, a message at the
// place where CPython 3.11 puts its SyntaxError. After an error the parser goes on at the next
// statement, so that all errors of a file are listed.
#pragma once

#include "frontend/AST.h"
#include "ir/Diagnostics.h"

namespace hpcc::frontend {

/// Parses a whole file (UTF-8, with or without byte order mark). Syntax errors are reported to
/// `diags`; the tree then holds the statements that did parse. Never fails otherwise, for any
/// bytes.
ast::Module parse(llvm::StringRef text, Diagnostics &diags);

} // namespace hpcc::frontend
