//===- Scalar.h - scalar expressions ---------------------------------------------------------===//
//
// What a compute calculates at one point, and every other value the IR needs: trees over constants,
// affine forms, elements of buffers and the operations of Scalar.def. A tree has no effect except
// that its checked operations may raise; operands are evaluated left to right, each once.
//
//===-----------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_SCALAR_H
#define HPCC_IR_SCALAR_H

#include "Affine.h"
#include "DType.h"
#include "Loc.h"
#include "llvm/ADT/ArrayRef.h"
#include <string>
#include <variant>

namespace hpcc::ir {

/// Names a row of Program::buffers.
struct BufferId {
  uint32_t index = ~0u;
  auto operator<=>(const BufferId &) const = default;
};

/// One subscript of an access. With `wrap` the value is taken modulo the given size, Python's way
/// (np.roll, periodic edges): text `(i - 1) wrap n`.
struct Index {
  Affine form;
  std::optional<Affine> wrap;
  Index() = default;
  Index(Affine affine) : form(std::move(affine)) {}
  Index(SymbolId symbol) : form(symbol) {}
  bool operator==(const Index &) const = default;
};

/// One element of a buffer: as many indices as the buffer has dimensions, none for a scalar
/// variable. In bounds by construction or by an earlier `check`. `slot` selects the storage of a
/// buffer with slots, relative to the one that is current at the entry of the time loop.
struct Access {
  BufferId buffer;
  std::optional<Affine> slot;
  std::vector<Index> indices;
  bool operator==(const Access &) const = default;
};

enum class ScalarOp : uint8_t {
#define HPCC_SCALAR(Enum, text, arity, typing, checkable, infix) Enum,
#include "Scalar.def"
};

enum class Typing : uint8_t { Same, Compare, Select, Predicate, Float, Divide, Digits };

/// The row of Scalar.def.
struct ScalarOpInfo {
  llvm::StringRef text;
  unsigned arity;
  Typing typing;
  bool checkable;
  llvm::StringRef infix; // empty: call form only
};
const ScalarOpInfo &infoOf(ScalarOp op);
std::optional<ScalarOp> parseScalarOp(llvm::StringRef text);

struct Scalar;

/// A literal. `bits` holds the value's object representation, zero extended (bool: 0 or 1).
struct ScalarConstant {
  DType type = DType::I64;
  uint64_t bits = 0;
  bool operator==(const ScalarConstant &) const = default;
};

/// An affine form as an i64 value; never a constant form (that is a ScalarConstant).
struct ScalarAffine {
  Affine form;
  bool operator==(const ScalarAffine &) const = default;
};

/// The element of a buffer.
struct ScalarLoad {
  Access access;
  bool operator==(const ScalarLoad &) const = default;
};

/// An element at computed indices: opaque to dependence analysis. In bounds as for Access.
struct ScalarGather {
  BufferId buffer;
  std::vector<Scalar> indices;
  bool operator==(const ScalarGather &) const;
};

/// The run-time size of a dimension of a buffer (`dim(%u, 0)`): how the shape of a handle or a
/// parameter becomes a symbol. i64.
struct ScalarDim {
  BufferId buffer;
  unsigned dim = 0;
  bool operator==(const ScalarDim &) const = default;
};

/// Bound, text `bound(%u)`: the handle names an array; a variable that no path has assigned does
/// not. Even, `even(%u)`: the elements of an array, in row-major order, lie at equal distances in
/// memory, so that another shape is a view of them.
enum class StateQuestion : uint8_t { Bound, Even };

/// What is true of a name or its array at run time. bool.
struct ScalarState {
  BufferId buffer;
  StateQuestion question = StateQuestion::Bound;
  bool operator==(const ScalarState &) const = default;
};

/// Conversion to `type`, text `f64(x)`. Plain: NumPy's astype (to bool: != 0; float to integer as
/// x86-64 does it, NaN and out of range give the smallest value; to narrower integers by wrapping).
/// Checked: `i64.py(x)` of a float is Python's int(), which raises for NaN, infinity and values
/// beyond 64 bits; `i32.py(x)` of an i64 raises IntegerOutOfBounds where the value does not fit.
struct ScalarCast {
  DType type = DType::F64;
  bool checked = false;
  Loc loc;                     // of the construct that raises, where checked
  std::vector<Scalar> operand; // exactly one
  bool operator==(const ScalarCast &) const;
};

/// An operation of Scalar.def. `type` is the result's.
struct ScalarApply {
  ScalarOp op = ScalarOp::Add;
  bool checked = false;
  DType type = DType::F64;
  Loc loc; // of the construct that raises, where checked
  std::vector<Scalar> operands;
  bool operator==(const ScalarApply &) const;
};

struct Scalar {
  std::variant<ScalarConstant, ScalarAffine, ScalarLoad, ScalarGather, ScalarDim, ScalarState,
               ScalarCast, ScalarApply>
      node;
  bool operator==(const Scalar &) const = default;
};

inline bool ScalarGather::operator==(const ScalarGather &) const = default;
inline bool ScalarCast::operator==(const ScalarCast &) const = default;
inline bool ScalarApply::operator==(const ScalarApply &) const = default;

struct Program;

/// The type of a tree; loads take it from the program's buffers.
DType typeOf(const Scalar &scalar, const Program &program);

/// The result type of an operation on operands of these types, or nothing if they are illegal.
std::optional<DType> resultType(ScalarOp op, bool checked, llvm::ArrayRef<DType> operands);

/// True if evaluating the tree can raise: it holds a checked operation.
bool canRaise(const Scalar &scalar);

/// The operation if the tree is a Product, or null: what MultiplyAdd does not round.
const ScalarApply *asProduct(const Scalar &scalar);

/// The bits of a constant as a number, for constants of the type asked for.
double asDouble(const ScalarConstant &constant);
int64_t asInteger(const ScalarConstant &constant);

// Builders. They fix the result type from the operands; illegal operands are an assertion.
Scalar constantBool(bool value);
Scalar constantInteger(int64_t value);
Scalar constantFloat(double value);
Scalar constantOf(DType type, double value);
Scalar constantOf(DType type, int64_t value);
/// A constant form becomes a ScalarConstant.
Scalar affineScalar(const Affine &form);
Scalar load(BufferId buffer, std::vector<Index> indices = {});
Scalar castTo(DType type, Scalar operand, bool checked = false, Loc loc = {});
/// `program` gives loads their types.
Scalar apply(const Program &program, ScalarOp op, std::vector<Scalar> operands,
             bool checked = false, Loc loc = {});

/// The tree as an affine form, if it is one: constants, affine leaves, and unchecked i64 add,
/// subtract, negate and multiply by a constant.
std::optional<Affine> asAffine(const Scalar &scalar);

} // namespace hpcc::ir

#endif // HPCC_IR_SCALAR_H
