//===- Remarks.cpp - what passes did and declined, for the user ------------------------------===//
//
// Takes the remarks that passes left; leaves messages in the style of clang's -Rpass, or a record
// for LLVM's tools. The record names the function in which a remark lies by its lines, because a
// remark may be about code that has been inlined since.
//
//===-----------------------------------------------------------------------------------------===//
#include "Remarks.h"
#include "ir/Walk.h"
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

void reportRemarks(llvm::ArrayRef<ir::Remark> remarks, const CommandLine &line,
                   Diagnostics &diags) {
  static constexpr MessageInfo message{"remark", Severity::Remark, "{0} [{1}={2}]"};
  static constexpr MessageInfo other{"remarkOther", Severity::Note, "{0}"};
  for (const ir::Remark &remark : remarks) {
    bool passed = remark.kind == ir::Remark::Kind::Passed;
    const std::optional<std::string> &wanted = passed ? line.passedRemarks : line.missedRemarks;
    if (!wanted || !llvm::Regex(*wanted).match(remark.pass))
      continue;
    StringRef option = passed ? "-Rpass" : "-Rpass-missed";
    DiagnosticBuilder builder = diags.report(remark.loc, message, remark.text, option, remark.pass);
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
