//===- Compile.cpp - the stages of a compilation, one after the other ------------------------===//
//
// Each stage takes what the one before it left and stops the compilation where it reports a
// problem; `--emit` says after which stage to stop and write. Output is made in memory first, so
// that an error leaves no partial file.
//
//===-----------------------------------------------------------------------------------------===//
#include "Compile.h"
#include "Ranks.h"
#include "Remarks.h"
#include "codegen/Codegen.h"
#include "codegen/Cuda.h"
#include "frontend/Lexer.h"
#include "frontend/Parser.h"
#include "ir/Pipeline.h"
#include "ir/Statistics.h"
#include "ir/Text.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

namespace hpcc {

using llvm::StringRef;

std::unique_ptr<llvm::MemoryBuffer> readInput(StringRef path) {
  std::string problem;
  if (path != "-" && llvm::sys::fs::is_directory(path)) {
    problem = "is a directory";
  } else {
    auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/false,
                                                     /*RequiresNullTerminator=*/true);
    if (buffer)
      return std::move(*buffer);
    problem = buffer.getError().message();
  }
  awaitFirstRank();
  llvm::errs() << "hpcc: error: cannot read '" << path << "': " << problem << '\n';
  return nullptr;
}

namespace {

using ir::PhaseGroup;

/// One compilation: the command, the messages, the text.
class Compilation {
public:
  Compilation(const CommandLine &line, StringRef hpccPath, Diagnostics &diags)
      : line(line), hpccPath(hpccPath), diags(diags) {}

  /// The exit code, as far as messages do not decide it.
  int run() {
    if (line.emit <= Emit::Types && line.action == Action::Compile)
      return emitFrontend();
    std::optional<ir::Program> program = buildProgram();
    if (!program)
      return 1;
    if (line.emit == Emit::Ir && line.action == Action::Compile)
      return write(ir::toText(*program));
    if (!runPipeline(*program))
      return 1;
    if (line.recordFile && !writeRecord(program->file))
      return 1;
    if (line.statistics)
      printStatistics(*program);
    if (line.action == Action::Check)
      return 0;
    if (line.emit == Emit::IrFinal)
      return write(ir::toText(*program));
    return emitCode(*program);
  }

  /// Writes messages, remarks and times to standard error. Once; later calls write what is new.
  void report() {
    if (isReported && !diags.hasProblems())
      return;
    isReported = true;
    if (isFurtherRank() && !diags.hasProblems())
      return;
    awaitFirstRank();
    for (const Diagnostics *list : {&diags, irRemarks.get()})
      if (list && line.json)
        list->renderJson(llvm::errs());
      else if (list)
        list->render(llvm::errs(), llvm::errs().has_colors());
    if (line.timeReport)
      times.print(llvm::errs());
  }

private:
  bool isIrText() const { return StringRef(line.input).ends_with(".hir"); }

  int emitFrontend() {
    std::string text;
    llvm::raw_string_ostream out(text);
    if (isIrText()) {
      static constexpr MessageInfo message{"noFrontendStage", Severity::Error,
                                           "a file of IR has no tokens, syntax tree or types"};
      diags.report({}, message);
      return 1;
    }
    if (line.emit == Emit::Tokens) {
      frontend::dumpTokens(frontend::lex(diags.sourceText(), diags), out);
      return diags.hasProblems() ? 1 : write(text);
    }
    std::optional<frontend::ast::Module> tree = parseSource();
    if (!tree)
      return 1;
    if (line.emit == Emit::Ast) {
      frontend::ast::dumpAst(*tree, out);
      return write(text);
    }
    std::optional<frontend::typed::Module> typed = analyzeSource(*tree);
    if (!typed)
      return 1;
    frontend::typed::dumpTypes(*typed, out);
    return write(text);
  }

  std::optional<frontend::ast::Module> parseSource() {
    return times.measure({PhaseGroup::FrontEnd, "parse"},
                         [&]() -> std::optional<frontend::ast::Module> {
                           auto tree = frontend::parse(diags.sourceText(), diags);
                           if (!diags.hasProblems())
                             frontend::applyDefines(tree, line.defines, diags);
                           if (diags.hasProblems())
                             return std::nullopt;
                           return tree;
                         });
  }

  std::optional<frontend::typed::Module> analyzeSource(const frontend::ast::Module &tree) {
    return times.measure({PhaseGroup::FrontEnd, "types"},
                         [&] { return frontend::analyze(tree, diags); });
  }

