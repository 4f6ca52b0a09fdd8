// Any bytes become a program or an error with its place; a program that verifies survives the trip
// through text.
#include "ir/Text.h"
#include "ir/Verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  auto parsed = hpcc::ir::parseProgram({reinterpret_cast<const char *>(data), size});
  const auto *program = std::get_if<hpcc::ir::Program>(&parsed);
  if (!program) {
    if (std::get<hpcc::ir::TextError>(parsed).text.empty())
      __builtin_trap();
    return 0;
  }
  std::string text = hpcc::ir::toText(*program);
  if (!hpcc::ir::verify(*program).empty())
    return 0;
  auto again = hpcc::ir::parseProgram(text);
  if (!std::holds_alternative<hpcc::ir::Program>(again) ||
      std::get<hpcc::ir::Program>(again) != *program)
    __builtin_trap();
  return 0;
}
