//===- Print.cpp - statements and programs to text -------------------------------------------===//

#include "TextNames.h"
#include "TextPrinter.h"
#include "Walk.h"
#include "llvm/ADT/Sequence.h"

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Statements
//===-----------------------------------------------------------------------------------------===//

void Printer::type(const Buffer &buffer) {
  out << nameOf(buffer.type) << '[';
  if (buffer.shape.empty())
    list(llvm::seq(0u, buffer.dims), [&](unsigned) { out << '?'; });
  else
    affines(buffer.shape);
  out << ']';
}

void Printer::declaration(BufferId id) {
  buffer(id);
  out << " : ";
  if (id.index < program.buffers.size())
    type(program[id]);
}

void Printer::declarations(llvm::ArrayRef<BufferId> ids) {
  out << '(';
  list(ids, [&](BufferId id) { declaration(id); });
  out << ')';
}

/// Without the kind, which loops and computes show differently.
void Printer::axis(const Axis &axis) {
  symbol(axis.iterator);
  out << " in [", bound(axis.lo, "max"), out << ", ", bound(axis.hi, "min"), out << ')';
  if (axis.step != 1)
    out << " step " << axis.step;
}

void Printer::distribution(const Distribution &over) {
  out << wordOf(over.division) << '(';
  if (over.division == Division::Blocks)
    affine(over.rows), out << ", ";
  affine(over.offset), out << ')';
}

void Printer::mapping(const Axis &axis) {
  if (axis.ranks) {
    out << " @ranks ", distribution(axis.ranks->over);
    if (axis.ranks->part != RankPart::All)
      out << ' ' << wordOf(axis.ranks->part) << '(' << axis.ranks->left << ", " << axis.ranks->right
          << ')';
  }
  if (axis.mapping != Mapping::None)
    out << ' ' << wordOf(axis.mapping);
  if (axis.grid) {
    out << " @grid(" << axis.grid->threads;
    if (axis.grid->points != 1)
      out << ", " << axis.grid->points;
    out << ')';
  }
}

void Printer::assign(const Assign &assign) {
  access(assign.target);
  out << ' ' << wordOf(assign.op) << ' ', scalar(assign.value);
  if (assign.order == ReductionOrder::Seq)
    out << " order seq";
  if (assign.order == ReductionOrder::Tree) {
    out << " order tree(";
    list(assign.treeAxes, [&](SymbolId id) { symbol(id); });
    out << ')';
  }
  if (assign.guard)
    out << " if ", scalar(*assign.guard);
}

void Printer::view(const View &view) {
  out << "view ", declaration(view.result), out << " = ", buffer(view.base);
  std::visit(
      overloaded{
          [&](const Subscript &form) {
            out << '[';
            list(form.dims, [&](const ViewDim &dim) {
              std::visit(overloaded{[&](const ViewIndex &index) { affine(index.at); },
                                    [&](const ViewSlice &slice) {
                                      affine(slice.start), out << " : ";
                                      affine(slice.size), out << " : ";
                                      affine(slice.step);
                                    },
                                    [&](const ViewNewAxis &) { out << "newaxis"; }},
                         dim);
            });
            out << ']';
          },
          [&](const Broadcast &form) { out << " broadcast [", affines(form.shape), out << ']'; },
          [&](const Reshape &form) { out << " reshape [", affines(form.shape), out << ']'; },
          [&](const Permute &form) {
            out << " permute (";
            list(form.order, [&](unsigned dim) { out << dim; });
            out << ')';
          }},
      view.form);
}

void Printer::compute(const Compute &compute) {
  out << "compute (";
  list(compute.axes,
       [&](const Axis &each) { axis(each), out << ' ' << wordOf(each.kind), mapping(each); });
  out << ')';
  if (!compute.locals.empty()) {
    out << " local(";
    list(compute.locals, [&](BufferId local) { declaration(local); });
    out << ')';
  }
  if (compute.plan.group)
    out << " group(" << *compute.plan.group << ')';
  if (compute.plan.recompute)
    out << " recompute";
  out << " {";
  ++depth;
  for (const Assign &each : compute.body)
    line(), assign(each), location(each.loc);
  --depth;
  line(), out << '}';
}

