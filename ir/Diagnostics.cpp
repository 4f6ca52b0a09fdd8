// Collecting and rendering of messages. See Diagnostics.h.
//
// SourceMgr holds the text and finds its lines. The printing is done here because SMDiagnostic
// knows no class `unsupported` and draws no carets on lines with characters outside ASCII.
#include "ir/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Unicode.h"
#include <algorithm>
#include <tuple>

using namespace llvm;

namespace hpcc {

namespace {

constexpr unsigned tabStop = 8;
constexpr size_t maxShownColumns = 200;

/// Python reads a file with universal newlines and without its byte order mark; so do we, once, so
/// that no later stage sees either. Buffers that need no change are passed through.
std::unique_ptr<MemoryBuffer> normalizeSource(std::unique_ptr<MemoryBuffer> source) {
  StringRef text = source->getBuffer();
  bool hasMark = text.consume_front("\xEF\xBB\xBF");
  if (!hasMark && !text.contains('\r'))
    return source;
  std::string normalized;
  normalized.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r')
      normalized += text[i];
    else if (i + 1 == text.size() || text[i + 1] != '\n')
      normalized += '\n';
  }
  return MemoryBuffer::getMemBufferCopy(normalized, source->getBufferIdentifier());
}

StringRef severityName(Severity severity) {
  switch (severity) {
  case Severity::Note:
    return "note";
  case Severity::Remark:
    return "remark";
  case Severity::Warning:
    return "warning";
  case Severity::Error:
    return "error";
  case Severity::Unsupported:
    return "unsupported";
  case Severity::Internal:
    return "internal error";
  }
  llvm_unreachable("unknown severity");
}

raw_ostream::Colors severityColor(Severity severity) {
  switch (severity) {
  case Severity::Note:
    return raw_ostream::CYAN;
  case Severity::Remark:
    return raw_ostream::BLUE;
  case Severity::Warning:
    return raw_ostream::MAGENTA;
  default:
    return raw_ostream::RED;
  }
}

/// A source line as a terminal shows it, and where each of its bytes stands there.
struct DisplayedLine {
  std::string text;
  std::vector<size_t> columnOfByte; // one more than bytes: the end of the line

