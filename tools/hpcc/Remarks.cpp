//===- Remarks.cpp - what passes did and declined, for the user ------------------------------===//
//
// Takes the remarks that passes left; leaves messages in the style of clang's -Rpass, or a record
// for LLVM's tools, both in words that the user of a program knows. The record names the function
// in which a remark lies by its lines, because a remark may be about code that has been inlined
// since.
//
//===-----------------------------------------------------------------------------------------===//
#include "Remarks.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Remarks/Remark.h"
#include "llvm/Remarks/YAMLRemarkSerializer.h"
#include "llvm/Support/Regex.h"

namespace hpcc {

using llvm::StringRef;

std::vector<FunctionLines> linesOfFunctions(const ir::Program &program) {
  std::vector<FunctionLines> functions = {{"main", 0, UINT32_MAX}};
  for (const ir::Function &function : program.functions) {
    FunctionLines lines{function.name, UINT32_MAX, 0};
    auto include = [&](Loc loc) {
      if (!loc.isValid())
        return;
      lines.first = std::min(lines.first, loc.line);
      lines.last = std::max(lines.last, loc.endLine);
    };
    include(function.loc);
    ir::forEachStmt(function.body, [&](const ir::Stmt &stmt) { include(stmt.loc); });
    if (function.name != "main")
      functions.push_back(std::move(lines));
  }
  return functions;
}

UserNames userNamesOf(const frontend::typed::Module &module) {
  UserNames names;
  for (const frontend::typed::Variable &variable : module.variables) {
    bool isArray = std::holds_alternative<frontend::ArrayType>(variable.type) ||
                   std::holds_alternative<frontend::ListType>(variable.type);
    (isArray ? names.arrays : names.scalars).insert(variable.name);
  }
  return names;
}

namespace {

bool isWordPart(char c) { return llvm::isAlnum(c) || c == '_'; }

/// Rewrites one text of the IR's names, from left to right.
class Words {
public:
  Words(StringRef text, const UserNames &names) : rest(text), names(names) {}

  std::string write() {
    while (!rest.empty()) {
      if (rest.front() == '@' && rest.size() > 1 && isWordPart(rest[1]))
        writeFunction();
      else if (rest.front() == '%' && rest.size() > 1 && isWordPart(rest[1]))
        writeBuffer();
      else if (isWordPart(rest.front()))
        writeWord();
      else
        out += take(1);
    }
    return std::move(out);
  }

private:
  StringRef take(size_t count) {
    StringRef taken = rest.take_front(count);
    rest = rest.drop_front(count);
    return taken;
  }

  /// The suffixes of a name: `.2`, `.f64`.
  void skipSuffixes() {
    while (rest.size() > 1 && rest.front() == '.' && isWordPart(rest[1])) {
      take(1);
      rest = rest.drop_while(isWordPart);
    }
  }

  /// What is between brackets behind a name, if there are any.
  std::optional<StringRef> takeBetween(char open, char close) {
    if (rest.empty() || rest.front() != open)
      return std::nullopt;
    size_t depth = 0, end = 0;
    do {
      depth += rest[end] == open;
      depth -= rest[end] == close;
    } while (++end < rest.size() && depth > 0);
    return take(end).drop_front().drop_back();
  }

  void writeFunction() {
    take(1);
    StringRef name = rest.take_while(isWordPart);
    take(name.size());
    skipSuffixes();
    out += ("'" + name + "'").str();
  }

  void writeBuffer() {
    StringRef whole = rest;
    take(1);
    StringRef name = rest.take_while(isWordPart);
    take(name.size());
    skipSuffixes();
    whole = whole.drop_back(rest.size());
    takeBetween('{', '}');
    std::optional<StringRef> subscripts = takeBetween('[', ']');
    bool isScalar = subscripts && subscripts->empty();
    if ((isScalar ? names.scalars : names.arrays).count(name.str()) == 0)
      return writeTemporary(whole);
    out += ("'" + name).str();
    if (subscripts && !isScalar)
      out += "[" + Words(*subscripts, names).write() + "]";
    out += "'";
  }

  void writeTemporary(StringRef whole) {
    if (StringRef(out).ends_with("the temporary ")) {
      out.pop_back();
      return;
    }
    out += temporary.empty()    ? "the temporary"
           : whole == temporary ? "itself"
                                : "another temporary";
    if (temporary.empty())
      temporary = whole;
  }

