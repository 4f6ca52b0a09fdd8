// What must hold of a file's bytes before they are split into tokens.
#pragma once

#include "ir/Diagnostics.h"

namespace hpcc::frontend {

/// Reports text that is not UTF-8, that says it has another encoding, or that holds a null byte;
/// true if there is nothing to report.
bool checkSourceText(llvm::StringRef text, Diagnostics &diags);

} // namespace hpcc::frontend
