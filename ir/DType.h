//===- DType.h - element types ---------------------------------------------------------------===//
//
// The element types of buffers and scalars. Python's weak scalars have no type of their own here:
// the front end turns their rules into checked operations (Scalar.def) on i64, f64 and bool.
// The numbering is the runtime's `hpc_dtype`.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_DTYPE_H
#define HPCC_IR_DTYPE_H

#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace hpcc::ir {

enum class DType : uint8_t { Bool, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, C64, C128 };

/// Bytes of one element in memory.
unsigned sizeOf(DType type);

/// The name in the IR's text: `bool`, `i64`, `f32`, ...
llvm::StringRef nameOf(DType type);

/// The inverse of nameOf; nothing for an unknown name.
std::optional<DType> parseDType(llvm::StringRef name);

/// NumPy's name: `bool`, `int64`, `float32`, ...
llvm::StringRef numpyNameOf(DType type);

inline bool isFloat(DType type) { return type == DType::F32 || type == DType::F64; }
inline bool isComplex(DType type) { return type == DType::C64 || type == DType::C128; }
inline bool isSigned(DType type) { return type >= DType::I8 && type <= DType::I64; }
inline bool isUnsigned(DType type) { return type >= DType::U8 && type <= DType::U64; }
/// Signed and unsigned integers; bool is not one.
inline bool isInteger(DType type) { return isSigned(type) || isUnsigned(type); }

} // namespace hpcc::ir

#endif // HPCC_IR_DTYPE_H
