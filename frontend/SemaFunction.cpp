// User functions: one specialisation per call signature.
//
// A call analyses the body for the types of its arguments; compile-time values (functions, dtypes,
// strings, tuples) are part of the signature. A function that calls itself is analysed repeatedly
// until the type of its result is stable.

#include "frontend/Sema.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace hpcc::frontend::sema {

static llvm::StringRef nameOfFunction(const FunctionValue &callee) {
  return callee.def ? llvm::StringRef(callee.def->name) : "<lambda>";
}

const ast::Parameters &parametersOf(const FunctionValue &callee) {
  return callee.def ? callee.def->parameters : callee.lambda->parameters;
}

std::string defaultName(const ast::Parameter &parameter) {
  return "." + parameter.name + "@" + std::to_string(parameter.loc.line) + ":" +
         std::to_string(parameter.loc.column);
}

void Analyzer::evaluateDefaults(const ast::Parameters &parameters) {
  for (const ast::Parameter &parameter : parameters)
    if (parameter.defaultValue)
      assignName(defaultName(parameter), parameter.loc, evaluate(*parameter.defaultValue));
}

std::string signatureOf(const Value &value) {
  return std::visit(
      ir::overloaded{
          [](const TypedValue &node) { return nameOf(node.expr.type); },
          [](const TupleValue &node) {
            std::string text = "(";
            for (const Value &element : node.elements)
              text += signatureOf(element) + ",";
            return text + ")";
          },
          [](const TextValue &node) { return "text:" + node.text; },
          [](const DTypeValue &node) {
            return "dtype:" + std::to_string(static_cast<int>(node.kind)) +
                   ir::nameOf(node.dtype).str();
          },
          [](const LargeIntegerValue &node) { return "int:" + std::to_string(node.value); },
          [](const FunctionValue &node) {
            std::string text =
                "function:" + llvm::utohexstr(reinterpret_cast<uintptr_t>(
                                  node.def ? static_cast<const void *>(node.def) : node.lambda));
            if (node.captured)
              for (const Captured &captured : *node.captured)
                text += ";" + captured.name + "=" + signatureOf(captured.value);
            return text;
          },
          [](const BuiltinValue &node) { return "builtin:" + node.name; },
          [](const ModuleValue &node) { return "module:" + node.name; },
          [](const NoneValue &) { return std::string("None"); },
          [](const EllipsisValue &) { return std::string("..."); },
          [](const auto &) { return std::string("?"); }},
      value.node);
}

/// The default value of a parameter of a function inside a function.
static Value capturedDefault(Analyzer &sema, const FunctionValue &callee,
                             const ast::Parameter &parameter) {
  return sema.duplicate(llvm::find_if(*callee.captured, [&](const Captured &captured) {
                          return captured.name == defaultName(parameter);
                        })->value);
}

bool Analyzer::bindArguments(const FunctionValue &callee, Loc loc, Arguments arguments,
                             std::vector<Value> &bound) {
  llvm::StringRef name = nameOfFunction(callee);
  const ast::Parameters &parameters = parametersOf(callee);
  std::vector<std::optional<Value>> slots(parameters.size());
  size_t position = 0;
  for (Argument &argument : arguments) {
    size_t slot;
    if (argument.keyword.empty()) {
      slot = position++;
      if (slot >= parameters.size() || parameters[slot].kind == ast::ParameterKind::KeywordOnly) {
        fail(argument.loc, message::tooManyArguments, name,
             llvm::count_if(parameters, [](const ast::Parameter &parameter) {
               return parameter.kind != ast::ParameterKind::KeywordOnly;
             }));
        return false;
      }
    } else {
      auto place = llvm::find_if(parameters, [&](const ast::Parameter &parameter) {
        return parameter.name == argument.keyword &&
               parameter.kind != ast::ParameterKind::PositionalOnly;
      });
      if (place == parameters.end()) {
        fail(argument.loc, message::unexpectedKeyword, name, argument.keyword);
        return false;
      }
      slot = place - parameters.begin();
      if (slots[slot]) {
        fail(argument.loc, message::multipleValues, name, argument.keyword);
        return false;
      }
    }
    slots[slot] = std::move(argument.value);
  }
  for (auto &&[parameter, slot] : llvm::zip(parameters, slots)) {
    if (!slot && parameter.defaultValue && callee.captured)
      slot = capturedDefault(*this, callee, parameter);
    if (!slot && parameter.defaultValue) {
      // Evaluated when the `def` ran, and kept under a name of its own.
      std::string hidden = defaultName(parameter);
      auto place = moduleContext->env.names.find(hidden);
      if (place == moduleContext->env.names.end()) {
        unsupported(parameter.loc, "a default value here");
        return false;
      }
      if (function->instance)
        function->instance->globals[hidden] = keyOf(place->second);
      slot = readBinding(place->second, hidden, loc, !function->isModule());
    }
    if (!slot) {
      fail(loc, message::missingArgument, name, parameter.name);
      return false;
    }
    bound.push_back(std::move(*slot));
  }
  return true;
}

