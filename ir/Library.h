//===- Library.h - what runtime entries do ---------------------------------------------------===//
//
// The columns of Library.def, for passes that ask what a call may do.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_LIBRARY_H
#define HPCC_IR_LIBRARY_H

#include "Program.h"

namespace hpcc::ir {

/// Output: what the program shows. Message: between ranks as the program itself has them (mpi4py).
/// Ranks: those of Program::ranks.
enum class LibraryKind : uint8_t { Output, Sum, Clock, Message, Ranks, End };

/// The row of Library.def.
struct LibraryInfo {
  LibraryKind kind;
  bool reads;  // arrays among its arguments
  bool writes; // its first argument, the result
  bool prints; // or does what keeps its place among what is printed
  bool fails;  // may end the program
};
const LibraryInfo &infoOf(LibraryFunction function);

inline bool isOutput(const LibraryCall &call) {
  return infoOf(call.function).kind == LibraryKind::Output;
}

/// True if it asks for the time, which differs from rank to rank and from thread to thread.
inline bool isClock(const LibraryCall &call) {
  return infoOf(call.function).kind == LibraryKind::Clock;
}

/// True if its first argument is what it stores to.
inline bool storesToFirstArgument(const LibraryCall &call) { return infoOf(call.function).writes; }

/// True if it talks to other ranks.
inline bool communicates(const LibraryCall &call) {
  LibraryKind kind = infoOf(call.function).kind;
  return kind == LibraryKind::Message || kind == LibraryKind::Ranks;
}

} // namespace hpcc::ir

#endif // HPCC_IR_LIBRARY_H