  /// A word, or an iterator, which is named without a sign.
  void writeWord() {
    StringRef word = rest.take_while(isWordPart);
    out += take(word.size());
    if (llvm::isDigit(word.front()))
      return;
    if (rest.size() > 1 && rest.front() == '.' && llvm::isDigit(rest[1]))
      skipSuffixes();
  }

  StringRef rest;
  const UserNames &names;
  std::string out;
  StringRef temporary; // the first that the text names
};

} // namespace

void putInWords(std::vector<ir::Remark> &remarks, const UserNames *names) {
  for (ir::Remark &remark : remarks) {
    if (remark.other == remark.loc) {
      remark.other = {};
      remark.otherText.clear();
    }
    if (!names)
      continue;
    remark.text = Words(remark.text, *names).write();
    remark.otherText = Words(remark.otherText, *names).write();
  }
}

/// True for what a target that the user has asked for does not do: he hears of it unasked. A
/// statement in which something else is divided among threads is none of these.
static bool isDisappointment(const ir::Remark &remark, llvm::ArrayRef<ir::Remark> all,
                             const CommandLine &line) {
  auto isMapping = [&](const ir::Remark &each) {
    return llvm::any_of(ir::mappingPipeline(*line.target),
                        [&](const ir::Pass *pass) { return pass->flag == each.pass; });
  };
  return line.target && remark.kind == ir::Remark::Kind::Missed && isMapping(remark) &&
         llvm::none_of(all, [&](const ir::Remark &other) {
           return other.kind == ir::Remark::Kind::Passed && isMapping(other) &&
                  remark.loc.line <= other.loc.line && other.loc.line <= remark.loc.endLine;
         });
}

void reportRemarks(llvm::ArrayRef<ir::Remark> remarks, const CommandLine &line,
                   Diagnostics &diags) {
  static constexpr MessageInfo message{"remark", Severity::Remark, "{0} [{1}={2}]"};
  static constexpr MessageInfo warning{"notMapped", Severity::Warning, "{0} [{1}={2}]"};
  static constexpr MessageInfo other{"remarkOther", Severity::Note, "{0}"};
  for (const ir::Remark &remark : remarks) {
    bool passed = remark.kind == ir::Remark::Kind::Passed;
    const std::optional<std::string> &wanted = passed ? line.passedRemarks : line.missedRemarks;
    bool isWarning = isDisappointment(remark, remarks, line);
    if (!isWarning && (!wanted || !llvm::Regex(*wanted).match(remark.pass)))
      continue;
    StringRef option = passed ? "-Rpass" : "-Rpass-missed";
    DiagnosticBuilder builder =
        diags.report(remark.loc, isWarning ? warning : message, remark.text, option, remark.pass);
    if (!remark.otherText.empty())
      builder.note(remark.other, other, remark.otherText);
  }
}

/// The function that begins last before a place that lies in it.
static StringRef functionAt(Loc loc, llvm::ArrayRef<FunctionLines> functions) {
  const FunctionLines *innermost = &functions.front();
  for (const FunctionLines &function : functions)
    if (function.first <= loc.line && loc.line <= function.last &&
        function.first > innermost->first)
      innermost = &function;
  return innermost->name;
}

std::string optimizationRecord(llvm::ArrayRef<ir::Remark> remarks, StringRef file,
                               llvm::ArrayRef<FunctionLines> functions) {
  std::string text;
  llvm::raw_string_ostream out(text);
  llvm::remarks::YAMLRemarkSerializer serializer(out);
  auto placeOf = [&](Loc loc) -> std::optional<llvm::remarks::RemarkLocation> {
    if (!loc.isValid())
      return std::nullopt;
    return llvm::remarks::RemarkLocation{file, loc.line, loc.column};
  };
  for (const ir::Remark &remark : remarks) {
    bool passed = remark.kind == ir::Remark::Kind::Passed;
    llvm::remarks::Remark record;
    record.RemarkType = passed ? llvm::remarks::Type::Passed : llvm::remarks::Type::Missed;
    record.PassName = remark.pass;
    record.RemarkName = passed ? "Done" : "Declined";
    record.FunctionName = functionAt(remark.loc, functions);
    record.Loc = placeOf(remark.loc);
    record.Args.emplace_back("String", remark.text);
    if (!remark.otherText.empty()) {
      record.Args.emplace_back("String", "; ");
      llvm::remarks::Argument &other = record.Args.emplace_back("Other", remark.otherText);
      other.Loc = placeOf(remark.other);
    }
    serializer.emit(record);
  }
  return text;
}

} // namespace hpcc
