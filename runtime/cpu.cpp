//===- cpu.cpp - Does this CPU have what the program was built for? -------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs are built for the machine they are built on. Elsewhere they say what is missing before
// the first such instruction, rather than die of SIGILL.
//===----------------------------------------------------------------------===//
#include "process.h"

#include <string>
#include <string_view>

/// Whether this CPU and its operating system offer an LLVM feature; true for unknown names.
static bool supports(std::string_view feature) {
#if defined(__x86_64__)
#define HPC_FEATURE(llvmName, gccName)                                                             \
  if (feature == llvmName)                                                                         \
    return __builtin_cpu_supports(gccName);
  HPC_FEATURE("sse3", "sse3")
  HPC_FEATURE("ssse3", "ssse3")
  HPC_FEATURE("sse4.1", "sse4.1")
  HPC_FEATURE("sse4.2", "sse4.2")
  HPC_FEATURE("popcnt", "popcnt")
  HPC_FEATURE("avx", "avx")
  HPC_FEATURE("avx2", "avx2")
  HPC_FEATURE("fma", "fma")
  HPC_FEATURE("bmi", "bmi")
  HPC_FEATURE("bmi2", "bmi2")
  HPC_FEATURE("avx512f", "avx512f")
  HPC_FEATURE("avx512bw", "avx512bw")
  HPC_FEATURE("avx512cd", "avx512cd")
  HPC_FEATURE("avx512dq", "avx512dq")
  HPC_FEATURE("avx512vl", "avx512vl")
  HPC_FEATURE("avx512ifma", "avx512ifma")
  HPC_FEATURE("avx512vbmi", "avx512vbmi")
  HPC_FEATURE("avx512vbmi2", "avx512vbmi2")
  HPC_FEATURE("avx512vnni", "avx512vnni")
  HPC_FEATURE("avx512bitalg", "avx512bitalg")
  HPC_FEATURE("avx512vpopcntdq", "avx512vpopcntdq")
  HPC_FEATURE("avx512bf16", "avx512bf16")
#undef HPC_FEATURE
#endif
  return true;
}

void hpc_cpu_check(const char *features) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  std::string missing;
  for (std::string_view rest = features; !rest.empty();) {
    std::string_view feature = rest.substr(0, rest.find(','));
    rest.remove_prefix(feature.size() + (feature.size() < rest.size() ? 1 : 0));
    if (feature.starts_with('-'))
      continue;
    if (feature.starts_with('+'))
      feature.remove_prefix(1);
    if (supports(feature))
      continue;
    missing += missing.empty() ? "" : ", ";
    missing += feature;
  }
  if (missing.empty())
    return;
  hpcc::runtime::writeError("error: this program was compiled for a CPU with " + missing +
                            ", which this one lacks; compile it here, or with -march=x86-64-v2\n");
  hpcc::runtime::endProcess(1);
}
