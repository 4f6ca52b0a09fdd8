// The text form of a syntax tree, for --emit=ast and for the comparison with CPython's `ast`.
//
// One node per line: the field that holds it, its name as in Python's `ast`, its facts, its range;
// in brackets the ranges that `ast` does not have. Children are indented below.
#include "frontend/AST.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace hpcc::frontend::ast {

namespace {

StringRef parameterKindName(ParameterKind kind) {
  switch (kind) {
  case ParameterKind::PositionalOnly:
    return "positional-only";
  case ParameterKind::PositionalOrKeyword:
    return "positional-or-keyword";
  case ParameterKind::VarPositional:
    return "var-positional";
  case ParameterKind::KeywordOnly:
    return "keyword-only";
  case ParameterKind::VarKeyword:
    return "var-keyword";
  }
  llvm_unreachable("unknown kind");
}

StringRef comprehensionName(ComprehensionKind kind) {
  switch (kind) {
  case ComprehensionKind::List:
    return "ListComp";
  case ComprehensionKind::Set:
    return "SetComp";
  case ComprehensionKind::Dict:
    return "DictComp";
  case ComprehensionKind::Generator:
    return "GeneratorExp";
  }
  llvm_unreachable("unknown kind");
}

struct Dumper {
  raw_ostream &out;
  unsigned depth = 0;

  //===- Lines -------------------------------------------------------------------------------===//

  static std::string rangeText(Loc loc) {
    return formatv("{0}:{1}-{2}:{3}", loc.line, loc.column, loc.endLine, loc.endColumn);
  }

  /// Writes one line, `field: head range [extra]`, and leaves the depth for children.
  void line(StringRef field, const Twine &head, Loc loc = {}, const Twine &extra = "") {
    out.indent(2 * depth) << field << ": " << head;
    if (loc.isValid())
      out << ' ' << rangeText(loc);
    if (std::string text = extra.str(); !text.empty())
      out << " [" << text << ']';
    out << '\n';
  }

  template <typename Body> void nested(Body body) {
    ++depth;
    body();
    --depth;
  }

  void field(StringRef name, const ExprPtr &expr) {
    if (expr)
      field(name, *expr);
  }
  void field(StringRef name, const ExprList &exprs) {
    for (const Expr &expr : exprs)
      field(name, expr);
  }
  void field(StringRef name, const Block &block) {
    for (const Stmt &stmt : block)
      field(name, stmt);
  }
  void field(StringRef name, const Expr &expr) {
    std::visit([&](const auto &node) { dump(name, node, expr.loc); }, expr.node);
  }
  void field(StringRef name, const Stmt &stmt) {
    std::visit([&](const auto &node) { dump(name, node, stmt.loc); }, stmt.node);
  }
  void field(StringRef name, const std::vector<Identifier> &identifiers) {
    for (const Identifier &identifier : identifiers)
      line(name, "Identifier " + identifier.name, {}, rangeText(identifier.loc));
  }

  //===- Parts -------------------------------------------------------------------------------===//

  void field(StringRef name, const Parameters &parameters) {
    for (const Parameter &parameter : parameters) {
      line(name, "Parameter " + parameter.name + " " + parameterKindName(parameter.kind),
           parameter.loc);
      nested([&] {
        field("annotation", parameter.annotation);
        field("default", parameter.defaultValue);
      });
    }
  }

  void field(StringRef name, const std::vector<Alias> &aliases) {
    for (const Alias &alias : aliases)
      line(name, "Alias " + alias.name + (alias.asname.empty() ? "" : " as " + alias.asname),
           alias.loc);
  }

  void field(StringRef name, const std::vector<ComprehensionFor> &clauses) {
    for (const ComprehensionFor &clause : clauses) {
      line(name, clause.isAsync ? "comprehension async" : "comprehension");
      nested([&] {
        field("target", clause.target);
        field("iter", clause.iter);
        field("ifs", clause.ifs);
      });
    }
  }

  std::string constantText(const Constant &constant) {
    std::string text;
    raw_string_ostream stream(text);
    auto quoted = [&](StringRef value) {
      stream << '\'';
      printEscapedString(value, stream);
      stream << '\'';
    };
    auto write = [&](const auto &value) {
      using Value = std::decay_t<decltype(value)>;
      if constexpr (std::is_same_v<Value, NoneValue>)
        stream << "None";
      else if constexpr (std::is_same_v<Value, EllipsisValue>)
        stream << "Ellipsis";
      else if constexpr (std::is_same_v<Value, bool>)
        stream << (value ? "True" : "False");
      else if constexpr (std::is_same_v<Value, int64_t>)
        stream << "int " << value;
      else if constexpr (std::is_same_v<Value, UnsignedValue>)
        stream << "int " << value.value;
      else if constexpr (std::is_same_v<Value, double>)
        stream << "float " << format("%.17g", value);
      else if constexpr (std::is_same_v<Value, std::complex<double>>)
        stream << "complex " << format("%.17g", value.imag()) << 'j';
      else if constexpr (std::is_same_v<Value, BytesValue>)
        stream << "bytes ", quoted(value.value);
      else
        stream << "str ", quoted(value);
    };
    std::visit(write, constant.value);
    return text;
  }

