//===- hpc-opt.cpp - reads a program's text, runs passes, prints it --------------------------===//
//
// The workbench of the IR: passes run one by one in the order of their flags, any stage can be
// read back, and the interpreter runs the result. Exit codes: 0, 1 for bad input or an error of the
// interpreted program, 70 for a fault of hpcc.
//
//===-----------------------------------------------------------------------------------------===//

#include "ir/Interpret.h"
#include "ir/Pass.h"
#include "ir/Pipeline.h"
#include "ir/PrintDependences.h"
#include "ir/Statistics.h"
#include "ir/Text.h"
#include "ir/Verify.h"
#include "tools/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace hpcc;
using namespace hpcc::ir;
namespace cl = llvm::cl;

namespace {

/// The command line. A local object of main, made after LLVM's own options are gone.
struct Options {
  cl::opt<std::string> input{cl::Positional, cl::desc("FILE.hir (- for standard input)"),
                             cl::init("-")};
  cl::opt<std::string> output{"o", cl::desc("Where to write the program"), cl::value_desc("FILE"),
                              cl::init("-")};
  cl::list<const Pass *> passes{cl::desc("Passes, in the order given:")};
  cl::opt<bool> pipeline{"pipeline", cl::desc("Run the compiler's passes after those given")};
  cl::list<std::string> list{"passes", cl::CommaSeparated, cl::value_desc("PASS,.."),
                             cl::desc("Run these passes after those given as flags")};
  cl::list<std::string> disabled{"disable-pass", cl::CommaSeparated, cl::value_desc("PASS,.."),
                                 cl::desc("Leave these passes out wherever they stand")};
  cl::list<std::string> printBefore{"print-before", cl::CommaSeparated, cl::value_desc("PASS,.."),
                                    cl::desc("Print the program before a pass")};
  cl::list<std::string> printAfter{"print-after", cl::CommaSeparated, cl::value_desc("PASS,.."),
                                   cl::desc("Print the program after a pass")};
  cl::opt<bool> printBeforeAll{"print-before-all", cl::desc("Print the program before each pass")};
  cl::opt<bool> printAfterAll{"print-after-all", cl::desc("Print the program after each pass")};
  cl::opt<bool> printChanged{"print-changed",
                             cl::desc("Print the program at the start and after each pass that "
                                      "changed it")};
  cl::opt<bool> timing{"time-passes", cl::desc("Print how long each pass took")};
  cl::opt<bool> remarks{"remarks", cl::desc("Print what passes did [passed] or refused [missed]")};
  cl::opt<bool> statistics{"stats", cl::desc("Print the number of nodes of each kind, and the "
                                             "counters of passes, instead of the program")};
  cl::opt<bool> dependences{"print-dependences",
                            cl::desc("Print footprints and dependences instead of the program")};
  cl::opt<bool> interpret{"interpret", cl::desc("Run the program instead of printing it")};
  cl::opt<bool> interpretEach{"interpret-each",
                              cl::desc("Run the program before the passes and after each of them, "
                                       "and stop at the one that changes what it does")};
  cl::opt<bool> reversePar{"reverse-par", cl::desc("Run the iterations of par loops backwards when "
                                                   "running the program")};
  cl::opt<unsigned> ranks{"ranks", cl::value_desc("P"), cl::init(1),
                          cl::desc("Run programs for ranks on so many")};
  cl::opt<bool> roundTrip{"roundtrip", cl::desc("Check that the printed program reads back as "
                                                "the same program")};
  cl::opt<bool> noLocations{"no-locs", cl::desc("Leave locations out, for reading")};
  cl::opt<bool> help{"help", cl::desc("Show this")};
  cl::alias shortHelp{"h", cl::aliasopt(help)};

  ParallelOrder order() const {
    return reversePar ? ParallelOrder::Backwards : ParallelOrder::AsWritten;
  }

  Options() {
    for (const Pass &pass : allPasses())
      passes.getParser().addLiteralOption(pass.flag, &pass, pass.help);
  }
};

enum ExitCode { Good = 0, BadInput = 1, Fault = 70 };

} // namespace

