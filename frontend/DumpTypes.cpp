// --emit=types: the typed program as text, one node per line with its type. Stable, for tests.

#include "frontend/TypedAST.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

namespace hpcc::frontend {

using ir::overloaded;

static std::string nameOf(const ScalarType &type) {
  if (!type.weak)
    return ("np." + ir::numpyNameOf(type.dtype)).str();
  switch (type.dtype) {
  case DType::I64:
    return "int";
  case DType::F64:
    return "float";
  case DType::Bool:
    return "bool";
  default:
    return ("weak " + ir::nameOf(type.dtype)).str();
  }
}

std::string nameOf(const Type &type) {
  return std::visit(
      overloaded{[](const ScalarType &scalar) { return nameOf(scalar); },
                 [](const ArrayType &array) {
                   llvm::SmallVector<llvm::StringRef> colons(array.dims, ":");
                   return (ir::nameOf(array.dtype) + "[").str() + llvm::join(colons, ", ") + "]";
                 },
                 [](const ListType &list) {
                   return "list[" + nameOf(ScalarType{list.element, true}) + "]";
                 },
                 [](const UnionType &alternatives) {
                   return llvm::join(llvm::map_range(alternatives.alternatives,
                                                     [](const ScalarType &t) { return nameOf(t); }),
                                     " | ");
                 },
                 [](const NoneType &) { return std::string("None"); }},
      type);
}

namespace typed {

namespace {

/// Writes nodes with two more blanks of indentation at each level.
struct Dumper {
  const Module &module;
  llvm::raw_ostream &out;
  unsigned depth = 0;

  llvm::raw_ostream &line() { return out.indent(2 * depth); }

  std::string name(VariableId id) const {
    return module.variables[id.index].name + "#" + std::to_string(id.index);
  }
  std::string names(const std::vector<VariableId> &ids) const {
    return llvm::join(llvm::map_range(ids, [&](VariableId id) { return name(id); }), ", ");
  }

  template <typename F> void nested(F body) {
    ++depth;
    body();
    --depth;
  }

  void child(const ExprPtr &expr, llvm::StringRef label = "") {
    if (expr)
      child(*expr, label);
  }
  void child(const Expr &expr, llvm::StringRef label = "") {
    nested([&] { dump(expr, label); });
  }
  void children(const ExprList &exprs) {
    for (const Expr &expr : exprs)
      child(expr);
  }
  void slice(const SubscriptSlice &bounds) {
    child(bounds.lower, "lower");
    child(bounds.upper, "upper");
    child(bounds.step, "step");
  }
  void items(const std::vector<SubscriptItem> &list) {
    nested([&] {
      for (const SubscriptItem &item : list)
        std::visit(overloaded{[&](const SubscriptIndex &index) {
                                line() << "index\n";
                                child(index.at);
                              },
                              [&](const SubscriptSlice &bounds) {
                                line() << "slice\n";
                                slice(bounds);
                              },
                              [&](const SubscriptNewAxis &) { line() << "newaxis\n"; }},
                   item);
    });
  }
  void block(llvm::StringRef label, const Block &stmts) {
    if (stmts.empty())
      return;
    nested([&] {
      line() << label << ":\n";
      nested([&] {
        for (const Stmt &stmt : stmts)
          dump(stmt);
      });
    });
  }