void Printer::arguments(const std::vector<CallArgument> &arguments) {
  out << '(';
  list(arguments, [&](const CallArgument &argument) {
    std::visit(overloaded{[&](const Scalar &value) { scalar(value); },
                          [&](BufferId id) { buffer(id); },
                          [&](const std::string &text) { string(text); }},
               argument);
  });
  out << ')';
}

/// What stands before the first inner block, or the whole statement if it has none.
void Printer::transfer(const Transfer &node) {
  out << "transfer ", buffer(node.buffer);
  if (node.slot)
    out << '{', affine(*node.slot), out << '}';
  if (!node.at.empty())
    out << '[', affines(node.at), out << ']';
  out << " to " << wordOf(node.to);
}

void Printer::exchangePart(const ExchangePart &part) {
  out << wordOf(part.whom) << ' ';
  if (part.axis)
    out << '(', axis(*part.axis), mapping(*part.axis), out << ") ";
  buffer(part.buffer);
  if (part.slot)
    out << '{', affine(*part.slot), out << '}';
  out << '[', affine(part.lo), out << " : ", affine(part.hi);
  for (const Affine &index : part.at)
    out << ", ", affine(index);
  out << ']';
  if (part.wrap)
    out << " wrap ", affine(*part.wrap);
}

void Printer::header(const Stmt &stmt) {
  std::visit(
      overloaded{[&](const Let &node) {
                   out << "let ", symbol(node.symbol), out << " = ", scalar(node.value);
                 },
                 [&](const Alloc &node) {
                   out << "alloc ", declaration(node.buffer);
                   if (node.buffer.index >= program.buffers.size())
                     return;
                   const Buffer &row = program[node.buffer];
                   if (row.slots != 1)
                     out << " slots " << row.slots;
                   if (!row.layout.empty()) {
                     out << " layout(";
                     list(row.layout, [&](unsigned dim) { out << dim; });
                     out << ')';
                   }
                   if (!row.like.empty()) {
                     out << " like(";
                     list(row.like, [&](BufferId id) { buffer(id); });
                     out << ')';
                   }
                   if (row.home)
                     out << " on ", distribution(*row.home);
                 },
                 [&](const Declare &node) { out << "handle ", declaration(node.handle); },
                 [&](const View &node) { view(node); },
                 [&](const Bind &node) {
                   out << "bind ", buffer(node.handle), out << " = ", buffer(node.source);
                 },
                 [&](const Drop &node) { out << "drop ", buffer(node.buffer); },
                 [&](const Compute &node) {
                   // The short form has one place for a location and none for attributes.
                   if (node.axes.empty() && node.body.size() == 1 && node.locals.empty() &&
                       node.plan == FusionPlan() && node.body[0].loc == stmt.loc)
                     assign(node.body[0]);
                   else
                     compute(node);
                 },
                 [&](const Loop &node) {
                   out << "loop ", axis(node.axis);
                   if (node.axis.kind != AxisKind::Seq)
                     out << ' ' << wordOf(node.axis.kind), mapping(node.axis);
                   out << " : " << wordOf(node.role) << " {";
                 },
                 [&](const While &node) {
                   out << "while ";
                   if (node.iterator)
                     symbol(*node.iterator), out << ' ';
                   out << '{';
                 },
                 [&](const Labelled &node) { out << "block @b" << node.label.index << " {"; },
                 [&](const Leave &node) { out << "leave @b" << node.label.index; },
                 [&](const If &node) { out << "if ", scalar(node.condition), out << " {"; },
                 [&](const Parallel &node) {
                   out << "parallel ";
                   if (node.condition)
                     out << "if ", scalar(*node.condition), out << ' ';
                   out << '{';
                 },
                 [&](const Single &) { out << "single {"; },
                 [&](const Barrier &) { out << "barrier"; },
                 [&](const Transfer &node) { transfer(node); },
                 [&](const Exchange &node) {
                   out << "exchange {";
                   ++depth;
                   for (const ExchangePart &part : node.parts)
                     line(), exchangePart(part);
                   --depth, line();
                   out << (node.body.empty() ? "}" : "} meanwhile {");
                 },
                 [&](const Call &node) {
                   out << "call ";
                   if (!node.results.empty()) {
                     out << '(';
                     list(node.results, [&](BufferId id) { buffer(id); });
                     out << ") = ";
                   }
                   atName(node.callee), arguments(node.arguments);
                 },
                 [&](const LibraryCall &node) {
                   out << "call @lib." << wordOf(node.function), arguments(node.arguments);
                 },
                 [&](const Check &node) {
                   out << "check ", scalar(node.condition);
                   out << " else " << node.error << '(', scalars(node.arguments), out << ')';
                   if (!node.text.empty())
                     out << ' ', string(node.text);
                 }},
      stmt.node);
}

