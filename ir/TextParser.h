//===- TextParser.h - the parser of the text form, for its two files -------------------------===//
//
// The first error is kept and moves to the end of the text, so that every loop ends and no function
// needs to ask for failure unless it looks into what was parsed.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_TEXTPARSER_H
#define HPCC_IR_TEXTPARSER_H

#include "Text.h"
#include "TextLexer.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"

namespace hpcc::ir {

/// A scalar under construction, with its levels of operations.
struct Tree {
  Scalar scalar;
  unsigned height = 1;
};

/// What a name stands for. A name whose declaration has gone out of scope still resolves, so that
/// the verifier and not the parser judges scopes, but may be declared again.
template <typename Id> struct NameEntry {
  Id id;
  bool inScope = false;
};

/// See ParseText.cpp for statements, ParseScalar.cpp for all below them.
class TextParser {
public:
  explicit TextParser(llvm::StringRef source) : source(source), tokens(lexText(source)) {}
  std::variant<Program, TextError> parse();

private:
  // Tokens and errors.
  const Token &token() const { return tokens[position]; }
  const Token &nextToken() const { return tokens[std::min(position + 1, tokens.size() - 1)]; }
  bool at(llvm::StringRef spelling) const { return token().is(spelling); }
  bool accept(llvm::StringRef spelling);
  void expect(llvm::StringRef spelling);
  llvm::StringRef take(Token::Kind kind, llvm::StringRef what);
  void fail(const llvm::Twine &text);
  void failAt(llvm::StringRef where, const llvm::Twine &text);
  void failExpected(const llvm::Twine &what);
  bool failed() const { return !error.text.empty(); }
  template <typename F> void list(llvm::StringRef open, llvm::StringRef close, F &&each);

  // Names and literals.
  template <typename Id>
  void declare(llvm::StringMap<NameEntry<Id>> &names, llvm::StringRef name, Id id);
  SymbolId declareSymbol();
  BufferId declareBuffer(Storage storage);
  SymbolId parseSymbol();
  BufferId parseBuffer();
  LabelId parseLabel();
  std::string parseAtName();
  std::string parseString();
  uint64_t parseMagnitude();
  int64_t parseSigned(bool negative);
  unsigned parseUnsigned();
  Loc parseRange();
  Loc parseLocation();

  // Affine forms and scalars.
  Affine parseAffine();
  std::vector<Affine> parseAffines(llvm::StringRef open, llvm::StringRef close);
  Bound parseBound(llvm::StringRef function);
  Access parseAccess();
  Scalar parseScalar() { return std::move(parseTree().scalar); }
  Tree parseTree();
  Tree parsePrimary();
  Tree parseNumber();
  Tree parseBits();
  Tree parseNamed();
  Tree build(llvm::StringRef where, ScalarOp op, bool checked, Loc loc, std::vector<Tree> operands);
  void reduce(std::vector<Tree> &operands, const Token &op);
  std::vector<Scalar> parseScalars(llvm::StringRef open, llvm::StringRef close);

  // Statements.
  void parseType(Buffer &buffer);
  Axis parseAxis();
  Distribution parseDistribution();
  void parseMapping(Axis &axis);
  Assign parseAssign();
  Alloc parseAlloc();
  View parseView();
  Compute parseCompute();
  Loop parseLoop();
  While parseWhile();
  If parseIf();
  decltype(Stmt::node) parseCall();
  Transfer parseTransfer();
  ExchangePart parseExchangePart();
  Exchange parseExchange();
  std::vector<CallArgument> parseArguments();
  Check parseCheck();
  Stmt parseStmt();
  Block parseBlock();
  Effects parseEffects();
  std::vector<BufferId> parseSignature();
  Function parseFunction();

  /// Ends the scope of what is declared while it lives.
  struct Scope {
    TextParser &parser;
    size_t mark = parser.open.size();
    ~Scope() {
      for (bool *inScope : llvm::drop_begin(parser.open, mark))
        *inScope = false;
      parser.open.resize(mark);
    }
  };
  /// Counts a level of recursion while it lives.
  struct Level {
    unsigned &depth;
    explicit Level(unsigned &depth) : depth(++depth) {}
    ~Level() { --depth; }
  };

  llvm::StringRef source;
  std::vector<Token> tokens;
  size_t position = 0;
  Program program;
  TextError error;
  llvm::StringMap<NameEntry<SymbolId>> symbols;
  llvm::StringMap<NameEntry<BufferId>> buffers;
  std::vector<bool *> open; // flags of the names in scope, innermost last
  unsigned scalarDepth = 0, blockDepth = 0;
};

// open [each {"," each}] close
template <typename F> void TextParser::list(llvm::StringRef open, llvm::StringRef close, F &&each) {
  expect(open);
  if (accept(close))
    return;
  do
    each();
  while (accept(","));
  expect(close);
}

template <typename Id>
void TextParser::declare(llvm::StringMap<NameEntry<Id>> &names, llvm::StringRef name, Id id) {
  NameEntry<Id> &entry = names[name];
  if (entry.inScope)
    return failAt(name, "'" + name + "' is declared twice");
  entry = {id, true};
  open.push_back(&entry.inScope);
}

} // namespace hpcc::ir

#endif // HPCC_IR_TEXTPARSER_H
