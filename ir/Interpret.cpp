//===- Interpret.cpp - runs a program directly ----------------------------------------------===//

#include "Interpret.h"
#include "InterpretMachine.h"
#include "Slots.h"
#include "Walk.h"
#include "runtime/format.h"
#include "llvm/Support/SaveAndRestore.h"
#include "llvm/Support/thread.h"

namespace hpcc::ir {

//===---------------------------------------------------------------------------------------===//
// Errors
//===---------------------------------------------------------------------------------------===//

struct ErrorRow {
  llvm::StringRef id, format;
};

/// The rows of Errors.def, by hpc_error_id.
static llvm::ArrayRef<ErrorRow> errorRows() {
  static const ErrorRow rows[] = {
#define HPC_ERROR(id, className, format) {#id, format},
#include "runtime/Errors.def"
  };
  return rows;
}

void Machine::end(InterpretStatus status, const llvm::Twine &text) {
  if (stopped)
    return;
  stopped = true;
  result.status = status;
  result.message = text.str();
  result.loc = here;
  result.function = frame && frame->function ? frame->function->name : "";
}

void Machine::raise(int errorId, llvm::ArrayRef<int64_t> arguments, Loc loc) {
  if (stopped)
    return;
  std::string message;
  format::appendError(message, errorId, std::span(arguments.data(), arguments.size()));
  end(InterpretStatus::Raised, message);
  result.errorId = errorId;
  result.className = hpc_error_class(errorId);
  result.loc = loc;
}

bool Machine::step() {
  if (++steps > limits.steps)
    end(InterpretStatus::Limit, "the program takes more steps than the interpreter's limit");
  return !stopped;
}

//===---------------------------------------------------------------------------------------===//
// Names and arrays
//===---------------------------------------------------------------------------------------===//

Machine::Machine(const Program &program, llvm::raw_ostream &out, const InterpretLimits &limits,
                 ParallelOrder order, unsigned ranks)
    : program(program), out(out), limits(limits), order(order), isGlobal(program.buffers.size()),
      globals(program.buffers.size()), rankCount(program.device  ? 2
                                                 : program.ranks ? ranks
                                                                 : 1),
      together(program.device ? RankSet(1) : everyone()), running(together) {
  for (BufferId buffer : program.globals)
    isGlobal[buffer.index] = true;
  for (const Buffer &buffer : program.buffers)
    hasSlots |= buffer.slots > 1;
}

Name &Machine::nameOf(BufferId buffer) {
  return isGlobal[buffer.index] ? globals[buffer.index] : frame->names[buffer.index];
}

const Array *Machine::arrayOf(BufferId buffer) {
  const Name &name = nameOf(buffer);
  if (name.state == Name::State::Live)
    return &name.array;
  llvm::StringRef what = name.state == Name::State::Unbound   ? " before it is bound"
                         : name.state == Name::State::Dropped ? " after its drop"
                                                              : " before its declaration";
  fault("use of %" + program[buffer].name + what.str());
  return nullptr;
}

bool Machine::allocate(BufferId id, Sizes shape) {
  const Buffer &buffer = program[id];
  uint64_t bytes = 0;
  int errorId = -1;
  if (!canEvaluate(buffer.type)) {
    fault("the interpreter has no complex numbers");
    return false;
  }
  if (!checkShape(buffer.type, shape, bytes, errorId)) {
    raise(errorId, {}, here);
    return false;
  }
  // No machine has this much: the program itself would raise, whatever the interpreter's limit.
  constexpr uint64_t tebibyte = uint64_t(1) << 40;
  if (bytes >= tebibyte) {
    Sizes arguments{static_cast<int64_t>(bytes), static_cast<int64_t>(shape.size())};
    arguments.append(shape.begin(), shape.end());
    arguments.push_back(static_cast<int64_t>(buffer.type));
    raise(HPC_ERROR_OutOfMemory, arguments, here);
    return false;
  }
  if (memory.bytes > limits.memoryBytes ||
      bytes > (limits.memoryBytes - memory.bytes) / buffer.slots) {
    end(InterpretStatus::Limit, "the program takes more memory than the interpreter's limit");
    return false;
  }
  Array array;
  if (buffer.like.empty()) {
    array.stride = stridesInOrder(shape, buffer.layout);
  } else {
    llvm::SmallVector<const Array *, 4> operands;
    for (BufferId like : buffer.like)
      if (const Array *operand = arrayOf(like))
        operands.push_back(operand);
    if (stopped)
      return false;
    array.stride = stridesLike(shape, operands);
  }
  array.shape = std::move(shape);
  array.slots = buffer.slots;
  array.slotSize = array.elements();
  array.storage = std::make_shared<Memory>(buffer.type, array.slotSize * buffer.slots, memory);
  if (rankCount > 1 && !(program.device && buffer.dims == 0))
    array.storage->upToDate.assign(array.slotSize * buffer.slots, everyone());
  nameOf(id) = {Name::State::Live, std::move(array)};
  return true;
}

Flow Machine::run(const Let &let) {
  frame->symbols[let.symbol.index] = evaluateInteger(let.value);
  return next();
}

Flow Machine::run(const Alloc &alloc) {
  Sizes shape;
  for (const Affine &size : program[alloc.buffer].shape)
    shape.push_back(valueOf(size));
  allocate(alloc.buffer, std::move(shape));
  return next();
}

Flow Machine::run(const Declare &declare) {
  nameOf(declare.handle) = {Name::State::Unbound, {}};
  return next();
}

Flow Machine::run(const View &view) {
  const Array *base = arrayOf(view.base);
  if (!base)
    return Flow::Stop;
  std::string problem;
  auto value = [&](const Affine &form) { return valueOf(form); };
  std::optional<Array> array = viewOf(*base, view, value, problem);
  if (!array) {
    fault(problem);
    return Flow::Stop;
  }
  const std::vector<Affine> &shape = program[view.result].shape;
  for (size_t dim = 0; dim < shape.size(); ++dim)
    if (valueOf(shape[dim]) != array->shape[dim])
      fault("the shape of %" + program[view.result].name + " is not that of its view");
  nameOf(view.result) = {Name::State::Live, std::move(*array)};
  return next();
}

Flow Machine::run(const Bind &bind) {
  if (const Array *source = arrayOf(bind.source))
    nameOf(bind.handle) = {Name::State::Live, Array(*source)};
  return next();
}

Flow Machine::run(const Drop &drop) {
  Name &name = nameOf(drop.buffer);
  if (name.state == Name::State::Dropped || name.state == Name::State::Absent)
    fault("drop of %" + program[drop.buffer].name + ", which is no name here");
  name = {Name::State::Dropped, {}};
  return next();
}

//===---------------------------------------------------------------------------------------===//
// Control flow
//===---------------------------------------------------------------------------------------===//

Flow Machine::run(const Block &block) {
  for (const Stmt &stmt : block)
    if (Flow flow = run(stmt); flow != Flow::Next)
      return flow;
  return Flow::Next;
}

Flow Machine::run(const Stmt &stmt) {
  if (!step())
    return Flow::Stop;
  if (stmt.loc.isValid())
    here = stmt.loc;
  return std::visit(overloaded{[&](const Loop &node) { return run(node, stmt); },
                               [&](const While &node) { return run(node, stmt); },
                               [&](const auto &node) { return run(node); }},
                    stmt.node);
}

/// A buffer with slots whose accesses in a time loop follow the loop's iterator is left at the slot
/// that the iterations have advanced it to.
void Machine::advanceSlots(SymbolId iterator, const Stmt &loop, int64_t iterations) {
  for (BufferId buffer : advancedBuffers(
           loop, iterator)) // an array that ended where the loop was left has no storage
    if (nameOf(buffer).state != Name::State::Live)
      continue;
    else if (const Array *array = arrayOf(buffer))
      array->storage->currentSlot =
          (array->storage->currentSlot + iterations % array->slots) % array->slots;
}

Flow Machine::run(const Loop &loop, const Stmt &stmt) {
  Flow flow = Flow::Next;
  int64_t iterations = 0;
  bool backwards = loop.axis.kind == AxisKind::Par && order == ParallelOrder::Backwards;
  llvm::SaveAndRestore<RankSet> all(running);
  if (loop.axis.grid)
    running = onDevice;
  auto iteration = [&](int64_t value) {
    if (loop.axis.ranks)
      running = ranksOf(*loop.axis.ranks, value);
    if (!running)
      return true;
    bool isDivided = team && loop.axis.mapping != Mapping::None;
    if (isDivided)
      team->worker = team->next();
    flow = step() ? run(loop.body) : Flow::Stop;
    if (isDivided)
      team->worker = TeamWatch::everyone;
    iterations += flow == Flow::Next;
    return flow == Flow::Next;
  };
  forEachValue(loop.axis, iteration, backwards);
  if (hasSlots && loop.role == LoopRole::Time && !stopped)
    advanceSlots(loop.axis.iterator, stmt, iterations);
  return stopped ? Flow::Stop : flow;
}

Flow Machine::run(const While &loop, const Stmt &stmt) {
  int64_t iterations = 0;
  auto end = [&](Flow flow) {
    if (hasSlots && loop.iterator && !stopped)
      advanceSlots(*loop.iterator, stmt, iterations);
    return stopped ? Flow::Stop : flow;
  };
  for (; step(); ++iterations) {
    if (loop.iterator)
      frame->symbols[loop.iterator->index] = iterations;
    if (Flow flow = run(loop.header); flow != Flow::Next)
      return end(flow);
    if (!isTrue(loop.condition))
      return end(next());
    if (Flow flow = run(loop.body); flow != Flow::Next)
      return end(flow);
  }
  return Flow::Stop;
}

Flow Machine::run(const Labelled &labelled) {
  Flow flow = run(labelled.body);
  return flow == Flow::Leave && leaving == labelled.label ? Flow::Next : flow;
}

Flow Machine::run(const Leave &leave) {
  leaving = leave.label;
  return Flow::Leave;
}

Flow Machine::run(const If &branch) {
  bool taken = isTrue(branch.condition);
  return stopped ? Flow::Stop : run(taken ? branch.thenBody : branch.elseBody);
}

//===---------------------------------------------------------------------------------------===//
// Teams of threads
//===---------------------------------------------------------------------------------------===//

bool TeamWatch::touch(Cell cell, bool store) {
  if (cell.storage->number > storagesBefore)
    return true;
  Touches &touches = cells[{cell.storage, cell.element}];
  bool clash = touches.writer && *touches.writer != worker;
  if (store) {
    clash |= touches.severalReaders || (touches.reader && *touches.reader != worker);
    touches.writer = worker;
    return !clash;
  }
  touches.severalReaders |= touches.reader && *touches.reader != worker;
  touches.reader = worker;
  return !clash;
}

Flow Machine::run(const Parallel &parallel) {
  if (parallel.condition)
    evaluate(*parallel.condition); // the meaning is the same with one thread and with many
  TeamWatch watching(memory.made);
  team = &watching;
  Flow flow = stopped ? Flow::Stop : run(parallel.body);
  team = nullptr;
  return flow;
}

Flow Machine::run(const Single &single) {
  team->worker = TeamWatch::first;
  Flow flow = run(single.body);
  team->worker = TeamWatch::everyone;
  return flow;
}

Flow Machine::run(const Barrier &) {
  team->passBarrier();
  return next();
}

Flow Machine::run(const Check &check) {
  bool holds = isTrue(check.condition);
  if (holds || stopped)
    return next();
  Sizes arguments;
  for (const Scalar &argument : check.arguments)
    arguments.push_back(evaluateInteger(argument));
  llvm::ArrayRef<ErrorRow> rows = errorRows();
  const ErrorRow *row = llvm::find_if(rows, [&](const ErrorRow &r) { return r.id == check.error; });
  if (row == rows.end()) {
    fault("no error is called " + check.error);
    return Flow::Stop;
  }
  if (row->format.contains("{text}")) { // the address and the length, after the numbers
    arguments.push_back(static_cast<int64_t>(reinterpret_cast<intptr_t>(check.text.data())));
    arguments.push_back(static_cast<int64_t>(check.text.size()));
  }
  raise(static_cast<int>(row - rows.begin()), arguments, here);
  return Flow::Stop;
}

//===---------------------------------------------------------------------------------------===//
// Calls
//===---------------------------------------------------------------------------------------===//

bool Machine::passArguments(const Call &call, const Function &callee, Frame &inner) {
  Frame *outer = frame;
  for (size_t index = 0; index < call.arguments.size() && !stopped; ++index) {
    BufferId parameter = callee.parameters[index];
    if (const auto *scalar = std::get_if<Scalar>(&call.arguments[index])) {
      ScalarConstant value = evaluate(*scalar);
      frame = &inner;
      if (!stopped && allocate(parameter, {}))
        inner.names[parameter.index].array.storage->store(0, value);
      frame = outer;
    } else if (const auto *buffer = std::get_if<BufferId>(&call.arguments[index])) {
      if (nameOf(*buffer).state == Name::State::Unbound)
        inner.names[parameter.index] = {Name::State::Unbound, {}};
      else if (const Array *array = arrayOf(*buffer))
        inner.names[parameter.index] = {Name::State::Live, *array};
    } else {
      fault("text is passed to a function of the program");
    }
  }
  frame = &inner;
  for (BufferId id : callee.results) {
    if (program[id].storage == Storage::Handle)
      inner.names[id.index].state = Name::State::Unbound;
    else if (!stopped)
      allocate(id, {});
  }
  frame = outer;
  return !stopped;
}

void Machine::returnResults(const Call &call, const Function &callee, Frame &inner) {
  for (size_t index = 0; index < call.results.size(); ++index) {
    const Name &from = inner.names[callee.results[index].index];
    if (program[call.results[index]].storage == Storage::Handle)
      nameOf(call.results[index]) = from;
    else if (const Array *to = arrayOf(call.results[index]))
      store({to->storage.get(), to->offset}, load({from.array.storage.get(), from.array.offset}));
  }
}

Flow Machine::run(const Call &call) {
  const Function *callee = program.find(call.callee);
  if (!callee) {
    fault("no function is called " + call.callee);
    return Flow::Stop;
  }
  Frame inner{callee, std::vector<int64_t>(program.symbols.size()),
              std::vector<Name>(program.buffers.size())};
  Loc loc = here;
  if (!passArguments(call, *callee, inner))
    return Flow::Stop;
  if (openCalls == limits.calls) {
    raise(HPC_ERROR_RecursionDepth, {}, loc);
    return Flow::Stop;
  }
  ++openCalls;
  Frame *outer = frame;
  frame = &inner;
  run(callee->body);
  frame = outer;
  --openCalls;
  if (!stopped)
    returnResults(call, *callee, inner);
  return next();
}

//===---------------------------------------------------------------------------------------===//
// The whole run
//===---------------------------------------------------------------------------------------===//

void Machine::runMain() {
  const Function *main = program.find("main");
  if (!main)
    return fault("the program has no function main");
  Frame outermost{main, std::vector<int64_t>(program.symbols.size()),
                  std::vector<Name>(program.buffers.size())};
  frame = &outermost;
  for (BufferId global : program.globals) {
    if (program[global].storage == Storage::Handle)
      globals[global.index].state = Name::State::Unbound;
    else
      allocate(global, {});
  }
  if (!stopped)
    run(main->body);
  frame = nullptr;
}

InterpretResult interpret(const Program &program, llvm::raw_ostream &out,
                          const InterpretLimits &limits, ParallelOrder order, unsigned ranks) {
  // The calls of the program nest on the stack, and so do its expressions.
  constexpr unsigned stackBytes = 512u << 20;
  Machine machine(program, out, limits, order, ranks);
  llvm::thread runner(std::optional<unsigned>(stackBytes), [&] { machine.runMain(); });
  runner.join();
  return machine.result;
}

int InterpretResult::exitCode() const {
  switch (status) {
  case InterpretStatus::Finished:
    return exitStatus;
  case InterpretStatus::Raised:
    return hpc_error_exit_code(errorId);
  case InterpretStatus::Fault:
  case InterpretStatus::Limit:
    break;
  }
  return 70;
}

/// The given line of a text, from 1, without its newline.
static llvm::StringRef lineOf(llvm::StringRef text, unsigned line) {
  for (; line > 1; --line)
    text = text.split('\n').second;
  return text.split('\n').first.rtrim('\r');
}

std::string reportOf(const InterpretResult &result, const Program &program,
                     llvm::StringRef sourceText) {
  std::string report;
  if (result.status == InterpretStatus::Finished)
    return report;
  std::string line = lineOf(sourceText, result.loc.line).str();
  bool oneLine = result.loc.endLine == result.loc.line;
  hpc_location where{program.file.c_str(),
                     result.function == "main" ? "<module>" : result.function.c_str(),
                     sourceText.empty() ? nullptr : line.c_str(),
                     static_cast<int32_t>(result.loc.line),
                     static_cast<int32_t>(result.loc.column),
                     oneLine ? static_cast<int32_t>(result.loc.endColumn) : 0};
  std::string_view className = "interpreter";
  if (result.status == InterpretStatus::Raised)
    className = result.className;
  else if (result.status == InterpretStatus::Fault)
    className = "internal error";
  format::appendReport(report, &where, className, result.message);
  return report;
}

} // namespace hpcc::ir