void Printer::stmt(const Stmt &stmt) {
  line(), header(stmt);
  std::visit(overloaded{[&](OneOf<Loop, Labelled, Parallel, Single> auto &node) {
                          block(node.body), line(), out << '}';
                        },
                        [&](const Exchange &node) {
                          if (!node.body.empty())
                            block(node.body), line(), out << '}';
                        },
                        [&](const While &node) {
                          block(node.header), line();
                          out << "} cond ", scalar(node.condition), out << " {";
                          block(node.body), line(), out << '}';
                        },
                        [&](const If &node) {
                          block(node.thenBody), line(), out << '}';
                          if (node.elseBody.empty())
                            return;
                          out << " else {", block(node.elseBody), line(), out << '}';
                        },
                        [](OneOf<Let, Alloc, Declare, View, Bind, Drop, Compute, Leave, Barrier,
                                 Transfer, Call, LibraryCall, Check> auto &) {}},
             stmt.node);
  location(stmt.loc);
}

void Printer::block(const Block &block) {
  ++depth;
  for (const Stmt &each : block)
    stmt(each);
  --depth;
}

void Printer::function(const Function &function) {
  line(), out << "func ", atName(function.name), declarations(function.parameters);
  if (!function.results.empty())
    out << " -> ", declarations(function.results);
  llvm::SmallVector<llvm::StringRef> effects;
  if (function.effects.reads)
    effects.push_back("reads");
  if (function.effects.writes)
    effects.push_back("writes");
  if (function.effects.prints)
    effects.push_back("prints");
  if (function.effects.fails)
    effects.push_back("fails");
  if (!effects.empty())
    out << " effects(" << llvm::join(effects, ", ") << ')';
  out << " {";
  block(function.body), line(), out << '}', location(function.loc);
}

void Printer::all() {
  out << "program ", atName(program.name);
  if (!program.file.empty())
    out << " file ", string(program.file);
  out << " stage(" << wordOf(program.stage) << ")" << (program.ranks ? " ranks" : "")
      << (program.device ? " device {" : " {");
  ++depth;
  for (BufferId id : program.globals)
    line(), out << "global ", declaration(id);
  for (const Function &each : program.functions)
    function(each);
  --depth;
  out << "\n}\n";
}

//===-----------------------------------------------------------------------------------------===//
// Entries
//===-----------------------------------------------------------------------------------------===//

void print(const Program &program, llvm::raw_ostream &out, PrintOptions options) {
  Printer{program, out, options}.all();
}

/// What `write` prints with a printer for messages.
template <typename F>
static std::string textOf(const Program &program, PrintOptions options, F &&write) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  Printer printer{program, stream, options};
  write(printer);
  return text;
}

std::string toText(const Program &program, PrintOptions options) {
  return textOf(program, options, [&](Printer &printer) { printer.all(); });
}
std::string toText(const Affine &form, const Program &program) {
  return textOf(program, {false}, [&](Printer &printer) { printer.affine(form); });
}
std::string toText(const Access &access, const Program &program) {
  return textOf(program, {false}, [&](Printer &printer) { printer.access(access); });
}
std::string toText(const Scalar &scalar, const Program &program) {
  return textOf(program, {false}, [&](Printer &printer) { printer.scalar(scalar); });
}
std::string toText(const Stmt &stmt, const Program &program) {
  return textOf(program, {false}, [&](Printer &printer) {
    if (auto *compute = std::get_if<Compute>(&stmt.node); compute && !compute->body.empty())
      printer.assign(compute->body.front());
    else
      printer.header(stmt);
  });
}

} // namespace hpcc::ir
