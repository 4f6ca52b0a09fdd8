// Any bytes become a tree, messages, or both: no crash and no hang.
#include "frontend/Parser.h"
#include "llvm/Support/MemoryBuffer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  hpcc::Diagnostics diags(llvm::MemoryBuffer::getMemBufferCopy(bytes, "fuzz.hpc"));
  hpcc::frontend::parse(diags.sourceText(), diags);
  diags.render(llvm::nulls());
  diags.renderJson(llvm::nulls());
  return 0;
}
