//===- JitSymbols.cpp - what a program in memory may refer to --------------------------------===//
//
// A table of names and addresses. Only addresses count here, so each symbol is declared as a
// function without a type, under a C++ name of its own: the headers that know the true types are
// not included, and no declaration of memcpy or floor is in the way.
//
//===-----------------------------------------------------------------------------------------===//
#include "JitSymbols.h"

namespace hpcc::codegen {

#define HPCC_VECTOR_FORMS(with, name)                                                              \
  with(hpc_##name##_f64) with(hpc_##name##_f32) with(hpc_##name##_f64x4) with(hpc_##name##_f32x8)  \
      with(hpc_##name##_f64x8) with(hpc_##name##_f32x16)

#define HPCC_DECLARE(name) void symbol_##name() __asm__(#name);
#define HPCC_ENTRY(name, signature) HPCC_DECLARE(name)
#define HPCC_LIBRARY_SYMBOL(name) HPCC_DECLARE(name)
#include "RuntimeEntries.def"
#define HPC_MATH(name, arity, sleef, bound, repair) HPCC_VECTOR_FORMS(HPCC_DECLARE, name)
#define HPC_SCALAR_MATH(name, sleef, bound) HPCC_DECLARE(hpc_##name##_f64)
#include "runtime/math/MathFunctions.def"

#define HPCC_ROW(name) {#name, symbol_##name},
static constexpr JitSymbol table[] = {
#define HPCC_ENTRY(name, signature) HPCC_ROW(name)
#define HPCC_LIBRARY_SYMBOL(name) HPCC_ROW(name)
#include "RuntimeEntries.def"
#define HPC_MATH(name, arity, sleef, bound, repair) HPCC_VECTOR_FORMS(HPCC_ROW, name)
#define HPC_SCALAR_MATH(name, sleef, bound) HPCC_ROW(hpc_##name##_f64)
#include "runtime/math/MathFunctions.def"
};

JitSymbols jitSymbols() { return {table, sizeof table / sizeof *table}; }

} // namespace hpcc::codegen
