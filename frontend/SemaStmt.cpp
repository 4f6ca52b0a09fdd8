// Statements: the names that a block assigns, imports, and one case for each kind.

#include "frontend/Sema.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

using ir::overloaded;

void Analyzer::emit(Loc loc, decltype(typed::Stmt::node) node) {
  out->push_back({loc, std::move(node)});
}

//===------------------------------------------------------------------------------------------===//
// Names that a block assigns
//===------------------------------------------------------------------------------------------===//

void collectTargets(const ast::Expr &target, std::set<std::string> &names) {
  if (const auto *name = std::get_if<ast::Name>(&target.node))
    names.insert(name->id);
  else if (const auto *tuple = std::get_if<ast::Tuple>(&target.node))
    for (const ast::Expr &element : tuple->elts)
      collectTargets(element, names);
  else if (const auto *list = std::get_if<ast::List>(&target.node))
    for (const ast::Expr &element : list->elts)
      collectTargets(element, names);
  else if (const auto *starred = std::get_if<ast::Starred>(&target.node))
    collectTargets(*starred->value, names);
}

/// What `import a.b as c` binds, or `import a.b`.
static std::string nameBoundBy(const ast::Alias &alias) {
  return alias.asname.empty() ? alias.name.substr(0, alias.name.find('.')) : alias.asname;
}

void collectAssigned(const ast::Stmt &stmt, std::set<std::string> &names) {
  std::visit(overloaded{[&](const ast::Assign &node) {
                          for (const ast::Expr &target : node.targets)
                            collectTargets(target, names);
                        },
                        [&](const ast::AugAssign &node) { collectTargets(*node.target, names); },
                        [&](const ast::AnnAssign &node) { collectTargets(*node.target, names); },
                        [&](const ast::For &node) {
                          collectTargets(*node.target, names);
                          collectAssigned(node.body, names);
                          collectAssigned(node.orelse, names);
                        },
                        [&](const ast::While &node) {
                          collectAssigned(node.body, names);
                          collectAssigned(node.orelse, names);
                        },
                        [&](const ast::If &node) {
                          collectAssigned(node.body, names);
                          collectAssigned(node.orelse, names);
                        },
                        [&](const ast::FunctionDef &node) { names.insert(node.name); },
                        [&](const ast::Import &node) {
                          for (const ast::Alias &alias : node.names)
                            names.insert(nameBoundBy(alias));
                        },
                        [&](const ast::ImportFrom &node) {
                          for (const ast::Alias &alias : node.names)
                            names.insert(alias.asname.empty() ? alias.name : alias.asname);
                        },
                        [&](const ast::UnsupportedStmt &node) {
                          for (const ast::Identifier &bound : node.bound)
                            names.insert(bound.name);
                          collectAssigned(node.body, names);
                        },
                        [](const auto &) {}},
             stmt.node);
}

void collectAssigned(const ast::Block &block, std::set<std::string> &names) {
  for (const ast::Stmt &stmt : block)
    collectAssigned(stmt, names);
}

//===------------------------------------------------------------------------------------------===//
// Imports
//===------------------------------------------------------------------------------------------===//

static constexpr llvm::StringRef knownModules[] = {"numpy", "math",   "time",
                                                   "sys",   "mpi4py", "mpi4py.MPI"};
static constexpr llvm::StringLiteral knownModulesHelp =
    "hpcc knows the modules numpy, math, time, sys and mpi4py";

void Analyzer::analyzeImport(const ast::Stmt &stmt, const ast::Import &node) {
  for (const ast::Alias &alias : node.names) {
    Value value{alias.loc, ModuleValue{alias.name}};
    if (!llvm::is_contained(knownModules, alias.name))
      value = unsupported(alias.loc, "import of '" + alias.name + "'", knownModulesHelp);
    else if (alias.name == "mpi4py" || (alias.name == "mpi4py.MPI" && alias.asname.empty()))
      value = unsupported(alias.loc, "import of '" + alias.name + "' in this form",
                          "from mpi4py import MPI");
    assignName(nameBoundBy(alias), stmt.loc, std::move(value));
  }
}

void Analyzer::analyzeImportFrom(const ast::Stmt &stmt, const ast::ImportFrom &node) {
  bool known = node.level == 0 && llvm::is_contained(knownModules, node.module);
  if (!known)
    unsupported(node.moduleLoc.isValid() ? node.moduleLoc : stmt.loc,
                "import from '" + std::string(node.level, '.') + node.module + "'",
                knownModulesHelp);
  for (const ast::Alias &alias : node.names) {
    if (alias.name == "*") {
      if (known && node.module == "numpy")
        function->env.names["*"] = {
            StaticBinding{"star:numpy", std::make_shared<Value>(Value{alias.loc, NoneValue{}})},
            alias.loc};
      else if (known)
        unsupported(alias.loc, "'from " + node.module + " import *'");
      if (!known || node.module != "numpy")
        assignName(unknownNames, alias.loc, Value{alias.loc, Poison{}});
      continue;
    }
    Value value{alias.loc, Poison{}};
    if (known) {
      value = moduleAttribute(node.module, alias.name, alias.loc);
    }
    assignName(alias.asname.empty() ? alias.name : alias.asname, stmt.loc, std::move(value));
  }
}

