//===- VerifyScalar.cpp - invariants of scalars and accesses ---------------------------------===//

#include "Text.h"
#include "VerifyParts.h"
#include "Walk.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace hpcc::ir {

static unsigned heightOf(const Scalar &scalar) {
  unsigned height = 0;
  forEachOperand(scalar,
                 [&](const Scalar &operand) { height = std::max(height, heightOf(operand)); });
  return height + 1;
}

void verifyAccess(const Access &access, VerifyReport &report) {
  const Buffer &buffer = report.program[access.buffer];
  if (access.indices.size() != buffer.dims)
    report("arity", "%" + buffer.name + " has " + llvm::Twine(buffer.dims) + " dimensions, not " +
                        llvm::Twine(access.indices.size()));
}

static void verifyConstant(const ScalarConstant &constant, VerifyReport &report) {
  if (isComplex(constant.type))
    return report("types", "complex constants do not exist");
  unsigned bits = constant.type == DType::Bool ? 1 : 8 * sizeOf(constant.type);
  if (bits < 64 && constant.bits >> bits != 0)
    report("types", "a constant of type " + nameOf(constant.type) + " has too many bits");
}

static void verifyGather(const ScalarGather &gather, VerifyReport &report) {
  const Buffer &buffer = report.program[gather.buffer];
  if (gather.indices.size() != buffer.dims)
    report("arity", "%" + buffer.name + " has " + llvm::Twine(buffer.dims) + " dimensions, not " +
                        llvm::Twine(gather.indices.size()));
  for (const Scalar &index : gather.indices)
    if (typeOf(index, report.program) != DType::I64)
      report("types", "an index of a gather is " + toText(index, report.program) + ", not i64");
}

static void verifyCast(const ScalarCast &cast, VerifyReport &report) {
  if (cast.operand.size() != 1)
    return report("arity", "a conversion has one operand");
  DType from = typeOf(cast.operand[0], report.program);
  if (isComplex(cast.type) || isComplex(from))
    report("types", "conversions from and to complex types do not exist");
  bool toInt = cast.type == DType::I64 && isFloat(from);
  bool narrows = cast.type == DType::I32 && from == DType::I64;
  if (cast.checked && !toInt && !narrows)
    report("checked", "no checked conversion from " + nameOf(from) + " to " + nameOf(cast.type));
  if (!cast.checked && cast.loc != Loc{})
    report("checked", "a conversion that cannot raise has a location");
}

static void verifyApply(const ScalarApply &apply, VerifyReport &report) {
  const ScalarOpInfo &info = infoOf(apply.op);
  if (apply.operands.size() != info.arity)
    return report("arity", "'" + info.text + "' takes " + llvm::Twine(info.arity) + " operands");
  if (apply.checked && !info.checkable)
    report("checked", "'" + info.text + "' has no checked form");
  if (!apply.checked && apply.loc != Loc{})
    report("checked", "'" + info.text + "' cannot raise and has a location");
  llvm::SmallVector<DType, 3> types;
  for (const Scalar &operand : apply.operands)
    types.push_back(typeOf(operand, report.program));
  std::optional<DType> type = resultType(apply.op, apply.checked && info.checkable, types);
  if (!type)
    report("types", "no operation '" + info.text + (apply.checked ? ".py" : "") +
                        "' on operands of types " +
                        llvm::join(llvm::map_range(types, nameOf), ", "));
  else if (*type != apply.type)
    report("types",
           "'" + info.text + "' states type " + nameOf(apply.type) + ", not " + nameOf(*type));
}

void verifyScalar(const Scalar &scalar, VerifyReport &report) {
  if (heightOf(scalar) > maxScalarHeight)
    return report("depth", "a scalar is nested too deeply");
  const Program &program = report.program;
  forEachSubtree(scalar, [&](const Scalar &tree) {
    std::visit(overloaded{[&](const ScalarConstant &node) { verifyConstant(node, report); },
                          [&](const ScalarAffine &node) {
                            if (node.form.isConstant())
                              report("types", "a constant is an affine leaf");
                          },
                          [&](const ScalarLoad &node) { verifyAccess(node.access, report); },
                          [&](const ScalarGather &node) { verifyGather(node, report); },
                          [&](const ScalarDim &node) {
                            if (node.dim >= program[node.buffer].dims)
                              report("arity", "%" + program[node.buffer].name +
                                                  " has no dimension " + llvm::Twine(node.dim));
                          },
                          [&](const ScalarState &node) {
                            const Buffer &buffer = program[node.buffer];
                            if (node.question == StateQuestion::Even && buffer.dims == 0)
                              report("arity", "%" + buffer.name + " is no array");
                            if (node.question == StateQuestion::Bound &&
                                buffer.storage != Storage::Handle)
                              report("arity", "%" + buffer.name + " is no handle");
                          },
                          [&](const ScalarCast &node) { verifyCast(node, report); },
                          [&](const ScalarApply &node) { verifyApply(node, report); }},
               tree.node);
  });
}

} // namespace hpcc::ir
