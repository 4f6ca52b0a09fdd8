// The syntax tree of a program: what the parser leaves and sema reads.
//
// Plain structs after Python's own `ast` module, with its names, closed in two variants. Each node
// has the range CPython gives it; operators, names of functions and keywords have ranges of their
// own for messages. Nothing here is resolved or typed. Differences from `ast`: no Load/Store
// contexts; one list of parameters that know their kind; one node for the four comprehensions;
// and one node Unsupported for each construct that hpcc does not compile at all.
#pragma once

#include "ir/Loc.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <complex>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace hpcc::frontend::ast {

struct Expr;
struct Stmt;
/// An owned child; null where the grammar lets it be absent.
using ExprPtr = std::unique_ptr<Expr>;
using ExprList = std::vector<Expr>;
using Block = std::vector<Stmt>;

enum class BoolOperator { And, Or };
enum class BinaryOperator {
  Add,
  Sub,
  Mult,
  MatMult,
  Div,
  Mod,
  Pow,
  LShift,
  RShift,
  BitOr,
  BitXor,
  BitAnd,
  FloorDiv
};
enum class UnaryOperator { Invert, Not, UAdd, USub };
enum class CompareOperator { Eq, NotEq, Lt, LtE, Gt, GtE, Is, IsNot, In, NotIn };

/// The operator as written in Python: "and", "//", "not in".
llvm::StringRef spelling(BoolOperator);
llvm::StringRef spelling(BinaryOperator);
llvm::StringRef spelling(UnaryOperator);
llvm::StringRef spelling(CompareOperator);

//===------------------------------------------------------------------------------------------===//
// Expressions
//===------------------------------------------------------------------------------------------===//

/// `None`.
struct NoneValue {
  bool operator==(const NoneValue &) const = default;
};
/// `...`.
struct EllipsisValue {
  bool operator==(const EllipsisValue &) const = default;
};
/// An integer literal from 2**63 to 2**64 - 1, which fits only after a minus sign (2**63) or as
/// unsigned. Larger literals do not pass the parser.
struct UnsignedValue {
  uint64_t value = 0;
  bool operator==(const UnsignedValue &) const = default;
};
/// The bytes of a b'...' literal.
struct BytesValue {
  std::string value;
  bool operator==(const BytesValue &) const = default;
};

/// A literal. Adjacent string literals are one constant, escapes are decoded to UTF-8.
struct Constant {
  std::variant<NoneValue, EllipsisValue, bool, int64_t, UnsignedValue, double, std::complex<double>,
               std::string, BytesValue>
      value;
};

/// An identifier, read or (as a target) written.
struct Name {
  std::string id;
};

/// `a and b and c`: a run of one operator is one node.
struct BoolOp {
  BoolOperator op;
  ExprList values;
};

/// `left op right`.
struct BinOp {
  ExprPtr left;
  BinaryOperator op;
  Loc opLoc;
  ExprPtr right;
};

/// `op operand`.
struct UnaryOp {
  UnaryOperator op;
  ExprPtr operand;
};

/// `left ops[0] comparators[0] ops[1] comparators[1] ...`: a chain is one node.
struct Compare {
  ExprPtr left;
  std::vector<CompareOperator> ops;
  std::vector<Loc> opLocs;
  ExprList comparators;
};

/// `body if test else orelse`.
struct IfExp {
  ExprPtr test;
  ExprPtr body;
  ExprPtr orelse;
};

/// `name=value` in a call; `**value` has an empty name.
struct Keyword {
  Loc loc;
  std::string name;
  Loc nameLoc;
  ExprPtr value;
};

/// `func(args, keywords)`. An argument may be Starred.
struct Call {
  ExprPtr func;
  ExprList args;
  std::vector<Keyword> keywords;
};

/// `value.attr`.
struct Attribute {
  ExprPtr value;
  std::string attr;
  Loc attrLoc;
};

/// `value[slice]`. Several indices are one Tuple, as in `ast`.
struct Subscript {
  ExprPtr value;
  ExprPtr slice;
};

/// `lower:upper:step`, each optional; only inside a Subscript.
struct Slice {
  ExprPtr lower;
  ExprPtr upper;
  ExprPtr step;
};

/// `*value`.
struct Starred {
  ExprPtr value;
};

/// `(a, b)` or `a, b`; also a target.
struct Tuple {
  ExprList elts;
};

/// `[a, b]`; also a target.
struct List {
  ExprList elts;
};

/// `{a, b}`.
struct Set {
  ExprList elts;
};

/// `{key: value}`; `**value` has a null key.
struct DictItem {
  ExprPtr key;
  ExprPtr value;
};
struct Dict {
  std::vector<DictItem> items;
};

/// `for target in iter if ifs[0] if ifs[1]`.
struct ComprehensionFor {
  ExprPtr target;
  ExprPtr iter;
  ExprList ifs;
  bool isAsync = false;
};

/// `[element for ...]`, `{element for ...}`, `{key: element for ...}`, `(element for ...)`.
enum class ComprehensionKind { List, Set, Dict, Generator };
struct Comprehension {
  ComprehensionKind kind;
  ExprPtr key; // Dict only
  ExprPtr element;
  std::vector<ComprehensionFor> generators;
};

/// `(target := value)`; the target is a Name.
struct NamedExpr {
  ExprPtr target;
  ExprPtr value;
};

