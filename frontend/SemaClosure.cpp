// Functions inside functions: they take the variables of the enclosing function by value.
//
// A variable that is read later has the value it has then, in Python. So a function that gets a
// name may only take variables that are not assigned afterwards; one that is written where it is
// passed has ended before anything else happens.

#include "frontend/ASTTraversal.h"
#include "frontend/Sema.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

using ir::overloaded;

namespace {

/// All names that code mentions, but for parameters of the lambdas in it.
struct MentionedNames {
  std::set<std::string> names;

  void visit(const ast::Expr &expr) {
    if (const auto *name = std::get_if<ast::Name>(&expr.node))
      names.insert(name->id);
    const auto *lambda = std::get_if<ast::Lambda>(&expr.node);
    if (!lambda)
      return ast::forEachChild(expr.node, [&](const ast::Expr &child) { visit(child); });
    function(lambda->parameters, [&](MentionedNames &inside) { inside.visit(*lambda->body); });
  }
  void visit(const ast::ExprPtr &expr) {
    if (expr)
      visit(*expr);
  }
  void visit(const ast::ExprList &exprs) {
    for (const ast::Expr &expr : exprs)
      visit(expr);
  }
  void visit(const ast::Block &block) {
    for (const ast::Stmt &stmt : block)
      visit(stmt);
  }
  void function(const ast::Parameters &parameters,
                const std::function<void(MentionedNames &)> &body) {
    MentionedNames inside;
    body(inside);
    for (const ast::Parameter &parameter : parameters) {
      inside.names.erase(parameter.name);
      visit(parameter.defaultValue);
    }
    names.insert(inside.names.begin(), inside.names.end());
  }
  void visit(const ast::Stmt &stmt) {
    std::visit(
        overloaded{
            [&](const ast::FunctionDef &node) {
              function(node.parameters, [&](MentionedNames &inside) { inside.visit(node.body); });
            },
            [&](const ast::Return &node) { visit(node.value); },
            [&](const ast::Assign &node) { visit(node.value), visit(node.targets); },
            [&](const ast::AugAssign &node) { visit(node.value), visit(node.target); },
            [&](const ast::AnnAssign &node) { visit(node.value), visit(node.target); },
            [&](const ast::For &node) {
              visit(node.iter), visit(node.target), visit(node.body), visit(node.orelse);
            },
            [&](const ast::While &node) { visit(node.test), visit(node.body), visit(node.orelse); },
            [&](const ast::If &node) { visit(node.test), visit(node.body), visit(node.orelse); },
            [&](const ast::Assert &node) { visit(node.test), visit(node.msg); },
            [&](const ast::ExprStmt &node) { visit(node.value); }, [](const auto &) {}},
        stmt.node);
  }
};

/// Does the block assign a name at `from` or after it, or in a loop if that goes around `from` too?
bool assignsLater(const ast::Block &block, const std::string &name, Loc from, bool inLoop) {
  return llvm::any_of(block, [&](const ast::Stmt &stmt) {
    std::set<std::string> names;
    collectAssigned(stmt, names);
    if (!names.contains(name))
      return false;
    if (const auto *branch = std::get_if<ast::If>(&stmt.node))
      return assignsLater(branch->body, name, from, inLoop) ||
             assignsLater(branch->orelse, name, from, inLoop);
    bool isLoop = std::get_if<ast::For>(&stmt.node) || std::get_if<ast::While>(&stmt.node);
    return stmt.loc.endLine >= from.line || (inLoop && isLoop);
  });
}

} // namespace

/// A function where it is written: with its default values, and inside of a function with what it
/// takes from there.
Value Analyzer::makeClosure(Loc loc, FunctionValue callee) {
  const ast::Parameters &parameters = parametersOf(callee);
  evaluateDefaults(parameters);
  if (function->isModule())
    return {loc, std::move(callee)};
  MentionedNames mentioned;
  std::set<std::string> own;
  if (callee.def) {
    mentioned.visit(callee.def->body);
    collectAssigned(callee.def->body, own);
    own.insert(callee.def->name);
  } else {
    mentioned.visit(callee.lambda->body);
  }
  for (const ast::Parameter &parameter : parameters) {
    own.insert(parameter.name);
    if (parameter.defaultValue)
      mentioned.names.insert(defaultName(parameter));
  }
  std::vector<Captured> captured;
  for (const std::string &name : mentioned.names) {
    auto place = function->env.names.find(name);
    bool isLocal = function->locals.contains(name) || name.front() == '.';
    if (!isLocal || own.contains(name))
      continue;
    if (place == function->env.names.end() || place->second.maybeUnbound)
      return unsupported(loc, "a function that reads '" + name + "' of an enclosing one, " +
                                  "which is not assigned here on every path");
    Value value = readBinding(place->second, name, loc, false);
    if (value.isPoison())
      return value;
    captured.push_back({name, std::move(value)});
  }
  callee.captured = std::make_shared<const std::vector<Captured>>(std::move(captured));
  return {loc, std::move(callee)};
}

/// Refuses to give a name to a function if a variable that it takes is assigned afterwards.
void Analyzer::checkCaptured(Loc loc, const FunctionValue &callee) {
  if (!function->body)
    return;
  for (const Captured &captured : *callee.captured)
    if (captured.name.front() != '.' &&
        assignsLater(*function->body, captured.name, loc, function->loop != nullptr))
      unsupported(loc, "a function that reads '" + captured.name + "', which is assigned again",
                  "keep the value in a default: " + captured.name + "=" + captured.name);
}

/// The function for another place, where `bind` says what its captured values are bound to.
FunctionValue Analyzer::rebind(const FunctionValue &callee,
                               const std::function<Binding(const Captured &)> &bind) {
  std::vector<Captured> inside;
  for (const Captured &captured : *callee.captured) {
    Binding binding = bind(captured);
    inside.push_back(
        {captured.name, readBinding(binding, captured.name, captured.value.loc, false)});
  }
  FunctionValue result = callee;
  result.captured = std::make_shared<const std::vector<Captured>>(std::move(inside));
  return result;
}

} // namespace hpcc::frontend::sema