  //===- Expressions -------------------------------------------------------------------------===//

  void dump(StringRef name, const Constant &node, Loc loc) {
    line(name, "Constant " + constantText(node), loc);
  }
  void dump(StringRef name, const Name &node, Loc loc) { line(name, "Name " + node.id, loc); }
  void dump(StringRef name, const BoolOp &node, Loc loc) {
    line(name, "BoolOp " + spelling(node.op), loc);
    nested([&] { field("values", node.values); });
  }
  void dump(StringRef name, const BinOp &node, Loc loc) {
    line(name, "BinOp " + spelling(node.op), loc, "op " + rangeText(node.opLoc));
    nested([&] {
      field("left", node.left);
      field("right", node.right);
    });
  }
  void dump(StringRef name, const UnaryOp &node, Loc loc) {
    line(name, "UnaryOp " + spelling(node.op), loc);
    nested([&] { field("operand", node.operand); });
  }
  void dump(StringRef name, const Compare &node, Loc loc) {
    std::string ops, opLocs = "ops";
    for (size_t i = 0; i < node.ops.size(); ++i) {
      ops += (i == 0 ? "" : ", ") + spelling(node.ops[i]).str();
      opLocs += " " + rangeText(node.opLocs[i]);
    }
    line(name, "Compare " + ops, loc, opLocs);
    nested([&] {
      field("left", node.left);
      field("comparators", node.comparators);
    });
  }
  void dump(StringRef name, const IfExp &node, Loc loc) {
    line(name, "IfExp", loc);
    nested([&] {
      field("test", node.test);
      field("body", node.body);
      field("orelse", node.orelse);
    });
  }
  void dump(StringRef name, const Call &node, Loc loc) {
    line(name, "Call", loc);
    nested([&] {
      field("func", node.func);
      field("args", node.args);
      for (const Keyword &keyword : node.keywords) {
        line("keywords", "keyword " + (keyword.name.empty() ? "**" : keyword.name), keyword.loc,
             keyword.name.empty() ? "" : "name " + rangeText(keyword.nameLoc));
        nested([&] { field("value", keyword.value); });
      }
    });
  }
  void dump(StringRef name, const Attribute &node, Loc loc) {
    line(name, "Attribute " + node.attr, loc, "attr " + rangeText(node.attrLoc));
    nested([&] { field("value", node.value); });
  }
  void dump(StringRef name, const Subscript &node, Loc loc) {
    line(name, "Subscript", loc);
    nested([&] {
      field("value", node.value);
      field("slice", node.slice);
    });
  }
  void dump(StringRef name, const Slice &node, Loc loc) {
    line(name, "Slice", loc);
    nested([&] {
      field("lower", node.lower);
      field("upper", node.upper);
      field("step", node.step);
    });
  }
  void dump(StringRef name, const Starred &node, Loc loc) {
    line(name, "Starred", loc);
    nested([&] { field("value", node.value); });
  }
  void elements(StringRef name, StringRef kind, const ExprList &elts, Loc loc) {
    line(name, kind, loc);
    nested([&] { field("elts", elts); });
  }
  void dump(StringRef name, const Tuple &node, Loc loc) { elements(name, "Tuple", node.elts, loc); }
  void dump(StringRef name, const List &node, Loc loc) { elements(name, "List", node.elts, loc); }
  void dump(StringRef name, const Set &node, Loc loc) { elements(name, "Set", node.elts, loc); }
  void dump(StringRef name, const Dict &node, Loc loc) {
    line(name, "Dict", loc);
    nested([&] {
      for (const DictItem &item : node.items) {
        field("key", item.key);
        field(item.key ? "value" : "unpacked", item.value);
      }
    });
  }
  void dump(StringRef name, const Comprehension &node, Loc loc) {
    line(name, comprehensionName(node.kind), loc);
    nested([&] {
      field("key", node.key);
      field("elt", node.element);
      field("generators", node.generators);
    });
  }
  void dump(StringRef name, const NamedExpr &node, Loc loc) {
    line(name, "NamedExpr", loc);
    nested([&] {
      field("target", node.target);
      field("value", node.value);
    });
  }
  void dump(StringRef name, const FormattedValue &node, Loc loc) {
    std::string conversion;
    if (node.conversion != 0)
      conversion = std::string(" !") + node.conversion;
    line(name, "FormattedValue" + conversion, loc);
    nested([&] {
      field("value", node.value);
      field("format_spec", node.formatSpec);
    });
  }
  void dump(StringRef name, const JoinedStr &node, Loc loc) {
    line(name, "JoinedStr", loc);
    nested([&] { field("values", node.values); });
  }
  void dump(StringRef name, const Lambda &node, Loc loc) {
    line(name, "Lambda", loc);
    nested([&] {
      field("args", node.parameters);
      field("body", node.body);
    });
  }
  void dump(StringRef name, const UnsupportedExpr &node, Loc loc) {
    line(name, "Unsupported " + node.construct, loc);
    nested([&] { field("parts", node.parts); });
  }

