// What texts cannot show: programs that the parser refuses before the verifier sees them,
// substitution, copies with fresh names, the arithmetic of ranks.
#include "ir/Effects.h"
#include "ir/Ranks.h"
#include "ir/Text.h"
#include "ir/Verify.h"
#include "ir/Walk.h"
#include "runtime/hpcc_rt.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace hpcc::ir;

static Program parse(llvm::StringRef body) {
  std::string text = ("program @p stage(source) {\n func @main() {\n" + body + "\n }\n}\n").str();
  std::variant<Program, TextError> parsed = parseProgram(text);
  if (auto *error = std::get_if<TextError>(&parsed)) {
    llvm::outs() << "does not parse: " << error->line << ": " << error->text << '\n';
    std::exit(1);
  }
  return std::get<Program>(std::move(parsed));
}

static void show(llvm::StringRef title, const Program &program) {
  llvm::outs() << title << ":";
  std::vector<VerifyError> errors = verify(program);
  if (errors.empty())
    llvm::outs() << " verifies\n";
  else
    llvm::outs() << ' ' << toText(errors.front()) << '\n';
}

static Block &bodyOf(Program &program) { return program.functions[0].body; }

static void breakPrograms() {
  Program good = parse("alloc %x : f64[]\n%x[] = 1.0 + 2.0\nlet n = 3");
  show("good", good);

  Program program = good;
  std::get<Alloc>(bodyOf(program)[0].node).buffer = {7};
  show("buffer id", program);
  renumber(program);
  show("buffer id after renumbering", program);

  program = good;
  std::get<Let>(bodyOf(program)[2].node).symbol = {};
  show("symbol id", program);

  program = good;
  program.symbols[0].name = "two words";
  show("name", program);

  program = good;
  auto &assign = std::get<Compute>(bodyOf(program)[1].node).body[0];
  std::get<ScalarApply>(assign.value.node).type = DType::F32;
  show("stated type", program);

  program = good;
  std::get<Let>(bodyOf(program)[2].node).value = {ScalarConstant{DType::Bool, 2}};
  show("bits", program);

  program = good;
  std::get<Let>(bodyOf(program)[2].node).value = {ScalarAffine{Affine(3)}};
  show("constant affine leaf", program);

  program = good;
  program.buffers[0].storage = Storage::View;
  show("row", program);

  program = good;
  bodyOf(program).push_back(bodyOf(program)[2]);
  show("declared twice", program);

  program = good;
  Scalar tall = constantInteger(1);
  for (unsigned level = 0; level < maxScalarHeight; ++level)
    tall = apply(program, ScalarOp::Negate, {tall});
  std::get<Let>(bodyOf(program)[2].node).value = tall;
  show("depth of scalars", program);

  program = good;
  Block deep;
  for (unsigned level = 0; level < maxBlockDepth; ++level) {
    Block outer;
    outer.push_back({If{constantBool(true), std::move(deep), {}}, {}});
    deep = std::move(outer);
  }
  bodyOf(program) = std::move(deep);
  renumber(program);
  show("depth of blocks", program);

  program = parse("block @b0 {\n}");
  program.functions[0].labels = 0;
  show("labels", program);
}

static void rewritePrograms() {
  Program program = parse("let n = 4\nlet k = 2\nalloc %a : f64[n]\n"
                          "compute (i in [k, n) par) {\n%a[i - k] = f64(k) + f64([i + k])\n}\n"
                          "drop %a");
  SymbolId n{0}, k{1};
  Program substituted = program;
  substitute(substituted, bodyOf(substituted), k, Affine(n) - Affine(3));
  substitute(substituted, bodyOf(substituted), n, Affine(5));
  print(substituted, llvm::outs());
  show("substituted", substituted);

  unsigned labels = 0;
  Block copy = cloneFresh(program, bodyOf(program), labels);
  bodyOf(program).insert(bodyOf(program).end(), copy.begin(), copy.end());
  renumber(program);
  print(program, llvm::outs());
  show("copied", program);
}

/// Each number belongs to the one rank whose share holds it, or to the first or the last one.
static bool sharesAgree(int64_t rows, int64_t ranks) {
  bool agree = shareOf(rows, 0, ranks).begin == 0 && shareOf(rows, ranks - 1, ranks).end == rows;
  for (int64_t rank = 0; rank < ranks; ++rank) {
    Share share = shareOf(rows, rank, ranks);
    agree &= rank == 0 || share.begin == shareOf(rows, rank - 1, ranks).end;
    for (int64_t number = share.begin; number < share.end; ++number)
      agree &= ownerOf(Division::Blocks, rows, number, ranks) == rank;
  }
  return agree && ownerOf(Division::Blocks, rows, -1, ranks) == 0 &&
         ownerOf(Division::Blocks, rows, rows, ranks) == ranks - 1;
}

static void divideNumbers() {
  bool agree = true;
  for (int64_t rows = 0; rows < 40; ++rows)
    for (int64_t ranks = 1; ranks < 12; ++ranks)
      agree &= sharesAgree(rows, ranks);
  llvm::outs() << "shares and owners " << (agree ? "agree\n" : "differ\n") << "shares of 10:";
  for (int64_t rank = 0; rank < 4; ++rank)
    llvm::outs() << ' ' << shareOf(10, rank, 4).begin << '-' << shareOf(10, rank, 4).end;
  constexpr int64_t many = int64_t(1) << 60;
  llvm::outs() << "\nlarge: " << ownerOf(Division::Blocks, many, many / 3 * 2, 1000) << "\ncyclic:";
  for (int64_t number = -4; number < 4; ++number)
    llvm::outs() << ' ' << ownerOf(Division::Cyclic, 0, number, 3);
  llvm::outs() << "\ninner:";
  for (int64_t number = -1; number < 11; ++number)
    llvm::outs() << ' ' << isInner(10, number, 1, 2, 2);
  llvm::outs() << "\nlevels:";
  for (int64_t points : {0, 511, 512, 1000, 1024, 1 << 18, 1 << 19})
    llvm::outs() << ' ' << hpc_ranks_tree_levels(points);
  llvm::outs() << "\nsubtrees of 1100:";
  forEachSubtreeOfSum(
      1100, [](int64_t first, int64_t points) { llvm::outs() << ' ' << first << '+' << points; });
  llvm::outs() << '\n';
}

int main() {
  breakPrograms();
  rewritePrograms();
  divideNumbers();
}
