// Ranks: mpi4py's MPI.COMM_WORLD and its operations on numbers and arrays.
//
// comm.recv() has no type of its own: it is that of the sends with its tag. They may stand behind
// it, so the module is analysed again until what is sent is what the receives were told. The None
// that comm.reduce() gives on all ranks but one is a pair of a value and "this is the root": only
// assignments and returns take the pair, every other use tests it.

#include "frontend/BuildIR.h"
#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

namespace hpcc::frontend::sema {

using typed::RankOperation;

static std::optional<typed::Reduction> reductionNamed(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<typed::Reduction>>(name)
      .Case("MPI.SUM", typed::Reduction::Sum)
      .Case("MPI.PROD", typed::Reduction::Product)
      .Case("MPI.MAX", typed::Reduction::Maximum)
      .Case("MPI.MIN", typed::Reduction::Minimum)
      .Default(std::nullopt);
}

static std::optional<RankOperation> operationNamed(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<RankOperation>>(name)
      .Case("MPI.Wtime", RankOperation::Time)
      .Case("MPI.Finalize", RankOperation::Finalize)
      .Case("comm.Get_rank", RankOperation::Rank)
      .Case("comm.Get_size", RankOperation::Size)
      .Case("comm.send", RankOperation::Send)
      .Case("comm.recv", RankOperation::Receive)
      .Case("comm.bcast", RankOperation::Broadcast)
      .Case("comm.reduce", RankOperation::Reduce)
      .Case("comm.allreduce", RankOperation::ReduceAll)
      .Cases({"comm.barrier", "comm.Barrier"}, RankOperation::Barrier)
      .Default(std::nullopt);
}

Value Analyzer::mpiAttribute(const std::string &name, Loc loc) {
  std::string full = "MPI." + name;
  if (name == "COMM_WORLD")
    return {loc, BuiltinValue{"comm"}};
  if (name == "ANY_SOURCE" || name == "ANY_TAG")
    return makeInteger(loc, -1);
  if (reductionNamed(full) || operationNamed(full))
    return {loc, BuiltinValue{full}};
  return unsupported(loc, "'" + full + "'");
}

Value Analyzer::communicatorAttribute(const std::string &name, Loc loc) {
  if (name == "rank" || name == "size")
    return communicate(loc, weakInt, name == "rank" ? RankOperation::Rank : RankOperation::Size);
  if (operationNamed("comm." + name))
    return {loc, BuiltinValue{"comm." + name}};
  std::string lower = llvm::StringRef(name).lower();
  return unsupported(loc, "'comm." + name + "'",
                     operationNamed("comm." + lower) ? "use comm." + lower + "()" : "");
}

Value Analyzer::communicate(Loc loc, Type type, RankOperation operation,
                            std::vector<Value> operands, typed::Reduction reduction) {
  typed::Communicate node{operation, {}, reduction, std::nullopt};
  for (Value &operand : operands) {
    if (operand.isPoison())
      return {loc, Poison{}};
    node.operands.push_back(std::move(operand.expr()));
  }
  return makeTyped(loc, std::move(type), std::move(node));
}

/// What ranks can exchange: numbers and arrays of one type.
static bool checkExchanged(Analyzer &sema, const Value &value) {
  if (isNumeric(value) || value.isPoison())
    return !value.isPoison();
  if (value.typeAs<UnionType>())
    sema.unsupported(value.loc, "communicating a value of type '" + describe(value) + "'",
                     "make it one type: int(x) or float(x)");
  else
    sema.unsupported(value.loc, "communicating a value of type '" + describe(value) + "'",
                     "numbers and arrays can be sent");
  return false;
}

/// The operation on values of a type, or nothing and a message.
static std::optional<typed::Reduction> checkReduction(Analyzer &sema, const Value &operand,
                                                      const std::optional<Value> &op, Loc loc) {
  std::optional<typed::Reduction> reduction = typed::Reduction::Sum;
  if (op) {
    const auto *builtin = op->as<BuiltinValue>();
    reduction = builtin ? reductionNamed(builtin->name) : std::nullopt;
    if (!reduction) {
      sema.unsupported(op->loc, "this operation of a reduction",
                       "MPI.SUM, MPI.PROD, MPI.MAX or MPI.MIN");
      return std::nullopt;
    }
  }
  bool compares =
      *reduction == typed::Reduction::Maximum || *reduction == typed::Reduction::Minimum;
  if (compares && isArray(operand)) {
    // Python's `y > x` of arrays has no truth value.
    sema.unsupported(loc, "the maximum or minimum of arrays over ranks",
                     "reduce a number: a.max()");
    return std::nullopt;
  }
  if (!compares && isWeak(operand) && dtypeOfValue(operand) == DType::Bool) {
    // Of one rank it is a bool, of several an int.
    sema.unsupported(operand.loc, "a sum or product of Python's bools over ranks", "use int(x)");
    return std::nullopt;
  }
  if (isWeak(operand) && dtypeOfValue(operand) == DType::I64 && !compares)
    return *reduction == typed::Reduction::Sum ? typed::Reduction::CheckedSum
                                               : typed::Reduction::CheckedProduct;
  return reduction;
}

Value Analyzer::callReduce(Loc loc, Arguments arguments, bool everywhere) {
  std::vector<std::optional<Value>> values;
  llvm::StringRef names[] = {"sendobj", "op", "root"};
  if (!takeArguments(everywhere ? "comm.allreduce" : "comm.reduce", loc, std::move(arguments),
                     llvm::ArrayRef(names).take_front(everywhere ? 2 : 3), 1, values) ||
      !checkExchanged(*this, *values[0]))
    return {loc, Poison{}};
  std::optional<typed::Reduction> reduction = checkReduction(*this, *values[0], values[1], loc);
  if (!reduction)
    return {loc, Poison{}};
  Type type = *values[0]->type();
  std::vector<Value> operands;
  operands.push_back(std::move(*values[0]));
  if (everywhere)
    return communicate(loc, type, RankOperation::ReduceAll, std::move(operands), *reduction);
  typed::Block stmts;
  operands[0] = stabilize(std::move(operands[0]), stmts); // before the root, as in Python
  Value root = values[2] ? toIndex(std::move(*values[2]), "ranks") : makeInteger(loc, 0);
  root = stabilize(std::move(root), stmts);
  if (root.isPoison())
    return root;
  operands.push_back(duplicate(root));
  TupleValue pair;
  pair.onlyAtRoot = true;
  pair.elements.push_back(
      sequence(loc, std::move(stmts),
               communicate(loc, type, RankOperation::Reduce, std::move(operands), *reduction)));
  pair.elements.push_back(compare(ast::CompareOperator::Eq, loc, loc,
                                  communicate(loc, weakInt, RankOperation::Rank), std::move(root)));
  return {loc, std::move(pair)};
}

Value Analyzer::atRoot(Value value) {
  if (value.as<LargeIntegerValue>())
    return fail(value.loc, message::integerTooLarge);
  auto *pair = value.as<TupleValue>();
  if (!pair || !pair->onlyAtRoot)
    return value;
  typed::Block stmts;
  Value result = stabilize(std::move(pair->elements[0]), stmts);
  typed::Block otherwise;
  otherwise.push_back({value.loc, typed::RaiseError{"MpiOnlyAtRoot", ""}});
  stmts.push_back({value.loc, typed::If{std::move(pair->elements[1].expr()), {}, {}}});
  std::get<typed::If>(stmts.back().node).otherwise = std::move(otherwise);
  return sequence(value.loc, std::move(stmts), std::move(result));
}

Value Analyzer::callReceive(Loc loc, Arguments arguments) {
  std::vector<std::optional<Value>> values;
  if (!takeArguments("comm.recv", loc, std::move(arguments), {"buf", "source", "tag", "status"}, 0,
                     values))
    return {loc, Poison{}};
  for (size_t index : {0, 3})
    if (values[index] && !values[index]->as<NoneValue>())
      return unsupported(values[index]->loc,
                         index == 0 ? "argument 'buf' of 'comm.recv'"
                                    : "argument 'status' of 'comm.recv'",
                         index == 0 ? "write comm.recv(source=...)" : "");
  std::vector<Value> operands;
  operands.push_back(values[1] ? toIndex(std::move(*values[1]), "ranks") : makeInteger(loc, -1));
  operands.push_back(values[2] ? toIndex(std::move(*values[2]), "tags") : makeInteger(loc, -1));
  if (operands[0].isPoison() || operands[1].isPoison())
    return {loc, Poison{}};
  std::optional<int64_t> tag = operands[1].constantInteger();
  bool any = !tag || *tag == -1;
  receives = true;
  std::vector<SentType> matching;
  llvm::copy_if(sent, std::back_inserter(matching),
                [&](const SentType &each) { return any || !each.tag || each.tag == tag; });
  std::string which = any ? "" : " with tag " + std::to_string(*tag);
  if (matching.empty())
    return unsupported(loc, "comm.recv() without a comm.send()" + which + " in the program");
  for (const SentType &each : matching)
    if (each.type != matching.front().type)
      return unsupported(loc,
                         "comm.recv() where comm.send()" + which + " sends " +
                             nameOf(matching.front().type) + " in one place and " +
                             nameOf(each.type) + " in another",
                         "give each type a tag of its own");
  return communicate(loc, matching.front().type, RankOperation::Receive, std::move(operands));
}

Value Analyzer::callMpi(const std::string &name, Loc loc, Arguments arguments) {
  RankOperation operation = *operationNamed(name);
  std::vector<std::optional<Value>> values;
  std::vector<Value> operands;
  auto take = [&](llvm::ArrayRef<llvm::StringRef> names, unsigned required) {
    return takeArguments(name, loc, std::move(arguments), names, required, values);
  };
  auto takeIndex = [&](size_t index, llvm::StringRef what) {
    operands.push_back(values[index] ? toIndex(std::move(*values[index]), what)
                                     : makeInteger(loc, 0));
  };
  switch (operation) {
  case RankOperation::Rank:
  case RankOperation::Size:
    return take({}, 0) ? communicate(loc, weakInt, operation) : Value{loc, Poison{}};
  case RankOperation::Time:
    return take({}, 0) ? communicate(loc, weakFloat, operation) : Value{loc, Poison{}};
  case RankOperation::Barrier:
  case RankOperation::Finalize:
    return take({}, 0) ? communicate(loc, NoneType{}, operation) : Value{loc, Poison{}};
  case RankOperation::Receive:
    return callReceive(loc, std::move(arguments));
  case RankOperation::Reduce:
  case RankOperation::ReduceAll:
    return callReduce(loc, std::move(arguments), operation == RankOperation::ReduceAll);
  case RankOperation::Send: {
    if (!take({"obj", "dest", "tag"}, 2) || !checkExchanged(*this, *values[0]))
      return {loc, Poison{}};
    operands.push_back(std::move(*values[0]));
    takeIndex(1, "ranks");
    takeIndex(2, "tags");
    std::optional<int64_t> tag = operands[2].constantInteger();
    Value result = communicate(loc, NoneType{}, operation, std::move(operands));
    if (!result.isPoison())
      std::get<typed::Communicate>(result.expr().node).tag = tag;
    return result;
  }
  case RankOperation::Broadcast: {
    if (!take({"obj", "root"}, 1) || !checkExchanged(*this, *values[0]))
      return {loc, Poison{}};
    Type type = *values[0]->type();
    operands.push_back(std::move(*values[0]));
    takeIndex(1, "ranks");
    return communicate(loc, type, operation, std::move(operands));
  }
  }
  llvm_unreachable("not a RankOperation");
}

std::vector<SentType> typesSent(const typed::Module &module) {
  std::vector<SentType> sent;
  auto visit = [&](const typed::Expr &expr) {
    const auto *node = std::get_if<typed::Communicate>(&expr.node);
    if (!node || node->operation != RankOperation::Send)
      return;
    SentType type{node->tag, node->operands.front().type};
    if (!llvm::is_contained(sent, type))
      sent.push_back(std::move(type));
  };
  for (const typed::Function &function : module.functions)
    for (const typed::Stmt &stmt : function.body)
      forEachExpr(stmt, visit);
  return sent;
}

} // namespace hpcc::frontend::sema
