//===- CommandLine.cpp - what the user asked for ---------------------------------------------===//

#include "CommandLine.h"
#include "ir/Pipeline.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

namespace hpcc {

using llvm::StringLiteral;
using llvm::StringRef;
using llvm::Twine;

/// What --help says; the passes come behind it.
static constexpr StringLiteral usage = R"(hpcc compiles array programs written in Python.

usage:
  hpcc FILE.hpc [-o OUT]                  compile to an executable
  hpcc run FILE.hpc [options] [-- ARGS]   compile in memory and run
  hpcc check FILE.hpc                     report problems only
  hpcc oracle FILE.hpc                    run under CPython and under hpcc, and compare
  hpcc doctor                             say what this installation has and lacks

FILE may be '-' for standard input. A file FILE.hir holds hpcc's IR as text.

options:
  -o OUT              the output; '-' is standard output
  -O0 .. -O3          effort of optimisation (default -O3); results are the same at each level
  -march=CPU          the CPU to compile for (default native)
  --target=cpu|omp|mpi|mpi+omp|cuda
                      one thread; as many as there are cores or OMP_NUM_THREADS says (the default);
                      the ranks that mpirun starts; threads of such ranks; one thread and an NVIDIA
                      GPU. Results are the same, but for math functions on a GPU
  --emulate           with --target=cuda: the GPU's part of the work runs on the CPU
  --gpu=sm_NN         the GPU to compile for (default: the one of this machine, or sm_80)
  -D NAME=VALUE       replace the literal of a module variable
  --emit=KIND         tokens, ast, types, ir, ir-final, llvm, llvm-opt, ptx, asm, obj or exe
  -g                  line tables for debuggers and profilers
  --diagnostics-format=text|json
  --python=PATH       the Python that 'oracle' compares with
  --help, --version

watching and changing the optimiser (to standard error):
  -Rpass=REGEX, -Rpass-missed=REGEX
                      say what the passes whose names match did, and what they declined and why
  -fsave-optimization-record[=FILE]
                      write all of that as YAML for LLVM's tools (default OUT.opt.yaml)
  --print-before=PASS,.., --print-after=PASS,.., --print-before-all, --print-after-all
                      write the IR around passes
  --print-changed     write the IR at the start and after each pass that changed it
  --passes=PASS,..    run these passes instead of the pipeline
  --disable-pass=PASS,..
                      leave passes out
  --print-passes      list the passes (as below)
  --stats             count what the program consists of and what passes did
  -ftime-report       say how long each phase of the compilation took

exit codes: 0, 1 for an error of the program, 2 for what hpcc does not support, 70 for a fault of hpcc
)";

std::string helpText() {
  std::string text = usage.str() + "\npasses, in the order of the pipeline:\n";
  return text + passList();
}

std::string passList() {
  std::vector<const ir::Pass *> listed;
  for (const ir::Pass *pass : ir::defaultPipeline())
    if (!llvm::is_contained(listed, pass))
      listed.push_back(pass);
  for (const ir::Pass &pass : ir::allPasses())
    if (!llvm::is_contained(listed, &pass))
      listed.push_back(&pass);
  std::string text;
  llvm::raw_string_ostream out(text);
  for (const ir::Pass *pass : listed)
    out << llvm::formatv("  {0,-18}  {1}\n", pass->flag, pass->help);
  return text;
}

