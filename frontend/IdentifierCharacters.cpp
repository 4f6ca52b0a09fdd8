// Lookup in the ranges of IdentifierCharacters.def. See IdentifierCharacters.h.
#include "frontend/IdentifierCharacters.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/UnicodeCharRanges.h"

namespace hpcc::frontend {

namespace {

enum class CharacterSet { Start, Continue, Unstable };

struct CharacterRange {
  CharacterSet set;
  llvm::sys::UnicodeCharRange range;
};

constexpr CharacterRange characterRanges[] = {
#define RANGE(set, first, last) {CharacterSet::set, {first, last}},
#include "frontend/IdentifierCharacters.def"
#undef RANGE
};

/// The table is ordered by set, then by range, so one binary search finds the range that could
/// hold the character.
bool contains(CharacterSet set, uint32_t character) {
  const CharacterRange *found =
      llvm::partition_point(characterRanges, [&](const CharacterRange &entry) {
        return entry.set < set || (entry.set == set && entry.range.Upper < character);
      });
  return found != std::end(characterRanges) && found->set == set && found->range.Lower <= character;
}

} // namespace

bool isIdentifierStart(uint32_t character) { return contains(CharacterSet::Start, character); }

bool isIdentifierContinue(uint32_t character) {
  return isIdentifierStart(character) || contains(CharacterSet::Continue, character);
}

bool needsNormalization(uint32_t character) { return contains(CharacterSet::Unstable, character); }

} // namespace hpcc::frontend
