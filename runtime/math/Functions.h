//===- Functions.h - The math functions of programs -----------------------===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declares the symbols of MathFunctions.def. Compiled programs, constant folding and the
// interpreter call these and nothing else for exp, sin, pow, .., so that a value has the same bits
// at compile time, in a scalar remainder and in a vector loop. Special values follow C99, annex F.
// All of them are pure; they need a CPU with FMA. The vector forms are declared where the including
// file is compiled for their instruction set: elsewhere C++ would pass the vectors in memory.
//
//===----------------------------------------------------------------------===//

#ifndef HPCC_RUNTIME_MATH_FUNCTIONS_H
#define HPCC_RUNTIME_MATH_FUNCTIONS_H

/// The vector types of the System V ABI: passed in ymm and zmm registers, as LLVM passes
/// <4 x double>, <8 x float>, <8 x double> and <16 x float>.
typedef double HpcF64x4 __attribute__((vector_size(32)));
typedef float HpcF32x8 __attribute__((vector_size(32)));
typedef double HpcF64x8 __attribute__((vector_size(64)));
typedef float HpcF32x16 __attribute__((vector_size(64)));

#define HPC_SIGNATURE_1(type) (type)
#define HPC_SIGNATURE_2(type) (type, type)

extern "C" {
#define HPC_MATH(name, arity, sleef, bound, repair)                                                \
  double hpc_##name##_f64 HPC_SIGNATURE_##arity(double);                                           \
  float hpc_##name##_f32 HPC_SIGNATURE_##arity(float);
#define HPC_SCALAR_MATH(name, sleef, bound) double hpc_##name##_f64(double);
#define HPC_EXACT(name, arity, intrinsic)                                                          \
  double hpc_##name##_f64 HPC_SIGNATURE_##arity(double);                                           \
  float hpc_##name##_f32 HPC_SIGNATURE_##arity(float);
#include "runtime/math/MathFunctions.def"

#ifdef __AVX2__
#define HPC_MATH(name, arity, sleef, bound, repair)                                                \
  HpcF64x4 hpc_##name##_f64x4 HPC_SIGNATURE_##arity(HpcF64x4);                                     \
  HpcF32x8 hpc_##name##_f32x8 HPC_SIGNATURE_##arity(HpcF32x8);
#include "runtime/math/MathFunctions.def"
#endif

#ifdef __AVX512F__
#define HPC_MATH(name, arity, sleef, bound, repair)                                                \
  HpcF64x8 hpc_##name##_f64x8 HPC_SIGNATURE_##arity(HpcF64x8);                                     \
  HpcF32x16 hpc_##name##_f32x16 HPC_SIGNATURE_##arity(HpcF32x16);
#include "runtime/math/MathFunctions.def"
#endif
}

#undef HPC_SIGNATURE_1
#undef HPC_SIGNATURE_2

#endif // HPCC_RUNTIME_MATH_FUNCTIONS_H
