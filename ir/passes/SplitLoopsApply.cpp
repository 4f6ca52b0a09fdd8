//===- SplitLoopsApply.cpp - chunks of a par loop and an ordered one --------------------------===//
//
// What the ordered part takes from the independent one is kept in arrays as long as a chunk, one
// for each scalar variable and each `let`, at the place of the iteration. The independent part has
// variables of its own for all that it sets.
//
//===-----------------------------------------------------------------------------------------===//

#include "SplitLoops.h"
#include "llvm/ADT/STLExtras.h"

namespace hpcc::ir {
namespace {

class SplitBuilder {
public:
  SplitBuilder(Program &program, Function &function, const Stmt &stmt, const LoopSplit &split,
               int64_t chunkLength, LiveScalars &liveness)
      : program(program), function(function), loc(stmt.loc), loop(std::get<Loop>(stmt.node)),
        split(split), chunkLength(chunkLength), liveness(liveness),
        names(namesDeclaredIn(loop.body)) {}

  Block build() {
    Block independent = bodyOf(LoopPart::Independent), ordered = bodyOf(LoopPart::Ordered);
    std::set<BufferId> kept = variablesBetween(independent, ordered);
    bool hasOrder = llvm::is_contained(split.parts, LoopPart::Ordered) || !kept.empty();
    if (!hasOrder) {
      Loop result = loop;
      result.axis.kind = AxisKind::Par;
      makePrivate(result.body);
      return {Stmt{std::move(result), loc}};
    }
    return inChunks(std::move(independent), std::move(ordered), kept);
  }

private:
  //===---------------------------------------------------------------------------------------===//
  // Parts
  //===---------------------------------------------------------------------------------------===//

  /// The statements of the part, and the repeated ones that these need.
  Block bodyOf(LoopPart part) const {
    std::vector<bool> taken(loop.body.size());
    std::set<BufferId> buffers;
    std::set<SymbolId> symbols;
    auto use = [&](const Stmt &each) {
      forEachBuffer(each, [&](BufferId id) { buffers.insert(id); });
      addSymbols(each, symbols);
    };
    for (size_t index = loop.body.size(); index-- > 0;) {
      const Stmt &stmt = loop.body[index];
      taken[index] = split.parts[index] == part;
      if (split.parts[index] == LoopPart::Repeated) {
        forEachDeclaredSymbol(stmt, [&](SymbolId id) { taken[index] = symbols.count(id) != 0; });
        forEachDeclaredBuffer(stmt, [&](BufferId id) { taken[index] = buffers.count(id) != 0; });
      }
      if (!taken[index])
        continue;
      use(stmt);
      forEachInnerBlock(stmt, [&](const Block &block) { forEachStmt(block, use); });
    }
    Block body;
    for (size_t index = 0; index < taken.size(); ++index)
      if (taken[index])
        body.push_back(loop.body[index]);
    return body;
  }

  void addSymbols(const Stmt &stmt, std::set<SymbolId> &symbols) const {
    forEachAffine(program, stmt, [&](const Affine &form) {
      for (const AffineTerm &term : form.terms)
        symbols.insert(term.symbol);
    });
  }

  static std::set<BufferId> writtenIn(const Program &program, const Block &body) {
    std::set<BufferId> written;
    for (const Stmt &stmt : body)
      for (const Touch &touch : touchesOf(stmt, program, Facts()))
        if (isWrite(touch.use) && program[touch.footprint.buffer].dims == 0)
          written.insert(touch.footprint.buffer);
    return written;
  }

  /// The variables that the independent part sets and the ordered part, or what comes later, reads.
  std::set<BufferId> variablesBetween(const Block &independent, const Block &ordered) {
    Block statements = ordered;
    std::erase_if(statements,
                  [](const Stmt &stmt) { return std::holds_alternative<Alloc>(stmt.node); });
    LiveScalars::Set live = liveness.before(statements, split.around);
    std::set<BufferId> kept;
    for (BufferId id : writtenIn(program, independent))
      if (live.count(id))
        kept.insert(id);
    return kept;
  }