Structure Analyzer::structureOf(const Value &value) {
  Structure structure;
  if (const Type *type = value.type()) {
    structure.kind = Structure::Kind::Single;
    structure.type = *type;
  } else if (const auto *tuple = value.as<TupleValue>()) {
    structure.kind = Structure::Kind::Tuple;
    structure.onlyAtRoot = tuple->onlyAtRoot;
    for (const Value &element : tuple->elements)
      structure.elements.push_back(structureOf(element));
  } else if (!value.as<NoneValue>() && !value.isPoison()) {
    unsupported(value.loc, "returning this value from a function");
  }
  return structure;
}

std::optional<Structure> Analyzer::joinStructures(const Structure &left, const Structure &right) {
  if (left == right)
    return left;
  if (left.kind != right.kind || left.elements.size() != right.elements.size() ||
      left.onlyAtRoot != right.onlyAtRoot)
    return std::nullopt;
  Structure joined = left;
  if (left.kind == Structure::Kind::Single) {
    std::vector<ScalarType> all = alternativesOf(left.type), more = alternativesOf(right.type);
    if (all.empty() || more.empty())
      return std::nullopt;
    llvm::append_range(all, more);
    llvm::sort(all);
    all.erase(llvm::unique(all), all.end());
    joined.type = UnionType{all};
    return joined;
  }
  for (auto &&[element, other] : llvm::zip(joined.elements, right.elements)) {
    auto both = joinStructures(element, other);
    if (!both)
      return std::nullopt;
    element = *both;
  }
  return joined;
}

void Analyzer::flatten(Value value, const Structure &structure, std::vector<typed::Expr> &values) {
  if (structure.kind == Structure::Kind::None)
    return;
  if (auto *tuple = value.as<TupleValue>()) {
    if (tuple->elements.size() != structure.elements.size())
      return; // an outdated estimate; the function is analysed again
    for (auto &&[element, part] : llvm::zip(tuple->elements, structure.elements))
      flatten(std::move(element), part, values);
    return;
  }
  if (!value.as<TypedValue>() || structure.kind != Structure::Kind::Single)
    return;
  bool larger = *value.type() != structure.type;
  if (larger && !std::holds_alternative<UnionType>(structure.type))
    return;
  if (larger)
    value = widen(std::move(value), structure.type);
  if (!value.isPoison())
    values.push_back(std::move(value.expr()));
}

static void collectTypes(const Structure &structure, std::vector<Type> &types) {
  if (structure.kind == Structure::Kind::Single)
    types.push_back(structure.type);
  for (const Structure &element : structure.elements)
    collectTypes(element, types);
}

/// Binds a parameter to what the caller passes; typed parts become parameters of the typed
/// function.
static Binding bindParameter(Analyzer &sema, const std::string &name, const Value &argument,
                             Loc loc, std::vector<typed::VariableId> &parameters) {
  if (const auto *tuple = argument.as<TupleValue>()) {
    TupleBinding binding;
    for (auto &&[index, element] : llvm::enumerate(tuple->elements))
      binding.elements.push_back(
          bindParameter(sema, name + "." + std::to_string(index), element, loc, parameters));
    return {std::move(binding), loc};
  }
  if (const auto *callee = argument.as<FunctionValue>(); callee && callee->captured) {
    FunctionValue inside = sema.rebind(*callee, [&](const Captured &captured) {
      return bindParameter(sema, name + "." + captured.name, captured.value, loc, parameters);
    });
    return sema.bindValue(name, loc, Value{loc, std::move(inside)});
  }
  if (const Type *type = argument.type()) {
    typed::VariableId variable = sema.variableFor(name, *type);
    parameters.push_back(variable);
    Facts facts;
    facts.name = name;
    return {VariableBinding{variable, facts}, loc};
  }
  return sema.bindValue(name, loc, sema.duplicate(argument));
}

/// Binds what a function inside a function takes from there, and its own name if it has no variable
/// of that name.
static void bindCaptured(Analyzer &sema, const FunctionValue &callee,
                         const std::vector<Value> &arguments, bool namesItself,
                         std::vector<typed::VariableId> &parameters) {
  FunctionContext &context = *sema.function;
  const Value *next = arguments.data() + parametersOf(callee).size();
  FunctionValue self = sema.rebind(callee, [&](const Captured &captured) {
    Binding binding = bindParameter(sema, captured.name, *next++, captured.value.loc, parameters);
    context.locals.insert(captured.name);
    context.env.names[captured.name] = binding;
    return binding;
  });
  if (namesItself)
    context.env.names[callee.def->name] =
        sema.bindValue(callee.def->name, callee.def->nameLoc, Value{callee.def->nameLoc, self});
}