  std::optional<ir::Program> buildProgram() {
    if (isIrText())
      return times.measure({PhaseGroup::FrontEnd, "IR text"}, [&] { return readIrText(); });
    std::optional<frontend::ast::Module> tree = parseSource();
    if (!tree)
      return std::nullopt;
    std::optional<frontend::typed::Module> typed = analyzeSource(*tree);
    if (!typed)
      return std::nullopt;
    userNames = userNamesOf(*typed);
    return times.measure({PhaseGroup::FrontEnd, "IR"}, [&] {
      StringRef file = diags.fileName();
      return frontend::buildIr(*typed, llvm::sys::path::stem(file), file);
    });
  }

  std::optional<ir::Program> readIrText() {
    std::variant<ir::Program, ir::TextError> parsed = ir::parseProgram(diags.sourceText());
    if (auto *program = std::get_if<ir::Program>(&parsed))
      return std::move(*program);
    const auto &error = std::get<ir::TextError>(parsed);
    static constexpr MessageInfo message{"irText", Severity::Error, "{0}"};
    diags.report({error.line, error.column, error.line, error.column + 1}, message, error.text);
    return std::nullopt;
  }

  /// Passes, from wherever the program is: one that is at a later stage already goes on unchanged.
  bool runPipeline(ir::Program &program) {
    std::vector<const ir::Pass *> passes;
    if (line.pipeline)
      passes = *line.pipeline;
    else if (program.stage == ir::Stage::Source)
      passes = ir::defaultPipeline();
    if (!line.pipeline && program.stage < ir::Stage::Mapped)
      llvm::append_range(passes, ir::mappingPipeline(line.target.value_or(ir::Target::Omp)));
    passes = ir::without(passes, line.disabledPasses);
    static constexpr MessageInfo order{"passOrder", Severity::Error, "{0}"};
    std::string problem = ir::orderProblem(passes, program.stage);
    bool becomesCode =
        line.action == Action::Run || (line.action == Action::Compile && line.emit > Emit::IrFinal);
    if (problem.empty() && becomesCode)
      problem = ir::halfProblem(passes);
    if (!problem.empty()) {
      diags.report({}, order, problem);
      return false;
    }
    functions = linesOfFunctions(program);
    ir::RunOptions options = line.passes;
    options.times = &times;
    std::optional<ir::PassFailure> failure = ir::runPasses(program, passes, context, options);
    putInWords(context.remarks, isIrText() ? nullptr : &userNames);
    reportRemarks(context.remarks, line, remarks(program.file));
    if (!failure)
      return true;
    // The user's own IR may be wrong; what our passes leave may not.
    static constexpr MessageInfo notVerified{"irVerify", Severity::Error, "{0}"};
    if (isIrText() && failure->pass.empty()) {
      diags.report({}, notVerified, failure->text);
      return false;
    }
    std::string text = failure->text;
    if (!failure->dumpFile.empty())
      text += "\nthe program before it is in " + failure->dumpFile;
    diags.internalError({}, failure->pass.empty() ? "the front end" : failure->pass, text);
    return false;
  }

  /// Where remarks go. Those of a program given as IR are about its source, of which only the name
  /// is known.
  Diagnostics &remarks(StringRef sourceFile) {
    if (!isIrText())
      return diags;
    irRemarks = std::make_unique<Diagnostics>(llvm::MemoryBuffer::getMemBuffer("", sourceFile));
    return *irRemarks;
  }

  bool writeRecord(StringRef sourceFile) {
    std::string path = *line.recordFile;
    if (path.empty())
      path = (line.output.empty() || line.output == "-" ? stem() : line.output) + ".opt.yaml";
    return isOther(path) &&
           codegen::writeFile(path, optimizationRecord(context.remarks, sourceFile, functions),
                              diags);
  }

  void printStatistics(const ir::Program &program) const {
    for (const auto &[name, count] : ir::countNodes(program))
      llvm::errs() << name << ' ' << count << '\n';
    for (const auto &[name, count] : context.counters)
      llvm::errs() << name << ' ' << count << '\n';
  }