//===------------------------------------------------------------------------------------------===//
// All statements
//===------------------------------------------------------------------------------------------===//

void Analyzer::analyzeBlock(const ast::Block &block) {
  for (const ast::Stmt &stmt : block) {
    if (!function->env.reachable)
      return; // never runs
    analyzeStmt(stmt);
  }
}

void Analyzer::analyzeStmt(const ast::Stmt &stmt) {
  std::visit(overloaded{[&](const ast::FunctionDef &node) {
                          Value value{node.nameLoc, Poison{}};
                          if (!node.decorators.empty())
                            value = unsupported(node.decorators.front().loc, "a decorator");
                          else
                            value = makeClosure(node.nameLoc, {&node, nullptr});
                          assignName(node.name, node.nameLoc, std::move(value));
                        },
                        [&](const ast::Return &node) {
                          if (function->isModule())
                            fail(stmt.loc, message::returnOutsideFunction);
                          else
                            analyzeReturn(stmt, node);
                        },
                        [&](const ast::Assign &node) {
                          bool named = node.targets.size() == 1 &&
                                       std::holds_alternative<ast::Name>(node.targets[0].node);
                          Value value = named ? evaluateKept(*node.value) : evaluate(*node.value);
                          if (node.targets.size() > 1 && value.as<TypedValue>() &&
                              !std::holds_alternative<NoneType>(*value.type()))
                            value = stabilize(std::move(value), *out);
                          for (const ast::Expr &target : llvm::drop_end(node.targets))
                            assignTarget(target, duplicate(value));
                          assignTarget(node.targets.back(), std::move(value));
                        },
                        [&](const ast::AugAssign &node) { analyzeAugAssign(stmt, node); },
                        [&](const ast::AnnAssign &node) {
                          if (node.value)
                            assignTarget(*node.target, evaluate(*node.value));
                        },
                        [&](const ast::For &node) { analyzeFor(stmt, node); },
                        [&](const ast::While &node) { analyzeWhile(stmt, node); },
                        [&](const ast::If &node) { analyzeIf(stmt, node); },
                        [&](const ast::Assert &node) { analyzeAssert(stmt, node); },
                        [&](const ast::Import &node) { analyzeImport(stmt, node); },
                        [&](const ast::ImportFrom &node) { analyzeImportFrom(stmt, node); },
                        [&](const ast::ExprStmt &node) {
                          if (const auto *constant = std::get_if<ast::Constant>(&node.value->node);
                              constant && std::holds_alternative<std::string>(constant->value))
                            return; // a docstring
                          Value value = evaluateKept(*node.value);
                          std::function<void(Value &)> run = [&](Value &part) {
                            if (auto *tuple = part.as<TupleValue>())
                              for (Value &element : tuple->elements)
                                run(element);
                            else if (part.as<TypedValue>())
                              emit(stmt.loc, typed::Evaluate{std::move(part.expr())});
                            else if (part.as<MethodValue>())
                              unsupported(part.loc, "a method that is not called");
                          };
                          run(value);
                        },
                        [&](const ast::Pass &) {},
                        [&](const ast::Break &) {
                          if (function->loop->exit)
                            convertTo(*function->loop->exit);
                          function->loop->breaks.push_back(function->env);
                          if (auto broken = function->loop->broken)
                            emit(
                                stmt.loc,
                                typed::Assign{*broken, std::move(makeBool(stmt.loc, true).expr())});
                          emit(stmt.loc, typed::Break{});
                          function->env.reachable = false;
                        },
                        [&](const ast::Continue &) {
                          convertTo(*function->loop->head);
                          function->loop->continues.push_back(function->env);
                          emit(stmt.loc, typed::Continue{});
                          function->env.reachable = false;
                        },
                        [&](const ast::Raise &) { unsupported(stmt.loc, "'raise'"); },
                        [&](const ast::Delete &) { unsupported(stmt.loc, "'del'"); },
                        [&](const ast::Global &) { unsupported(stmt.loc, "'global'"); },
                        [&](const ast::Nonlocal &) { unsupported(stmt.loc, "'nonlocal'"); },
                        [&](const ast::UnsupportedStmt &node) {
                          unsupported(node.keywordLoc, node.construct);
                          for (const ast::Identifier &bound : node.bound)
                            assignName(bound.name, bound.loc, Value{bound.loc, Poison{}});
                          // Its blocks are not analysed: what they would bind is poison as well.
                          std::set<std::string> names;
                          collectAssigned(node.body, names);
                          for (const std::string &name : names)
                            assignName(name, node.keywordLoc, Value{node.keywordLoc, Poison{}});
                        }},
             stmt.node);
}

} // namespace hpcc::frontend::sema
