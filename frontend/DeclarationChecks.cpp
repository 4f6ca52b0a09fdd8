// Walks each scope in text order and keeps what happened to each name so far. See
// DeclarationChecks.h; the rules are those of CPython's Python/symtable.c.
#include "frontend/DeclarationChecks.h"
#include "frontend/ASTTraversal.h"
#include "frontend/Messages.h"
#include "llvm/ADT/StringMap.h"

using namespace llvm;

namespace hpcc::frontend {

using namespace ast;

namespace {

/// What was seen of a name in a scope.
struct NameFacts {
  bool isParameter = false, isUsed = false, isAssigned = false, isAnnotated = false;
  bool isImported = false; // binds, but may stand before a declaration
  bool isGlobal = false, isNonlocal = false;
  Loc declaredLoc = {};
};

struct DeclarationChecker {
  Diagnostics &diags;
  /// The enclosing function that this one stands in; null for the module.
  const DeclarationChecker *outer = nullptr;
  StringMap<NameFacts> names = {};
  std::vector<Identifier> nonlocals = {};
  std::vector<const FunctionDef *> functions = {};

  //===- Names -------------------------------------------------------------------------------===//

  void assign(StringRef name) { names[name].isAssigned = true; }

  /// Whether this scope makes `name` its own variable.
  bool binds(StringRef name) const {
    auto found = names.find(name);
    if (found == names.end())
      return false;
    const NameFacts &facts = found->second;
    return (facts.isParameter || facts.isAssigned || facts.isImported) && !facts.isGlobal &&
           !facts.isNonlocal;
  }

  void declare(const Identifier &identifier, bool isGlobal) {
    NameFacts &facts = names[identifier.name];
    StringRef kind = isGlobal ? "global" : "nonlocal";
    if (facts.isParameter)
      diags.report(identifier.loc, message::parameterAndDeclared, identifier.name, kind);
    else if (facts.isUsed)
      diags.report(identifier.loc, message::usedBeforeDeclaration, identifier.name, kind);
    else if (facts.isAnnotated)
      diags.report(identifier.loc, message::annotatedAndDeclared, identifier.name, kind);
    else if (facts.isAssigned)
      diags.report(identifier.loc, message::assignedBeforeDeclaration, identifier.name, kind);
    if (!facts.isGlobal && !facts.isNonlocal)
      facts.declaredLoc = identifier.loc;
    (isGlobal ? facts.isGlobal : facts.isNonlocal) = true;
    if (facts.isGlobal && facts.isNonlocal)
      diags.report(facts.declaredLoc, message::nonlocalAndGlobal, identifier.name);
    if (!isGlobal)
      nonlocals.push_back(identifier);
  }

  //===- Expressions -------------------------------------------------------------------------===//

  void use(const ExprPtr &expr) {
    if (expr)
      use(*expr);
  }

  /// Names read in this scope; what a lambda or comprehension reads belongs to its own scope, but
  /// defaults and the first iterable are evaluated here.
  void use(const Expr &expr) {
    if (const Name *name = std::get_if<Name>(&expr.node)) {
      names[name->id].isUsed = true;
    } else if (const Lambda *lambda = std::get_if<Lambda>(&expr.node)) {
      for (const Parameter &parameter : lambda->parameters)
        use(parameter.defaultValue);
    } else if (const Comprehension *node = std::get_if<Comprehension>(&expr.node)) {
      use(node->generators.front().iter);
    } else if (const NamedExpr *node = std::get_if<NamedExpr>(&expr.node)) {
      target(*node->target);
      use(node->value);
    } else {
      forEachChild(expr.node, [&](const Expr &child) { use(child); });
    }
  }

  void target(const Expr &expr) {
    if (const Name *name = std::get_if<Name>(&expr.node))
      return assign(name->id);
    bool isGroup = std::holds_alternative<Tuple>(expr.node) ||
                   std::holds_alternative<List>(expr.node) ||
                   std::holds_alternative<Starred>(expr.node);
    forEachChild(expr.node, [&](const Expr &child) { isGroup ? target(child) : use(child); });
  }