  /// The numbers that the independent part names and the ordered part uses.
  std::vector<SymbolId> numbersBetween(const Block &independent, const Block &ordered) const {
    std::set<SymbolId> used, declared;
    forEachStmt(ordered, [&](const Stmt &stmt) { addSymbols(stmt, used); });
    for (const Stmt &stmt : ordered)
      forEachDeclaredSymbol(stmt, [&](SymbolId id) { declared.insert(id); });
    std::vector<SymbolId> numbers;
    for (const Stmt &stmt : independent)
      if (auto *let = std::get_if<Let>(&stmt.node);
          let && used.count(let->symbol) && !declared.count(let->symbol))
        numbers.push_back(let->symbol);
    return numbers;
  }

  /// Declares variables of the body's own in the place of those from outside that it sets.
  void makePrivate(Block &body) {
    std::map<BufferId, BufferId> own;
    Block declarations;
    for (BufferId id : writtenIn(program, body))
      if (!names.buffers.count(id)) {
        own[id] = program.addBuffer(Buffer(program[id]));
        declarations.push_back({Alloc{own[id]}, loc});
      }
    forEachStmt(body, [&](Stmt &stmt) {
      forEachBuffer(stmt, [&](BufferId &id) {
        if (auto found = own.find(id); found != own.end())
          id = found->second;
      });
    });
    body.insert(body.begin(), declarations.begin(), declarations.end());
  }

  //===---------------------------------------------------------------------------------------===//
  // Chunks
  //===---------------------------------------------------------------------------------------===//

  Block inChunks(Block independent, Block ordered, const std::set<BufferId> &kept) {
    Block result;
    useUnitSteps(independent, ordered, result);
    auto lo = axis.lo.asSingle(), hi = axis.hi.asSingle();
    std::optional<int64_t> count = lo && hi ? (*hi - *lo).asConstant() : std::nullopt;
    bool isOneChunk = count && *count <= chunkLength;
    length = isOneChunk ? std::max<int64_t>(*count, 0) : chunkLength;
    SymbolId chunk = isOneChunk ? SymbolId() : program.addSymbol("chunk");
    place = Affine(axis.iterator) - (isOneChunk ? *lo : Affine(chunk));

    Block rest = takeScalarAllocs(ordered), stores, drops;
    for (BufferId variable : kept) {
      BufferId array = arrayFor(program[variable].type, program[variable].name, result, drops);
      stores.push_back(set(array, load(variable), {place}));
      rest.push_back(set(variable, load(array, {place})));
    }
    for (SymbolId number : numbersBetween(independent, ordered)) {
      BufferId array = arrayFor(DType::I64, program[number].name, result, drops);
      stores.push_back(set(array, affineScalar(number), {place}));
      rest.push_back({Let{number, load(array, {place})}, loc});
    }
    llvm::append_range(independent, stores);
    makePrivate(independent);
    llvm::append_range(rest, ordered);
    Block loops = loopsOf(std::move(independent), std::move(rest), chunk, isOneChunk);
    if (isOneChunk) {
      llvm::append_range(result, loops);
    } else {
      Axis chunks = axis;
      chunks.iterator = chunk;
      chunks.step = chunkLength;
      result.push_back({Loop{chunks, LoopRole::Seq, std::move(loops)}, loc});
    }
    llvm::append_range(result, drops);
    return result;
  }

  /// The two loops over one chunk.
  Block loopsOf(Block independent, Block ordered, SymbolId chunk, bool isOneChunk) {
    Axis inner = axis;
    if (!isOneChunk) {
      inner.lo = Bound(chunk);
      inner.hi.forms.insert(inner.hi.forms.begin(), Affine(chunk) + chunkLength);
    }
    Axis parallel = inner;
    parallel.kind = AxisKind::Par;
    Block loops = {Stmt{Loop{parallel, LoopRole::Seq, std::move(independent)}, loc}};
    Block rest = {Stmt{Loop{inner, LoopRole::Seq, std::move(ordered)}, loc}};
    llvm::append_range(loops, cloneFresh(program, rest, function.labels));
    return loops;
  }

