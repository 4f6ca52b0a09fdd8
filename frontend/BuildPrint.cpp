// print: everything is evaluated, then written item by item.

#include "frontend/BuildIR.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend {

using ir::LibraryFunction;
using ir::ScalarOp;

static LibraryFunction scalarPrinter(const ScalarType &type, bool repr) {
  if (!repr)
    return LibraryFunction::PrintScalar;
  return type.weak ? LibraryFunction::PrintRepr : LibraryFunction::PrintNumPyRepr;
}

/// One `if` for each alternative, told apart by the tag.
static void printUnion(Builder &builder, const UnionType &type, const Value &value, bool repr) {
  for (auto [index, alternative] : llvm::enumerate(type.alternatives)) {
    Scalar isThis = builder.compare(ScalarOp::Equal, value.scalars.front(),
                                    ir::constantInteger(static_cast<int64_t>(index)));
    ir::Block print = builder.inBlock([&] {
      builder.emit(ir::LibraryCall{scalarPrinter(alternative, repr),
                                   {value.scalars[1 + type.storageOf(index)]}});
    });
    builder.emit(ir::If{std::move(isThis), std::move(print), {}});
  }
}

static void printValue(Builder &builder, const Type &type, Value value, bool repr) {
  if (auto *scalarType = std::get_if<ScalarType>(&type)) {
    builder.emit(ir::LibraryCall{scalarPrinter(*scalarType, repr), {value.scalars.front()}});
  } else if (auto *unionType = std::get_if<UnionType>(&type)) {
    printUnion(builder, *unionType, value, repr);
  } else if (std::holds_alternative<NoneType>(type)) {
    builder.emit(ir::LibraryCall{LibraryFunction::PrintText, {std::string("None")}});
  } else {
    bool isList = std::holds_alternative<ListType>(type);
    BufferId array = builder.named(std::move(value), type);
    builder.emit(ir::LibraryCall{isList ? LibraryFunction::PrintList : LibraryFunction::PrintArray,
                                 {array}});
  }
}

void Builder::lowerNode(const typed::Print &node) {
  std::vector<const typed::Expr *> exprs;
  for (const typed::PrintItem &item : node.items)
    if (auto *value = std::get_if<typed::PrintValue>(&item))
      exprs.push_back(&value->value);
  std::vector<Value> values = operands(exprs);
  for (auto [value, expr] : llvm::zip_equal(values, exprs)) {
    if (value.elements)
      value = {{}, named(std::move(value), expr->type), std::nullopt};
    // What raises does so before anything is written.
    for (Scalar &tree : value.scalars)
      if (ir::canRaise(tree))
        tree = store(std::move(tree));
  }
  size_t next = 0;
  for (const typed::PrintItem &item : node.items) {
    if (auto *text = std::get_if<typed::PrintText>(&item)) {
      emit(ir::LibraryCall{LibraryFunction::PrintText, {text->text}});
      continue;
    }
    const auto &value = std::get<typed::PrintValue>(item);
    printValue(*this, value.value.type, std::move(values[next++]), value.repr);
  }
  if (node.flush)
    emit(ir::LibraryCall{LibraryFunction::Flush, {}});
}

} // namespace hpcc::frontend
