// Variables, bindings and the joining of paths.
//
// A Python name has one typed variable for each type it is given. Where paths meet that left it
// with different scalar types, a union variable takes over, and each path ends with a conversion
// to it. Anything else that differs is an error, but only where the name is read afterwards.

#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <algorithm>

namespace hpcc::frontend::sema {

const Type *Value::type() const {
  const auto *typed = as<TypedValue>();
  return typed ? &typed->expr.type : nullptr;
}

std::string describe(const Value &value) {
  if (const Type *type = value.type())
    return nameOf(*type);
  if (value.as<TupleValue>())
    return "tuple";
  if (value.as<TextValue>())
    return "str";
  if (value.as<NoneValue>())
    return "None";
  if (value.as<FunctionValue>() || value.as<BuiltinValue>())
    return "function";
  if (value.as<DTypeValue>())
    return "type";
  if (value.as<LargeIntegerValue>())
    return "int";
  if (value.as<ModuleValue>())
    return "module";
  if (value.as<RangeValue>())
    return "range";
  if (value.as<EllipsisValue>())
    return "ellipsis";
  return "method";
}

void ClosestName::consider(llvm::StringRef candidate) {
  unsigned edits = wanted.edit_distance(candidate, true, distance);
  if (edits < distance && candidate.size() > edits)
    best = candidate.str(), distance = edits;
}

void ClosestName::addHelp(DiagnosticBuilder builder) const {
  if (!best.empty())
    builder.help("did you mean '" + best + "'?");
}

std::optional<int64_t> Value::constantInteger() const {
  const auto *typed = as<TypedValue>();
  if (!typed || !typed->facts.constant || typed->facts.constant->type != DType::I64)
    return std::nullopt;
  return static_cast<int64_t>(typed->facts.constant->bits);
}

typed::VariableId Analyzer::variableFor(const std::string &name, const Type &type) {
  auto [place, isNew] = function->variables.try_emplace({name, type});
  if (isNew) {
    place->second = {static_cast<uint32_t>(module.variables.size())};
    module.variables.push_back({name, type, false, false});
  }
  return place->second;
}

typed::VariableId Analyzer::temporary(const Type &type) {
  typed::VariableId id{static_cast<uint32_t>(module.variables.size())};
  module.variables.push_back({".t", type, false, false});
  return id;
}

namespace {
/// One pending store of an assignment; they happen together, after all values are computed.
struct PendingStore {
  typed::VariableId variable;
  typed::Expr value;
};

std::string staticKey(const Value &value);

/// The values by the variables that they are read from.
std::string keyOfCaptured(llvm::ArrayRef<Captured> all) {
  std::string key;
  for (const Captured &captured : all) {
    const Value &value = captured.value;
    key += ";" + captured.name + "=" + signatureOf(value);
    if (const auto *typed = value.as<TypedValue>())
      if (const auto *read = std::get_if<typed::Read>(&typed->expr.node))
        key += "@" + std::to_string(read->variable.index);
  }
  return key;
}

std::string staticKey(const Value &value) {
  return std::visit(
      [](const auto &node) -> std::string {
        using T = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<T, TextValue>)
          return "text:" + node.text;
        else if constexpr (std::is_same_v<T, DTypeValue>)
          return "dtype:" + std::to_string(static_cast<int>(node.kind)) +
                 ir::nameOf(node.dtype).str();
        else if constexpr (std::is_same_v<T, LargeIntegerValue>)
          return "int:" + std::to_string(node.value);
        else if constexpr (std::is_same_v<T, FunctionValue>)
          return "function:" +
                 llvm::utohexstr(reinterpret_cast<uintptr_t>(
                     node.def ? static_cast<const void *>(node.def) : node.lambda)) +
                 (node.captured ? keyOfCaptured(*node.captured) : "");
        else if constexpr (std::is_same_v<T, BuiltinValue>)
          return "builtin:" + node.name;
        else if constexpr (std::is_same_v<T, ModuleValue>)
          return "module:" + node.name;
        else if constexpr (std::is_same_v<T, NoneValue>)
          return "None";
        else if constexpr (std::is_same_v<T, EllipsisValue>)
          return "Ellipsis";
        else
          return "";
      },
      value.node);
}

Value copyStatic(const Value &value) {
  Value copy{value.loc, Poison{}};
  std::visit(
      [&](const auto &node) {
        using T = std::decay_t<decltype(node)>;
        if constexpr (std::is_copy_constructible_v<T>)
          if constexpr (!std::is_same_v<T, TypedValue> && !std::is_same_v<T, TupleValue> &&
                        !std::is_same_v<T, RangeValue>)
            copy.node = node;
      },
      value.node);
  return copy;
}

Binding makeBinding(Analyzer &sema, const std::string &name, Loc loc, Value value,
                    std::vector<PendingStore> &stores) {
  if (auto *tuple = value.as<TupleValue>()) {
    TupleBinding binding;
    binding.onlyAtRoot = tuple->onlyAtRoot;
    for (auto &&[index, element] : llvm::enumerate(tuple->elements))
      binding.elements.push_back(
          makeBinding(sema, name + "." + std::to_string(index), loc, std::move(element), stores));
    return {std::move(binding), loc};
  }
  if (auto *typed = value.as<TypedValue>()) {
    typed::VariableId variable = sema.variableFor(name, typed->expr.type);
    Facts facts = std::move(typed->facts);
    stores.push_back({variable, std::move(typed->expr)});
    return {VariableBinding{variable, std::move(facts)}, loc};
  }
  if (value.as<RangeValue>() || value.as<MethodValue>()) {
    value = sema.unsupported(value.loc, value.as<RangeValue>() ? "a range in a variable"
                                                               : "a method in a variable");
  }
  std::string key = staticKey(value);
  return {StaticBinding{std::move(key), std::make_shared<Value>(copyStatic(value))}, loc};
}
} // namespace

