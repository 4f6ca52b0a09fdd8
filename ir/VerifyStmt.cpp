//===- VerifyStmt.cpp - invariants of statements ---------------------------------------------===//

#include "Text.h"
#include "TextNames.h"
#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace hpcc::ir {

static void expectType(const Scalar &scalar, DType type, llvm::StringRef invariant,
                       llvm::StringRef what, VerifyReport &report) {
  DType found = typeOf(scalar, report.program);
  if (found != type)
    report(invariant, what + " is " + nameOf(found) + ", not " + nameOf(type));
}

static void verifyAxis(const Axis &axis, VerifyReport &report) {
  if (axis.lo.forms.empty() || axis.hi.forms.empty())
    report("bounds", "a bound of " + report.program[axis.iterator].name + " has no form");
  if (axis.step < 1)
    report("bounds",
           "the step of " + report.program[axis.iterator].name + " is " + llvm::Twine(axis.step));
}

//===-----------------------------------------------------------------------------------------===//
// Views
//===-----------------------------------------------------------------------------------------===//

/// The shape that a subscript of that base has.
static std::vector<Affine> shapeOf(const Subscript &form, const Buffer &base,
                                   VerifyReport &report) {
  std::vector<Affine> shape;
  size_t used = 0;
  for (const ViewDim &dim : form.dims)
    std::visit(overloaded{[&](const ViewIndex &) { ++used; },
                          [&](const ViewSlice &slice) {
                            ++used;
                            shape.push_back(slice.size);
                            if (slice.step == Affine(0))
                              report("bounds", "the step of a slice is 0");
                          },
                          [&](const ViewNewAxis &) { shape.push_back(1); }},
               dim);
  if (used != base.dims)
    report("views", "%" + base.name + " has " + llvm::Twine(base.dims) + " dimensions, not " +
                        llvm::Twine(used));
  return shape;
}

/// The shape of a permuted base, or nothing if the base's is not known.
static std::optional<std::vector<Affine>> shapeOf(const Permute &form, const Buffer &base,
                                                  VerifyReport &report) {
  std::vector<unsigned> sorted = form.order;
  llvm::sort(sorted);
  for (auto [position, dim] : llvm::enumerate(sorted))
    if (dim != position) {
      report("views", "the order of dimensions is no permutation");
      return std::nullopt;
    }
  if (form.order.size() != base.dims) {
    report("views", "%" + base.name + " has " + llvm::Twine(base.dims) + " dimensions");
    return std::nullopt;
  }
  if (base.shape.empty())
    return std::nullopt;
  std::vector<Affine> shape;
  for (unsigned dim : form.order)
    shape.push_back(base.shape[dim]);
  return shape;
}

static void verifyView(const View &view, VerifyReport &report) {
  const Buffer &result = report.program[view.result], &base = report.program[view.base];
  if (result.storage != Storage::View)
    return report("rows", "%" + result.name + " is not a view in the table");
  if (result.type != base.type)
    report("views", "%" + result.name + " and %" + base.name + " have different types");
  if (base.dims == 0)
    report("views", "%" + base.name + " is a scalar variable");
  if (base.slots > 1)
    report("views", "%" + base.name + " has slots");
  if (base.storage == Storage::View && report.program.stage >= Stage::Canonical)
    report("canonical", "%" + result.name + " names a part of the view %" + base.name);

  std::optional<std::vector<Affine>> shape = std::visit(
      overloaded{[&](const Subscript &form) { return std::optional(shapeOf(form, base, report)); },
                 [&](const Broadcast &form) {
                   if (form.shape.size() < base.dims)
                     report("views", "a broadcast has fewer dimensions than %" + base.name);
                   return std::optional(form.shape);
                 },
                 [](const Reshape &form) { return std::optional(form.shape); },
                 [&](const Permute &form) { return shapeOf(form, base, report); }},
      view.form);
  if (shape && *shape != result.shape)
    report("views", "the shape of %" + result.name + " does not follow from its base and form");
}

//===-----------------------------------------------------------------------------------------===//
// Calls and checks
//===-----------------------------------------------------------------------------------------===//