namespace {

CommandError error(const Twine &text) { return {("error: " + text).str(), 1}; }
CommandError unsupported(const Twine &text) { return {("unsupported: " + text).str(), 2}; }

struct EmitName {
  StringLiteral name;
  Emit emit;
};
constexpr EmitName emitNames[] = {
    {"tokens", Emit::Tokens},
    {"ast", Emit::Ast},
    {"types", Emit::Types},
    {"ir", Emit::Ir},
    {"ir-final", Emit::IrFinal},
    {"llvm", Emit::Llvm},
    {"llvm-opt", Emit::LlvmOptimized},
    {"ptx", Emit::Ptx},
    {"asm", Emit::Assembly},
    {"obj", Emit::Object},
    {"exe", Emit::Executable},
};

/// Kinds of output, commands and options that are announced and do not exist.
constexpr StringLiteral laterEmits[] = {"shared", "header", "pymod"};
constexpr StringLiteral laterCommands[] = {"repl", "explain"};
constexpr StringLiteral commands[] = {"run", "check", "oracle", "doctor"};
constexpr StringLiteral laterOptions[] = {"-ffp-contract", "-ffast-math", "--check",   "--dump-dir",
                                          "--progress",    "--machine",   "--wrap-int"};

/// Options that a misspelt one may have meant.
constexpr StringLiteral knownOptions[] = {"--emit",
                                          "-march",
                                          "--target",
                                          "--emulate",
                                          "--gpu",
                                          "--python",
                                          "--print-after",
                                          "--print-before",
                                          "--print-changed",
                                          "--print-after-all",
                                          "--print-before-all",
                                          "--print-passes",
                                          "--passes",
                                          "--disable-pass",
                                          "--stats",
                                          "--help",
                                          "--version",
                                          "--diagnostics-format",
                                          "-Rpass",
                                          "-Rpass-missed",
                                          "-fsave-optimization-record",
                                          "-ftime-report"};

/// Options that are a single word, by the member that they set.
struct Flag {
  StringLiteral word;
  bool CommandLine::*member;
};
constexpr Flag flags[] = {
    {"--emulate", &CommandLine::emulate},
    {"--stats", &CommandLine::statistics},
    {"-ftime-report", &CommandLine::timeReport},
    {"-g", &CommandLine::debugInfo},
};
struct PassFlag {
  StringLiteral word;
  bool ir::RunOptions::*member;
};
constexpr PassFlag passFlags[] = {
    {"--print-before-all", &ir::RunOptions::printBeforeAll},
    {"--print-after-all", &ir::RunOptions::printAfterAll},
    {"--print-changed", &ir::RunOptions::printChanged},
};

class Parser {
public:
  explicit Parser(llvm::ArrayRef<const char *> words) : words(words) {}

  std::variant<CommandLine, CommandError> parse() {
    parseAction();
    while (!failure && !words.empty()) {
      StringRef word = take();
      if (word == "--") {
        for (const char *argument : words)
          line.programArguments.push_back(argument);
        words = {};
        hasArguments = true;
      } else if (word.starts_with("-") && word != "-") {
        parseOption(word);
      } else {
        parseInput(word);
      }
    }
    checkTogether();
    if (failure)
      return *failure;
    return line;
  }

private:
  StringRef take() {
    StringRef word = words.front();
    words = words.drop_front();
    return word;
  }

  void fail(CommandError why) {
    if (!failure)
      failure = std::move(why);
  }

  void parseAction() {
    if (words.empty())
      return fail(error("no input file; 'hpcc --help' lists what there is"));
    StringRef word = words.front();
    if (llvm::is_contained(laterCommands, word))
      return fail(unsupported("the command 'hpcc " + word + "'"));
    if (word == "run")
      line.action = Action::Run;
    else if (word == "check")
      line.action = Action::Check;
    else if (word == "oracle")
      line.action = Action::Oracle;
    else if (word == "doctor")
      line.action = Action::Doctor;
    else
      return;
    take();
  }

  void parseInput(StringRef word) {
    // `hpcc frob FILE`: the first word was meant as a command.
    if (!line.input.empty() && line.action == Action::Compile &&
        llvm::all_of(line.input, [](char c) { return llvm::isAlpha(c) || c == '-'; }))
      return fail(error("there is no command '" + line.input + "'" +
                        suggestionFor(line.input, commands) +
                        (" (" + llvm::join(llvm::ArrayRef(commands), ", ") + ")")));
    if (!line.input.empty())
      return fail(error("two input files, '" + line.input + "' and '" + word +
                        "'; arguments of the program come after '--'"));
    if (word.empty())
      return fail(error("the name of the input file is empty"));
    line.input = word.str();
  }

  /// The value of `-o OUT`, `-oOUT` or `-o=OUT`.
  std::optional<StringRef> shortValue(StringRef word) {
    if (word.size() > 2)
      return word.drop_front(word[2] == '=' ? 3 : 2);
    if (!words.empty())
      return take();
    fail(error("'" + word + "' needs a value"));
    return std::nullopt;
  }

