// The rules of `global` and `nonlocal` that CPython checks after parsing, in its symbol table.
#pragma once

#include "frontend/AST.h"
#include "ir/Diagnostics.h"

namespace hpcc::frontend {

/// Reports declarations of names that are parameters, or used, assigned or annotated before them in
/// the same scope, and nonlocal names that no enclosing function binds.
void checkDeclarations(const ast::Module &module, Diagnostics &diags);

} // namespace hpcc::frontend