static ExitCode failInternally(const llvm::Twine &text) {
  llvm::errs() << "internal error: " << text << '\n';
  return Fault;
}

/// The program of a file. On failure nothing, with a message printed.
static std::optional<Program> readProgram(const std::string &path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file =
      llvm::MemoryBuffer::getFileOrSTDIN(path, /*IsText=*/true);
  if (!file) {
    llvm::errs() << path << ": error: " << file.getError().message() << '\n';
    return std::nullopt;
  }
  std::variant<Program, TextError> parsed = parseProgram((*file)->getBuffer());
  if (auto *error = std::get_if<TextError>(&parsed)) {
    llvm::errs() << path << ':' << error->line << ':' << error->column << ": error: " << error->text
                 << '\n';
    return std::nullopt;
  }
  return std::get<Program>(std::move(parsed));
}

/// True if the program verifies; otherwise the broken invariants are printed.
static bool checkInput(const Program &program, const std::string &path) {
  std::vector<VerifyError> errors = verify(program);
  for (const VerifyError &error : errors)
    llvm::errs() << path << ": error: " << toText(error) << '\n';
  return errors.empty();
}

/// The passes that an option lists. On failure nothing, with a message printed.
static std::optional<std::vector<const Pass *>> passesOf(const cl::list<std::string> &option) {
  std::string problem;
  std::vector<const Pass *> passes = findPasses(option, problem);
  if (problem.empty())
    return passes;
  llvm::errs() << "error: --" << option.ArgStr << ": " << problem << '\n';
  return std::nullopt;
}

/// The passes of the command line in their order: flags, list, pipeline, without those that are
/// disabled. On failure nothing, with a message printed.
static std::optional<std::vector<const Pass *>> passesOf(const Options &options, Stage stage) {
  std::vector<const Pass *> passes(options.passes.begin(), options.passes.end());
  std::optional<std::vector<const Pass *>> list = passesOf(options.list);
  if (!list || !passesOf(options.disabled) || !passesOf(options.printBefore) ||
      !passesOf(options.printAfter))
    return std::nullopt;
  llvm::append_range(passes, *list);
  if (options.pipeline)
    llvm::append_range(passes, defaultPipeline());
  passes = without(passes, options.disabled);
  if (std::string problem = orderProblem(passes, stage); !problem.empty()) {
    llvm::errs() << "error: " << problem << '\n';
    return std::nullopt;
  }
  return passes;
}

static void printRemarks(const Program &program, llvm::ArrayRef<Remark> remarks) {
  for (const Remark &remark : remarks) {
    llvm::errs() << program.file << ':' << remark.loc.line << ':' << remark.loc.column
                 << ": remark: " << remark.pass << ": " << remark.text
                 << (remark.kind == Remark::Kind::Passed ? " [passed]\n" : " [missed]\n");
    if (remark.other.isValid())
      llvm::errs() << program.file << ':' << remark.other.line << ':' << remark.other.column
                   << ": note: " << remark.otherText << '\n';
  }
}

/// What a run shows: its output, then the report of its error. `isGood`: without breaking a rule.
static std::string behaviourOf(const Program &program, const Options &options, bool &isGood) {
  std::string output;
  llvm::raw_string_ostream stream(output);
  InterpretResult result = interpret(program, stream, {}, options.order(), options.ranks);
  isGood = result.status != InterpretStatus::Fault && result.status != InterpretStatus::Limit;
  return output + reportOf(result, program);
}

/// Runs the passes one by one, comparing what the program does. On a failure false, with a message.
static bool transformWatched(Program &program, llvm::ArrayRef<const Pass *> passes,
                             const Options &options, PassContext &context) {
  bool isGood = true;
  std::string expected = behaviourOf(program, options, isGood);
  if (!isGood) {
    failInternally("the program itself does not run to its end\n" + expected);
    return false;
  }
  for (const Pass *pass : passes) {
    Program before = program;
    if (std::optional<PassFailure> failure = runPasses(program, {pass}, context)) {
      failInternally("pass " + failure->pass + ": " + failure->text + "\nit took:\n" +
                     toText(before));
      return false;
    }
    if (program == before)
      continue;
    std::string found = behaviourOf(program, options, isGood);
    if (found == expected)
      continue;
    failInternally("pass " + pass->flag + " changes what the program does\nit took:\n" +
                   toText(before) + "\nbefore it:\n" + expected + "\nafter it:\n" + found);
    return false;
  }
  return true;
}