  void parseDefine(StringRef text) {
    auto [name, value] = text.split('=');
    if (name.empty() || !text.contains('='))
      return fail(error("'-D " + text + "' is not of the form NAME=VALUE"));
    line.defines.push_back({name.str(), value.str()});
  }

  void parseEmit(StringRef kind) {
    for (const EmitName &row : emitNames)
      if (row.name == kind) {
        line.emit = row.emit;
        hasEmit = true;
        return;
      }
    if (llvm::is_contained(laterEmits, kind))
      return fail(unsupported("--emit=" + kind));
    fail(error("unknown kind of output '--emit=" + kind + "'"));
  }

  /// A list of passes between commas. An empty one names none.
  std::vector<const ir::Pass *> parsePasses(StringRef option, StringRef value,
                                            std::vector<std::string> &flags) {
    if (value.empty())
      return {};
    for (StringRef flag : llvm::split(value, ','))
      flags.push_back(flag.str());
    std::string problem;
    std::vector<const ir::Pass *> passes = ir::findPasses(flags, problem);
    if (!problem.empty())
      fail(error("'" + option + "=" + value + "': " + problem));
    return passes;
  }

  void parsePipeline(StringRef value) {
    std::vector<std::string> flags;
    line.pipeline = parsePasses("--passes", value, flags);
  }

  void parseRegex(StringRef option, StringRef value, std::optional<std::string> &regex) {
    std::string problem;
    if (value.empty())
      return fail(error("'" + option + "=' needs a regular expression"));
    if (!llvm::Regex(value).isValid(problem))
      return fail(error("'" + option + "=" + value + "': " + problem));
    regex = value.str();
  }

  void parseRecordFile(StringRef value) {
    if (value.empty())
      return fail(error("'-fsave-optimization-record=' needs the name of a file"));
    line.recordFile = value.str();
  }

  void parseTarget(StringRef name) {
    static constexpr std::pair<StringLiteral, ir::Target> targets[] = {
        {"cpu", ir::Target::Cpu},        {"omp", ir::Target::Omp},   {"mpi", ir::Target::Mpi},
        {"mpi+omp", ir::Target::MpiOmp}, {"cuda", ir::Target::Cuda},
    };
    const auto *known = llvm::find_if(targets, [&](auto &row) { return row.first == name; });
    if (known != std::end(targets))
      line.target = known->second;
    else
      fail(error("'--target=" + name + "' is none of cpu, omp, mpi, mpi+omp and cuda"));
  }

  void parseGpu(StringRef name) {
    if (!llvm::Regex("^sm_[0-9]+[a-z]?$").match(name))
      return fail(error("'--gpu=" + name + "' is not of the form sm_90"));
    line.gpu = name.str();
  }

  void parseOptimize(StringRef level) {
    if (level.size() != 1 || level[0] < '0' || level[0] > '3')
      return fail(error("'-O" + level + "' is not one of -O0, -O1, -O2, -O3"));
    line.optimize = level[0] - '0';
  }

  void parseOption(StringRef word) {
    if (word.starts_with("-o"))
      return setOutput(shortValue(word));
    if (word.starts_with("-D")) {
      if (auto text = shortValue(word))
        parseDefine(*text);
      return;
    }
    if (word.starts_with("-O"))
      return parseOptimize(word.drop_front(2));
    auto [option, value] = word.split('=');
    bool hasValue = word.contains('=');
    if (!hasValue && parseFlag(word))
      return;
    if (hasValue && parseValue(option, value))
      return;
    if (llvm::is_contained(laterOptions, option))
      return fail(unsupported("the option '" + option + "'"));
    if (!hasValue && llvm::is_contained(knownOptions, word))
      return fail(error("'" + word + "' needs a value"));
    fail(error("unknown option '" + word + "'" + suggestionFor(option, knownOptions)));
  }

  void setOutput(std::optional<StringRef> output) {
    if (!output)
      return;
    if (output->empty())
      return fail(error("the name of the output is empty"));
    if (!line.output.empty())
      return fail(error("two outputs, '" + line.output + "' and '" + *output + "'"));
    line.output = output->str();
  }