  /// The terminal column of a 1-based byte column, which may lie behind the end of the line.
  size_t columnOf(uint32_t byteColumn) const {
    size_t index = byteColumn == 0 ? 0 : byteColumn - 1;
    size_t last = columnOfByte.size() - 1;
    return index <= last ? columnOfByte[index] : columnOfByte[last] + (index - last);
  }
};

/// Expands tabs and replaces what a terminal does not print by '?'.
DisplayedLine displayLine(StringRef line) {
  DisplayedLine shown;
  size_t column = 0;
  for (size_t i = 0; i < line.size();) {
    size_t bytes = getNumBytesForUTF8(static_cast<UTF8>(line[i]));
    StringRef character = line.substr(i, bytes);
    const UTF8 *begin = reinterpret_cast<const UTF8 *>(character.bytes_begin());
    if (character.size() != bytes || !isLegalUTF8Sequence(begin, begin + bytes))
      character = line.substr(i, 1);
    shown.columnOfByte.insert(shown.columnOfByte.end(), character.size(), column);
    i += character.size();
    int width = sys::unicode::columnWidthUTF8(character);
    if (character == "\t") {
      size_t spaces = tabStop - column % tabStop;
      shown.text.append(spaces, ' ');
      column += spaces;
    } else if (width < 0) {
      shown.text += '?';
      ++column;
    } else {
      shown.text += character;
      column += static_cast<size_t>(width);
    }
  }
  shown.columnOfByte.push_back(column);
  return shown;
}

/// The part of a line between two terminal columns. A character that lies across the beginning
/// becomes spaces, so that columns keep their distance.
std::string cutColumns(const DisplayedLine &shown, size_t begin, size_t end) {
  size_t column = 0;
  std::string part;
  for (size_t i = 0; i < shown.text.size() && column < end;) {
    size_t bytes = getNumBytesForUTF8(static_cast<UTF8>(shown.text[i]));
    StringRef character = StringRef(shown.text).substr(i, bytes);
    size_t width = static_cast<size_t>(std::max(0, sys::unicode::columnWidthUTF8(character)));
    if (column >= begin)
      part += character;
    else if (column + width > begin)
      part.append(column + width - begin, ' ');
    column += width;
    i += bytes;
  }
  return part;
}

/// Draws `loc` as far as it lies on `line`, with at least one mark.
void underline(std::string &marks, const DisplayedLine &shown, uint32_t line, Loc loc) {
  if (loc.line > line || loc.endLine < line)
    return;
  size_t begin = loc.line == line ? shown.columnOf(loc.column) : 0;
  size_t end = loc.endLine == line ? shown.columnOf(loc.endColumn) : shown.columnOfByte.back();
  if (loc.line < line)
    begin = std::min(shown.text.find_first_not_of(' '), end);
  end = std::max(end, begin + 1);
  if (marks.size() < end)
    marks.resize(end, ' ');
  std::fill(marks.begin() + begin, marks.begin() + end, '~');
}

/// The text of a 1-based line without its end; empty behind the last one.
StringRef lineText(const SourceMgr &sources, uint32_t line) {
  StringRef text = sources.getMemoryBuffer(sources.getMainFileID())->getBuffer();
  const char *begin = sources.getBufferInfo(sources.getMainFileID()).getPointerForLineNumber(line);
  if (!begin)
    return {};
  return text.drop_front(begin - text.data()).take_until([](char c) { return c == '\n'; });
}

struct Renderer {
  const SourceMgr &sources;
  StringRef fileName;
  raw_ostream &out;
  bool color;

  /// One message with its source line.
  void message(Severity severity, Loc loc, StringRef text, ArrayRef<Loc> ranges) const {
    if (loc.isValid())
      out << fileName << ':' << loc.line << ':' << loc.column << ": ";
    else if (severity != Severity::Note)
      out << fileName << ": ";
    if (color)
      out.changeColor(severityColor(severity), /*Bold=*/true);
    out << severityName(severity) << ": ";
    if (color)
      out.resetColor();
    out << text << '\n';
    if (loc.isValid() && hasText())
      sourceLine(loc, ranges);
  }

  /// False where only the name of the file is known.
  bool hasText() const {
    return sources.getMemoryBuffer(sources.getMainFileID())->getBufferSize() != 0;
  }

  /// The line and its marks. Of a very long line only the part around the caret is shown.
  void sourceLine(Loc loc, ArrayRef<Loc> ranges) const {
    DisplayedLine shown = displayLine(lineText(sources, loc.line));
    std::string marks;
    underline(marks, shown, loc.line, loc);
    for (Loc range : ranges)
      underline(marks, shown, loc.line, range);
    size_t caret = shown.columnOf(loc.column);
    if (marks.size() <= caret)
      marks.resize(caret + 1, ' ');
    marks[caret] = '^';
    if (shown.columnOfByte.back() > maxShownColumns) {
      size_t begin = caret > maxShownColumns / 2 ? caret - maxShownColumns / 2 : 0;
      shown.text = cutColumns(shown, begin, begin + maxShownColumns);
      marks = StringRef(marks).substr(begin, maxShownColumns);
    }
    out << shown.text << '\n' << marks << '\n';
  }
};

json::Object locToJson(Loc loc) {
  return json::Object{{"line", loc.line},
                      {"column", loc.column},
                      {"endLine", loc.endLine},
                      {"endColumn", loc.endColumn}};
}

} // namespace

Diagnostics::Diagnostics(std::unique_ptr<MemoryBuffer> source) {
  sources.AddNewSourceBuffer(normalizeSource(std::move(source)), SMLoc());
}

