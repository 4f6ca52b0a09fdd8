// Lexes or parses many files in one process, for the comparison with CPython.
//
// Usage: syntax_test tokens|ast|render|json FILE... Writes for each file a line `=== FILE`, then
// its tokens or tree; a file with problems gives `problem LINE:COLUMN ID: TEXT` for each of them in
// source order instead. `render` and `json` write the messages of parsing as the driver does.
#include "frontend/Lexer.h"
#include "frontend/Parser.h"
#include "llvm/ADT/STLExtras.h"
#include <map>

using namespace hpcc;

namespace {

void writeProblems(const Diagnostics &diags, llvm::raw_ostream &out) {
  std::multimap<std::pair<uint32_t, uint32_t>, const Diagnostic *> sorted;
  for (const Diagnostic &record : diags.all())
    sorted.insert({{record.loc.line, record.loc.column}, &record});
  for (const auto &[place, record] : sorted)
    out << "problem " << place.first << ':' << place.second << ' ' << record->id << ": "
        << record->text << '\n';
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    llvm::errs() << "usage: syntax_test tokens|ast|render|json FILE...\n";
    return 2;
  }
  llvm::StringRef mode = argv[1];
  for (llvm::StringRef path : llvm::ArrayRef(argv + 2, argv + argc)) {
    auto buffer = llvm::MemoryBuffer::getFile(path);
    if (!buffer) {
      llvm::errs() << path << ": " << buffer.getError().message() << '\n';
      return 2;
    }
    Diagnostics diags(std::move(*buffer));
    std::string dump;
    llvm::raw_string_ostream stream(dump);
    if (mode == "tokens")
      frontend::dumpTokens(frontend::lex(diags.sourceText(), diags), stream);
    else
      frontend::ast::dumpAst(frontend::parse(diags.sourceText(), diags), stream);
    llvm::outs() << "=== " << path << '\n';
    if (mode == "render")
      diags.render(llvm::outs());
    else if (mode == "json")
      diags.renderJson(llvm::outs());
    else if (diags.hasProblems())
      writeProblems(diags, llvm::outs());
    else
      llvm::outs() << dump;
  }
  return 0;
}