Binding Analyzer::bindValue(const std::string &name, Loc loc, Value value) {
  std::vector<PendingStore> stores;
  Binding binding = makeBinding(*this, name, loc, std::move(value), stores);
  if (stores.size() == 1) {
    emit(loc, typed::Assign{stores[0].variable, std::move(stores[0].value)});
  } else if (!stores.empty()) {
    typed::AssignMany many;
    for (PendingStore &store : stores) {
      many.variables.push_back(store.variable);
      many.values.push_back(std::move(store.value));
    }
    emit(loc, std::move(many));
  }
  return binding;
}

void Analyzer::assignName(const std::string &name, Loc loc, Value value) {
  if (const Type *type = value.type(); type && std::holds_alternative<NoneType>(*type)) {
    emit(loc, typed::Evaluate{std::move(value.expr())});
    value = Value{value.loc, NoneValue{}};
  }
  if (const auto *callee = value.as<FunctionValue>(); callee && callee->captured)
    checkCaptured(loc, *callee);
  Binding binding = bindValue(name, loc, std::move(value));
  function->env.names[name] = std::move(binding);
}

Value Analyzer::readBinding(Binding &binding, const std::string &name, Loc loc, bool global) {
  if (auto *variable = std::get_if<VariableBinding>(&binding.node)) {
    typed::Variable &row = module.variables[variable->variable.index];
    bool check = binding.maybeUnbound;
    if (check)
      row.boundFlag = true;
    if (global)
      row.global = true;
    else
      binding.maybeUnbound = false; // from here on this path has passed the check
    Facts facts = global ? Facts{} : variable->facts;
    facts.name = name;
    facts.subscript = nullptr; // written elsewhere
    if (facts.origin.name.empty())
      facts.origin.name = name;
    return makeTyped(loc, row.type, typed::Read{variable->variable, check}, std::move(facts));
  }
  if (auto *tuple = std::get_if<TupleBinding>(&binding.node)) {
    TupleValue value;
    value.onlyAtRoot = tuple->onlyAtRoot;
    for (Binding &element : tuple->elements) {
      if (binding.maybeUnbound)
        element.maybeUnbound = true;
      value.elements.push_back(readBinding(element, name, loc, global));
    }
    return {loc, std::move(value)};
  }
  if (auto *conflict = std::get_if<ConflictBinding>(&binding.node)) {
    diags.report(loc, message::conflictingTypes, name, conflict->first, conflict->second)
        .note(conflict->firstLoc, message::assignedHere, conflict->first)
        .note(conflict->secondLoc, message::assignedHere, conflict->second);
    return {loc, Poison{}};
  }
  const auto &fixed = std::get<StaticBinding>(binding.node);
  if (binding.maybeUnbound && !fixed.value->isPoison())
    return unsupported(loc, "'" + name + "', which is not defined on every path here");
  // What a loop gives it is made of itself alone, so nothing is bound when the loop begins.
  if (binding.maybeUnbound && fixed.value->isPoison() && !diags.hasProblems())
    return fail(loc, function->isModule() ? message::undefinedName : message::unboundLocal, name);
  Value copy = copyStatic(*fixed.value);
  copy.loc = loc;
  return copy;
}

