// The builder's frame: a module's functions and variables.
//
// Takes a typed module, leaves a program at stage `source`: naive and obviously right. A scalar
// variable is a buffer without dimensions, a union one for its tag and one for each element type,
// an array or list variable a handle; all are declared at the beginning of their function, those
// that functions share are the program's globals. Nothing is optimised here.

#include "frontend/BuildIR.h"
#include "frontend/Frontend.h"
#include "ir/Effects.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <set>

namespace hpcc::frontend {

/// A name of the IR's text: ASCII letters, digits, `_`, not starting with a digit.
static std::string irName(llvm::StringRef name) {
  std::string result;
  for (char c : name.ltrim('.'))
    result +=
        llvm::isAlnum(c) || static_cast<unsigned char>(c) >= 0x80 || c == '_' || c == '.' ? c : '_';
  if (result.empty() || llvm::isDigit(result.front()))
    result.insert(result.begin(), '_');
  return result;
}

static std::vector<std::string> uniqueNames(const typed::Module &module) {
  std::set<std::string> taken;
  std::vector<std::string> names;
  for (const typed::Function &function : module.functions) {
    std::string base = names.empty() ? "main" : irName(function.name), name = base;
    for (unsigned suffix = 1; !taken.insert(name).second; ++suffix)
      name = base + "." + std::to_string(suffix);
    names.push_back(std::move(name));
  }
  return names;
}

/// Variables that one assignment in the whole module sets, to a literal: reads are the literal.
static std::vector<std::optional<ir::ScalarConstant>> constantsOf(const typed::Module &module) {
  std::vector<unsigned> counts(module.variables.size());
  std::vector<std::optional<ir::ScalarConstant>> constants(module.variables.size());
  for (const typed::Function &function : module.functions) {
    for (typed::VariableId parameter : function.parameters)
      counts[parameter.index] += 2;
    forEachStmt(function.body, [&](const typed::Stmt &stmt) {
      forEachAssigned(stmt, [&](typed::VariableId variable) { ++counts[variable.index]; });
      if (auto *assign = std::get_if<typed::Assign>(&stmt.node))
        if (auto *constant = std::get_if<typed::Constant>(&assign->value.node);
            constant &&
            std::holds_alternative<ScalarType>(module.variables[assign->variable.index].type))
          constants[assign->variable.index] = constant->value;
    });
  }
  for (auto [count, constant] : llvm::zip_equal(counts, constants))
    if (count != 1)
      constant.reset();
  return constants;
}

Builder::Builder(const typed::Module &module)
    : module(module), functionNames(uniqueNames(module)), places(module.variables.size()),
      constants(constantsOf(module)), loopValues(module.variables.size()) {}

//===------------------------------------------------------------------------------------------===//
// Variables
//===------------------------------------------------------------------------------------------===//

static std::optional<std::pair<DType, unsigned>> arrayPartOf(const Type &type) {
  if (auto *arrayType = std::get_if<ArrayType>(&type))
    return std::pair(arrayType->dtype, arrayType->dims);
  if (auto *listType = std::get_if<ListType>(&type))
    return std::pair(listType->element, 1u);
  return std::nullopt;
}

/// Rows for the buffers of a value of this type; nothing is declared yet.
static Place newPlace(Builder &builder, const Type &type, llvm::StringRef sourceName) {
  std::string name = irName(sourceName);
  Place place;
  for (auto [index, part] : llvm::enumerate(builder.partsOf(type))) {
    std::string suffix = !std::holds_alternative<UnionType>(type) ? ""
                         : index == 0 ? ".tag"
                                      : "." + std::string(ir::nameOf(part));
    place.scalars.push_back(
        builder.program.addBuffer({name + suffix, part, ir::Storage::Own, 0, {}, 1, {}, {}}));
  }
  if (auto part = arrayPartOf(type))
    place.handle = builder.program.addBuffer(
        {name, part->first, ir::Storage::Handle, part->second, {}, 1, {}, {}});
  return place;
}

static void addFlag(Builder &builder, Place &place, const typed::Variable &variable) {
  if (variable.boundFlag && !place.handle)
    place.boundFlag = builder.program.addBuffer(
        {irName(variable.name) + ".bound", DType::Bool, ir::Storage::Own, 0, {}, 1, {}, {}});
}

static void appendBuffers(std::vector<BufferId> &buffers, const Place &place) {
  llvm::append_range(buffers, place.scalars);
  if (place.handle)
    buffers.push_back(*place.handle);
}

/// The variables that a function's code names, in the order of the table, without globals.
static std::vector<typed::VariableId> localsOf(const typed::Module &module,
                                               const typed::Function &function) {
  std::set<uint32_t> named;
  forEachStmt(function.body, [&](const typed::Stmt &stmt) {
    forEachAssigned(stmt, [&](typed::VariableId id) { named.insert(id.index); });
  });
  for (const typed::Stmt &stmt : function.body)
    forEachExpr(stmt, [&](const typed::Expr &expr) {
      if (auto *read = std::get_if<typed::Read>(&expr.node))
        named.insert(read->variable.index);
      else if (auto *is = std::get_if<typed::UnionIs>(&expr.node))
        named.insert(is->variable.index);
      else if (auto *part = std::get_if<typed::UnionPart>(&expr.node))
        named.insert(part->variable.index);
    });
  std::vector<typed::VariableId> locals;
  for (uint32_t index : named)
    if (!module.variables[index].global &&
        !llvm::is_contained(function.parameters, typed::VariableId{index}))
      locals.push_back({index});
  return locals;
}

/// Declares a local variable at the beginning of the function.
static void declare(Builder &builder, typed::VariableId id) {
  const typed::Variable &variable = builder.variableOf(id);
  Place &place = builder.placeOf(id);
  place = newPlace(builder, variable.type, variable.name);
  addFlag(builder, place, variable);
  for (BufferId part : place.scalars)
    builder.emit(ir::Alloc{part});
  if (place.handle) {
    builder.emit(ir::Declare{*place.handle});
    builder.state.handles.push_back(*place.handle);
  }
  if (place.boundFlag) {
    builder.emit(ir::Alloc{*place.boundFlag});
    builder.set(*place.boundFlag, ir::constantBool(false));
  }
}

//===------------------------------------------------------------------------------------------===//
// Functions
//===------------------------------------------------------------------------------------------===//

/// A `leave` of the whole body as its last statement says nothing; without others there is no
/// label.
static void closeBody(Builder &builder, ir::Block &body) {
  std::optional<ir::LabelId> label = builder.state.returnLabel;
  if (!label)
    return;
  if (auto *leave = std::get_if<ir::Leave>(&body.back().node); leave && leave->label == *label)
    body.pop_back();
  bool isLeft = false;
  ir::forEachStmt(body, [&](const ir::Stmt &stmt) {
    auto *leave = std::get_if<ir::Leave>(&stmt.node);
    isLeft |= leave && leave->label == *label;
  });
  if (!isLeft)
    return;
  ir::Block labelled;
  labelled.push_back({ir::Labelled{*label, std::move(body)}, builder.here});
  body = std::move(labelled);
}

void Builder::lowerFunction(const typed::Function &source) {
  ir::Function function;
  function.name = functionNames[program.functions.size()];
  function.loc = source.loc;
  state = {};
  state.function = &function;
  state.isMain = program.functions.empty();
  here = source.loc;
  for (typed::VariableId parameter : source.parameters) {
    const typed::Variable &variable = variableOf(parameter);
    placeOf(parameter) = newPlace(*this, variable.type, variable.name);
    addFlag(*this, placeOf(parameter), variable);
    appendBuffers(function.parameters, placeOf(parameter));
  }
  for (const Type &type : source.results) {
    state.results.push_back(newPlace(*this, type, "result"));
    appendBuffers(function.results, state.results.back());
  }
  std::vector<typed::VariableId> locals = localsOf(module, source);
  function.body = inBlock([&] {
    if (state.isMain)
      for (BufferId global : program.globals)
        if (llvm::any_of(places, [&](const Place &place) { return place.boundFlag == global; }))
          set(global, ir::constantBool(false));
    for (typed::VariableId parameter : source.parameters)
      if (std::optional<BufferId> flag = placeOf(parameter).boundFlag) {
        emit(ir::Alloc{*flag});
        set(*flag, ir::constantBool(true));
      }
    for (typed::VariableId local : locals)
      declare(*this, local);
    size_t declarationsEnd = scopes.back().block->size();
    ir::Block body = inBlock([&] { lower(source.body); });
    here = source.loc;
    closeBody(*this, body);
    ir::Block &whole = *scopes.back().block;
    whole.insert(whole.begin() + static_cast<ptrdiff_t>(declarationsEnd),
                 state.declarations.begin(), state.declarations.end());
    for (ir::Stmt &stmt : body)
      whole.push_back(std::move(stmt));
    for (BufferId handle : llvm::reverse(state.handles))
      emit(ir::Drop{handle});
  });
  program.functions.push_back(std::move(function));
}

void Builder::lowerModule() {
  for (auto [index, variable] : llvm::enumerate(module.variables)) {
    if (!variable.global)
      continue;
    Place &place = places[index];
    place = newPlace(*this, variable.type, variable.name);
    addFlag(*this, place, variable);
    appendBuffers(program.globals, place);
    if (place.boundFlag)
      program.globals.push_back(*place.boundFlag);
  }
  for (const typed::Function &function : module.functions)
    lowerFunction(function);
}

ir::Program buildIr(const typed::Module &module, llvm::StringRef programName,
                    llvm::StringRef fileName) {
  Builder builder(module);
  builder.program.name = irName(programName);
  builder.program.file = fileName.str();
  builder.lowerModule();
  ir::renumber(builder.program);
  ir::setEffects(builder.program);
  return std::move(builder.program);
}

} // namespace hpcc::frontend
