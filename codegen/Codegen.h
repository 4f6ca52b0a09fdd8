//===- Codegen.h - programs to machine code --------------------------------------------------===//
//
// Takes a verified ir::Program; leaves LLVM text, an assembly or object file, an executable, or the
// result of running it in memory. The generated code computes the bits that the interpreter
// computes, at every optimisation level and for every CPU. No header of LLVM's IR is needed here.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_CODEGEN_CODEGEN_H
#define HPCC_CODEGEN_CODEGEN_H

#include "ir/Diagnostics.h"
#include "ir/Program.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hpcc::codegen {

/// What the code is made for.
struct Options {
  /// 0 (fast to compile) to 3 (fast to run).
  unsigned optimize = 3;
  /// An LLVM name of an x86-64 CPU, or `native`.
  std::string cpu = "native";
  /// Line tables for debuggers and profilers.
  bool debugInfo = false;
  /// Kernels run on the host, grid by grid, in place of a GPU.
  bool emulate = false;
  /// The GPU that kernels are made for, as LLVM names it.
  std::string gpu = "sm_80";
  /// Where the CUDA Toolkit is; empty for the usual places.
  std::string cudaPath;
  /// The text of a source line (from 1) without its newline, for run-time errors; may be absent.
  std::function<llvm::StringRef(unsigned line)> lineText;
};

/// A program as an LLVM module. Move only.
class Module {
public:
  struct State;
  explicit Module(std::unique_ptr<State> state);
  Module(Module &&other) noexcept;
  Module &operator=(Module &&other) noexcept;
  ~Module();
  State &operator*() const { return *state; }

private:
  std::unique_ptr<State> state;
};

/// Translates a verified program, with a `main` that starts the runtime. Reports what cannot be
/// translated (complex numbers), an unknown CPU, and faults that LLVM's verifier finds.
std::optional<Module> translate(const ir::Program &program, const Options &options,
                                Diagnostics &diags);

/// Runs LLVM's optimiser at the level of the module's options. Once per module.
bool optimize(Module &module, Diagnostics &diags);

/// The module as LLVM's textual IR.
void print(const Module &module, llvm::raw_ostream &out);

/// The kernels of a program with a device as PTX; empty without kernels and for the emulation.
llvm::StringRef ptxOf(const Module &module);

enum class FileKind { Assembly, Object };

/// Generates machine code into `bytes`.
bool generate(Module &module, FileKind kind, llvm::SmallVectorImpl<char> &bytes,
              Diagnostics &diags);

/// Runs an object in this process, with the runtime that hpcc itself is linked with, and returns
/// the exit code. `arguments` become sys.argv; `whenLinked` is called before the program starts. A
/// run-time error ends the process.
std::optional<int> run(llvm::ArrayRef<char> object, const std::vector<std::string> &arguments,
                       Diagnostics &diags, llvm::function_ref<void()> whenLinked);

/// The files that `linkExecutable` needs; empty where one is not found.
struct LinkParts {
  std::string compiler;   // of C, for its knowledge of the system's libraries
  std::string runtime;    // libhpcrt.a
  std::string vectorMath; // SLEEF
  std::string openMp;     // the library of threads, which only programs with teams need
};
LinkParts findLinkParts(llvm::StringRef hpccPath);

/// Links an object with the runtime into an executable. `output` appears complete or not at all.
/// `hpccPath` is the running compiler, beside which the runtime's archive is looked for.
bool linkExecutable(llvm::ArrayRef<char> object, llvm::StringRef output, llvm::StringRef hpccPath,
                    Diagnostics &diags);

/// Writes a file so that it appears complete or not at all; `-` is standard output.
bool writeFile(llvm::StringRef path, llvm::StringRef contents, Diagnostics &diags);

/// LLVM's version and the CPU that `native` stands for.
std::string describeHost();

} // namespace hpcc::codegen

#endif // HPCC_CODEGEN_CODEGEN_H
