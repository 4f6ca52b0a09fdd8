//===- InsertExchanges.h - the parts of insert-exchanges --------------------------------------===//
#ifndef HPCC_IR_PASSES_INSERTEXCHANGES_H
#define HPCC_IR_PASSES_INSERTEXCHANGES_H

#include "ir/Dependence.h"
#include "ir/Pass.h"
#include <set>

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Sets of rows (InsertExchangesRows.cpp)
//===-----------------------------------------------------------------------------------------===//

/// Rows of an array that someone needs up to date, or is known to have so, as the part of an
/// exchange that brings them. The iterator of its axis is that of all rows (RowSymbols), so that
/// two of them can be compared.
struct Rows {
  ExchangePart part;
  Loc reader;
  std::string why; // what makes it the whole array, where nothing but caution does
  bool operator==(const Rows &) const = default;
};

/// Symbols that rows name and no statement declares.
class RowSymbols {
public:
  explicit RowSymbols(Program &program) : program(program), iterator(program.addSymbol("i")) {}

  /// A symbol for the value of the scalar, the same one for the same scalar.
  SymbolId nameOf(const Scalar &value);
  /// The scalar of such a symbol, or null.
  const Scalar *valueOf(SymbolId symbol) const;

private:
  Program &program;
  std::vector<std::pair<Scalar, SymbolId>> values;

public:
  const SymbolId iterator; // of the axes of own rows
};

/// One of the storages of an array.
struct StorageOf {
  BufferId buffer;
  std::optional<Affine> slot;
};
inline StorageOf storageOf(const Rows &rows) { return {rows.part.buffer, rows.part.slot}; }
/// True if both are certainly, or possibly, one storage.
bool isSame(const StorageOf &left, const StorageOf &right, const Program &program);
bool maybeSame(const StorageOf &left, const StorageOf &right, const Program &program);

/// All rows of a storage.
Rows wholeArray(const Program &program, const StorageOf &storage, ExchangeFor whom, Loc reader,
                std::string why);
bool isWhole(const Rows &rows, const Program &program, const Facts &facts);

/// An axis over all shares of a distribution in blocks; with `beyond` also over what lies before
/// the first and behind the last.
Axis axisOfShares(const RowSymbols &symbols, const Affine &rows, bool beyond);

/// How far own rows reach before and behind the share of each rank, if the home has blocks and the
/// reach is the same for all.
struct Reach {
  Affine left, right;
};
std::optional<Reach> reachOf(const Rows &rows, const Program &program, const RowSymbols &symbols);

/// True if whoever has the one rows up to date has the others.
bool covers(const Rows &outer, const Rows &inner, const Program &program, const RowSymbols &symbols,
            const Facts &facts);
bool covers(llvm::ArrayRef<Rows> outer, const Rows &inner, const Program &program,
            const RowSymbols &symbols, const Facts &facts);

/// Adds rows to a set of rows that are needed: one part for what reaches differently far over the
/// same shares, which may hold more than both.
void addRows(std::vector<Rows> &set, Rows rows, const Program &program, const RowSymbols &symbols,
             const Facts &facts);

/// Adds rows to a set of rows that are up to date, which claims no others.
void addKnownRows(std::vector<Rows> &set, Rows rows, const Program &program,
                  const RowSymbols &symbols, const Facts &facts);

/// True if the rows depend on the symbol, or the values that they name do.
bool mentions(const Rows &rows, SymbolId symbol, const RowSymbols &symbols);
bool valuesMention(const Rows &rows, SymbolId symbol, const RowSymbols &symbols);

/// The rows, or more, without the symbol: for all values that it has as the iterator of the axis;
/// without an axis, for any value. Nothing where it says which storage is meant.
std::optional<Rows> withoutSymbol(Rows rows, SymbolId symbol, const Axis *axis,
                                  const Program &program, const RowSymbols &symbols);

/// In words, for remarks.
std::string toText(const Rows &rows, const Program &program, const RowSymbols &symbols,
                   const Facts &facts);

//===-----------------------------------------------------------------------------------------===//
// What statements read (InsertExchangesNeeds.cpp)
//===-----------------------------------------------------------------------------------------===//

/// What is the same for all statements of a function.
struct FunctionArrays {
  FunctionArrays(const Program &program, const Function &function);

  StorageGroups groups;
  std::vector<BufferId> divided; // arrays with a home
  std::map<BufferId, View> views;
  std::set<BufferId> read; // views that something but a print reads
};

/// What the statement itself reads, of arrays with a home, that its reader does not own. Of a
/// statement with blocks inside that is what it reads before it enters one; a divided loop is taken
/// as a whole.
std::vector<Rows> rowsReadBy(const Stmt &stmt, Program &program, const FunctionArrays &arrays,
                             RowSymbols &symbols, Facts &facts);

/// What is read of an array by its view, which may be after the array's name has ended.
std::vector<Rows> rowsReadBy(const View &view, Loc loc, Program &program,
                             const FunctionArrays &arrays, RowSymbols &symbols, Facts &facts);

/// What the condition of a loop reads.
std::vector<Rows> rowsReadBy(const Scalar &condition, Loc loc, Program &program,
                             const FunctionArrays &arrays, RowSymbols &symbols, Facts &facts);

//===-----------------------------------------------------------------------------------------===//
// Loops (InsertExchangesLoops.cpp)
//===-----------------------------------------------------------------------------------------===//

/// What the loop and all inside it needs of arrays that nothing in it makes stale, in symbols that
/// are declared in front of the loop.
std::vector<Rows> rowsOfLoop(const Stmt &loop, Program &program, const FunctionArrays &arrays,
                             RowSymbols &symbols, Facts &facts);

/// The storages of which only owners have some rows up to date behind the statement.
std::vector<StorageOf> madeStaleBy(const Stmt &stmt, const Program &program);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_INSERTEXCHANGES_H