  static std::string constantText(const ir::ScalarConstant &constant);
  void head(const Expr &expr);
  void operands(const Expr &expr);
  void dump(const Expr &expr, llvm::StringRef label = "");
  void head(const Stmt &stmt);
  void parts(const Stmt &stmt);
  void dump(const Stmt &stmt);
};

/// Newlines and the like as in a C string, so that a node stays on its line.
std::string escaped(llvm::StringRef text) {
  std::string result;
  llvm::raw_string_ostream stream(result);
  stream.write_escaped(text);
  return result;
}

llvm::StringRef nameOf(ReduceKind kind) {
  static constexpr llvm::StringLiteral names[] = {"sum", "mean", "product", "minimum", "maximum",
                                                  "any", "all",  "argmin",  "argmax"};
  return names[static_cast<unsigned>(kind)];
}

std::string Dumper::constantText(const ir::ScalarConstant &constant) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (constant.type == DType::Bool)
    stream << (constant.bits ? "True" : "False");
  else if (ir::isFloat(constant.type))
    stream << llvm::format("%.17g", ir::asDouble(constant));
  else if (ir::isUnsigned(constant.type))
    stream << constant.bits;
  else
    stream << ir::asInteger(constant);
  return text;
}

void Dumper::head(const Expr &expr) {
  auto checked = [](bool isChecked) { return isChecked ? " checked" : ""; };
  std::visit(
      overloaded{
          [&](const Constant &node) { out << "Constant " << constantText(node.value); },
          [&](const Read &node) {
            out << "Read " << name(node.variable) << (node.checkBound ? " check-bound" : "");
          },
          [&](const UnionIs &node) {
            out << "UnionIs " << name(node.variable) << " " << node.alternative;
          },
          [&](const UnionPart &node) {
            out << "UnionPart " << name(node.variable) << " " << node.alternative;
          },
          [&](const UnionMake &node) { out << "UnionMake " << node.alternative; },
          [&](const Cast &node) { out << "Cast" << checked(node.checked); },
          [&](const Apply &node) {
            out << "Apply " << ir::infoOf(node.op).text << checked(node.checked);
          },
          [&](const ShortCircuit &node) { out << (node.isAnd ? "And" : "Or"); },
          [&](const Conditional &) { out << "Conditional"; },
          [&](const Sequence &) { out << "Sequence"; },
          [&](const Element &) { out << "Element"; },
          [&](const View &) { out << "View"; },
          [&](const Transpose &node) {
            out << "Transpose";
            for (unsigned dim : node.order)
              out << " " << dim;
          },
          [&](const Copy &node) { out << "Copy" << (node.keepOrder ? " keep-order" : ""); },
          [&](const Reduce &node) {
            out << "Reduce " << nameOf(node.kind) << " axes=" << node.axes
                << (node.keepDims ? " keepdims" : "");
          },
          [&](const MatrixProduct &node) {
            constexpr llvm::StringRef names[] = {"matmul", "dot", "inner"};
            out << "MatrixProduct " << names[static_cast<size_t>(node.kind)];
          },
          [&](const Reshape &) { out << "Reshape"; },
          [&](const Compress &) { out << "Compress"; },
          [&](const Gather &) { out << "Gather"; },
          [&](const Create &node) { out << "Create" << (node.fill ? "" : " empty"); },
          [&](const CreateLike &node) { out << "CreateLike" << (node.fill ? "" : " empty"); },
          [&](const Arange &) { out << "Arange"; },
          [&](const Linspace &node) {
            out << "Linspace" << (node.endpoint ? "" : " without-endpoint");
          },
          [&](const Eye &) { out << "Eye"; },
          [&](const ListLiteral &) { out << "ListLiteral"; },
          [&](const ListRepeat &) { out << "ListRepeat"; },
          [&](const ListConcat &) { out << "ListConcat"; },
          [&](const ListSlice &) { out << "ListSlice"; },
          [&](const ListToArray &) { out << "ListToArray"; },
          [&](const SizeOf &node) { out << "SizeOf " << node.dim; },
          [&](const CallExpr &node) { out << "Call " << module.functions[node.callee.index].name; },
          [&](const Clock &node) {
            constexpr llvm::StringRef names[] = {"time", "perf_counter", "process_time"};
            out << "Clock " << names[static_cast<size_t>(node.kind)];
          },
          [&](const Communicate &node) {
            constexpr llvm::StringRef names[] = {"rank",    "size",      "time",   "send",
                                                 "receive", "broadcast", "reduce", "reduce-all",
                                                 "barrier", "finalize"};
            constexpr llvm::StringRef reductions[] = {
                " sum", " product", " maximum", " minimum", " checked-sum", " checked-product"};
            bool reduces = node.operation == RankOperation::Reduce ||
                           node.operation == RankOperation::ReduceAll;
            out << "Communicate " << names[static_cast<size_t>(node.operation)]
                << (reduces ? reductions[static_cast<size_t>(node.reduction)] : "");
          }},
      expr.node);
}

void Dumper::operands(const Expr &expr) {
  std::visit(
      overloaded{
          [&](const UnionMake &node) { child(node.value); },
          [&](const Cast &node) { child(node.operand); },
          [&](const Apply &node) { children(node.operands); },
          [&](const ShortCircuit &node) { child(node.left), child(node.right); },
          [&](const Conditional &node) {
            child(node.test, "test"), child(node.then, "then");
            child(node.otherwise, "else");
          },
          [&](const Sequence &node) { block("do", node.stmts), child(node.value); },
          [&](const Element &node) { child(node.base), children(node.indices); },
          [&](const View &node) { child(node.base), items(node.items); },
          [&](const Transpose &node) { child(node.base); },
          [&](const Copy &node) { child(node.operand); },
          [&](const Reduce &node) { child(node.operand); },
          [&](const MatrixProduct &node) { child(node.left), child(node.right); },
          [&](const Reshape &node) { child(node.base), children(node.shape); },
          [&](const Compress &node) { child(node.base), child(node.mask); },
          [&](const Gather &node) { child(node.base), child(node.indices); },
          [&](const Create &node) { children(node.shape), child(node.fill, "fill"); },
          [&](const CreateLike &node) { child(node.prototype), child(node.fill, "fill"); },
          [&](const Arange &node) { child(node.start), child(node.stop), child(node.step); },
          [&](const Linspace &node) { child(node.start), child(node.stop), child(node.num); },
          [&](const Eye &node) { child(node.rows), child(node.columns), child(node.diagonal); },
          [&](const ListLiteral &node) { children(node.elements); },
          [&](const ListRepeat &node) { child(node.list), child(node.count); },
          [&](const ListConcat &node) { child(node.left), child(node.right); },
          [&](const ListSlice &node) { child(node.list), slice(node.slice); },
          [&](const ListToArray &node) { child(node.list); },
          [&](const SizeOf &node) { child(node.operand); },
          [&](const CallExpr &node) { children(node.arguments); },
          [&](const Communicate &node) { children(node.operands); },
          [](const Constant &) {},
          [](const Read &) {},
          [](const UnionIs &) {},
          [](const UnionPart &) {},
          [](const Clock &) {}},
      expr.node);
}

void Dumper::dump(const Expr &expr, llvm::StringRef label) {
  line();
  if (!label.empty())
    out << label << "=";
  head(expr);
  out << " : " << frontend::nameOf(expr.type) << "\n";
  operands(expr);
}

void Dumper::head(const Stmt &stmt) {
  std::visit(
      overloaded{
          [&](const Assign &node) { out << "Assign " << name(node.variable); },
          [&](const AssignMany &node) { out << "AssignMany " << names(node.variables); },
          [&](const StoreElement &) { out << "StoreElement"; },
          [&](const StoreSlice &node) {
            out << "StoreSlice" << (node.augmented ? " augmented" : "");
          },
          [&](const CheckMask &) { out << "CheckMask"; },
          [&](const StoreMask &) { out << "StoreMask"; },
          [&](const StoreCompressed &) { out << "StoreCompressed"; },
          [&](const If &) { out << "If"; },
          [&](const While &) { out << "While"; },
          [&](const ForRange &node) { out << "ForRange " << name(node.variable); },
          [&](const ForEach &node) { out << "ForEach " << name(node.variable); },
          [&](const Break &) { out << "Break"; },
          [&](const Continue &) { out << "Continue"; },
          [&](const Return &) { out << "Return"; },
          [&](const Evaluate &) { out << "Evaluate"; },
          [&](const CallStmt &node) {
            out << "Call " << module.functions[node.callee.index].name;
            if (!node.results.empty())
              out << " -> " << names(node.results);
          },
          [&](const Print &node) { out << "Print" << (node.flush ? " flush" : ""); },
          [&](const Assert &node) {
            out << "Assert";
            if (node.hasText)
              out << " \"" << escaped(node.text) << "\"";
          },
          [&](const RaiseError &node) { out << "RaiseError " << node.error << " " << node.text; },
          [&](const Exit &) { out << "Exit"; }},
      stmt.node);
}

void Dumper::parts(const Stmt &stmt) {
  std::visit(
      overloaded{[&](const Assign &node) { child(node.value); },
                 [&](const AssignMany &node) { children(node.values); },
                 [&](const StoreElement &node) {
                   child(node.value, "value"), child(node.base, "base"), children(node.indices);
                 },
                 [&](const StoreSlice &node) {
                   child(node.value, "value"), child(node.base, "base"), items(node.items);
                 },
                 [&](const CheckMask &node) { child(node.base, "base"), child(node.mask, "mask"); },
                 [&](const StoreMask &node) {
                   child(node.value, "value"), child(node.base, "base"), child(node.mask, "mask");
                 },
                 [&](const StoreCompressed &node) {
                   child(node.value, "value"), child(node.base, "base"), child(node.mask, "mask");
                 },
                 [&](const If &node) {
                   child(node.test), block("then", node.then), block("else", node.otherwise);
                 },
                 [&](const While &node) {
                   child(node.test), block("body", node.body), block("else", node.otherwise);
                 },
                 [&](const ForRange &node) {
                   child(node.start), child(node.stop), child(node.step);
                   block("body", node.body), block("else", node.otherwise);
                 },
                 [&](const ForEach &node) {
                   child(node.sequence), block("body", node.body), block("else", node.otherwise);
                 },
                 [&](const Return &node) { children(node.values); },
                 [&](const Evaluate &node) { child(node.value); },
                 [&](const CallStmt &node) { children(node.arguments); },
                 [&](const Print &node) {
                   nested([&] {
                     for (const PrintItem &item : node.items) {
                       if (auto *text = std::get_if<PrintText>(&item))
                         line() << "text \"" << escaped(text->text) << "\"\n";
                       else
                         dump(std::get<PrintValue>(item).value,
                              std::get<PrintValue>(item).repr ? "repr" : "str");
                     }
                   });
                 },
                 [&](const Assert &node) { child(node.test); },
                 [&](const Exit &node) { child(node.code); },
                 [](const Break &) {},
                 [](const Continue &) {},
                 [&](const RaiseError &node) { children(node.integers); }},
      stmt.node);
}

void Dumper::dump(const Stmt &stmt) {
  line();
  head(stmt);
  out << "\n";
  parts(stmt);
}

} // namespace

void dumpTypes(const Module &module, llvm::raw_ostream &out) {
  Dumper dumper{module, out};
  for (auto [index, variable] : llvm::enumerate(module.variables))
    out << "variable " << variable.name << "#" << index << " : " << frontend::nameOf(variable.type)
        << (variable.global ? " global" : "") << (variable.boundFlag ? " bound-flag" : "") << "\n";
  for (const Function &function : module.functions) {
    out << "function " << function.name << "(" << dumper.names(function.parameters) << ") -> ("
        << llvm::join(llvm::map_range(function.results,
                                      [](const Type &type) { return frontend::nameOf(type); }),
                      ", ")
        << ")\n";
    ++dumper.depth;
    for (const Stmt &stmt : function.body)
      dumper.dump(stmt);
    --dumper.depth;
  }
}

} // namespace typed
} // namespace hpcc::frontend
