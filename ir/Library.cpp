//===- Library.cpp - what runtime entries do -------------------------------------------------===//

#include "Library.h"

namespace hpcc::ir {

const LibraryInfo &infoOf(LibraryFunction function) {
  static constexpr LibraryInfo rows[] = {
#define HPCC_LIBRARY(Enum, text, kind, reads, writes, prints, fails, help)                         \
  {LibraryKind::kind, reads, writes, prints, fails},
#include "Library.def"
  };
  return rows[static_cast<unsigned>(function)];
}

} // namespace hpcc::ir