/// `{value!conversion:formatSpec}` of an f-string. `conversion` is 's', 'r', 'a' or 0; `formatSpec`
/// is a JoinedStr or null.
struct FormattedValue {
  ExprPtr value;
  char conversion = 0;
  ExprPtr formatSpec;
};

/// An f-string: string Constants and FormattedValues in order.
struct JoinedStr {
  ExprList values;
};

/// A parameter of a function or lambda; `annotation` and `defaultValue` may be null.
enum class ParameterKind {
  PositionalOnly,      // before `/`
  PositionalOrKeyword, //
  VarPositional,       // *args
  KeywordOnly,         // after `*` or `*args`
  VarKeyword           // **kwargs
};
struct Parameter {
  Loc loc; // name and annotation
  std::string name;
  ParameterKind kind;
  ExprPtr annotation;
  ExprPtr defaultValue;
};
using Parameters = std::vector<Parameter>;

/// `lambda parameters: body`.
struct Lambda {
  Parameters parameters;
  ExprPtr body;
};

/// An expression that hpcc does not compile (`yield`, `yield from`, `await`). `construct` is its
/// name for a message: "'yield' expression"; `parts` are the expressions in it.
struct UnsupportedExpr {
  std::string construct;
  ExprList parts;
};

struct Expr {
  Loc loc;
  using Node = std::variant<Constant, Name, BoolOp, BinOp, UnaryOp, Compare, IfExp, Call, Attribute,
                            Subscript, Slice, Starred, Tuple, List, Set, Dict, Comprehension,
                            NamedExpr, FormattedValue, JoinedStr, Lambda, UnsupportedExpr>;
  Node node;
  /// Levels of expressions under and including this one. The parser keeps it within
  /// maxExpressionHeight, so recursion over a tree is safe.
  uint32_t height = 1;
};

/// Also the longest chain `a + a + ... + a`, whose tree leans to the left.
inline constexpr uint32_t maxExpressionHeight = 1000;

//===------------------------------------------------------------------------------------------===//
// Statements
//===------------------------------------------------------------------------------------------===//

/// `@decorators def name(parameters) -> returns: body`.
struct FunctionDef {
  std::string name;
  Loc nameLoc;
  Parameters parameters;
  ExprPtr returns; // annotation or null
  Block body;
  ExprList decorators;
};

/// `return value`; null for a bare return.
struct Return {
  ExprPtr value;
};

/// `del targets`.
struct Delete {
  ExprList targets;
};

/// `targets[0] = targets[1] = value`. A target is a Name, Attribute, Subscript, Starred, or a Tuple
/// or List of targets.
struct Assign {
  ExprList targets;
  ExprPtr value;
};

/// `target op= value`; the target is a Name, Attribute or Subscript.
struct AugAssign {
  ExprPtr target;
  BinaryOperator op;
  Loc opLoc;
  ExprPtr value;
};

/// `target: annotation = value`; value may be null.
struct AnnAssign {
  ExprPtr target;
  ExprPtr annotation;
  ExprPtr value;
};

/// `for target in iter: body else: orelse`.
struct For {
  ExprPtr target;
  ExprPtr iter;
  Block body;
  Block orelse;
};

/// `while test: body else: orelse`.
struct While {
  ExprPtr test;
  Block body;
  Block orelse;
};

/// `if test: body else: orelse`. `elif` is an If alone in orelse.
struct If {
  ExprPtr test;
  Block body;
  Block orelse;
};

/// `assert test, msg`; msg may be null.
struct Assert {
  ExprPtr test;
  ExprPtr msg;
};

/// `raise exc from cause`; both may be null.
struct Raise {
  ExprPtr exc;
  ExprPtr cause;
};

/// `name as asname`; asname is empty if absent, name is dotted or "*".
struct Alias {
  Loc loc;
  std::string name;
  std::string asname;
};

/// `import names`.
struct Import {
  std::vector<Alias> names;
};

/// `from module import names`; level counts leading dots.
struct ImportFrom {
  std::string module;
  Loc moduleLoc;
  std::vector<Alias> names;
  unsigned level = 0;
};

/// A name with its place.
struct Identifier {
  std::string name;
  Loc loc;
};

/// `global names`.
struct Global {
  std::vector<Identifier> names;
};

/// `nonlocal names`.
struct Nonlocal {
  std::vector<Identifier> names;
};

/// An expression as a statement.
struct ExprStmt {
  ExprPtr value;
};

struct Pass {};
struct Break {};
struct Continue {};

/// A statement that hpcc does not compile: `with`, `try`, `class`, `match`, `async ...`.
/// `construct` is its name for a message ("'with' statement"), `keywordLoc` the word to underline,
/// `bound` the names it may bind, `body` the statements of all its blocks in text order: sema can
/// go on after it without complaining about names that it would have bound.
struct UnsupportedStmt {
  std::string construct;
  Loc keywordLoc;
  std::vector<Identifier> bound;
  Block body;
};

struct Stmt {
  Loc loc;
  using Node = std::variant<FunctionDef, Return, Delete, Assign, AugAssign, AnnAssign, For, While,
                            If, Assert, Raise, Import, ImportFrom, Global, Nonlocal, ExprStmt, Pass,
                            Break, Continue, UnsupportedStmt>;
  Node node;
};

/// A whole file.
struct Module {
  Block body;
};

/// Writes one node per line with its range, indented by depth; stable.
void dumpAst(const Module &module, llvm::raw_ostream &out);
void dumpAst(const Expr &expr, llvm::raw_ostream &out, unsigned indent = 0);

} // namespace hpcc::frontend::ast