/// Whether a buffer can stand for another: a scalar variable for one, an array for a handle.
static bool fits(const Buffer &given, const Buffer &wanted) {
  bool sameKind = wanted.dims != 0 || given.storage == Storage::Own;
  return given.type == wanted.type && given.dims == wanted.dims && sameKind;
}

static void verifyArgument(const CallArgument &argument, const Buffer &wanted,
                           VerifyReport &report) {
  if (wanted.storage != Storage::Handle) {
    if (auto *scalar = std::get_if<Scalar>(&argument))
      expectType(*scalar, wanted.type, "calls", "argument %" + wanted.name, report);
    else
      report("calls", "%" + wanted.name + " takes a scalar");
    return;
  }
  auto *buffer = std::get_if<BufferId>(&argument);
  if (!buffer || !fits(report.program[*buffer], wanted))
    report("calls", "%" + wanted.name + " takes an array of type " + nameOf(wanted.type) +
                        " with " + llvm::Twine(wanted.dims) + " dimensions");
}

static void verifyCall(const Call &call, VerifyReport &report) {
  const Function *callee = report.program.find(call.callee);
  if (!callee)
    return report("calls", "no function @" + call.callee);
  if (call.arguments.size() != callee->parameters.size() ||
      call.results.size() != callee->results.size())
    return report("calls", "@" + call.callee + " has " + llvm::Twine(callee->parameters.size()) +
                               " parameters and " + llvm::Twine(callee->results.size()) +
                               " results");
  for (auto [argument, parameter] : llvm::zip_equal(call.arguments, callee->parameters))
    verifyArgument(argument, report.program[parameter], report);
  for (auto [given, result] : llvm::zip_equal(call.results, callee->results)) {
    const Buffer &wanted = report.program[result];
    const Buffer &buffer = report.program[given];
    if (buffer.storage != wanted.storage || !fits(buffer, wanted))
      report("calls", "%" + buffer.name + " does not fit the result %" + wanted.name);
  }
  for (size_t index = 0; index < call.results.size(); ++index)
    if (llvm::is_contained(llvm::ArrayRef(call.results).drop_front(index + 1), call.results[index]))
      report("calls", "%" + report.program[call.results[index]].name + " is given twice");
}

/// What an argument of a library function is, as one letter: s scalar, i constant i64, v scalar
/// variable, a array, t text.
static bool isOfKind(const CallArgument &argument, char kind, const Program &program) {
  auto *scalar = std::get_if<Scalar>(&argument);
  auto *buffer = std::get_if<BufferId>(&argument);
  switch (kind) {
  case 's':
    return scalar;
  case 'i': {
    auto *constant = scalar ? std::get_if<ScalarConstant>(&scalar->node) : nullptr;
    return constant && constant->type == DType::I64;
  }
  case 'v':
    return buffer && program[*buffer].dims == 0 && program[*buffer].storage == Storage::Own;
  case 'a':
    return buffer && program[*buffer].dims != 0;
  default:
    return std::holds_alternative<std::string>(argument);
  }
}

/// The letters of a function's arguments; `r` is a variable or an array.
static llvm::StringRef kindsOf(LibraryFunction function) {
  switch (function) {
  case LibraryFunction::PrintText:
    return "t";
  case LibraryFunction::PrintScalar:
  case LibraryFunction::PrintRepr:
  case LibraryFunction::PrintNumPyRepr:
  case LibraryFunction::Exit:
    return "s";
  case LibraryFunction::PrintArray:
  case LibraryFunction::PrintList:
    return "a";
  case LibraryFunction::Flush:
    return "";
  case LibraryFunction::Sum:
    return "rai";
  case LibraryFunction::Time:
  case LibraryFunction::PerfCounter:
  case LibraryFunction::ProcessTime:
  case LibraryFunction::MpiRank:
  case LibraryFunction::MpiSize:
  case LibraryFunction::MpiTime:
  case LibraryFunction::RanksBroadcast:
    return "v";
  case LibraryFunction::MpiSend:
    return "rss";
  case LibraryFunction::MpiReceive:
    return "ss";
  case LibraryFunction::MpiBroadcast:
    return "rs";
  case LibraryFunction::MpiReduce:
    return "ris";
  case LibraryFunction::MpiReduceAll:
    return "ri";
  case LibraryFunction::MpiDim:
    return "vi";
  case LibraryFunction::MpiTake:
    return "r";
  case LibraryFunction::MpiBarrier:
  case LibraryFunction::MpiFinalize:
    return "";
  }
  llvm_unreachable("not a LibraryFunction");
}

