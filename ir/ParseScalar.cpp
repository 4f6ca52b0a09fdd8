//===- ParseScalar.cpp - text to names, affine forms and scalars -----------------------------===//
//
// Recursive descent; the grammar of each function is the line above it.
//
//===-----------------------------------------------------------------------------------------===//

#include "TextParser.h"
#include "llvm/ADT/StringExtras.h"
#include <bit>
#include <charconv>

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Tokens and errors
//===-----------------------------------------------------------------------------------------===//

bool TextParser::accept(llvm::StringRef spelling) {
  if (!at(spelling))
    return false;
  ++position;
  return true;
}

void TextParser::expect(llvm::StringRef spelling) {
  if (!accept(spelling))
    failExpected("'" + spelling + "'");
}

llvm::StringRef TextParser::take(Token::Kind kind, llvm::StringRef what) {
  if (token().kind == kind)
    return tokens[position++].text;
  failExpected(what);
  return "";
}

void TextParser::fail(const llvm::Twine &text) { failAt(token().text, text); }

void TextParser::failAt(llvm::StringRef where, const llvm::Twine &text) {
  if (!failed()) {
    llvm::StringRef before = source.take_front(where.data() - source.data());
    error.line = static_cast<unsigned>(before.count('\n') + 1);
    error.column = static_cast<unsigned>(before.size() - (before.rfind('\n') + 1) + 1);
    error.text = text.str();
  }
  tokens.back() = {Token::End, true, source.drop_front(source.size())};
  position = tokens.size() - 1;
}

void TextParser::failExpected(const llvm::Twine &what) {
  if (token().kind == Token::Bad)
    return fail(token().text == "\"" ? llvm::Twine("a string ends on its line")
                                     : "unexpected character '" + token().text + "'");
  fail("expected " + what +
       (token().kind == Token::End ? " before the end of the text"
                                   : ", found '" + token().text + "'"));
}

//===-----------------------------------------------------------------------------------------===//
// Names and literals
//===-----------------------------------------------------------------------------------------===//

SymbolId TextParser::declareSymbol() {
  llvm::StringRef name = take(Token::Word, "a name");
  SymbolId id = program.addSymbol(name.str());
  declare(symbols, name, id);
  return id;
}

// %name ":" type
BufferId TextParser::declareBuffer(Storage storage) {
  llvm::StringRef name = take(Token::Buffer, "a %name");
  Buffer buffer;
  buffer.name = name.drop_front(name.empty() ? 0 : 1).str();
  expect(":");
  parseType(buffer);
  buffer.storage = storage == Storage::Handle && buffer.dims == 0 ? Storage::Own : storage;
  BufferId id = program.addBuffer(std::move(buffer));
  declare(buffers, name, id);
  return id;
}

SymbolId TextParser::parseSymbol() {
  llvm::StringRef name = take(Token::Word, "a symbol");
  auto found = symbols.find(name);
  if (found != symbols.end())
    return found->second.id;
  failAt(name, "undeclared symbol '" + name + "'");
  return {};
}

BufferId TextParser::parseBuffer() {
  llvm::StringRef name = take(Token::Buffer, "a %name");
  auto found = buffers.find(name);
  if (found != buffers.end())
    return found->second.id;
  failAt(name, "undeclared buffer '" + name + "'");
  return {};
}

// "@" "b"number
LabelId TextParser::parseLabel() {
  expect("@");
  llvm::StringRef name = take(Token::Word, "a label");
  LabelId label;
  if (!name.consume_front("b") || name.getAsInteger(10, label.index))
    fail("a label is @b and a number");
  return label;
}

// "@" (word | string)
std::string TextParser::parseAtName() {
  expect("@");
  return token().kind == Token::String ? parseString() : take(Token::Word, "a name").str();
}

std::string TextParser::parseString() {
  llvm::StringRef text = take(Token::String, "a string");
  std::string bytes;
  if (!text.empty() && !unescape(text, bytes))
    failAt(text, "unknown escape in a string; it knows \\n \\t \\\" \\\\ \\x0a");
  return bytes;
}

