// The front end's entry points: definitions, analysis of a module, and the whole way to IR.

#include "frontend/Sema.h"
#include "frontend/Parser.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

namespace hpcc::frontend {

using ir::overloaded;

//===------------------------------------------------------------------------------------------===//
// -D NAME=VALUE
//===------------------------------------------------------------------------------------------===//

/// A number, True, False or string, with or without a minus sign.
static bool isLiteral(const ast::Expr &expr) {
  if (const auto *sign = std::get_if<ast::UnaryOp>(&expr.node))
    return sign->op == ast::UnaryOperator::USub &&
           std::holds_alternative<ast::Constant>(sign->operand->node);
  return std::holds_alternative<ast::Constant>(expr.node);
}

/// Gives every node of a literal the place of the literal that it replaces.
static void moveTo(ast::Expr &expr, Loc loc) {
  expr.loc = loc;
  if (auto *sign = std::get_if<ast::UnaryOp>(&expr.node))
    sign->operand->loc = loc;
}

void applyDefines(ast::Module &module, const std::vector<Define> &defines, Diagnostics &diags) {
  std::set<std::string> all;
  for (const Define &define : defines) {
    std::vector<ast::Expr *> values;
    unsigned assignments = 0;
    auto visit = [&](auto &&self, ast::Block &block) -> void {
      for (ast::Stmt &stmt : block) {
        std::set<std::string> names;
        if (auto *assign = std::get_if<ast::Assign>(&stmt.node)) {
          for (const ast::Expr &target : assign->targets)
            sema::collectTargets(target, names);
          if (assign->targets.size() == 1 &&
              std::holds_alternative<ast::Name>(assign->targets[0].node) &&
              names.count(define.name))
            values.push_back(assign->value.get());
          assignments += names.count(define.name);
        } else if (auto *branch = std::get_if<ast::If>(&stmt.node)) {
          self(self, branch->body);
          self(self, branch->orelse);
        } else {
          ast::Block one;
          if (!std::holds_alternative<ast::FunctionDef>(stmt.node)) {
            one.push_back(std::move(stmt));
            sema::collectAssigned(one, names);
            stmt = std::move(one.front());
          }
          assignments += names.count(define.name);
        }
      }
    };
    visit(visit, module.body);
    if (assignments != 1 || values.size() != 1 || !isLiteral(*values[0])) {
      diags.report({}, message::defineNotSingle, define.name);
      continue;
    }
    Diagnostics valueDiags(llvm::MemoryBuffer::getMemBufferCopy(define.value, "-D"));
    ast::Module parsed = parse(valueDiags.sourceText(), valueDiags);
    auto *statement =
        parsed.body.size() == 1 ? std::get_if<ast::ExprStmt>(&parsed.body[0].node) : nullptr;
    if (valueDiags.hasProblems() || !statement || !isLiteral(*statement->value)) {
      diags.report({}, message::defineNotLiteral, define.name, define.value);
      continue;
    }
    moveTo(*statement->value, values[0]->loc);
    *values[0] = std::move(*statement->value);
  }
}

//===------------------------------------------------------------------------------------------===//
// Analysis of a module
//===------------------------------------------------------------------------------------------===//

namespace {
/// Calls `use` on the id of each function that the code calls.
struct CallFinder {
  std::function<void(typed::FunctionId &)> use;