/// Sum: as many axes in the mask as the result lacks dimensions, and the types of Library.def.
static void verifySum(const LibraryCall &call, VerifyReport &report) {
  const Buffer &result = report.program[std::get<BufferId>(call.arguments[0])];
  const Buffer &operand = report.program[std::get<BufferId>(call.arguments[1])];
  const auto &constant = std::get<ScalarConstant>(std::get<Scalar>(call.arguments[2]).node);
  uint64_t mask = constant.bits;
  bool inRange = operand.dims >= 64 || mask >> operand.dims == 0;
  if (!inRange || mask == 0 || result.dims + llvm::popcount(mask) != operand.dims)
    report("calls", "the axes of @lib.sum do not fit the dimensions of its result");
  bool widened = result.type == DType::F64 && !isFloat(operand.type) && !isComplex(operand.type);
  if (!isFloat(result.type) || (operand.type != result.type && !widened))
    report("calls",
           "@lib.sum does not go from " + nameOf(operand.type) + " to " + nameOf(result.type));
}

static void verifyLibraryCall(const LibraryCall &call, VerifyReport &report) {
  llvm::StringRef kinds = kindsOf(call.function);
  bool good = call.arguments.size() == kinds.size();
  for (auto [argument, kind] : llvm::zip(call.arguments, kinds)) {
    bool isResult = kind == 'r' && (isOfKind(argument, 'v', report.program) ||
                                    isOfKind(argument, 'a', report.program));
    good &= isResult || (kind != 'r' && isOfKind(argument, kind, report.program));
  }
  if (!good)
    return report("calls", "the arguments of @lib." + wordOf(call.function) +
                               " are not those of Library.def");
  auto typeOfVariable = [&] { return report.program[std::get<BufferId>(call.arguments[0])].type; };
  bool clock =
      call.function == LibraryFunction::Time || call.function == LibraryFunction::PerfCounter ||
      call.function == LibraryFunction::ProcessTime || call.function == LibraryFunction::MpiTime;
  if (clock && typeOfVariable() != DType::F64)
    report("calls", "@lib." + wordOf(call.function) + " stores an f64");
  bool number = call.function == LibraryFunction::MpiRank ||
                call.function == LibraryFunction::MpiSize ||
                call.function == LibraryFunction::MpiDim;
  if (number && typeOfVariable() != DType::I64)
    report("calls", "@lib." + wordOf(call.function) + " stores an i64");
  if (call.function == LibraryFunction::Sum)
    verifySum(call, report);
  if (call.function == LibraryFunction::PrintList &&
      report.program[std::get<BufferId>(call.arguments[0])].dims != 1)
    report("calls", "@lib.print_list takes one dimension");
}

static std::optional<llvm::StringRef> formatOfError(llvm::StringRef id) {
  return llvm::StringSwitch<std::optional<llvm::StringRef>>(id)
#define HPC_ERROR(id, className, format) .Case(#id, llvm::StringRef(format))
#include "runtime/Errors.def"
      .Default(std::nullopt);
}

/// Drops the arguments of one `{shape}` from the front: a constant D and D sizes. False if they do
/// not begin so.
static bool dropShape(llvm::ArrayRef<Scalar> &arguments) {
  auto *rank = arguments.empty() ? nullptr : std::get_if<ScalarConstant>(&arguments[0].node);
  if (!rank || rank->bits >= arguments.size())
    return false;
  arguments = arguments.drop_front(1 + rank->bits);
  return true;
}

