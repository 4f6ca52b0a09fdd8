//===- ParseText.cpp - text to programs ------------------------------------------------------===//
//
// Recursive descent; the grammar of each function is the line above it.
//
//===-----------------------------------------------------------------------------------------===//

#include "TextNames.h"
#include "TextParser.h"
#include "llvm/ADT/StringSwitch.h"

namespace hpcc::ir {

//===-----------------------------------------------------------------------------------------===//
// Simple statements
//===-----------------------------------------------------------------------------------------===//

// dtype "[" ["?" {"," "?"} | affine {"," affine}] "]"
void TextParser::parseType(Buffer &buffer) {
  llvm::StringRef name = take(Token::Word, "a type");
  if (std::optional<DType> type = parseDType(name))
    buffer.type = *type;
  else
    failAt(name, "unknown type '" + name + "'");
  list("[", "]", [&] {
    if (!accept("?"))
      buffer.shape.push_back(parseAffine());
    ++buffer.dims;
  });
  if (!buffer.shape.empty() && buffer.shape.size() != buffer.dims)
    failAt(name, "either all sizes are known or none");
}

// symbol "in" "[" bound "," bound ")" ["step" number]
Axis TextParser::parseAxis() {
  Axis axis;
  llvm::StringRef name = take(Token::Word, "a name");
  expect("in"), expect("[");
  axis.lo = parseBound("max");
  expect(",");
  axis.hi = parseBound("min");
  expect(")");
  if (accept("step")) {
    bool negative = accept("-");
    axis.step = parseSigned(negative);
  }
  axis.iterator = program.addSymbol(name.str());
  declare(symbols, name, axis.iterator); // its own bounds do not see it
  return axis;
}

// ("blocks" "(" affine "," affine ")") | ("cyclic" "(" affine ")")
Distribution TextParser::parseDistribution() {
  Distribution over;
  if (std::optional<Division> division = parseWord<Division>(token().text))
    over.division = *division, ++position;
  else
    failExpected("blocks or cyclic");
  expect("(");
  if (over.division == Division::Blocks)
    over.rows = parseAffine(), expect(",");
  over.offset = parseAffine();
  expect(")");
  return over;
}

// ["@" "ranks" distribution [("inner" | "outer") "(" number "," number ")"]]
// ["@" "threads" ["(" "dynamic" ")"]]
// ["@" "grid" "(" number ["," number] ")"]
void TextParser::parseMapping(Axis &axis) {
  if (at("@") && nextToken().is("ranks")) {
    position += 2;
    RankMapping &mapping = axis.ranks.emplace(RankMapping{parseDistribution()});
    if (at("inner") || at("outer")) {
      mapping.part = accept("inner") ? RankPart::Inner : RankPart::Outer;
      if (mapping.part == RankPart::Outer)
        expect("outer");
      expect("("), mapping.left = parseUnsigned();
      expect(","), mapping.right = parseUnsigned(), expect(")");
    }
  }
  if (!accept("@"))
    return;
  if (accept("grid")) {
    GridMapping &grid = axis.grid.emplace();
    expect("("), grid.threads = parseUnsigned();
    if (accept(","))
      grid.points = parseUnsigned();
    expect(")");
    return;
  }
  expect("threads");
  axis.mapping = Mapping::Threads;
  if (!accept("("))
    return;
  expect("dynamic"), expect(")");
  axis.mapping = Mapping::DynamicThreads;
}

// access op scalar ["order" ("seq" | "tree" "(" symbols ")")] ["if" scalar, on the same line]
Assign TextParser::parseAssign() {
  Assign assign;
  assign.target = parseAccess();
  std::string spelling = token().text.str();
  bool twoTokens =
      (spelling == "min" || spelling == "max" || spelling == "fma") && nextToken().is("=");
  if (std::optional<AssignOp> op = parseWord<AssignOp>(twoTokens ? spelling + "=" : spelling)) {
    assign.op = *op;
    position += twoTokens ? 2 : 1;
  } else {
    failExpected("an assignment operator");
  }
  assign.value = parseScalar();
  if (accept("order")) {
    if (accept("seq")) {
      assign.order = ReductionOrder::Seq;
    } else {
      expect("tree");
      assign.order = ReductionOrder::Tree;
      list("(", ")", [&] { assign.treeAxes.push_back(parseSymbol()); });
    }
  }
  if (!token().startsLine && accept("if"))
    assign.guard = parseScalar();
  return assign;
}

// "alloc" %name ":" type ["slots" number] ["layout" "(" numbers ")"] ["like" "(" %names ")"]
Alloc TextParser::parseAlloc() {
  Alloc alloc{declareBuffer(Storage::Own)};
  Buffer &buffer = program[alloc.buffer];
  if (accept("slots"))
    buffer.slots = parseUnsigned();
  if (accept("layout"))
    list("(", ")", [&] { buffer.layout.push_back(parseUnsigned()); });
  if (accept("like"))
    list("(", ")", [&] { buffer.like.push_back(parseBuffer()); });
  if (accept("on"))
    buffer.home = parseDistribution();
  return alloc;
}

// "view" %name ":" type "=" %name form
// form: "[" dims "]" | ("broadcast" | "reshape") "[" affines "]" | "permute" "(" numbers ")"
// dim: "newaxis" | affine | affine ":" affine ":" affine
View TextParser::parseView() {
  View view;
  view.result = declareBuffer(Storage::View);
  expect("=");
  view.base = parseBuffer();
  if (accept("broadcast")) {
    view.form = Broadcast{parseAffines("[", "]")};
  } else if (accept("reshape")) {
    view.form = Reshape{parseAffines("[", "]")};
  } else if (accept("permute")) {
    Permute form;
    list("(", ")", [&] { form.order.push_back(parseUnsigned()); });
    view.form = std::move(form);
  } else {
    Subscript form;
    list("[", "]", [&] {
      if (accept("newaxis"))
        return form.dims.push_back(ViewNewAxis{});
      Affine start = parseAffine();
      if (!accept(":"))
        return form.dims.push_back(ViewIndex{std::move(start)});
      Affine size = parseAffine();
      expect(":");
      form.dims.push_back(ViewSlice{std::move(start), std::move(size), parseAffine()});
    });
    view.form = std::move(form);
  }
  return view;
}

// "compute" "(" axis kind {"," axis kind} ")" ["local" "(" %name ":" type {"," ..} ")"]
//   ["group" "(" number ")"] ["recompute"] "{" {assign location} "}"
Compute TextParser::parseCompute() {
  Scope scope{*this};
  Compute compute;
  list("(", ")", [&] {
    Axis axis = parseAxis();
    if (std::optional<AxisKind> kind = parseWord<AxisKind>(token().text))
      axis.kind = *kind, ++position;
    else
      failExpected("par, red or seq");
    parseMapping(axis);
    compute.axes.push_back(std::move(axis));
  });
  if (accept("local"))
    list("(", ")", [&] { compute.locals.push_back(declareBuffer(Storage::Own)); });
  if (accept("group"))
    list("(", ")", [&] { compute.plan.group = parseUnsigned(); });
  compute.plan.recompute = accept("recompute");
  expect("{");
  while (!at("}") && !failed()) {
    compute.body.push_back(parseAssign());
    compute.body.back().loc = parseLocation();
  }
  expect("}");
  return compute;
}

// "call" ["(" %names ")" "="] @name arguments
decltype(Stmt::node) TextParser::parseCall() {
  std::vector<BufferId> results;
  llvm::StringRef where = token().text;
  if (at("(")) {
    list("(", ")", [&] { results.push_back(parseBuffer()); });
    expect("=");
  }
  bool quoted = nextToken().kind == Token::String;
  std::string name = parseAtName();
  llvm::StringRef callee = name;
  if (quoted || !callee.consume_front("lib."))
    return Call{std::move(name), parseArguments(), std::move(results)};
  std::optional<LibraryFunction> function = parseWord<LibraryFunction>(callee);
  if (!function && !failed())
    failAt(where, "unknown library function '" + callee + "'");
  if (!results.empty())
    failAt(where, "library functions store their results through arguments");
  return LibraryCall{function.value_or(LibraryFunction::PrintText), parseArguments()};
}

// "(" [(scalar | %name | string) {"," ...}] ")"
std::vector<CallArgument> TextParser::parseArguments() {
  std::vector<CallArgument> arguments;
  list("(", ")", [&] {
    bool wholeBuffer =
        token().kind == Token::Buffer && !nextToken().is("[") && !nextToken().is("{");
    if (wholeBuffer)
      arguments.push_back(parseBuffer());
    else if (token().kind == Token::String)
      arguments.push_back(parseString());
    else
      arguments.push_back(parseScalar());
  });
  return arguments;
}

// "check" scalar "else" word "(" scalars ")" [string]
Check TextParser::parseCheck() {
  Check check;
  check.condition = parseScalar();
  expect("else");
  check.error = take(Token::Word, "an error").str();
  check.arguments = parseScalars("(", ")");
  if (token().kind == Token::String)
    check.text = parseString();
  return check;
}

//===-----------------------------------------------------------------------------------------===//
// Statements with blocks, functions
//===-----------------------------------------------------------------------------------------===//

// "loop" axis ["par" | "red" | "seq"] ":" role block
Loop TextParser::parseLoop() {
  Scope scope{*this};
  Loop loop;
  loop.axis = parseAxis();
  loop.axis.kind = AxisKind::Seq;
  if (std::optional<AxisKind> kind = parseWord<AxisKind>(token().text))
    loop.axis.kind = *kind, ++position;
  parseMapping(loop.axis);
  expect(":");
  if (std::optional<LoopRole> role = parseWord<LoopRole>(token().text))
    loop.role = *role, ++position;
  else
    failExpected("seq, time or tile");
  loop.body = parseBlock();
  return loop;
}

// "while" [symbol] "{" statements "}" "cond" scalar block: the header's names last to the end
While TextParser::parseWhile() {
  Scope scope{*this};
  While loop;
  if (!at("{")) {
    llvm::StringRef name = take(Token::Word, "a name or {");
    loop.iterator = program.addSymbol(name.str());
    declare(symbols, name, *loop.iterator);
  }
  expect("{");
  while (!at("}") && !failed())
    loop.header.push_back(parseStmt());
  expect("}"), expect("cond");
  loop.condition = parseScalar();
  loop.body = parseBlock();
  return loop;
}

// "transfer" %name ["{" affine "}"] ["[" affines "]"] "to" ("host" | "device")
Transfer TextParser::parseTransfer() {
  Transfer transfer;
  transfer.buffer = parseBuffer();
  if (accept("{"))
    transfer.slot = parseAffine(), expect("}");
  if (at("["))
    list("[", "]", [&] { transfer.at.push_back(parseAffine()); });
  expect("to");
  if (std::optional<Side> side = parseWord<Side>(token().text))
    transfer.to = *side, ++position;
  else
    failExpected("host or device");
  return transfer;
}

// ("own" "(" axis mapping ")" | "all" | "root") %name ["{" affine "}"]
//   "[" affine ":" affine {"," affine} "]" ["wrap" affine]
ExchangePart TextParser::parseExchangePart() {
  Scope scope{*this};
  ExchangePart part;
  if (std::optional<ExchangeFor> whom = parseWord<ExchangeFor>(token().text))
    part.whom = *whom, ++position;
  else
    failExpected("own, all or root");
  if (part.whom == ExchangeFor::Own) {
    expect("(");
    part.axis = parseAxis();
    parseMapping(*part.axis);
    expect(")");
  }
  part.buffer = parseBuffer();
  if (accept("{"))
    part.slot = parseAffine(), expect("}");
  expect("["), part.lo = parseAffine();
  expect(":"), part.hi = parseAffine();
  while (accept(","))
    part.at.push_back(parseAffine());
  expect("]");
  if (accept("wrap"))
    part.wrap = parseAffine();
  return part;
}

// "exchange" "{" parts "}" ["meanwhile" block]
Exchange TextParser::parseExchange() {
  Exchange exchange;
  expect("{");
  while (!at("}") && !failed())
    exchange.parts.push_back(parseExchangePart());
  expect("}");
  if (accept("meanwhile"))
    exchange.body = parseBlock();
  return exchange;
}

// "if" scalar block ["else" block]
If TextParser::parseIf() {
  If node;
  node.condition = parseScalar();
  node.thenBody = parseBlock();
  if (accept("else"))
    node.elseBody = parseBlock();
  return node;
}

// "let" symbol "=" scalar | "handle" %name ":" type | "bind" %name "=" %name | "drop" %name
// | "block" label block | "leave" label | assign | ... each with a location
Stmt TextParser::parseStmt() {
  Level level(blockDepth);
  if (blockDepth > 2 * maxBlockDepth)
    fail("blocks are nested too deeply");
  Stmt stmt;
  bool bare = token().kind == Token::Buffer;
  llvm::StringRef word = bare ? "" : take(Token::Word, "a statement");
  if (bare) {
    stmt.node = Compute{{}, {parseAssign()}};
  } else if (word == "let") {
    // The value does not see the name.
    llvm::StringRef name = take(Token::Word, "a name");
    expect("=");
    Scalar value = parseScalar();
    SymbolId symbol = program.addSymbol(name.str());
    declare(symbols, name, symbol);
    stmt.node = Let{symbol, std::move(value)};
  } else if (word == "alloc") {
    stmt.node = parseAlloc();
  } else if (word == "handle") {
    stmt.node = Declare{declareBuffer(Storage::Handle)};
  } else if (word == "view") {
    stmt.node = parseView();
  } else if (word == "bind") {
    BufferId handle = parseBuffer();
    expect("=");
    stmt.node = Bind{handle, parseBuffer()};
  } else if (word == "drop") {
    stmt.node = Drop{parseBuffer()};
  } else if (word == "compute") {
    stmt.node = parseCompute();
  } else if (word == "loop") {
    stmt.node = parseLoop();
  } else if (word == "while") {
    stmt.node = parseWhile();
  } else if (word == "block") {
    LabelId label = parseLabel();
    stmt.node = Labelled{label, parseBlock()};
  } else if (word == "leave") {
    stmt.node = Leave{parseLabel()};
  } else if (word == "if") {
    stmt.node = parseIf();
  } else if (word == "parallel") {
    std::optional<Scalar> condition;
    if (accept("if"))
      condition = parseScalar();
    stmt.node = Parallel{std::move(condition), parseBlock()};
  } else if (word == "single") {
    stmt.node = Single{parseBlock()};
  } else if (word == "barrier") {
    stmt.node = Barrier{};
  } else if (word == "exchange") {
    stmt.node = parseExchange();
  } else if (word == "transfer") {
    stmt.node = parseTransfer();
  } else if (word == "call") {
    stmt.node = parseCall();
  } else if (word == "check") {
    stmt.node = parseCheck();
  } else {
    failAt(word, "unknown statement '" + word + "'");
  }
  stmt.loc = parseLocation();
  if (bare)
    std::get<Compute>(stmt.node).body.front().loc = stmt.loc;
  return stmt;
}

// "{" {statement} "}"
Block TextParser::parseBlock() {
  Level level(blockDepth);
  Scope scope{*this};
  Block block;
  expect("{");
  while (!at("}") && !failed())
    block.push_back(parseStmt());
  expect("}");
  return block;
}

// ["effects" "(" words ")"]
Effects TextParser::parseEffects() {
  Effects effects;
  if (!accept("effects"))
    return effects;
  list("(", ")", [&] {
    llvm::StringRef word = take(Token::Word, "an effect");
    bool *flag = llvm::StringSwitch<bool *>(word)
                     .Case("reads", &effects.reads)
                     .Case("writes", &effects.writes)
                     .Case("prints", &effects.prints)
                     .Case("fails", &effects.fails)
                     .Default(nullptr);
    if (flag)
      *flag = true;
    else
      failAt(word, "unknown effect '" + word + "'");
  });
  return effects;
}

// "(" [%name ":" type {"," ...}] ")"
std::vector<BufferId> TextParser::parseSignature() {
  std::vector<BufferId> ids;
  list("(", ")", [&] { ids.push_back(declareBuffer(Storage::Handle)); });
  return ids;
}

// "func" @name signature ["->" signature] effects block location
Function TextParser::parseFunction() {
  Scope scope{*this};
  Function function;
  expect("func");
  function.name = parseAtName();
  function.parameters = parseSignature();
  if (accept("->"))
    function.results = parseSignature();
  function.effects = parseEffects();
  function.body = parseBlock();
  function.loc = parseLocation();
  return function;
}

// "program" @name ["file" string] "stage" "(" word ")" ["ranks"] ["device"] "{" {global} {function}
// "}"
std::variant<Program, TextError> TextParser::parse() {
  expect("program");
  program.name = parseAtName();
  if (accept("file"))
    program.file = parseString();
  expect("stage"), expect("(");
  llvm::StringRef stage = take(Token::Word, "a stage");
  program.stage = parseWord<Stage>(stage).value_or(Stage::Source);
  if (!parseWord<Stage>(stage))
    failAt(stage, "unknown stage '" + stage + "'");
  expect(")");
  program.ranks = accept("ranks");
  program.device = accept("device");
  expect("{");
  while (accept("global"))
    program.globals.push_back(declareBuffer(Storage::Handle));
  while (!at("}") && !failed())
    program.functions.push_back(parseFunction());
  expect("}");
  if (token().kind != Token::End)
    failExpected("the end of the text");
  if (failed())
    return error;
  renumber(program);
  return std::move(program);
}

std::variant<Program, TextError> parseProgram(llvm::StringRef text) {
  return TextParser(text).parse();
}

} // namespace hpcc::ir