  void block(typed::Block &stmts) {
    for (typed::Stmt &stmt : stmts)
      visit(stmt);
  }
  void list(typed::ExprList &exprs) {
    for (typed::Expr &expr : exprs)
      visit(expr);
  }
  void pointer(typed::ExprPtr &expr) {
    if (expr)
      visit(*expr);
  }
  void items(std::vector<typed::SubscriptItem> &subscript) {
    for (typed::SubscriptItem &item : subscript)
      std::visit(overloaded{[&](typed::SubscriptIndex &index) { pointer(index.at); },
                            [&](typed::SubscriptSlice &slice) {
                              pointer(slice.lower), pointer(slice.upper), pointer(slice.step);
                            },
                            [](typed::SubscriptNewAxis &) {}},
                 item);
  }
  void visit(typed::Expr &expr) {
    std::visit(
        overloaded{[](typed::Constant &) {},
                   [](typed::Read &) {},
                   [](typed::UnionIs &) {},
                   [](typed::UnionPart &) {},
                   [](typed::Clock &) {},
                   [&](typed::Communicate &node) { list(node.operands); },
                   [&](typed::UnionMake &node) { pointer(node.value); },
                   [&](typed::Cast &node) { pointer(node.operand); },
                   [&](typed::Apply &node) { list(node.operands); },
                   [&](typed::ShortCircuit &node) { pointer(node.left), pointer(node.right); },
                   [&](typed::Conditional &node) {
                     pointer(node.test), pointer(node.then), pointer(node.otherwise);
                   },
                   [&](typed::Sequence &node) { block(node.stmts), pointer(node.value); },
                   [&](typed::Element &node) { pointer(node.base), list(node.indices); },
                   [&](typed::View &node) { pointer(node.base), items(node.items); },
                   [&](typed::Transpose &node) { pointer(node.base); },
                   [&](typed::Copy &node) { pointer(node.operand); },
                   [&](typed::Reduce &node) { pointer(node.operand); },
                   [&](typed::MatrixProduct &node) { pointer(node.left), pointer(node.right); },
                   [&](typed::Reshape &node) { pointer(node.base), list(node.shape); },
                   [&](typed::Compress &node) { pointer(node.base), pointer(node.mask); },
                   [&](typed::Gather &node) { pointer(node.base), pointer(node.indices); },
                   [&](typed::Create &node) { list(node.shape), pointer(node.fill); },
                   [&](typed::CreateLike &node) { pointer(node.prototype), pointer(node.fill); },
                   [&](typed::Arange &node) {
                     pointer(node.start), pointer(node.stop), pointer(node.step);
                   },
                   [&](typed::Linspace &node) {
                     pointer(node.start), pointer(node.stop), pointer(node.num);
                   },
                   [&](typed::Eye &node) {
                     pointer(node.rows), pointer(node.columns), pointer(node.diagonal);
                   },
                   [&](typed::ListLiteral &node) { list(node.elements); },
                   [&](typed::ListRepeat &node) { pointer(node.list), pointer(node.count); },
                   [&](typed::ListConcat &node) { pointer(node.left), pointer(node.right); },
                   [&](typed::ListSlice &node) {
                     pointer(node.list), pointer(node.slice.lower), pointer(node.slice.upper),
                         pointer(node.slice.step);
                   },
                   [&](typed::ListToArray &node) { pointer(node.list); },
                   [&](typed::SizeOf &node) { pointer(node.operand); },
                   [&](typed::CallExpr &node) { use(node.callee), list(node.arguments); }},
        expr.node);
  }
  void visit(typed::Stmt &stmt) {
    std::visit(
        overloaded{
            [&](typed::Assign &node) { visit(node.value); },
            [&](typed::AssignMany &node) { list(node.values); },
            [&](typed::StoreElement &node) {
              visit(node.base), list(node.indices), visit(node.value);
            },
            [&](typed::StoreSlice &node) {
              visit(node.base), items(node.items), visit(node.value);
            },
            [&](typed::CheckMask &node) { visit(node.base), visit(node.mask); },
            [&](typed::StoreMask &node) { visit(node.base), visit(node.mask), visit(node.value); },
            [&](typed::StoreCompressed &node) {
              visit(node.base), visit(node.mask), visit(node.value);
            },
            [&](typed::If &node) { visit(node.test), block(node.then), block(node.otherwise); },
            [&](typed::While &node) { visit(node.test), block(node.body), block(node.otherwise); },
            [&](typed::ForRange &node) {
              visit(node.start), visit(node.stop), visit(node.step);
              block(node.body), block(node.otherwise);
            },
            [&](typed::ForEach &node) {
              visit(node.sequence), block(node.body), block(node.otherwise);
            },
            [](typed::Break &) {},
            [](typed::Continue &) {},
            [&](typed::RaiseError &node) { list(node.integers); },
            [&](typed::Return &node) { list(node.values); },
            [&](typed::Evaluate &node) { visit(node.value); },
            [&](typed::CallStmt &node) { use(node.callee), list(node.arguments); },
            [&](typed::Print &node) {
              for (typed::PrintItem &item : node.items)
                if (auto *value = std::get_if<typed::PrintValue>(&item))
                  visit(value->value);
            },
            [&](typed::Assert &node) { visit(node.test); },
            [&](typed::Exit &node) { visit(node.code); }},
        stmt.node);
  }
};
} // namespace

/// Drops functions that nothing calls (left over from earlier rounds of loops) and gives the others
/// unique names.
static void pruneFunctions(typed::Module &module) {
  std::vector<uint32_t> order{0}, newIndex(module.functions.size(), ~0u);
  newIndex[0] = 0;
  for (size_t next = 0; next < order.size(); ++next) {
    CallFinder finder{[&](typed::FunctionId &callee) {
      if (newIndex[callee.index] == ~0u) {
        newIndex[callee.index] = static_cast<uint32_t>(order.size());
        order.push_back(callee.index);
      }
      callee.index = newIndex[callee.index];
    }};
    finder.block(module.functions[order[next]].body);
  }
  std::vector<typed::Function> kept;
  std::map<std::string, unsigned> used;
  for (uint32_t index : order) {
    typed::Function &function = module.functions[index];
    unsigned count = used[function.name]++;
    if (count)
      function.name += "." + std::to_string(count);
    kept.push_back(std::move(function));
  }
  module.functions = std::move(kept);
}

/// One analysis, where receives have the types that are `sent`. Leaves in it what the program
/// sends; true if that is what was assumed.
static bool analyzeOnce(const ast::Module &module, Diagnostics &diags,
                        std::vector<sema::SentType> &sent, typed::Module &result) {
  sema::Analyzer sema(diags);
  sema.sent = sent;
  sema::FunctionContext context;
  context.name = "main";
  sema.function = sema.moduleContext = &context;
  sema.module.functions.emplace_back();
  typed::Function main;
  main.name = "main";
  sema.out = &main.body;
  sema.analyzeBlock(module.body);
  if (!diags.hasProblems() && sema.lostValue.isValid())
    diags.internalError(sema.lostValue, "sema", "this expression has no value and no message");
  sema.module.functions[0] = std::move(main);
  // A call that failed is not in the tree, though what its function sends may be what is missing.
  if (!diags.hasProblems())
    pruneFunctions(sema.module);
  result = std::move(sema.module);
  std::vector<sema::SentType> found = sema::typesSent(result);
  bool settled = !sema.receives || found == sent;
  sent = std::move(found);
  return settled;
}

std::optional<typed::Module> analyze(const ast::Module &module, Diagnostics &diags) {
  constexpr unsigned mostRounds =
      8; // each is about what rests on values received in the one before
  typed::Module result;
  std::vector<sema::SentType> sent;
  for (unsigned round = 1;; ++round) {
    Diagnostics::Mark before = diags.mark();
    if (analyzeOnce(module, diags, sent, result) || round == mostRounds)
      break;
    diags.rewind(before);
  }
  if (diags.hasProblems())
    return std::nullopt;
  return result;
}

std::optional<ir::Program> compileToIr(llvm::StringRef text, llvm::StringRef fileName,
                                       const std::vector<Define> &defines, Diagnostics &diags) {
  ast::Module module = parse(text, diags);
  if (diags.hasProblems())
    return std::nullopt;
  applyDefines(module, defines, diags);
  if (diags.hasProblems())
    return std::nullopt;
  std::optional<typed::Module> typedModule = analyze(module, diags);
  if (!typedModule)
    return std::nullopt;
  return buildIr(*typedModule, llvm::sys::path::stem(fileName), fileName);
}

} // namespace hpcc::frontend