  //===- Statements --------------------------------------------------------------------------===//

  void dump(StringRef name, const FunctionDef &node, Loc loc) {
    line(name, "FunctionDef " + node.name, loc, "name " + rangeText(node.nameLoc));
    nested([&] {
      field("args", node.parameters);
      field("body", node.body);
      field("decorators", node.decorators);
      field("returns", node.returns);
    });
  }
  void dump(StringRef name, const Return &node, Loc loc) {
    line(name, "Return", loc);
    nested([&] { field("value", node.value); });
  }
  void dump(StringRef name, const Delete &node, Loc loc) {
    line(name, "Delete", loc);
    nested([&] { field("targets", node.targets); });
  }
  void dump(StringRef name, const Assign &node, Loc loc) {
    line(name, "Assign", loc);
    nested([&] {
      field("targets", node.targets);
      field("value", node.value);
    });
  }
  void dump(StringRef name, const AugAssign &node, Loc loc) {
    line(name, "AugAssign " + spelling(node.op), loc, "op " + rangeText(node.opLoc));
    nested([&] {
      field("target", node.target);
      field("value", node.value);
    });
  }
  void dump(StringRef name, const AnnAssign &node, Loc loc) {
    line(name, "AnnAssign", loc);
    nested([&] {
      field("target", node.target);
      field("annotation", node.annotation);
      field("value", node.value);
    });
  }
  void dump(StringRef name, const For &node, Loc loc) {
    line(name, "For", loc);
    nested([&] {
      field("target", node.target);
      field("iter", node.iter);
      field("body", node.body);
      field("orelse", node.orelse);
    });
  }
  template <typename Node>
  void conditional(StringRef kind, StringRef name, const Node &node, Loc loc) {
    line(name, kind, loc);
    nested([&] {
      field("test", node.test);
      field("body", node.body);
      field("orelse", node.orelse);
    });
  }
  void dump(StringRef name, const While &node, Loc loc) { conditional("While", name, node, loc); }
  void dump(StringRef name, const If &node, Loc loc) { conditional("If", name, node, loc); }
  void dump(StringRef name, const Assert &node, Loc loc) {
    line(name, "Assert", loc);
    nested([&] {
      field("test", node.test);
      field("msg", node.msg);
    });
  }
  void dump(StringRef name, const Raise &node, Loc loc) {
    line(name, "Raise", loc);
    nested([&] {
      field("exc", node.exc);
      field("cause", node.cause);
    });
  }
  void dump(StringRef name, const Import &node, Loc loc) {
    line(name, "Import", loc);
    nested([&] { field("names", node.names); });
  }
  void dump(StringRef name, const ImportFrom &node, Loc loc) {
    line(name, "ImportFrom " + std::string(node.level, '.') + node.module, loc);
    nested([&] { field("names", node.names); });
  }
  void dump(StringRef name, const Global &node, Loc loc) {
    line(name, "Global", loc);
    nested([&] { field("names", node.names); });
  }
  void dump(StringRef name, const Nonlocal &node, Loc loc) {
    line(name, "Nonlocal", loc);
    nested([&] { field("names", node.names); });
  }
  void dump(StringRef name, const ExprStmt &node, Loc loc) {
    line(name, "Expr", loc);
    nested([&] { field("value", node.value); });
  }
  void dump(StringRef name, const Pass &, Loc loc) { line(name, "Pass", loc); }
  void dump(StringRef name, const Break &, Loc loc) { line(name, "Break", loc); }
  void dump(StringRef name, const Continue &, Loc loc) { line(name, "Continue", loc); }
  void dump(StringRef name, const UnsupportedStmt &node, Loc loc) {
    line(name, "Unsupported " + node.construct, loc, "keyword " + rangeText(node.keywordLoc));
    nested([&] {
      field("bound", node.bound);
      field("body", node.body);
    });
  }
};

} // namespace

void dumpAst(const Module &module, raw_ostream &out) {
  out << "Module\n";
  Dumper dumper{out, 1};
  dumper.field("body", module.body);
}

void dumpAst(const Expr &expr, raw_ostream &out, unsigned indent) {
  Dumper dumper{out, indent};
  dumper.field("expr", expr);
}

} // namespace hpcc::frontend::ast