void Analyzer::discardRound(const Round &round) {
  lostValue = round.lostValue;
  if (!diags.hasProblemsSince(round.diagnostics))
    return;
  diags.rewind(round.diagnostics);
  for (size_t index = round.created; index < created.size(); ++index) {
    auto entry = llvm::find_if(instances,
                               [&](const auto &row) { return row.second.get() == created[index]; });
    if (entry == instances.end() || entry->second->inProgress)
      continue;
    provisional.push_back(std::move(entry->second));
    instances.erase(entry);
  }
  created.resize(round.created);
}

Instance *Analyzer::instantiate(const FunctionValue &callee, Loc loc, std::vector<Value> &arguments,
                                const std::string &signature) {
  auto [first, last] = instances.equal_range(signature);
  for (auto place = first; place != last; ++place) {
    Instance &known = *place->second;
    bool valid = llvm::all_of(known.globals, [&](const auto &global) {
      auto binding = moduleContext->env.names.find(global.first);
      return binding != moduleContext->env.names.end() && keyOf(binding->second) == global.second;
    });
    if (valid)
      return &known;
  }
  if (depth > 60) {
    endless = true;
    unsupported(loc, "a call chain with more than 60 different signatures");
    return nullptr;
  }
  auto entry = instances.emplace(signature, std::make_unique<Instance>());
  Instance &instance = *entry->second;
  instance.depth = depth;
  created.push_back(&instance);
  instance.id = {static_cast<uint32_t>(module.functions.size())};
  llvm::StringRef base = callee.def ? llvm::StringRef(callee.def->name) : "lambda";
  module.functions.emplace_back();

  FunctionContext context;
  context.instance = &instance;
  context.name = base.str();
  context.caller = function;
  context.callLoc = loc;
  context.signature = base.str() + "(";
  for (auto &&[index, argument] : llvm::enumerate(arguments))
    context.signature += (index ? ", " : "") +
                         (argument.type() ? nameOf(*argument.type()) : sourceText(argument.loc));
  context.signature += ")";
  if (callee.def) {
    context.body = &callee.def->body;
    collectAssigned(callee.def->body, context.locals);
  }
  for (const ast::Parameter &parameter : parametersOf(callee))
    context.locals.insert(parameter.name);
  bool namesItself =
      callee.def && callee.captured && context.locals.insert(callee.def->name).second;

  FunctionContext *caller = function;
  typed::Block *callerOut = out;
  ++depth;
  typed::Function result;
  for (unsigned round = 0;; ++round) {
    Round attempt = beginRound();
    result = {};
    result.name = base.str();
    result.loc = callee.def ? callee.def->nameLoc : callee.lambda->body->loc;
    context.env = Env{};
    context.loop = nullptr;
    context.returned.reset();
    instance.lowest = ~0u;
    function = &context;
    out = &result.body;
    for (auto &&[parameter, argument] : llvm::zip(parametersOf(callee), arguments))
      context.env.names[parameter.name] =
          bindParameter(*this, parameter.name, argument, parameter.loc, result.parameters);
    if (callee.captured)
      bindCaptured(*this, callee, arguments, namesItself, result.parameters);
    if (callee.def) {
      analyzeBlock(callee.def->body);
      if (context.env.reachable) {
        Structure none;
        if (!context.returned)
          context.returned = none;
        else if (!joinStructures(*context.returned, none))
          unsupported(callee.def->nameLoc,
                      "a function that returns a value on some paths and None on others");
      }
    } else {
      Value value = evaluate(*callee.lambda->body);
      if (!value.isPoison()) {
        context.returned = structureOf(value);
        typed::Return statement;
        if (instance.result)
          flatten(std::move(value), *instance.result, statement.values);
        emit(callee.lambda->body->loc, std::move(statement));
      }
    }
    // Every path recurses without end, or failed: any type will do, no value ever arrives.
    instance.anyResult |= !context.returned && !instance.result;
    if (!context.returned && !instance.result)
      context.returned = Structure{Structure::Kind::Single, weakInt, {}};
    else if (!context.returned)
      context.returned = instance.result;
    bool stable = instance.result && *instance.result == *context.returned;
    if (instance.result && !stable)
      if (auto joined = joinStructures(*instance.result, *context.returned))
        context.returned = joined;
    instance.result = context.returned;
    if (stable || endless)
      break;
    if (round == 12) {
      unsupported(loc, "a recursive function whose result changes its type so often");
      break;
    }
    discardRound(attempt);
  }
  --depth;
  function = caller;
  out = callerOut;
  instance.inProgress = false;
  collectTypes(*instance.result, result.results);
  module.functions[instance.id.index] = std::move(result);
  if (instance.lowest < instance.depth) {
    provisional.push_back(std::move(entry->second));
    instances.erase(entry);
  }
  return &instance;
}

