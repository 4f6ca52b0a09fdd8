//===- JitSymbols.h - what a program in memory may refer to ----------------------------------===//
#ifndef HPCC_CODEGEN_JITSYMBOLS_H
#define HPCC_CODEGEN_JITSYMBOLS_H

#include <cstddef>

namespace hpcc::codegen {

struct JitSymbol {
  const char *name;
  void (*address)();
};

/// The runtime's entries, the math functions with their vector forms, and what LLVM's back end
/// calls by itself: all of this process, none looked up by name at run time.
struct JitSymbols {
  const JitSymbol *begin;
  size_t count;
};
JitSymbols jitSymbols();

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_JITSYMBOLS_H