/// Runs the passes with their printing on standard error. On failure false, with a message.
static bool transform(Program &program, llvm::ArrayRef<const Pass *> passes, const Options &options,
                      PassContext &context) {
  if (options.interpretEach)
    return transformWatched(program, passes, options, context);
  PhaseTimes times;
  RunOptions run;
  run.printBefore.assign(options.printBefore.begin(), options.printBefore.end());
  run.printAfter.assign(options.printAfter.begin(), options.printAfter.end());
  run.printBeforeAll = options.printBeforeAll;
  run.printAfterAll = options.printAfterAll;
  run.printChanged = options.printChanged;
  run.locations = !options.noLocations;
  run.times = &times;
  std::optional<PassFailure> failure = runPasses(program, passes, context, run);
  if (options.remarks)
    printRemarks(program, context.remarks);
  if (options.timing)
    times.print(llvm::errs());
  if (!failure)
    return true;
  std::string where = failure->dumpFile.empty() ? "" : "\nits input is in " + failure->dumpFile;
  failInternally("pass " + failure->pass + ": " + failure->text + where);
  return false;
}

static bool readsBack(const Program &program) {
  std::variant<Program, TextError> parsed = parseProgram(toText(program));
  auto *again = std::get_if<Program>(&parsed);
  return again && *again == program;
}

static ExitCode runInterpreter(const Program &program, const Options &options) {
  InterpretResult result = interpret(program, llvm::outs(), {}, options.order(), options.ranks);
  llvm::outs().flush();
  llvm::errs() << reportOf(result, program);
  return static_cast<ExitCode>(result.exitCode());
}

static void printStatistics(const Program &program, const PassContext &context,
                            llvm::raw_ostream &out) {
  for (auto [name, count] : countNodes(program))
    out << name << ' ' << count << '\n';
  for (const auto &[name, count] : context.counters)
    out << name << ' ' << count << '\n';
}

/// Writes what is asked for to the output file, which appears only when all went well.
static ExitCode writeOutput(const Program &program, const Options &options,
                            const PassContext &context) {
  std::error_code error;
  llvm::ToolOutputFile file(options.output, error, llvm::sys::fs::OF_Text);
  if (error) {
    llvm::errs() << options.output << ": error: " << error.message() << '\n';
    return BadInput;
  }
  if (options.statistics)
    printStatistics(program, context, file.os());
  else if (options.dependences)
    printDependences(program, file.os());
  else
    print(program, file.os(), {!options.noLocations});
  file.keep();
  return Good;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  forgetLibraryOptions(argv[0]);
  Options options;
  if (!cl::ParseCommandLineOptions(argc, argv, "Reads, checks, transforms and runs hpcc's IR\n",
                                   &llvm::errs()))
    return BadInput;
  if (options.help) {
    cl::PrintHelpMessage();
    return Good;
  }
  if (options.ranks < 1 || options.ranks > mostInterpretedRanks) {
    llvm::errs() << "hpc-opt: --ranks is from 1 to " << mostInterpretedRanks << '\n';
    return BadInput;
  }
  std::optional<Program> program = readProgram(options.input);
  if (!program || !checkInput(*program, options.input))
    return BadInput;
  std::optional<std::vector<const Pass *>> passes = passesOf(options, program->stage);
  if (!passes)
    return BadInput;
  PassContext context;
  if (!transform(*program, *passes, options, context))
    return Fault;
  if (options.roundTrip && !readsBack(*program))
    return failInternally("the printed program does not read back as the same program");
  if (options.interpret)
    return runInterpreter(*program, options);
  return writeOutput(*program, options, context);
}