uint64_t TextParser::parseMagnitude() {
  llvm::StringRef text = take(Token::Number, "a whole number");
  uint64_t value = 0;
  if (!text.empty() && text.getAsInteger(text.starts_with("0x") ? 0 : 10, value))
    failAt(text, "not a whole number of 64 bits");
  return value;
}

int64_t TextParser::parseSigned(bool negative) {
  llvm::StringRef text = token().text;
  uint64_t magnitude = parseMagnitude();
  if (magnitude > uint64_t(INT64_MAX) + negative)
    failAt(text, "the number does not fit in 64 bits");
  return static_cast<int64_t>(negative ? -magnitude : magnitude);
}

unsigned TextParser::parseUnsigned() {
  llvm::StringRef text = token().text;
  uint64_t value = parseMagnitude();
  if (value > UINT32_MAX)
    failAt(text, "the number does not fit in 32 bits");
  return static_cast<unsigned>(value);
}

// line ":" column "-" line ":" column
Loc TextParser::parseRange() {
  Loc loc;
  loc.line = parseUnsigned(), expect(":"), loc.column = parseUnsigned(), expect("-");
  loc.endLine = parseUnsigned(), expect(":"), loc.endColumn = parseUnsigned();
  return loc;
}

// ["loc" "(" range ")"]
Loc TextParser::parseLocation() {
  if (!accept("loc"))
    return {};
  expect("(");
  Loc loc = parseRange();
  expect(")");
  return loc;
}

//===-----------------------------------------------------------------------------------------===//
// Affine forms and accesses
//===-----------------------------------------------------------------------------------------===//

// ["-"] term {("+" | "-") term}      term: number ["*" symbol] | symbol
Affine TextParser::parseAffine() {
  Affine form;
  bool negative = accept("-");
  do {
    if (token().kind == Token::Number) {
      int64_t number = parseSigned(negative);
      form = form + (accept("*") ? Affine(parseSymbol()) * number : Affine(number));
    } else {
      form = form + Affine(parseSymbol()) * (negative ? -1 : 1);
    }
    negative = at("-");
  } while (accept("+") || accept("-"));
  return form;
}

std::vector<Affine> TextParser::parseAffines(llvm::StringRef open, llvm::StringRef close) {
  std::vector<Affine> forms;
  list(open, close, [&] { forms.push_back(parseAffine()); });
  return forms;
}

// affine | function "(" affine {"," affine} ")"
Bound TextParser::parseBound(llvm::StringRef function) {
  Bound bound;
  if (at(function) && nextToken().is("(")) {
    ++position;
    bound.forms = parseAffines("(", ")");
  } else {
    bound.forms.push_back(parseAffine());
  }
  return bound;
}

// %name ["{" affine "}"] "[" [index {"," index}] "]"      index: affine | "(" affine ")" "wrap"
// affine
Access TextParser::parseAccess() {
  Access access;
  access.buffer = parseBuffer();
  if (accept("{")) {
    access.slot = parseAffine();
    expect("}");
  }
  list("[", "]", [&] {
    if (!accept("("))
      return access.indices.push_back(parseAffine());
    Index index(parseAffine());
    expect(")"), expect("wrap");
    index.wrap = parseAffine();
    access.indices.push_back(std::move(index));
  });
  return access;
}

//===-----------------------------------------------------------------------------------------===//
// Scalars
//===-----------------------------------------------------------------------------------------===//

static std::optional<ScalarOp> infixOf(const Token &token) {
  if (token.kind != Token::Punctuation)
    return std::nullopt;
#define HPCC_SCALAR(Enum, name, arity, typing, checkable, infix)                                   \
  if (*infix && token.text == infix)                                                               \
    return ScalarOp::Enum;
#include "Scalar.def"
  return std::nullopt;
}

