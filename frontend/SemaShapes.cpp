// What is known of shapes while a program is analysed, and the messages about shapes that clash.
//
// Sizes are the user's own text (`n-2`) with numbers where they are known; only numbers can clash.
// A message names both shapes, shows where the arrays were made, and offers the one slice bound
// whose change makes the sizes equal.

#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace hpcc::frontend::sema {

std::string spell(const SymbolicSize &size) {
  if (size.base.empty())
    return size.value ? std::to_string(*size.value) : "?";
  if (size.offset == 0)
    return size.base;
  return size.base + (size.offset > 0 ? "+" : "-") +
         std::to_string(size.offset > 0 ? size.offset : -size.offset);
}

std::string spellShape(const std::vector<SymbolicSize> &shape) {
  std::string text = "(";
  for (const auto &[index, size] : llvm::enumerate(shape))
    text += (index ? ", " : "") + spell(size);
  return text + (shape.size() == 1 ? ",)" : ")");
}

SymbolicSize Analyzer::symbolicSize(const Value &size) const {
  constexpr size_t longest = 24; // a longer text would hide what differs
  SymbolicSize result;
  result.value = size.constantInteger();
  std::string text = sourceText(size.loc);
  if (std::holds_alternative<typed::Constant>(size.expr().node) || text.size() > longest)
    return result;
  // `n - 1` is n with an offset, so that a part of it is n-3, not n - 1-2.
  llvm::StringRef base = text;
  size_t sign = base.find_last_of("+-");
  unsigned offset = 0;
  if (sign != llvm::StringRef::npos && !base.drop_front(sign + 1).trim().getAsInteger(10, offset)) {
    llvm::StringRef name = base.take_front(sign).trim();
    if (!name.empty() && llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; })) {
      result.base = name.str();
      result.offset = base[sign] == '-' ? -int64_t(offset) : int64_t(offset);
      return result;
    }
  }
  result.base = text;
  return result;
}

std::optional<std::vector<SymbolicSize>> broadcastShapes(const std::vector<SymbolicSize> &left,
                                                         const std::vector<SymbolicSize> &right) {
  std::vector<SymbolicSize> shape(std::max(left.size(), right.size()));
  for (size_t k = 1; k <= shape.size(); ++k) {
    SymbolicSize &size = shape[shape.size() - k];
    if (k > left.size()) {
      size = right[right.size() - k];
      continue;
    }
    if (k > right.size()) {
      size = left[left.size() - k];
      continue;
    }
    const SymbolicSize &l = left[left.size() - k], &r = right[right.size() - k];
    if (l.value && r.value && *l.value != *r.value && *l.value != 1 && *r.value != 1)
      return std::nullopt;
    if (l == r || (r.value && *r.value == 1) || (l.value && *l.value != 1))
      size = l;
    else if ((l.value && *l.value == 1) || (r.value && *r.value != 1))
      size = r;
    // else unknown: one of the two, if it is not one
  }
  return shape;
}

//===------------------------------------------------------------------------------------------===//
// Which bound of a slice to change
//===------------------------------------------------------------------------------------------===//

/// The value of a bound that is written as a number, with or without a minus sign.
static std::optional<int64_t> literalBound(const ast::ExprPtr &bound) {
  if (!bound)
    return std::nullopt;
  const auto *sign = std::get_if<ast::UnaryOp>(&bound->node);
  bool negative = sign && sign->op == ast::UnaryOperator::USub;
  const auto *constant = std::get_if<ast::Constant>(negative ? &sign->operand->node : &bound->node);
  const auto *value = constant ? std::get_if<int64_t>(&constant->value) : nullptr;
  if (!value)
    return std::nullopt;
  return negative ? -*value : *value;
}

/// The slice that is written for dimension `dim` of what a subscript gives, or null.
static const ast::Slice *sliceOfDimension(const ast::Subscript &node, size_t dim) {
  llvm::ArrayRef<ast::Expr> parts = *node.slice;
  if (const auto *tuple = std::get_if<ast::Tuple>(&node.slice->node))
    parts = tuple->elts;
  size_t next = 0;
  for (const ast::Expr &part : parts) {
    const auto *slice = std::get_if<ast::Slice>(&part.node);
    const auto *constant = std::get_if<ast::Constant>(&part.node);
    bool newAxis = constant && std::holds_alternative<ast::NoneValue>(constant->value);
    if (constant && std::holds_alternative<ast::EllipsisValue>(constant->value))
      return nullptr;
    if (!slice && !newAxis)
      continue; // an index takes its dimension away
    if (next++ == dim)
      return slice;
  }
  return nullptr;
}

