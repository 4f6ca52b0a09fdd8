// Elements that a mask or positions select: a[mask], a[indices].

#include "frontend/SemaArrays.h"

namespace hpcc::frontend::sema {

Value gatherElements(Analyzer &sema, Loc loc, Value base, Value indices) {
  if (base.isPoison() || indices.isPoison())
    return {loc, Poison{}};
  if (!ir::isInteger(dtypeOfValue(indices)))
    return sema.fail(indices.loc, message::arraysAsIndices);
  if (dtypeOfValue(indices) == DType::U64)
    return sema.unsupported(indices.loc, "indexing by an array of uint64", "a.astype(int)");
  indices = sema.convert(std::move(indices), DType::I64, false);
  Facts facts;
  facts.shape = knownShape(indices);
  std::vector<SymbolicSize> rest = knownShape(base);
  facts.shape.insert(facts.shape.end(), rest.begin() + 1, rest.end());
  facts.origin.created = loc;
  ArrayType type{base.typeAs<ArrayType>()->dtype, static_cast<unsigned>(facts.shape.size())};
  return sema.makeTyped(loc, type,
                        typed::Gather{std::make_unique<typed::Expr>(std::move(base.expr())),
                                      std::make_unique<typed::Expr>(std::move(indices.expr()))},
                        std::move(facts));
}

/// A list of numbers is the array that NumPy makes of it.
static Value listToArray(Analyzer &sema, Value list) {
  Loc loc = list.loc;
  DType element = list.typeAs<ListType>()->element;
  Facts facts;
  facts.shape = list.facts().shape;
  facts.origin.created = loc;
  return sema.makeTyped(loc, ArrayType{element, 1},
                        typed::ListToArray{std::make_unique<typed::Expr>(std::move(list.expr()))},
                        std::move(facts));
}

Value selectElements(Analyzer &sema, Loc loc, Value base, Value selector) {
  if (selector.typeAs<ListType>())
    selector = listToArray(sema, std::move(selector));
  auto [selectorType, selectorDims] = *selector.typeAs<ArrayType>();
  if (selectorType != DType::Bool)
    return gatherElements(sema, loc, std::move(base), std::move(selector));
  auto [dtype, dims] = *base.typeAs<ArrayType>();
  if (selectorDims != dims)
    return sema.unsupported(selector.loc, "a mask with fewer dimensions than the array");
  Facts facts;
  facts.shape.resize(1);
  facts.origin.created = loc;
  return sema.makeTyped(loc, ArrayType{dtype, 1},
                        typed::Compress{std::make_unique<typed::Expr>(std::move(base.expr())),
                                        std::make_unique<typed::Expr>(std::move(selector.expr()))},
                        std::move(facts));
}

} // namespace hpcc::frontend::sema