/// The node of an operation, whose type follows from the operands.
Tree TextParser::build(llvm::StringRef where, ScalarOp op, bool checked, Loc loc,
                       std::vector<Tree> operands) {
  if (failed())
    return {};
  llvm::SmallVector<DType> types;
  ScalarApply apply{op, checked, DType::F64, loc, {}};
  unsigned height = 0;
  for (Tree &operand : operands) {
    types.push_back(typeOf(operand.scalar, program));
    height = std::max(height, operand.height);
    apply.operands.push_back(std::move(operand.scalar));
  }
  if (std::optional<DType> type = resultType(op, checked, types)) {
    apply.type = *type;
  } else {
    std::string names = llvm::join(llvm::map_range(types, nameOf), ", ");
    failAt(where, "no operation '" + infoOf(op).text + (checked ? ".py" : "") +
                      "' on operands of types (" + names + ")");
  }
  if (height >= maxScalarHeight)
    failAt(where, "the expression is too deep");
  return {{std::move(apply)}, height + 1};
}

/// Replaces the last two operands by the operation on them.
void TextParser::reduce(std::vector<Tree> &operands, const Token &op) {
  std::vector<Tree> pair(std::make_move_iterator(operands.end() - 2),
                         std::make_move_iterator(operands.end()));
  operands.resize(operands.size() - 2);
  operands.push_back(build(op.text, *infixOf(op), false, {}, std::move(pair)));
}

// primary {infix primary}, by precedence; comparisons do not chain
Tree TextParser::parseTree() {
  Level level(scalarDepth);
  if (scalarDepth > maxScalarHeight) {
    fail("the expression is too deep");
    return {};
  }
  std::vector<Tree> operands;
  std::vector<Token> operators;
  operands.push_back(parsePrimary());
  while (std::optional<ScalarOp> op = infixOf(token())) {
    unsigned precedence = precedenceOf(*op);
    while (!operators.empty() && precedenceOf(*infixOf(operators.back())) >= precedence) {
      if (precedenceOf(*infixOf(operators.back())) == 1)
        fail("comparisons do not chain; use parentheses");
      reduce(operands, operators.back());
      operators.pop_back();
    }
    if (failed())
      return {};
    operators.push_back(token());
    ++position;
    operands.push_back(parsePrimary());
  }
  for (; !operators.empty() && !failed(); operators.pop_back())
    reduce(operands, operators.back());
  return std::move(operands.back());
}

// number | "true" | "false" | affine leaf | access | gather | call form | "(" scalar ")"
Tree TextParser::parsePrimary() {
  if (token().kind == Token::Buffer)
    return {{ScalarLoad{parseAccess()}}};
  if (token().kind == Token::Number || at("-"))
    return parseNumber();
  if (token().kind == Token::Word)
    return parseNamed();
  if (accept("[")) {
    Affine form = parseAffine();
    expect("]");
    return {affineScalar(form)};
  }
  if (accept("(")) {
    Tree inner = parseTree();
    expect(")");
    return inner;
  }
  failExpected("an expression");
  return {};
}

/// The bits of an integer literal of that type, or nothing if it does not fit.
static std::optional<uint64_t> integerBits(DType type, bool negative, llvm::StringRef digits) {
  uint64_t magnitude = 0;
  if (digits.getAsInteger(10, magnitude))
    return std::nullopt;
  unsigned width = 8 * sizeOf(type);
  uint64_t largest = ~uint64_t(0) >> (64 - width + isSigned(type));
  if (negative ? !isSigned(type) || magnitude > largest + 1 : magnitude > largest)
    return std::nullopt;
  uint64_t value = negative ? -magnitude : magnitude;
  return value & (~uint64_t(0) >> (64 - width));
}

template <typename Float>
static std::optional<Float> parseFloat(bool negative, llvm::StringRef digits) {
  Float value = 0;
  auto result = std::from_chars(digits.begin(), digits.end(), value);
  if (result.ec != std::errc() || result.ptr != digits.end())
    return std::nullopt;
  return negative ? -value : value;
}