/// Text of a subscript in which one number is changed such that dimension `dim`, now `size` long,
/// becomes `wanted` long; empty if no single number does that.
static std::string repairSubscript(const Analyzer &sema, const ast::Expr &subscript, size_t dim,
                                   int64_t size, int64_t wanted) {
  const ast::Slice *slice = sliceOfDimension(std::get<ast::Subscript>(subscript.node), dim);
  std::string text = sema.sourceText(subscript.loc);
  if (!slice || slice->step || text.empty() || size <= 0 || wanted <= 0)
    return "";
  auto replace = [&](Loc bound, int64_t value) {
    text.replace(bound.column - subscript.loc.column, bound.endColumn - bound.column,
                 value == 0 ? "" : std::to_string(value));
    return text;
  };
  int64_t change = wanted - size;
  std::optional<int64_t> lower = literalBound(slice->lower), upper = literalBound(slice->upper);
  int64_t first = slice->lower ? lower.value_or(-1) : 0; // negative: unknown
  if (upper && *upper < 0 && *upper + change < 0)
    return replace(slice->upper->loc, *upper + change);
  // A bound behind the end of the array is clamped: then changing it changes nothing.
  if (upper && *upper > 0 && first >= 0 && *upper - first == size && change < 0)
    return replace(slice->upper->loc, *upper + change);
  bool bare = lower && *lower == change && !slice->upper; // `u[:]` is not what was meant
  if (lower && *lower >= 0 && *lower - change >= 0 && !bare)
    return replace(slice->lower->loc, *lower - change);
  return "";
}

//===------------------------------------------------------------------------------------------===//
// Messages
//===------------------------------------------------------------------------------------------===//

/// Adds to a message about shapes that clash where both arrays come from, and a repair if one
/// dimension alone clashes and one number repairs it.
void Analyzer::explainShapes(DiagnosticBuilder builder, const Facts &left, const Facts &right) {
  for (const Facts *facts : {&left, &right}) {
    const Origin &origin = facts->origin;
    bool again = facts == &right && origin.created == left.origin.created;
    bool known = llvm::any_of(
        origin.shape, [](const SymbolicSize &size) { return size.value || !size.base.empty(); });
    if (known && origin.created.isValid() && !origin.name.empty() && !again)
      builder.note(origin.created, message::createdHere, spellShape(origin.shape), origin.name);
  }
  noteCalls(builder);

  size_t clashes = 0, fromEnd = 0;
  bool byConstant = false; // sizes n-2 and n-1, not n and m
  for (size_t k = 1; k <= std::min(left.shape.size(), right.shape.size()); ++k) {
    const SymbolicSize &l = left.shape[left.shape.size() - k];
    const SymbolicSize &r = right.shape[right.shape.size() - k];
    if (l.value && r.value && *l.value != *r.value && *l.value != 1 && *r.value != 1) {
      ++clashes, fromEnd = k;
      byConstant = l.base == r.base;
    }
  }
  if (clashes != 1 || !byConstant)
    return;
  auto sizeOf = [&](const Facts &facts) {
    return *facts.shape[facts.shape.size() - fromEnd].value;
  };
  bool leftIsLarger = sizeOf(left) > sizeOf(right);
  const Facts *larger = leftIsLarger ? &left : &right, *smaller = leftIsLarger ? &right : &left;
  for (auto [facts, other] : {std::pair(larger, smaller), std::pair(smaller, larger)}) {
    if (!facts->subscript)
      continue;
    std::string repaired = repairSubscript(*this, *facts->subscript, facts->shape.size() - fromEnd,
                                           sizeOf(*facts), sizeOf(*other));
    if (!repaired.empty()) {
      builder.help("did you mean " + repaired + "?");
      return;
    }
  }
}

void Analyzer::noteCalls(DiagnosticBuilder builder) {
  constexpr unsigned most = 3; // a deeper chain of calls explains nothing more
  const FunctionContext *context = function;
  for (unsigned k = 0; k < most && context && !context->isModule(); ++k) {
    builder.note(context->callLoc, message::calledHere, context->signature);
    context = context->caller;
  }
}

} // namespace hpcc::frontend::sema
