//===- TextNames.h - the words of the text form, for printer and parser ----------------------===//
#ifndef HPCC_IR_TEXTNAMES_H
#define HPCC_IR_TEXTNAMES_H

#include "Program.h"
#include "llvm/ADT/StringRef.h"
#include <iterator>

namespace hpcc::ir {

/// The words of an enumeration, in the order of its values.
template <typename Enum> struct WordsOf;

template <> struct WordsOf<AxisKind> {
  static constexpr llvm::StringLiteral words[] = {"par", "red", "seq"};
  static_assert(std::size(words) == unsigned(AxisKind::Seq) + 1);
};
template <> struct WordsOf<Mapping> {
  static constexpr llvm::StringLiteral words[] = {"", "@threads", "@threads(dynamic)"};
  static_assert(std::size(words) == unsigned(Mapping::DynamicThreads) + 1);
};
template <> struct WordsOf<Division> {
  static constexpr llvm::StringLiteral words[] = {"blocks", "cyclic"};
  static_assert(std::size(words) == unsigned(Division::Cyclic) + 1);
};
template <> struct WordsOf<RankPart> {
  static constexpr llvm::StringLiteral words[] = {"", "inner", "outer"};
  static_assert(std::size(words) == unsigned(RankPart::Outer) + 1);
};
template <> struct WordsOf<ExchangeFor> {
  static constexpr llvm::StringLiteral words[] = {"own", "all", "root"};
  static_assert(std::size(words) == unsigned(ExchangeFor::Root) + 1);
};
template <> struct WordsOf<Side> {
  static constexpr llvm::StringLiteral words[] = {"host", "device"};
  static_assert(std::size(words) == unsigned(Side::Device) + 1);
};
template <> struct WordsOf<LoopRole> {
  static constexpr llvm::StringLiteral words[] = {"seq", "time", "tile"};
  static_assert(std::size(words) == unsigned(LoopRole::Tile) + 1);
};
template <> struct WordsOf<AssignOp> {
  static constexpr llvm::StringLiteral words[] = {
      "=", "+=", "*=", "min=", "max=", "&=", "|=", "fma="};
  static_assert(std::size(words) == unsigned(AssignOp::MultiplyAdd) + 1);
};
template <> struct WordsOf<Stage> {
  static constexpr llvm::StringLiteral words[] = {"source",      "canonical", "planned",
                                                  "distributed", "tiled",     "mapped"};
  static_assert(std::size(words) == unsigned(Stage::Mapped) + 1);
};
template <> struct WordsOf<LibraryFunction> {
  static constexpr llvm::StringLiteral words[] = {
#define HPCC_LIBRARY(Enum, text, ...) text,
#include "Library.def"
  };
};

template <typename Enum> llvm::StringRef wordOf(Enum value) {
  return WordsOf<Enum>::words[static_cast<unsigned>(value)];
}

template <typename Enum> std::optional<Enum> parseWord(llvm::StringRef text) {
  for (const llvm::StringLiteral &word : WordsOf<Enum>::words)
    if (word == text)
      return static_cast<Enum>(&word - WordsOf<Enum>::words);
  return std::nullopt;
}

} // namespace hpcc::ir

#endif // HPCC_IR_TEXTNAMES_H