/// The results of a call, put together again.
static Value assemble(Analyzer &sema, Loc loc, const Structure &structure,
                      llvm::ArrayRef<typed::VariableId> results, size_t &next) {
  if (structure.kind == Structure::Kind::None)
    return {loc, NoneValue{}};
  if (structure.kind == Structure::Kind::Single)
    return sema.makeTyped(loc, structure.type, typed::Read{results[next++], false});
  TupleValue tuple;
  tuple.onlyAtRoot = structure.onlyAtRoot;
  for (const Structure &element : structure.elements)
    tuple.elements.push_back(assemble(sema, loc, element, results, next));
  return {loc, std::move(tuple)};
}

Value Analyzer::callFunction(const FunctionValue &callee, Loc loc, Arguments arguments) {
  for (const ast::Parameter &parameter : parametersOf(callee))
    if (parameter.kind == ast::ParameterKind::VarPositional ||
        parameter.kind == ast::ParameterKind::VarKeyword)
      return unsupported(parameter.loc, "a function with '*' or '**' parameters");
  std::vector<Value> bound;
  if (!bindArguments(callee, loc, std::move(arguments), bound))
    return {loc, Poison{}};
  std::string signature = signatureOf(Value{loc, callee});
  if (callee.captured)
    for (const Captured &captured : *callee.captured)
      bound.push_back(duplicate(captured.value));
  for (Value &argument : bound) {
    if (argument.isPoison())
      return {loc, Poison{}};
    if (argument.as<RangeValue>() || argument.as<MethodValue>())
      return unsupported(argument.loc, "this argument of a function");
    if (const Type *type = argument.type(); type && std::holds_alternative<NoneType>(*type))
      return unsupported(argument.loc, "None from a call as an argument");
    signature += "," + signatureOf(argument);
  }
  constexpr size_t longestSignature = 4096; // tuples in tuples grow without end
  if (signature.size() > longestSignature) {
    endless = true;
    return unsupported(loc, "a call with so many elements of tuples");
  }
  // Defaults are in place of arguments, so evaluation order is that of the parameters; keyword
  // arguments out of order only matter if they have effects, which scalars and reads have not.
  Instance *instance = instantiate(callee, loc, bound, signature);
  if (!instance)
    return {loc, Poison{}};
  if (function->instance) {
    unsigned used = instance->inProgress ? instance->depth : instance->lowest;
    function->instance->lowest = std::min(function->instance->lowest, used);
  }
  if (function->instance)
    for (const auto &[name, key] : instance->globals)
      function->instance->globals.insert({name, key});
  if (instance->anyResult && diags.hasProblems())
    return {loc, Poison{}};
  if (!instance->result) {
    // A recursive call before any return was seen: nothing is known to come back yet.
    function->env.reachable = false;
    return {loc, Poison{}};
  }
  std::vector<typed::Expr> values;
  std::function<void(Value &)> pass = [&](Value &argument) {
    if (auto *tuple = argument.as<TupleValue>())
      for (Value &element : tuple->elements)
        pass(element);
    else if (argument.as<TypedValue>())
      values.push_back(std::move(argument.expr()));
    else if (auto *inside = argument.as<FunctionValue>(); inside && inside->captured)
      for (const Captured &captured : *inside->captured) {
        Value value = duplicate(captured.value);
        pass(value);
      }
  };
  for (Value &argument : bound)
    pass(argument);

  const Structure result = *instance->result;
  if (result.kind == Structure::Kind::Single)
    return makeTyped(loc, result.type, typed::CallExpr{instance->id, std::move(values)});
  if (result.kind == Structure::Kind::None)
    return makeTyped(loc, NoneType{}, typed::CallExpr{instance->id, std::move(values)});
  // A tuple: the call stores its parts in temporaries; it runs where the first part is evaluated.
  std::vector<Type> types;
  collectTypes(result, types);
  typed::CallStmt call{instance->id, std::move(values), {}};
  for (const Type &type : types)
    call.results.push_back(temporary(type));
  std::vector<typed::VariableId> results = call.results;
  size_t next = 0;
  Value tuple = assemble(*this, loc, result, results, next);
  Value *first = &tuple;
  while (auto *inner = first->as<TupleValue>()) {
    if (inner->elements.empty())
      return unsupported(loc, "a function that returns an empty tuple");
    first = &inner->elements.front();
  }
  if (!first->as<TypedValue>())
    return unsupported(loc, "a function that returns None in a tuple");
  typed::Block stmts;
  stmts.push_back({loc, std::move(call)});
  *first = sequence(loc, std::move(stmts), std::move(*first));
  return tuple;
}

} // namespace hpcc::frontend::sema