  /// Makes the iterator count in steps of one: i = lo + step * q.
  void useUnitSteps(Block &independent, Block &ordered, Block &before) {
    axis = loop.axis;
    if (axis.step == 1)
      return;
    Affine first = asForm(axis.lo, ScalarOp::Maximum, "first", before);
    Affine last = asForm(axis.hi, ScalarOp::Minimum, "last", before);
    Scalar count =
        apply(program, ScalarOp::FloorDivide,
              {affineScalar(last - first + (axis.step - 1)), constantInteger(axis.step)});
    SymbolId index = program.addSymbol(program[axis.iterator].name);
    Affine value = first + Affine(index) * axis.step;
    substitute(program, independent, axis.iterator, value);
    substitute(program, ordered, axis.iterator, value);
    Affine steps;
    if (std::optional<int64_t> constant = (last - first).asConstant())
      steps = *constant <= 0 ? 0 : (*constant - 1) / axis.step + 1;
    else
      steps = named("count", std::move(count), before);
    axis = {index, Bound(0), Bound(steps), 1, AxisKind::Seq};
  }

  Affine named(llvm::StringRef name, Scalar value, Block &before) {
    SymbolId symbol = program.addSymbol(name.str());
    before.push_back({Let{symbol, std::move(value)}, loc});
    return symbol;
  }

  Affine asForm(const Bound &bound, ScalarOp op, llvm::StringRef name, Block &before) {
    if (std::optional<Affine> single = bound.asSingle())
      return *single;
    Scalar value = affineScalar(bound.forms.front());
    for (const Affine &form : llvm::drop_begin(bound.forms))
      value = apply(program, op, {std::move(value), affineScalar(form)});
    return named(name, std::move(value), before);
  }

  /// The declarations of variables directly in the block, which are taken out of it. Those of
  /// arrays stay behind what their sizes and orders name.
  Block takeScalarAllocs(Block &block) const {
    Block allocs;
    std::erase_if(block, [&](Stmt &stmt) {
      auto *alloc = std::get_if<Alloc>(&stmt.node);
      bool isTaken = alloc && program[alloc->buffer].dims == 0;
      if (isTaken)
        allocs.push_back(std::move(stmt));
      return isTaken;
    });
    return allocs;
  }

  Stmt set(BufferId target, Scalar value, std::vector<Index> indices = {}) const {
    Compute compute;
    compute.body.push_back({{target, {}, std::move(indices)},
                            AssignOp::Set,
                            std::move(value),
                            {},
                            ReductionOrder::Any,
                            {},
                            loc});
    return {std::move(compute), loc};
  }

  BufferId arrayFor(DType type, llvm::StringRef name, Block &before, Block &drops) {
    Buffer row;
    row.name = name.str() + ".kept";
    row.type = type;
    row.dims = 1;
    row.shape = {Affine(length)};
    BufferId array = program.addBuffer(std::move(row));
    before.push_back({Alloc{array}, loc});
    drops.push_back({Drop{array}, loc});
    return array;
  }

  Program &program;
  Function &function;
  Loc loc;
  const Loop &loop;
  const LoopSplit &split;
  int64_t chunkLength;
  LiveScalars &liveness;
  IterationNames names;
  Axis axis;          // of the loop, in unit steps
  Affine place;       // of the iteration in its chunk
  int64_t length = 0; // of a chunk
};

} // namespace

Block applySplit(Program &program, Function &function, const Stmt &stmt, const LoopSplit &split,
                 int64_t chunkLength, LiveScalars &liveness) {
  return SplitBuilder(program, function, stmt, split, chunkLength, liveness).build();
}

} // namespace hpcc::ir
