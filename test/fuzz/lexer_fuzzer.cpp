// Any bytes become tokens: no crash, and the last token is EndOfFile.
#include "frontend/Lexer.h"
#include "llvm/Support/MemoryBuffer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  hpcc::Diagnostics diags(llvm::MemoryBuffer::getMemBufferCopy(bytes, "fuzz.hpc"));
  auto tokens = hpcc::frontend::lex(diags.sourceText(), diags);
  if (tokens.empty() || tokens.back().kind != hpcc::frontend::TokenKind::EndOfFile)
    __builtin_trap();
  hpcc::frontend::dumpTokens(tokens, llvm::nulls());
  diags.render(llvm::nulls());
  return 0;
}