  //===- Statements --------------------------------------------------------------------------===//

  void block(const Block &stmts) {
    for (const Stmt &stmt : stmts)
      std::visit([&](const auto &node) { visit(node); }, stmt.node);
  }

  void visit(const FunctionDef &node) {
    assign(node.name);
    for (const Expr &decorator : node.decorators)
      use(decorator);
    for (const Parameter &parameter : node.parameters) {
      use(parameter.defaultValue);
      use(parameter.annotation);
    }
    use(node.returns);
    functions.push_back(&node);
  }
  void visit(const Return &node) { use(node.value); }
  void visit(const Delete &node) {
    for (const Expr &expr : node.targets)
      target(expr);
  }
  void visit(const Assign &node) {
    use(node.value);
    for (const Expr &expr : node.targets)
      target(expr);
  }
  void visit(const AugAssign &node) {
    use(node.value);
    target(*node.target);
  }
  void visit(const AnnAssign &node) {
    if (const Name *name = std::get_if<Name>(&node.target->node))
      names[name->id].isAnnotated = true;
    target(*node.target);
    use(node.annotation);
    use(node.value);
  }
  void visit(const For &node) {
    use(node.iter);
    target(*node.target);
    block(node.body);
    block(node.orelse);
  }
  void visit(const While &node) {
    use(node.test);
    block(node.body);
    block(node.orelse);
  }
  void visit(const If &node) {
    use(node.test);
    block(node.body);
    block(node.orelse);
  }
  void visit(const Assert &node) {
    use(node.test);
    use(node.msg);
  }
  void visit(const Raise &node) {
    use(node.exc);
    use(node.cause);
  }
  void bindImport(const Alias &alias, StringRef name) {
    names[alias.asname.empty() ? name : StringRef(alias.asname)].isImported = true;
  }
  void visit(const Import &node) {
    for (const Alias &alias : node.names)
      bindImport(alias, StringRef(alias.name).split('.').first);
  }
  void visit(const ImportFrom &node) {
    for (const Alias &alias : node.names)
      bindImport(alias, alias.name);
  }
  void visit(const Global &node) {
    for (const Identifier &identifier : node.names)
      declare(identifier, /*isGlobal=*/true);
  }
  void visit(const Nonlocal &node) {
    for (const Identifier &identifier : node.names)
      declare(identifier, /*isGlobal=*/false);
  }
  void visit(const ExprStmt &node) { use(node.value); }
  void visit(const Pass &) {}
  void visit(const Break &) {}
  void visit(const Continue &) {}
  void visit(const UnsupportedStmt &node) {
    for (const Identifier &identifier : node.bound)
      assign(identifier.name);
    block(node.body);
  }

  //===- Functions ---------------------------------------------------------------------------===//

  bool isBoundInEnclosingFunction(StringRef name) const {
    for (const DeclarationChecker *scope = outer; scope && scope->outer; scope = scope->outer)
      if (scope->binds(name))
        return true;
    return false;
  }

  /// The functions of this scope, once all of its own names are known.
  void enterFunctions() {
    for (const FunctionDef *function : functions) {
      DeclarationChecker inner{diags, this};
      for (const Parameter &parameter : function->parameters)
        inner.names[parameter.name].isParameter = true;
      inner.block(function->body);
      for (const Identifier &identifier : inner.nonlocals)
        if (!inner.isBoundInEnclosingFunction(identifier.name))
          diags.report(identifier.loc, message::noNonlocalBinding, identifier.name);
      inner.enterFunctions();
    }
  }
};

} // namespace

void checkDeclarations(const Module &module, Diagnostics &diags) {
  DeclarationChecker checker{diags};
  checker.block(module.body);
  checker.enterFunctions();
}

} // namespace hpcc::frontend
