// Which characters beyond ASCII Python allows in identifiers.
#pragma once

#include <cstdint>

namespace hpcc::frontend {

/// Whether an identifier may begin with the character, a code point from 0x80 on.
bool isIdentifierStart(uint32_t character);

/// Whether the character may stand in an identifier behind its first.
bool isIdentifierContinue(uint32_t character);

/// Whether NFKC normalization may change an identifier with this character in it. Python compares
/// identifiers in that form; hpcc compares their bytes and so must refuse such characters.
bool needsNormalization(uint32_t character);

} // namespace hpcc::frontend
