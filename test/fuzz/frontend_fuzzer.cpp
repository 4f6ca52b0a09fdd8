// Any bytes become an IR program or messages, never both and never neither.
#include "frontend/Frontend.h"
#include "llvm/Support/MemoryBuffer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  hpcc::Diagnostics diags(llvm::MemoryBuffer::getMemBufferCopy(bytes, "fuzz.hpc"));
  auto program =
      hpcc::frontend::compileToIr(diags.sourceText(), diags.fileName(), /*defines=*/{}, diags);
  if (program.has_value() == diags.hasProblems())
    __builtin_trap();
  diags.render(llvm::nulls());
  return 0;
}
