// The direct children of a syntax node, in text order: what generic walks over the tree need.
#pragma once

#include "frontend/AST.h"

namespace hpcc::frontend::ast {

namespace detail {

/// Calls visit on what is there: a value, an optional child, each of a list.
template <typename Visit> void give(const ExprPtr &expr, Visit &visit) {
  if (expr)
    visit(*expr);
}
template <typename Visit> void give(const ExprList &exprs, Visit &visit) {
  for (const Expr &expr : exprs)
    visit(expr);
}
template <typename Visit> void give(const Keyword &keyword, Visit &visit) {
  give(keyword.value, visit);
}
template <typename Visit> void give(const DictItem &item, Visit &visit) {
  give(item.key, visit);
  give(item.value, visit);
}
template <typename Visit> void give(const ComprehensionFor &clause, Visit &visit) {
  give(clause.target, visit);
  give(clause.iter, visit);
  give(clause.ifs, visit);
}
template <typename Visit> void give(const Parameter &parameter, Visit &visit) {
  give(parameter.annotation, visit);
  give(parameter.defaultValue, visit);
}
template <typename Part, typename Visit> void give(const std::vector<Part> &parts, Visit &visit) {
  for (const Part &part : parts)
    give(part, visit);
}

/// The children of each kind of node; a kind that is missing here does not compile.
template <typename Visit> struct Children {
  Visit &visit;

  template <typename... Parts> void all(const Parts &...parts) const { (give(parts, visit), ...); }

  void operator()(const Constant &) const {}
  void operator()(const Name &) const {}
  void operator()(const BoolOp &node) const { all(node.values); }
  void operator()(const BinOp &node) const { all(node.left, node.right); }
  void operator()(const UnaryOp &node) const { all(node.operand); }
  void operator()(const Compare &node) const { all(node.left, node.comparators); }
  void operator()(const IfExp &node) const { all(node.body, node.test, node.orelse); }
  void operator()(const Call &node) const { all(node.func, node.args, node.keywords); }
  void operator()(const Attribute &node) const { all(node.value); }
  void operator()(const Subscript &node) const { all(node.value, node.slice); }
  void operator()(const Slice &node) const { all(node.lower, node.upper, node.step); }
  void operator()(const Starred &node) const { all(node.value); }
  void operator()(const Tuple &node) const { all(node.elts); }
  void operator()(const List &node) const { all(node.elts); }
  void operator()(const Set &node) const { all(node.elts); }
  void operator()(const Dict &node) const { all(node.items); }
  void operator()(const Comprehension &node) const { all(node.key, node.element, node.generators); }
  void operator()(const NamedExpr &node) const { all(node.target, node.value); }
  void operator()(const FormattedValue &node) const { all(node.value, node.formatSpec); }
  void operator()(const JoinedStr &node) const { all(node.values); }
  void operator()(const Lambda &node) const { all(node.parameters, node.body); }
  void operator()(const UnsupportedExpr &node) const { all(node.parts); }
};

} // namespace detail

/// Calls visit(const Expr &) on each expression directly below `node`, in text order (for calls and
/// parameters: in the order of their lists).
template <typename Visit> void forEachChild(const Expr::Node &node, Visit visit) {
  std::visit(detail::Children<Visit>{visit}, node);
}

} // namespace hpcc::frontend::ast
