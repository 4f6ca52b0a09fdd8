//===- EmitAlias.cpp - what alias analysis may know ------------------------------------------===//
//
// Elements of different types share no memory; neither do own arrays, nor the storages of a buffer
// with slots that one compute tells apart; and points of a `par` axis are independent. Loads and
// stores say so in metadata, so that LLVM needs neither a proof nor a test at run time.
//
//===-----------------------------------------------------------------------------------------===//
#include "Emit.h"
#include "ir/Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/MDBuilder.h"

namespace hpcc::codegen {

using namespace llvm;
using ir::BufferId;
using ir::DType;

/// The tag that says "an element of this type": elements of different types never share memory.
static MDNode *elementTag(ModuleState &module, DType type) {
  MDNode *&tag = module.elementTags[static_cast<unsigned>(type)];
  if (!tag) {
    MDBuilder builder(module.context);
    MDNode *root = builder.createTBAARoot("hpcc");
    MDNode *node = builder.createTBAAScalarTypeNode(nameOf(type), root);
    tag = builder.createTBAAStructTagNode(node, node, 0);
  }
  return tag;
}

void annotate(FunctionState &state, Instruction *access, BufferId buffer, const Place &place) {
  LLVMContext &context = state.module.context;
  access->setMetadata(LLVMContext::MD_tbaa, elementTag(state.module, state.program()[buffer].type));
  if (place.array || place.slot)
    state.scopedAccesses.push_back({access, place.array, place.slot});
  if (state.accessGroups.empty() || state.reduced.contains(buffer.index))
    return;
  SmallVector<Metadata *, 4> groups(state.accessGroups.begin(), state.accessGroups.end());
  access->setMetadata(LLVMContext::MD_access_group, groups.size() == 1
                                                        ? state.accessGroups.front()
                                                        : MDNode::get(context, groups));
}

MDNode *createScope(FunctionState &state, StringRef name) {
  // The lists grow with the square of the scopes; far more arrays than a loop names gain nothing.
  constexpr size_t mostScopes = 64;
  if (state.aliasScopes.size() >= mostScopes)
    return nullptr;
  MDBuilder builder(state.module.context);
  if (!state.aliasDomain)
    state.aliasDomain = builder.createAnonymousAliasScopeDomain(state.function->getName());
  state.aliasScopes.push_back(builder.createAnonymousAliasScope(state.aliasDomain, name));
  return state.aliasScopes.back();
}

MDNode *scopeOfSlot(FunctionState &state, BufferId buffer, const std::optional<ir::Affine> &slot) {
  auto known = state.slotScopes.find(buffer.index);
  if (known == state.slotScopes.end() || !slot)
    return nullptr;
  const SlotScopes &scopes = known->second;
  return scopes.scopes[static_cast<size_t>(find(scopes.slots, *slot) - scopes.slots.begin())];
}

void attachAliasScopes(FunctionState &state) {
  LLVMContext &context = state.module.context;
  // By the two scopes of an access: the metadata that says what it is and what it is not.
  std::map<std::pair<MDNode *, MDNode *>, std::pair<MDNode *, MDNode *>> lists;
  for (const ScopedAccess &scoped : state.scopedAccesses) {
    auto [entry, isNew] = lists.try_emplace({scoped.array, scoped.slot});
    auto &[own, others] = entry->second;
    if (isNew) {
      SmallVector<Metadata *, 8> ownScopes, otherScopes;
      for (MDNode *scope : {scoped.array, scoped.slot})
        if (scope)
          ownScopes.push_back(scope);
      if (scoped.array)
        copy_if(state.aliasScopes, std::back_inserter(otherScopes),
                [&](MDNode *scope) { return scope != scoped.array; });
      if (scoped.slot)
        append_range(otherScopes, state.otherSlots[scoped.slot]);
      own = MDNode::get(context, ownScopes);
      others = MDNode::get(context, otherScopes);
    }
    scoped.access->setMetadata(LLVMContext::MD_alias_scope, own);
    if (others->getNumOperands() != 0)
      scoped.access->setMetadata(LLVMContext::MD_noalias, others);
  }
}

void openSlotScopes(FunctionState &state, const ir::Stmt &stmt) {
  if (std::get<ir::Compute>(stmt.node).axes.size() != 1)
    return;
  std::map<BufferId, std::vector<ir::Affine>> slots;
  ir::forEachAccess(stmt, [&](const ir::Access &access, ir::Use) {
    std::vector<ir::Affine> &known = slots[access.buffer];
    if (access.slot && !is_contained(known, *access.slot))
      known.push_back(*access.slot);
  });
  MDBuilder builder(state.module.context);
  for (auto &[buffer, forms] : slots) {
    auto count = static_cast<int64_t>(state.program()[buffer].slots);
    bool differ = forms.size() > 1;
    for (size_t i = 0; i < forms.size(); ++i)
      for (const ir::Affine &other : ArrayRef(forms).drop_front(i + 1)) {
        std::optional<int64_t> distance = (other - forms[i]).asConstant();
        differ &= distance && *distance % count != 0;
      }
    if (!differ)
      continue;
    SlotScopes &scopes = state.slotScopes[buffer.index];
    scopes.slots = forms;
    MDNode *domain = builder.createAnonymousAliasScopeDomain(state.program()[buffer].name);
    for (size_t slot = 0; slot < forms.size(); ++slot) {
      MDNode *scope = builder.createAnonymousAliasScope(domain);
      scopes.scopes.push_back(scope);
      // The storage is another one each time that the compute runs.
      state.builder.CreateNoAliasScopeDeclaration(MDNode::get(state.module.context, scope));
    }
    for (MDNode *scope : scopes.scopes)
      copy_if(scopes.scopes, std::back_inserter(state.otherSlots[scope]),
              [&](MDNode *other) { return other != scope; });
  }
}

} // namespace hpcc::codegen
