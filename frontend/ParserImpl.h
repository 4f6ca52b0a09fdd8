// The recursive descent parser, private to the Parser*.cpp files.
//
// Each parse function has its line of grammar above it and takes what begins at the current token.
// Errors need no checks at every call: the first error of a statement is reported, `failed` is set
// and the position jumps to the end of the logical line, where nothing can be parsed, so that all
// functions return at once with whatever they have; the statement is then dropped and parsing goes
// on behind it. Ranges follow CPython: from a rule's first token to its last.
#pragma once

#include "frontend/AST.h"
#include "frontend/ASTTraversal.h"
#include "frontend/Lexer.h"
#include "frontend/Messages.h"
#include "llvm/ADT/STLExtras.h"
#include <iterator>
#include <optional>

namespace hpcc::frontend {

/// What a target stands in: decides what is valid and the words of the error.
enum class TargetUse { Assign, For, Delete };

/// "function call", "literal", ...: CPython's name of a kind of expression in error messages.
llvm::StringRef expressionName(const ast::Expr &expr);

/// The elements of a Tuple or List; null for any other expression.
const ast::ExprList *elementsOf(const ast::Expr &expr);

/// Appends the names that a target binds.
void collectBoundNames(const ast::Expr &target, std::vector<ast::Identifier> &names);

/// Moves the statements of `from` behind those of `block`.
inline void append(ast::Block &block, ast::Block from) {
  std::move(from.begin(), from.end(), std::back_inserter(block));
}

struct Parser {
  llvm::ArrayRef<Token> tokens;
  Diagnostics &diags;
  size_t position = 0;
  bool failed = false;

  /// Levels of recursion over expressions; what does not recurse (a + b + c) is limited by
  /// ast::maxExpressionHeight.
  unsigned nesting = 0;
  static constexpr unsigned maxNesting = 400;

  /// Levels of statements, where each `elif` counts as one inside the branch before it.
  unsigned statementDepth = 0;
  static constexpr unsigned maxStatementDepth = 1200;

  /// What encloses the current statement: decides where return, break and continue are allowed.
  struct Scope {
    bool isFunction = false, isClass = false;
    unsigned loops = 0;
  };
  Scope scope = {};

  //===- Tokens (Parser.cpp) -----------------------------------------------------------------===//

  const Token &peek(size_t ahead = 0) const {
    return tokens[std::min(position + ahead, tokens.size() - 1)];
  }
  bool at(TokenKind kind) const { return peek().kind == kind; }
  bool atWord(llvm::StringRef word) const {
    return at(TokenKind::Identifier) && peek().text == word;
  }
  /// Consumes the current token, which is not the last.
  const Token &next() { return tokens[position++]; }
  /// Consumes a token of this kind, if it is the current one and the statement is still good.
  bool accept(TokenKind kind) {
    if (failed || !at(kind))
      return false;
    ++position;
    return true;
  }
  /// Consumes a token of this kind or reports invalid syntax.
  void expect(TokenKind kind) {
    if (!accept(kind))
      unexpected();
  }
  bool atLineEnd() const { return at(TokenKind::Newline) || at(TokenKind::EndOfFile); }
  /// Whether the current token can begin an expression.
  bool atExpressionStart() const;

  /// The range from `start` to the end of the last consumed token that is not layout.
  Loc since(Loc start) const;

  //===- Errors (Parser.cpp) -----------------------------------------------------------------===//

  /// Drops the current statement.
  void fail();
  /// Reports, unless something in this statement was reported before, and drops the statement.
  template <typename... Args>
  DiagnosticBuilder error(Loc loc, const MessageInfo &message, const Args &...args) {
    bool isSilent = failed || at(TokenKind::Error);
    fail();
    if (isSilent)
      return DiagnosticBuilder(silenced);
    return diags.report(loc, message, args...);
  }
  /// `loc`, or at the end of the text the end of its last line: where a message can be seen.
  Loc endOfTextOr(Loc loc) const;
  /// Reports `invalid syntax` at the current token, with a hint where the mistake is a common one.
  void unexpected();
  void unclosedItem(Loc itemStart, TokenKind close);
  Diagnostic silenced = {}; // what builders of suppressed messages write to

  //===- Nodes (Parser.cpp) ------------------------------------------------------------------===//

  /// A node over everything consumed since `start`.
  template <typename Node> ast::Expr make(Loc start, Node node) {
    return makeAt(since(start), std::move(node));
  }
  ast::Expr makeAt(Loc loc, ast::Expr::Node node);
  static ast::ExprPtr box(ast::Expr expr) { return std::make_unique<ast::Expr>(std::move(expr)); }

  /// Runs `parse` one level deeper; at the limit reports and returns an empty expression.
  ast::Expr deeper(llvm::function_ref<ast::Expr()> parse);

  //===- Expressions (ParserExpressions.cpp) -------------------------------------------------===//