StringRef Diagnostics::sourceText() const {
  return sources.getMemoryBuffer(sources.getMainFileID())->getBuffer();
}

StringRef Diagnostics::fileName() const {
  return sources.getMemoryBuffer(sources.getMainFileID())->getBufferIdentifier();
}

DiagnosticBuilder Diagnostics::record(Loc loc, StringRef id, Severity severity, std::string text) {
  bool isProblem = severity >= Severity::Error;
  bool isKnown = any_of(records, [&](const Diagnostic &known) {
    // A second problem at a place mostly follows from the first; remarks do not.
    bool oneIsEnough = loc.isValid() && severity != Severity::Remark;
    return known.loc == loc && known.id == id && (oneIsEnough || known.text == text);
  });
  worst = std::max(worst, severity);
  if (isProblem && !isKnown && problems == maxProblems)
    ++dropped;
  if (isKnown || (isProblem && problems == maxProblems)) {
    discarded = Diagnostic();
    return DiagnosticBuilder(discarded);
  }
  problems += isProblem;
  Diagnostic &added = records.emplace_back();
  added.id = id.str();
  added.severity = severity;
  added.loc = loc;
  added.text = std::move(text);
  return DiagnosticBuilder(added);
}

DiagnosticBuilder Diagnostics::internalError(Loc loc, StringRef where, const Twine &text) {
  return record(loc, "internal", Severity::Internal, (where + ": " + text).str());
}

int Diagnostics::exitCode() const {
  switch (worst) {
  case Severity::Internal:
    return 70;
  case Severity::Unsupported:
    return 2;
  case Severity::Error:
    return 1;
  default:
    return 0;
  }
}

namespace {

/// Records in source order, at one place in order of reporting; those without a place come last.
std::vector<const Diagnostic *> inSourceOrder(const std::deque<Diagnostic> &records) {
  using Key = std::tuple<bool, uint32_t, uint32_t, size_t>;
  std::vector<Key> keys;
  for (const auto &[index, record] : enumerate(records))
    keys.emplace_back(!record.loc.isValid(), record.loc.line, record.loc.column, index);
  llvm::sort(keys);
  std::vector<const Diagnostic *> sorted;
  for (const Key &key : keys)
    sorted.push_back(&records[std::get<size_t>(key)]);
  return sorted;
}

} // namespace

void Diagnostics::render(raw_ostream &out, bool color) const {
  Renderer renderer{sources, fileName(), out, color};
  for (const Diagnostic *record : inSourceOrder(records)) {
    renderer.message(record->severity, record->loc, record->text, record->ranges);
    for (const DiagnosticNote &note : record->notes)
      renderer.message(Severity::Note, note.loc, note.text, {});
    for (const std::string &help : record->help)
      out << "help: " << help << '\n';
  }
  if (dropped != 0)
    out << fileName() << ": note: " << dropped << " more problems are not shown\n";
}

void Diagnostics::renderJson(raw_ostream &out) const {
  out << '[';
  StringRef separator = "\n";
  for (const Diagnostic *record : inSourceOrder(records)) {
    json::Array ranges, notes, help;
    for (Loc range : record->ranges)
      ranges.push_back(locToJson(range));
    for (const DiagnosticNote &note : record->notes)
      notes.push_back(
          json::Object{{"text", json::fixUTF8(note.text)}, {"loc", locToJson(note.loc)}});
    for (const std::string &line : record->help)
      help.push_back(json::fixUTF8(line));
    json::Value value = json::Object{{"id", record->id},
                                     {"severity", severityName(record->severity)},
                                     {"file", json::fixUTF8(fileName())},
                                     {"loc", locToJson(record->loc)},
                                     {"text", json::fixUTF8(record->text)},
                                     {"ranges", std::move(ranges)},
                                     {"notes", std::move(notes)},
                                     {"help", std::move(help)}};
    out << separator << value;
    separator = ",\n";
  }
  out << "\n]\n";
}

} // namespace hpcc