// ["-"] number [":" type]
Tree TextParser::parseNumber() {
  bool negative = accept("-");
  llvm::StringRef digits = take(Token::Number, "a number");
  bool isFloatText = digits.contains('.') || (digits.contains('e') && !digits.starts_with("0x"));
  DType type = isFloatText ? DType::F64 : DType::I64;
  if (at(":") && nextToken().kind == Token::Word) {
    ++position;
    std::optional<DType> named = parseDType(take(Token::Word, "a type"));
    if (!named || isComplex(*named) || *named == DType::Bool)
      failAt(digits, "no literals of this type");
    type = named.value_or(type);
  }
  if (failed())
    return {};
  if (type == DType::F64) {
    if (std::optional<double> value = parseFloat<double>(negative, digits))
      return {constantFloat(*value)};
  } else if (type == DType::F32) {
    if (std::optional<float> value = parseFloat<float>(negative, digits))
      return {{ScalarConstant{type, std::bit_cast<uint32_t>(*value)}}};
  } else if (std::optional<uint64_t> bits = integerBits(type, negative, digits)) {
    return {{ScalarConstant{type, *bits}}};
  }
  failAt(digits, "not a number of type " + nameOf(type));
  return {};
}

// type ":" 0xbits
Tree TextParser::parseBits() {
  DType type = parseDType(take(Token::Word, "a type")).value_or(DType::F64);
  expect(":");
  llvm::StringRef where = token().text;
  uint64_t bits = parseMagnitude();
  if (sizeOf(type) < 8 && bits >> (8 * sizeOf(type)) != 0)
    failAt(where, "more bits than " + nameOf(type) + " has");
  return {{ScalarConstant{type, bits}}};
}

// "true" | "false" | symbol | bits | "gather" %name "[" scalars "]" | "dim" "(" %name "," number
// ")" | "bound" "(" %name ")" | (type | operation) [".py"] ["@" range] "(" scalars ")"
Tree TextParser::parseNamed() {
  llvm::StringRef word = token().text;
  bool call = nextToken().is("(") || nextToken().is("@");
  if (accept("true") || accept("false"))
    return {constantBool(word == "true")};
  if (nextToken().is(":") && parseDType(word))
    return parseBits();
  if (word == "gather" && nextToken().kind == Token::Buffer) {
    ++position;
    BufferId buffer = parseBuffer();
    Tree result{{ScalarGather{buffer, {}}}, 1};
    auto &indices = std::get<ScalarGather>(result.scalar.node).indices;
    list("[", "]", [&] {
      Tree index = parseTree();
      result.height = std::max(result.height, index.height + 1);
      indices.push_back(std::move(index.scalar));
    });
    if (result.height > maxScalarHeight)
      failAt(word, "the expression is too deep");
    return result;
  }
  if (!call)
    return {affineScalar(Affine(parseSymbol()))};
  ++position;
  if (word == "dim" || word == "bound" || word == "even") {
    expect("(");
    BufferId buffer = parseBuffer();
    unsigned dim = word == "dim" && (expect(","), true) ? parseUnsigned() : 0;
    expect(")");
    if (word == "dim")
      return Tree{{ScalarDim{buffer, dim}}};
    return Tree{{ScalarState{buffer, word == "even" ? StateQuestion::Even : StateQuestion::Bound}}};
  }
  llvm::StringRef name = word;
  bool checked = name.consume_back(".py");
  Loc loc = accept("@") ? parseRange() : Loc{};
  std::vector<Tree> operands;
  list("(", ")", [&] { operands.push_back(parseTree()); });
  if (std::optional<ScalarOp> op = parseScalarOp(name))
    return build(word, *op, checked, loc, std::move(operands));
  std::optional<DType> type = parseDType(name);
  if (!type)
    failAt(word, "unknown operation '" + name + "'");
  else if (operands.size() != 1)
    failAt(word, "a conversion has one operand");
  else if (operands[0].height >= maxScalarHeight)
    failAt(word, "the expression is too deep");
  if (failed())
    return {};
  ScalarCast cast{*type, checked, loc, {}};
  cast.operand.push_back(std::move(operands[0].scalar));
  return {{std::move(cast)}, operands[0].height + 1};
}

std::vector<Scalar> TextParser::parseScalars(llvm::StringRef open, llvm::StringRef close) {
  std::vector<Scalar> scalars;
  list(open, close, [&] { scalars.push_back(parseScalar()); });
  return scalars;
}

} // namespace hpcc::ir