  ast::Expr starExpressions();
  ast::Expr starExpression();
  ast::Expr starNamedExpression();
  ast::Expr namedExpression();
  ast::Expr expression();
  ast::Expr disjunction();
  ast::Expr conjunction();
  ast::Expr inversion();
  ast::Expr comparison();
  ast::Expr binary(unsigned minPrecedence = 1);
  ast::Expr unary();
  ast::Expr power();
  ast::Expr awaitPrimary();
  ast::Expr primary();
  ast::Expr atom();
  ast::Expr lambda();
  ast::Expr yieldExpression();
  ast::Expr yieldOrStarExpressions();
  std::optional<ast::CompareOperator> compareOperator();

  //===- Brackets (ParserBrackets.cpp) -------------------------------------------------------===//

  ast::Expr parenthesized();
  ast::Expr listDisplay();
  ast::Expr braceDisplay();
  ast::Expr dictDisplay(Loc start, ast::DictItem first);
  ast::DictItem dictItem();
  ast::DictItem dictValue(ast::Expr key);
  bool atComprehension() const;
  ast::Expr comprehension(Loc start, ast::ComprehensionKind kind, ast::ExprPtr key,
                          ast::Expr element);
  std::vector<ast::ComprehensionFor> comprehensionClauses();
  ast::ComprehensionFor comprehensionClause();
  /// Further elements up to `close`, which is not consumed. True if there was a comma.
  bool elements(ast::ExprList &elts, TokenKind close);
  ast::Expr call(Loc start, ast::Expr func);
  void argument(ast::Call &node, Loc parenthesis);
  void checkArgumentOrder(const ast::Call &node, const ast::Expr &arg);
  ast::Expr slices();
  ast::Expr slice();

  //===- Numbers and strings (ParserStrings.cpp) ---------------------------------------------===//

  ast::Expr integer();
  ast::Expr strings();
  ast::Expr formatExpression();

  //===- Targets and parameters (ParserTargets.cpp) ------------------------------------------===//

  ast::Expr targetList(TargetUse use);
  /// Reports what cannot be assigned to or deleted.
  void checkTarget(const ast::Expr &target, TargetUse use);
  void checkStarred(const ast::Expr &target);
  /// Reports `*a` where one value is wanted.
  void refuseStarred(const ast::Expr &value);
  ast::Parameters parameters(TokenKind close, bool hasAnnotations);
  void parameter(ast::Parameters &list, TokenKind close, bool hasAnnotations,
                 std::optional<Loc> &bareStar, bool &hasStar);
  void checkParameters(const ast::Parameters &list);

  //===- Statements (ParserStatements.cpp, ParserCompound.cpp) -------------------------------===//

  ast::Module module();
  /// Statements up to the end of the block or file.
  void statements(ast::Block &block);
  void statement(ast::Block &block);
  void simpleStatements(ast::Block &block);
  ast::Stmt simpleStatement();
  ast::Stmt expressionStatement();
  ast::Stmt annotatedAssignment(Loc start, ast::Expr target);
  ast::Stmt augmentedAssignment(Loc start, ast::Expr target, ast::BinaryOperator op);
  ast::Stmt assignment(Loc start, ast::Expr first);
  ast::Stmt returnStatement();
  ast::Stmt raiseStatement();
  ast::Stmt deleteStatement();
  ast::Stmt assertStatement();
  ast::Stmt importStatement();
  ast::Stmt fromStatement();
  ast::Alias importAlias(bool isDotted);
  std::vector<ast::Identifier> nameList();
  ast::Stmt makeStmt(Loc start, ast::Stmt::Node node) { return {since(start), std::move(node)}; }
  /// Skips the rest of a dropped statement, parsing its blocks for their own errors only.
  void recover();

  bool atCompoundStatement() const;
  ast::Stmt compoundStatement();
  /// `:` and the block behind it. `owner` names what it belongs to: "'for' statement".
  ast::Block block(llvm::StringRef owner, Loc ownerLoc);
  ast::Block loopBody(llvm::StringRef owner, Loc ownerLoc);
  ast::Block elseBlock();
  ast::Stmt ifStatement();
  ast::Stmt whileStatement();
  ast::Stmt forStatement(std::optional<Loc> async);
  ast::Stmt functionDefinition(ast::ExprList decorators, std::optional<Loc> async);
  ast::Stmt classDefinition();
  ast::Stmt decorated();
  ast::Stmt asyncStatement(ast::ExprList decorators);

  //===- Statements that hpcc refuses (ParserUnsupported.cpp) --------------------------------===//

  ast::Stmt withStatement(std::optional<Loc> async);
  void withItem(ast::UnsupportedStmt &node);
  bool atParenthesizedWithItems() const;
  ast::Stmt tryStatement();
  void exceptClause(ast::UnsupportedStmt &node);
  bool atMatchStatement() const;
  ast::Stmt matchStatement();
  void caseBlock(ast::UnsupportedStmt &node);
};

} // namespace hpcc::frontend