  bool parseFlag(StringRef word) {
    if (word == "--help" || word == "-h")
      line.action = Action::Help;
    else if (word == "--version")
      line.action = Action::Version;
    else if (word == "--print-passes")
      line.action = Action::PrintPasses;
    else if (word == "-Rpass")
      line.passedRemarks = ".*";
    else if (word == "-Rpass-missed")
      line.missedRemarks = ".*";
    else if (word == "-fsave-optimization-record")
      line.recordFile = "";
    else if (const Flag *flag =
                 llvm::find_if(flags, [&](const Flag &row) { return row.word == word; });
             flag != std::end(flags))
      line.*flag->member = true;
    else
      return parsePassFlag(word);
    return true;
  }

  bool parsePassFlag(StringRef word) {
    const PassFlag *flag =
        llvm::find_if(passFlags, [&](const PassFlag &row) { return row.word == word; });
    if (flag != std::end(passFlags))
      line.passes.*flag->member = true;
    return flag != std::end(passFlags);
  }

  bool parseValue(StringRef option, StringRef value) {
    if (option == "--emit")
      parseEmit(value);
    else if (option == "-march")
      line.cpu = value.str();
    else if (option == "--target")
      parseTarget(value);
    else if (option == "--gpu")
      parseGpu(value);
    else if (option == "--python")
      line.python = value.str();
    else if (option == "--print-before")
      parsePasses(option, value, line.passes.printBefore);
    else if (option == "--print-after")
      parsePasses(option, value, line.passes.printAfter);
    else if (option == "--disable-pass")
      parsePasses(option, value, line.disabledPasses);
    else if (option == "--passes")
      parsePipeline(value);
    else if (option == "-Rpass")
      parseRegex(option, value, line.passedRemarks);
    else if (option == "-Rpass-missed")
      parseRegex(option, value, line.missedRemarks);
    else if (option == "-fsave-optimization-record")
      parseRecordFile(value);
    else if (option == "--diagnostics-format" && (value == "text" || value == "json"))
      line.json = value == "json";
    else if (option == "--diagnostics-format")
      fail(error("'--diagnostics-format=" + value + "' is neither text nor json"));
    else
      return false;
    return true;
  }

  /// "; did you mean '..'?" for a word close to a known one.
  static std::string suggestionFor(StringRef word, llvm::ArrayRef<StringLiteral> known) {
    for (StringRef candidate : known)
      if (word.edit_distance(candidate, true, 2) <= 2)
        return ("; did you mean '" + candidate + "'?").str();
    return {};
  }

  void checkTogether() {
    if (failure || line.action == Action::Help || line.action == Action::Version ||
        line.action == Action::PrintPasses)
      return;
    if (line.action == Action::Doctor && !line.input.empty())
      return fail(error("'hpcc doctor' takes no input file"));
    if (line.input.empty() && line.action != Action::Doctor)
      return fail(error("no input file"));
    checkDevice();
    if (line.action != Action::Compile && hasEmit)
      return fail(error("'--emit' does not go with this command"));
    if (line.action != Action::Compile && !line.output.empty())
      return fail(error("'-o' does not go with this command"));
    if (hasArguments && line.action != Action::Run && line.action != Action::Oracle)
      return fail(error("arguments after '--' are for 'hpcc run' and 'hpcc oracle'"));
  }

  /// What is for a GPU goes with its target, which it stands for where none is named.
  void checkDevice() {
    bool isPtx = hasEmit && line.emit == Emit::Ptx;
    StringRef option = isPtx ? "--emit=ptx" : line.emulate ? "--emulate" : "--gpu";
    if (!isPtx && !line.emulate && line.gpu.empty())
      return;
    if (line.target.value_or(ir::Target::Cuda) != ir::Target::Cuda)
      return fail(error("'" + option + "' goes with --target=cuda only"));
    if (line.emulate && (isPtx || !line.gpu.empty()))
      return fail(error("'--emulate' takes the place of a GPU, and makes no PTX"));
    line.target = ir::Target::Cuda;
  }

  llvm::ArrayRef<const char *> words;
  CommandLine line;
  bool hasEmit = false, hasArguments = false;
  std::optional<CommandError> failure;
};

} // namespace

std::variant<CommandLine, CommandError> parseCommandLine(llvm::ArrayRef<const char *> words) {
  return Parser(words).parse();
}

} // namespace hpcc