std::string Analyzer::keyOf(const Binding &binding) {
  std::string key = binding.maybeUnbound ? "?" : "";
  if (auto *variable = std::get_if<VariableBinding>(&binding.node))
    return key + "v" + std::to_string(variable->variable.index);
  if (auto *tuple = std::get_if<TupleBinding>(&binding.node)) {
    for (const Binding &element : tuple->elements)
      key += "," + keyOf(element);
    return (tuple->onlyAtRoot ? "root(" : "(") + key + ")";
  }
  if (auto *fixed = std::get_if<StaticBinding>(&binding.node))
    return key + fixed->key;
  return "conflict";
}

//===------------------------------------------------------------------------------------------===//
// Joining paths
//===------------------------------------------------------------------------------------------===//

static Facts meet(const Facts &left, const Facts &right) {
  Facts facts;
  if (left.constant == right.constant)
    facts.constant = left.constant;
  if (left.shape == right.shape)
    facts.shape = left.shape;
  if (left.origin == right.origin)
    facts.origin = left.origin;
  return facts;
}

std::vector<ScalarType> alternativesOf(const Type &type) {
  if (auto *scalar = std::get_if<ScalarType>(&type))
    return {*scalar};
  if (auto *joined = std::get_if<UnionType>(&type))
    return joined->alternatives;
  return {};
}

static std::string describe(const Analyzer &sema, const Binding &binding) {
  if (auto *variable = std::get_if<VariableBinding>(&binding.node))
    return nameOf(sema.module.variables[variable->variable.index].type);
  if (auto *tuple = std::get_if<TupleBinding>(&binding.node))
    return tuple->onlyAtRoot ? "the result of comm.reduce()"
                             : "a tuple of " + std::to_string(tuple->elements.size());
  if (auto *fixed = std::get_if<StaticBinding>(&binding.node))
    return fixed->value->as<FunctionValue>() ? "a function" : fixed->key;
  return "values of several types";
}

std::optional<Binding> Analyzer::joinBindings(const std::string &name, const Binding &left,
                                              const Binding &right) {
  Binding joined{left.node, left.loc, left.maybeUnbound || right.maybeUnbound};
  const auto *leftVariable = std::get_if<VariableBinding>(&left.node);
  const auto *rightVariable = std::get_if<VariableBinding>(&right.node);
  if (leftVariable && rightVariable) {
    if (leftVariable->variable == rightVariable->variable) {
      joined.node =
          VariableBinding{leftVariable->variable, meet(leftVariable->facts, rightVariable->facts)};
      return joined;
    }
    std::vector<ScalarType> all =
        alternativesOf(module.variables[leftVariable->variable.index].type);
    std::vector<ScalarType> more =
        alternativesOf(module.variables[rightVariable->variable.index].type);
    // A union is set by a conversion at the end of each path, which an unbound path can't do.
    if (!all.empty() && !more.empty() && !joined.maybeUnbound) {
      llvm::append_range(all, more);
      llvm::sort(all);
      all.erase(llvm::unique(all), all.end());
      joined.node = VariableBinding{variableFor(name, UnionType{all}), {}};
      return joined;
    }
  }
  const auto *leftTuple = std::get_if<TupleBinding>(&left.node);
  const auto *rightTuple = std::get_if<TupleBinding>(&right.node);
  if (leftTuple && rightTuple && leftTuple->elements.size() == rightTuple->elements.size() &&
      leftTuple->onlyAtRoot == rightTuple->onlyAtRoot) {
    TupleBinding tuple;
    tuple.onlyAtRoot = leftTuple->onlyAtRoot;
    for (auto &&[index, l, r] : llvm::enumerate(leftTuple->elements, rightTuple->elements)) {
      std::optional<Binding> element = joinBindings(name + "." + std::to_string(index), l, r);
      tuple.elements.push_back(std::move(*element));
    }
    joined.node = std::move(tuple);
    return joined;
  }
  const auto *leftStatic = std::get_if<StaticBinding>(&left.node);
  const auto *rightStatic = std::get_if<StaticBinding>(&right.node);
  if (leftStatic && rightStatic && *leftStatic == *rightStatic)
    return joined;
  // Poison had its message, or is what an earlier round of a loop did not know yet: the other path
  // counts.
  for (const auto &[poison, other] : {std::pair(leftStatic, &right), std::pair(rightStatic, &left)})
    if (poison && poison->value->isPoison()) {
      joined.node = other->node;
      return joined;
    }
  if (auto *conflict = std::get_if<ConflictBinding>(&left.node)) {
    joined.node = *conflict;
    return joined;
  }
  if (auto *conflict = std::get_if<ConflictBinding>(&right.node)) {
    joined.node = *conflict;
    return joined;
  }
  joined.node = ConflictBinding{describe(*this, left), describe(*this, right), left.loc, right.loc};
  return joined;
}

