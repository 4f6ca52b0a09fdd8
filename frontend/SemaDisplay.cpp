// np.array and np.asarray of what is written there: [[1.0, 2.0], [x, y]], numbers of several types,
// tuples; and of arrays.

#include "frontend/Sema.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::frontend::sema {

/// The elements of a list or tuple that is written there, else null.
static const ast::ExprList *elementsOf(const ast::Expr &expr) {
  if (const auto *list = std::get_if<ast::List>(&expr.node))
    return &list->elts;
  if (const auto *tuple = std::get_if<ast::Tuple>(&expr.node))
    return &tuple->elts;
  return nullptr;
}

bool isDisplay(const ast::Expr &expr) { return elementsOf(expr) != nullptr; }

namespace {

/// The numbers of nested displays, in order, and their shape.
struct Display {
  std::vector<int64_t> shape;
  std::vector<Value> numbers;
};

/// Takes in a value or the elements of a display, tuple by tuple. False after a message.
class DisplayReader {
public:
  DisplayReader(Analyzer &sema, Display &display) : sema(sema), display(display) {}

  bool read(const ast::Expr &expr, size_t depth) {
    const ast::ExprList *elements = elementsOf(expr);
    if (!elements)
      return take(sema.evaluate(expr), depth);
    return enter(expr.loc, elements->size(), depth) &&
           llvm::all_of(*elements,
                        [&](const ast::Expr &element) { return read(element, depth + 1); });
  }

private:
  Analyzer &sema;
  Display &display;
  bool complete = false; // the depth at which numbers stand is known

  bool enter(Loc loc, size_t size, size_t depth) {
    if (depth == display.shape.size() && !complete)
      display.shape.push_back(static_cast<int64_t>(size));
    else if (depth >= display.shape.size() || display.shape[depth] != static_cast<int64_t>(size))
      return refuse(loc, "an array of rows of different lengths");
    return true;
  }
  bool take(Value value, size_t depth) {
    if (value.isPoison())
      return false;
    if (auto *tuple = value.as<TupleValue>())
      return enter(value.loc, tuple->elements.size(), depth) &&
             llvm::all_of(tuple->elements,
                          [&](Value &element) { return take(std::move(element), depth + 1); });
    if (value.typeAs<UnionType>())
      value = withOneType(std::move(value));
    if (value.isPoison())
      return false;
    if (!value.typeAs<ScalarType>())
      return refuse(value.loc, "an array of anything but numbers");
    if (depth != display.shape.size())
      return refuse(value.loc, "an array of rows of different lengths");
    complete = true;
    display.numbers.push_back(std::move(value));
    return true;
  }
  /// A float or np.float64 is an f64 in an array, whichever it is.
  Value withOneType(Value value) {
    std::vector<ScalarType> alternatives = alternativesOf(*value.type());
    DType dtype = alternatives.front().dtype;
    for (const ScalarType &alternative : alternatives)
      if (alternative.dtype != dtype)
        return value;
    Loc loc = value.loc;
    std::vector<Value> operands;
    operands.push_back(std::move(value));
    return sema.distribute(loc, std::move(operands), [&](std::vector<Value> parts) {
      return sema.convert(std::move(parts[0]), dtype, false);
    });
  }
  bool refuse(Loc loc, llvm::StringRef what) {
    sema.unsupported(loc, what, "np.zeros makes an array to be filled");
    return false;
  }
};

} // namespace

/// The argument of np.array or np.asarray. Python's numbers of one type are a list; other displays
/// are arrays.
Value Analyzer::evaluateDisplay(const ast::Expr &expr) {
  Loc loc = expr.loc;
  Display display;
  if (!DisplayReader(*this, display).read(expr, 0))
    return {loc, Poison{}};
  DType dtype = display.numbers.empty() ? DType::F64 : dtypeOfValue(display.numbers.front());
  for (const Value &number : display.numbers)
    dtype = promoteStrong(dtype, dtypeOfValue(number));
  Facts facts;
  facts.origin.created = loc;
  for (int64_t size : display.shape)
    facts.shape.push_back({"", 0, size});
  bool isList = display.shape.size() == 1 && !display.numbers.empty() &&
                llvm::all_of(display.numbers, [&](const Value &number) {
                  return isWeak(number) && dtypeOfValue(number) == dtype;
                });
  if (isList) {
    typed::ListLiteral literal;
    for (Value &number : display.numbers)
      literal.elements.push_back(std::move(number.expr()));
    return makeTyped(loc, ListType{dtype}, std::move(literal), std::move(facts));
  }
  if (display.shape.size() > 8)
    return unsupported(loc, "an array with more than 8 dimensions");
  // np.empty of this shape, whose elements are stored one by one.
  ArrayType type{dtype, static_cast<unsigned>(display.shape.size())};
  typed::VariableId array = temporary(type);
  typed::Create create;
  for (int64_t size : display.shape)
    create.shape.push_back(std::move(makeInteger(loc, size).expr()));
  typed::Block stmts;
  stmts.push_back({loc, typed::Assign{array, {loc, type, std::move(create)}}});
  for (auto &&[position, number] : llvm::enumerate(display.numbers)) {
    Loc at = number.loc;
    Value value = convert(std::move(number), dtype, false);
    typed::StoreElement store{{at, type, typed::Read{array, false}}, {}, std::move(value.expr())};
    auto rest = static_cast<int64_t>(position);
    for (int64_t size : llvm::reverse(display.shape)) {
      store.indices.insert(store.indices.begin(), std::move(makeInteger(at, rest % size).expr()));
      rest /= size;
    }
    stmts.push_back({at, std::move(store)});
  }
  return sequence(loc, std::move(stmts),
                  makeTyped(loc, type, typed::Read{array, false}, std::move(facts)));
}

/// NumPy looks at each number that is to become an integer of another type, and may raise; only
/// lists are looked at here.
bool Analyzer::acceptsDisplay(const Arguments &arguments) {
  const Value &display = arguments.front().value;
  auto dtype = std::find_if(arguments.begin() + 1, arguments.end(), [](const Argument &argument) {
    return argument.keyword.empty() || argument.keyword == "dtype";
  });
  if (!isArray(display) || dtype == arguments.end() || dtype->value.as<NoneValue>())
    return true;
  std::optional<DType> wanted = dtypeOf(dtype->value);
  if (wanted && ir::isInteger(*wanted) && *wanted != dtypeOfValue(display)) {
    unsupported(dtype->loc, "this dtype for these numbers", "np.array(...).astype(dtype)");
    return false;
  }
  return wanted.has_value();
}

/// np.array(a) is a copy, np.asarray(a) the array itself if it has the dtype.
Value Analyzer::arrayOfArray(bool copies, Loc loc, Value array, std::optional<Value> dtype) {
  DType wanted = array.typeAs<ArrayType>()->dtype;
  if (dtype && !dtype->as<NoneValue>()) {
    std::optional<DType> chosen = dtypeOf(*dtype);
    if (!chosen)
      return {loc, Poison{}};
    wanted = *chosen;
  }
  if (array.typeAs<ArrayType>()->dtype != wanted)
    return convert(std::move(array), wanted, false);
  return copies ? copyArray(loc, std::move(array), true) : std::move(array);
}

} // namespace hpcc::frontend::sema
