//===- Compile.cpp - the stages of a compilation, one after the other ------------------------===//
//
// Each stage takes what the one before it left and stops the compilation where it reports a
// problem;
// `--emit` says after which stage to stop and write. Output is made in memory first, so that an
// error leaves no partial file.
//
//===-----------------------------------------------------------------------------------------===//
#include "Compile.h"
#include "codegen/Codegen.h"
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
  llvm::errs() << "hpcc: error: cannot read '" << path << "': " << problem << '\n';
  return nullptr;
}

namespace {

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
    if (line.statistics)
      printStatistics(*program);
    if (line.action == Action::Check)
      return 0;
    if (line.emit == Emit::IrFinal)
      return write(ir::toText(*program));
    return emitCode(*program);
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
    frontend::ast::Module tree = frontend::parse(diags.sourceText(), diags);
    if (!diags.hasProblems())
      frontend::applyDefines(tree, line.defines, diags);
    if (diags.hasProblems())
      return 1;
    if (line.emit == Emit::Ast) {
      frontend::ast::dumpAst(tree, out);
      return write(text);
    }
    std::optional<frontend::typed::Module> typed = frontend::analyze(tree, diags);
    if (!typed)
      return 1;
    frontend::typed::dumpTypes(*typed, out);
    return write(text);
  }

  std::optional<ir::Program> buildProgram() {
    if (!isIrText())
      return frontend::compileToIr(diags.sourceText(), diags.fileName(), line.defines, diags);
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
    if (program.stage == ir::Stage::Source)
      passes = ir::defaultPipeline();
    std::optional<ir::PassFailure> failure = ir::runPasses(program, passes, context, line.passes);
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
    if (!isIrText())
      options.lineText = [this](unsigned number) { return lineText(number); };
    std::optional<codegen::Module> module = codegen::translate(program, options, diags);
    if (!module)
      return 1;
    bool isProgram = line.action == Action::Run;
    if (!isProgram && line.emit == Emit::Llvm)
      return writeModule(*module);
    if (!codegen::optimize(*module, diags))
      return 1;
    if (!isProgram && line.emit == Emit::LlvmOptimized)
      return writeModule(*module);
    bool assembly = !isProgram && line.emit == Emit::Assembly;
    llvm::SmallString<0> bytes;
    if (!codegen::generate(*module,
                           assembly ? codegen::FileKind::Assembly : codegen::FileKind::Object,
                           bytes, diags))
      return 1;
    if (isProgram)
      return runObject(bytes);
    if (line.emit != Emit::Executable)
      return write(bytes);
    std::string output = outputPath();
    return !output.empty() && codegen::linkExecutable(bytes, output, hpccPath, diags) ? 0 : 1;
  }

  int runObject(llvm::ArrayRef<char> object) {
    // Warnings come before the program's own output.
    diags.render(llvm::errs(), llvm::errs().has_colors());
    std::vector<std::string> arguments = {line.input};
    arguments.insert(arguments.end(), line.programArguments.begin(), line.programArguments.end());
    return codegen::run(object, arguments, diags).value_or(70);
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
    StringRef stem = line.input == "-" ? "a.out" : llvm::sys::path::stem(line.input);
    if (path.empty())
      path = stem.str() + (line.emit == Emit::Object ? ".o" : "");
    if (path != "-" && line.input != "-" && llvm::sys::fs::equivalent(path, line.input)) {
      static constexpr MessageInfo message{"outputIsInput", Severity::Error,
                                           "the output '{0}' is the input; name another with -o"};
      diags.report({}, message, path);
      return {};
    }
    return path;
  }

  const CommandLine &line;
  StringRef hpccPath;
  Diagnostics &diags;
  ir::PassContext context;
  std::vector<size_t> lineStarts;
};

} // namespace

int compile(const CommandLine &line, StringRef hpccPath) {
  std::unique_ptr<llvm::MemoryBuffer> source = readInput(line.input);
  if (!source)
    return 1;
  Diagnostics diags(std::move(source));
  int code = Compilation(line, hpccPath, diags).run();
  if (line.action != Action::Run || diags.hasProblems()) {
    if (line.json)
      diags.renderJson(llvm::errs());
    else
      diags.render(llvm::errs(), llvm::errs().has_colors());
  }
  return diags.hasProblems() ? diags.exitCode() : code;
}

} // namespace hpcc
