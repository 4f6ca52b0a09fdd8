//===- Remarks.h - what passes did and declined, for the user --------------------------------===//
#ifndef HPCC_TOOLS_HPCC_REMARKS_H
#define HPCC_TOOLS_HPCC_REMARKS_H

#include "CommandLine.h"
#include "frontend/TypedAST.h"
#include "ir/Diagnostics.h"
#include "ir/Program.h"
#include <set>

namespace hpcc {

/// The lines of the source from which a function was made.
struct FunctionLines {
  std::string name;
  uint32_t first = 0, last = 0;
};

/// Taken before passes inline and split functions. `main` comes first and has all lines.
std::vector<FunctionLines> linesOfFunctions(const ir::Program &program);

/// The variables of the user's program, which keep their names in the IR but for a suffix.
struct UserNames {
  std::set<std::string> arrays, scalars;
};
UserNames userNamesOf(const frontend::typed::Module &module);

/// Puts remarks into the user's words: his variables without the IR's suffixes, what is none of
/// them as a temporary. Without names texts stay. A note at the place of its remark goes.
void putInWords(std::vector<ir::Remark> &remarks, const UserNames *names);

/// Reports the remarks of the passes that -Rpass and -Rpass-missed name, with both of their places.
void reportRemarks(llvm::ArrayRef<ir::Remark> remarks, const CommandLine &line, Diagnostics &diags);

/// All remarks in LLVM's YAML format, as opt-viewer and llvm-remarkutil read it.
std::string optimizationRecord(llvm::ArrayRef<ir::Remark> remarks, llvm::StringRef file,
                               llvm::ArrayRef<FunctionLines> functions);

} // namespace hpcc

#endif // HPCC_TOOLS_HPCC_REMARKS_H
