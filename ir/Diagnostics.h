// Messages to the user: collected as records, rendered at the end as text or JSON.
//
// A driver owns one Diagnostics object per source file; every layer reports into it. Messages are
// values {id, severity, format} that the layers keep in tables of their own
// (frontend/Messages.def), so this file knows no message. What a layer reports is a record; nothing
// is printed until the driver renders, which lists the records of a file in source order.
#pragma once

#include "ir/Loc.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace hpcc {

/// The class of a message. Error: the program is wrong. Unsupported: legal Python that hpcc does
/// not compile. Internal: a fault of hpcc. Note belongs to another message. Later means worse.
enum class Severity { Note, Remark, Warning, Error, Unsupported, Internal };

/// One row of a message table. `format` is an llvm::formatv string with {0}, {1}, ...
struct MessageInfo {
  const char *id;
  Severity severity;
  const char *format;
};

/// An explanation below a message, with a place of its own (or an invalid Loc: text alone).
struct DiagnosticNote {
  Loc loc;
  std::string text;
};

/// One reported message. `loc` is underlined and has the caret at its beginning; `ranges` are
/// underlined as well.
struct Diagnostic {
  std::string id;
  Severity severity = Severity::Error;
  Loc loc;
  std::string text;
  std::vector<Loc> ranges;
  std::vector<DiagnosticNote> notes;
  std::vector<std::string> help;
};

/// What `report` returns: attaches further facts to the record just made.
class DiagnosticBuilder {
public:
  explicit DiagnosticBuilder(Diagnostic &record) : record(&record) {}

  /// Underlines a further range, such as the operands around an operator.
  DiagnosticBuilder &range(Loc loc) {
    record->ranges.push_back(loc);
    return *this;
  }
  /// Adds a note with its own source line; an invalid Loc gives the text alone.
  template <typename... Args>
  DiagnosticBuilder &note(Loc loc, const MessageInfo &message, const Args &...args) {
    record->notes.push_back({loc, llvm::formatv(message.format, args...).str()});
    return *this;
  }
  /// Adds a line `help: text`: what the user can write instead.
  DiagnosticBuilder &help(const llvm::Twine &text) {
    record->help.push_back(text.str());
    return *this;
  }

private:
  Diagnostic *record;
};

/// The messages of one source file, whose text it owns.
class Diagnostics {
public:
  /// Takes over the user's file. The buffer's identifier is the file name in messages. Of an empty
  /// buffer messages show no lines.
  explicit Diagnostics(std::unique_ptr<llvm::MemoryBuffer> source);

  /// The text of the file, valid as long as this object.
  llvm::StringRef sourceText() const;
  llvm::StringRef fileName() const;

  /// Records a message. A message with the same id at the same place is recorded once, and not more
  /// than `maxProblems` problems are kept; what is dropped still counts for the exit code.
  template <typename... Args>
  DiagnosticBuilder report(Loc loc, const MessageInfo &message, const Args &...args) {
    return record(loc, message.id, message.severity, llvm::formatv(message.format, args...).str());
  }

  /// Records a fault of hpcc itself. `where` names the pass or the stage.
  DiagnosticBuilder internalError(Loc loc, llvm::StringRef where, const llvm::Twine &text);

  const std::deque<Diagnostic> &all() const { return records; }
  bool hasProblems() const { return exitCode() != 0; }

  /// 0, or the code of the worst class reported: 1 error, 2 unsupported, 70 internal.
  int exitCode() const;

  /// The messages so far. `rewind` forgets those after the mark, for analyses that try something
  /// and repeat it.
  struct Mark {
    size_t records;
    Severity worst;
    unsigned problems, dropped;
  };
  Mark mark() const { return {records.size(), worst, problems, dropped}; }
  void rewind(const Mark &mark) {
    records.resize(mark.records);
    worst = mark.worst;
    problems = mark.problems;
    dropped = mark.dropped;
  }
  bool hasProblemsSince(const Mark &mark) const {
    return problems != mark.problems || dropped != mark.dropped;
  }

  /// Writes all records in source order: `file:line:col: error: text`, the source line with caret
  /// and underlines, notes, help lines.
  void render(llvm::raw_ostream &out, bool color = false) const;

  /// Writes all records as one JSON array, one object per line.
  void renderJson(llvm::raw_ostream &out) const;

  static constexpr unsigned maxProblems = 20;

private:
  DiagnosticBuilder record(Loc loc, llvm::StringRef id, Severity severity, std::string text);

  llvm::SourceMgr sources;
  std::deque<Diagnostic> records; // a deque: builders point into it
  Diagnostic discarded;           // where a builder of a dropped message writes
  Severity worst = Severity::Note;
  unsigned problems = 0, dropped = 0;
};

} // namespace hpcc
