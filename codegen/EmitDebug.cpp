//===- EmitDebug.cpp - line tables -----------------------------------------------------------===//
//
// With -g, the functions of the program and the lines of its statements, so that debuggers and
// profilers show the user's source. No variables: after optimisation few of them exist. Code that
// belongs to no statement has the line of its function.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/IR/DIBuilder.h"
#include "llvm/Support/FileSystem.h"

namespace hpcc::codegen {

using namespace llvm;

void beginDebugInfo(ModuleState &module) {
  module.module.addModuleFlag(llvm::Module::Warning, "Debug Info Version", DEBUG_METADATA_VERSION);
  module.module.addModuleFlag(llvm::Module::Warning, "Dwarf Version", 5);
  SmallString<128> directory;
  (void)sys::fs::current_path(directory);
  DIBuilder builder(module.module);
  DIFile *file = builder.createFile(module.program.file, directory);
  // Consumers show the language's name only; DWARF's Python is the source's.
  module.debugUnit = builder.createCompileUnit(
      DISourceLanguageName(dwarf::DW_LANG_Python), file, "hpcc", module.options.optimize > 0,
      /*Flags=*/"", /*RV=*/0, /*SplitName=*/"", DICompileUnit::LineTablesOnly);
  builder.finalize();
}

void attachDebugInfo(FunctionState &state) {
  ModuleState &module = state.module;
  if (!module.debugUnit)
    return;
  DIBuilder builder(module.module, /*AllowUnresolved=*/true, module.debugUnit);
  DIFile *file = module.debugUnit->getFile();
  auto *type = builder.createSubroutineType(builder.getOrCreateTypeArray({}));
  DISubprogram::DISPFlags flags = DISubprogram::SPFlagDefinition;
  if (module.options.optimize > 0)
    flags |= DISubprogram::SPFlagOptimized;
  unsigned line = state.source.loc.line;
  DISubprogram *subprogram =
      builder.createFunction(file, state.source.name, state.function->getName(), file, line, type,
                             line, DINode::FlagZero, flags);
  state.function->setSubprogram(subprogram);
  builder.finalizeSubprogram(subprogram);
  state.builder.SetCurrentDebugLocation(
      DILocation::get(module.context, line, /*Column=*/0, subprogram));
}

void setDebugLocation(FunctionState &state, Loc loc) {
  DISubprogram *subprogram = state.function->getSubprogram();
  if (!subprogram || !loc.isValid())
    return;
  state.builder.SetCurrentDebugLocation(
      DILocation::get(state.module.context, loc.line, loc.column, subprogram));
}

} // namespace hpcc::codegen