/// Whether the arguments are what the placeholders of the format take; see runtime/Errors.def.
/// `{text}` takes none here: it is the statement's text.
static bool argumentsFit(llvm::StringRef format, llvm::ArrayRef<Scalar> arguments) {
  for (size_t at = format.find('{'); at != llvm::StringRef::npos; at = format.find('{')) {
    format = format.drop_front(at + 1);
    llvm::StringRef name = format.take_until([](char c) { return c == '}'; });
    if (name == "int" || name == "float" || name == "dtype" || name == "bytes") {
      if (arguments.empty())
        return false;
      arguments = arguments.drop_front();
    } else if (name == "shape" || name == "tuple") {
      if (!dropShape(arguments))
        return false;
    } else if (name == "shapes") {
      while (!arguments.empty())
        if (!dropShape(arguments))
          return false;
    }
  }
  return arguments.empty();
}

static void verifyCheck(const Check &check, VerifyReport &report) {
  expectType(check.condition, DType::Bool, "conditions", "the condition", report);
  for (const Scalar &argument : check.arguments)
    expectType(argument, DType::I64, "errors", "an argument of the error", report);
  std::optional<llvm::StringRef> format = formatOfError(check.error);
  if (!format)
    return report("errors", "no error " + check.error + " in runtime/Errors.def");
  if (!argumentsFit(*format, check.arguments))
    report("errors", "the arguments of " + check.error + " do not fit \"" + *format + "\"");
  if (!check.text.empty() && !format->contains("{text}"))
    report("errors", check.error + " shows no text");
}

//===-----------------------------------------------------------------------------------------===//
// All statements
//===-----------------------------------------------------------------------------------------===//

static void verifyBind(const Bind &bind, VerifyReport &report) {
  const Buffer &handle = report.program[bind.handle], &source = report.program[bind.source];
  if (handle.storage != Storage::Handle)
    return report("binds", "%" + handle.name + " is no handle");
  if (handle.type != source.type || handle.dims != source.dims)
    report("binds", "%" + source.name + " has another type than %" + handle.name);
  if (source.slots > 1)
    report("binds", "%" + source.name + " has slots");
}

void verifyStmt(const Stmt &stmt, VerifyReport &report) {
  size_t before = report.errors.size();
  forEachScalar(stmt, [&](const Scalar &scalar) { verifyScalar(scalar, report); });
  if (report.errors.size() != before)
    return;
  const Program &program = report.program;
  std::visit(
      overloaded{[&](const Let &node) {
                   expectType(node.value, DType::I64, "conditions", "the value", report);
                 },
                 [&](const Alloc &node) {
                   if (program[node.buffer].storage != Storage::Own)
                     report("rows", "%" + program[node.buffer].name + " is no array");
                 },
                 [&](const Declare &node) {
                   if (program[node.handle].storage != Storage::Handle)
                     report("rows", "%" + program[node.handle].name + " is no handle");
                 },
                 [&](const View &node) { verifyView(node, report); },
                 [&](const Bind &node) { verifyBind(node, report); },
                 [&](const Compute &node) {
                   for (const Axis &axis : node.axes)
                     verifyAxis(axis, report);
                   for (BufferId local : node.locals)
                     if (program[local].storage != Storage::Own || program[local].dims ||
                         program[local].slots != 1)
                       report("rows", "%" + program[local].name + " is no scalar variable");
                   verifyCompute(node, report);
                 },
                 [&](const Loop &node) {
                   verifyAxis(node.axis, report);
                   verifyLoop(node, report);
                 },
                 [&](OneOf<While, If> auto &node) {
                   expectType(node.condition, DType::Bool, "conditions", "the condition", report);
                 },
                 [&](const Parallel &node) {
                   if (node.condition)
                     expectType(*node.condition, DType::Bool, "conditions", "the condition",
                                report);
                 },
                 [&](const Call &node) { verifyCall(node, report); },
                 [&](const LibraryCall &node) { verifyLibraryCall(node, report); },
                 [&](const Check &node) { verifyCheck(node, report); },
                 [](OneOf<Drop, Labelled, Leave, Single, Barrier, Exchange, Transfer> auto &) {}},
      stmt.node);
}

} // namespace hpcc::ir