Env Analyzer::join(const Env &left, const Env &right) {
  if (!left.reachable)
    return right;
  if (!right.reachable)
    return left;
  Env joined;
  for (const auto &[name, binding] : left.names) {
    auto other = right.names.find(name);
    if (other == right.names.end()) {
      joined.names[name] = binding;
      joined.names[name].maybeUnbound = true;
    } else {
      joined.names[name] = *joinBindings(name, binding, other->second);
    }
  }
  for (const auto &[name, binding] : right.names)
    if (!left.names.count(name)) {
      joined.names[name] = binding;
      joined.names[name].maybeUnbound = true;
    }
  return joined;
}

void Analyzer::convertBinding(const Binding &from, const Binding &to, Loc loc) {
  const auto *fromTuple = std::get_if<TupleBinding>(&from.node);
  const auto *toTuple = std::get_if<TupleBinding>(&to.node);
  if (fromTuple && toTuple) {
    for (auto &&[f, t] : llvm::zip(fromTuple->elements, toTuple->elements))
      convertBinding(f, t, loc);
    return;
  }
  const auto *source = std::get_if<VariableBinding>(&from.node);
  const auto *target = std::get_if<VariableBinding>(&to.node);
  if (!source || !target || source->variable == target->variable)
    return;
  const Type sourceType = module.variables[source->variable.index].type;
  const Type targetType = module.variables[target->variable.index].type;
  // An estimate of an earlier round of a loop may not hold this type yet; that round is repeated.
  const auto *targetUnion = std::get_if<UnionType>(&targetType);
  if (!targetUnion)
    return;
  const auto &alternatives = targetUnion->alternatives;
  auto make = [&](typed::Expr value) {
    ScalarType scalar = std::get<ScalarType>(value.type);
    auto position = llvm::find(alternatives, scalar) - alternatives.begin();
    return typed::Expr{loc, targetType,
                       typed::UnionMake{std::make_unique<typed::Expr>(std::move(value)),
                                        static_cast<unsigned>(position)}};
  };
  typed::Expr value;
  if (const auto *joined = std::get_if<UnionType>(&sourceType)) {
    // A chain of conditionals over the source's alternatives, built from the last to the first.
    for (unsigned k = joined->alternatives.size(); k-- > 0;) {
      typed::Expr part =
          make({loc, joined->alternatives[k], typed::UnionPart{source->variable, k}});
      if (k + 1 == joined->alternatives.size()) {
        value = std::move(part);
        continue;
      }
      typed::Expr test{loc, weakBool, typed::UnionIs{source->variable, k}};
      value = {loc, targetType,
               typed::Conditional{std::make_unique<typed::Expr>(std::move(test)),
                                  std::make_unique<typed::Expr>(std::move(part)),
                                  std::make_unique<typed::Expr>(std::move(value))}};
    }
  } else {
    value = make({loc, sourceType, typed::Read{source->variable, false}});
  }
  emit(loc, typed::Assign{target->variable, std::move(value)});
}

void Analyzer::convertTo(const Env &target) {
  if (!function->env.reachable)
    return;
  for (const auto &[name, to] : target.names) {
    auto from = function->env.names.find(name);
    if (from == function->env.names.end())
      continue;
    convertBinding(from->second, to, from->second.loc);
  }
}

void Analyzer::forgetFacts(Env &env, const std::set<std::string> &names) {
  std::function<void(Binding &)> forget = [&](Binding &binding) {
    if (auto *variable = std::get_if<VariableBinding>(&binding.node))
      variable->facts = {};
    if (auto *tuple = std::get_if<TupleBinding>(&binding.node))
      for (Binding &element : tuple->elements)
        forget(element);
  };
  for (auto &[name, binding] : env.names)
    if (names.count(name))
      forget(binding);
}

} // namespace hpcc::frontend::sema