  int emitCode(const ir::Program &program) {
    codegen::Options options;
    options.optimize = line.optimize;
    options.cpu = line.cpu;
    options.debugInfo = line.debugInfo;
    options.emulate = line.emulate;
    if (program.device && !line.emulate)
      chooseGpu(options);
    if (!isIrText())
      options.lineText = [this](unsigned number) { return lineText(number); };
    std::optional<codegen::Module> module =
        times.measure({PhaseGroup::Llvm, "translate to LLVM IR"},
                      [&] { return codegen::translate(program, options, diags); });
    if (!module)
      return 1;
    bool isProgram = line.action == Action::Run;
    if (!isProgram && line.emit == Emit::Llvm)
      return writeModule(*module);
    if (!isProgram && line.emit == Emit::Ptx) {
      static constexpr MessageInfo noKernels{"noKernels", Severity::Warning,
                                             "nothing of the program runs on a GPU, so there is "
                                             "no PTX"};
      if (codegen::ptxOf(*module).empty())
        diags.report({}, noKernels);
      return write(codegen::ptxOf(*module));
    }
    if (!times.measure({PhaseGroup::Llvm, "optimise"},
                       [&] { return codegen::optimize(*module, diags); }))
      return 1;
    if (!isProgram && line.emit == Emit::LlvmOptimized)
      return writeModule(*module);
    bool assembly = !isProgram && line.emit == Emit::Assembly;
    auto kind = assembly ? codegen::FileKind::Assembly : codegen::FileKind::Object;
    llvm::SmallString<0> bytes;
    if (!times.measure({PhaseGroup::Llvm, "generate code"},
                       [&] { return codegen::generate(*module, kind, bytes, diags); }))
      return 1;
    if (isProgram)
      return runObject(bytes);
    if (line.emit != Emit::Executable)
      return write(bytes);
    std::string output = outputPath();
    return !output.empty() &&
                   times.measure(
                       {PhaseGroup::Link, "link"},
                       [&] { return codegen::linkExecutable(bytes, output, hpccPath, diags); })
               ? 0
               : 1;
  }

  /// The GPU that the command names, or the one of this machine.
  void chooseGpu(codegen::Options &options) const {
    if (const char *path = std::getenv("CUDA_PATH"))
      options.cudaPath = path;
    if (!line.gpu.empty()) {
      options.gpu = line.gpu;
      return;
    }
    auto found = codegen::findGpu();
    if (const auto *gpu = std::get_if<codegen::Gpu>(&found))
      options.gpu = "sm_" + std::to_string(gpu->major) + std::to_string(gpu->minor);
  }

  int runObject(llvm::ArrayRef<char> object) {
    std::vector<std::string> arguments = {line.input};
    arguments.insert(arguments.end(), line.programArguments.begin(), line.programArguments.end());
    ir::TimeSpent start = ir::timeNow();
    return codegen::run(object, arguments, diags,
                        [&] {
                          times.add({PhaseGroup::Link, "link in memory"}, start);
                          report(); // messages come before the program's own output
                        })
        .value_or(70);
  }

  /// The text of a line of the source, from 1.
  StringRef lineText(unsigned number) {
    if (lineStarts.empty()) {
      StringRef text = diags.sourceText();
      lineStarts.push_back(0);
      for (size_t i = 0; i < text.size(); ++i)
        if (text[i] == '\n')
          lineStarts.push_back(i + 1);
    }
    if (number == 0 || number > lineStarts.size())
      return {};
    return diags.sourceText().substr(lineStarts[number - 1]).split('\n').first;
  }

  int writeModule(const codegen::Module &module) {
    std::string text;
    llvm::raw_string_ostream out(text);
    codegen::print(module, out);
    return write(text);
  }

  int write(StringRef contents) {
    std::string path = outputPath();
    return !path.empty() && codegen::writeFile(path, contents, diags) ? 0 : 1;
  }

  /// Where the output goes; texts go to standard output by default. Empty and reported where it
  /// would replace the input.
  std::string outputPath() {
    std::string path = line.output;
    if (path.empty() && line.emit < Emit::Object)
      return "-";
    if (path.empty())
      path = stem() + (line.emit == Emit::Object ? ".o" : "");
    return isOther(path) ? path : std::string();
  }

  std::string stem() const {
    return line.input == "-" ? "a.out" : llvm::sys::path::stem(line.input).str();
  }

  /// True if a file to be written is not the input; otherwise reports.
  bool isOther(StringRef path) {
    if (path == "-" || line.input == "-" || !llvm::sys::fs::equivalent(path, line.input))
      return true;
    static constexpr MessageInfo message{"outputIsInput", Severity::Error,
                                         "the output '{0}' is the input; name another with -o"};
    diags.report({}, message, path);
    return false;
  }

  const CommandLine &line;
  StringRef hpccPath;
  Diagnostics &diags;
  ir::PassContext context;
  ir::PhaseTimes times;
  std::vector<FunctionLines> functions;
  UserNames userNames;
  std::unique_ptr<Diagnostics> irRemarks; // of a program that is given as IR
  std::vector<size_t> lineStarts;
  bool isReported = false;
};

} // namespace

int compile(const CommandLine &line, StringRef hpccPath) {
  std::unique_ptr<llvm::MemoryBuffer> source = readInput(line.input);
  if (!source)
    return 1;
  Diagnostics diags(std::move(source));
  Compilation compilation(line, hpccPath, diags);
  int code = compilation.run();
  compilation.report();
  return diags.hasProblems() ? diags.exitCode() : code;
}

} // namespace hpcc
