// Inside sema: NumPy's functions of arrays, and what they share. Private to frontend/Sema*.cpp.
//
// A call's handler takes the name as it stands behind `np.` and the evaluated arguments, and leaves
// a value or a message. What other operations can express is put together from them here; the rest
// is a node of TypedAST.h.
#pragma once

#include "frontend/Sema.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace hpcc::frontend::sema {

using CallHandler = Value (*)(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments);

#define NUMPY_FUNCTION(text, handler, form)                                                        \
  Value handler(Analyzer &sema, llvm::StringRef name, Loc loc, Arguments arguments);
#include "frontend/NumpyFunctions.def"

/// The handler of NumpyFunctions.def, or null.
CallHandler numpyFunctionNamed(llvm::StringRef name, bool asMethod);
/// Visits the names of NumpyFunctions.def behind `np.`.
void forEachNumpyFunction(llvm::function_ref<void(llvm::StringRef name)> visit);

/// left @ right for arrays of one or two dimensions, in the words of the function.
Value multiplyMatrices(Analyzer &sema, typed::ProductKind kind, Loc loc, Loc opLoc, Value left,
                       Value right);

/// The arguments by name as Analyzer::takeArguments gives them; those of `refused` must be absent,
/// None or their default. Nothing after a message.
struct Parameters {
  std::vector<std::optional<Value>> values;
  bool failed = false;
  explicit operator bool() const { return !failed; }
  std::optional<Value> &operator[](size_t index) { return values[index]; }
};
Parameters takeParameters(Analyzer &sema, llvm::StringRef function, Loc loc, Arguments arguments,
                          llvm::ArrayRef<llvm::StringRef> names, unsigned required,
                          llvm::ArrayRef<unsigned> refused = {});

/// The argument is there and not None.
inline bool isGiven(const std::optional<Value> &value) { return value && !value->as<NoneValue>(); }

/// A bool that is known now; nothing after a message. `otherwise` where it is absent.
std::optional<bool> constantFlag(Analyzer &sema, std::optional<Value> &value,
                                 llvm::StringRef keyword, bool otherwise);

/// The array, or a message that names the function.
bool expectArray(Analyzer &sema, llvm::StringRef function, const Value &value);

/// The axes of an argument (None: all) as a mask. Nothing after a message.
std::optional<uint32_t> axesArgument(Analyzer &sema, std::optional<Value> &value, unsigned dims);

/// The dtype in which NumPy adds and multiplies elements.
inline ir::DType sumTypeOf(ir::DType dtype) {
  if (ir::isFloat(dtype))
    return dtype;
  return ir::isUnsigned(dtype) ? ir::DType::U64 : ir::DType::I64;
}

/// The reduction of that name.
std::optional<typed::ReduceKind> reduceNamed(llvm::StringRef name);

/// A reduction of an array over the axes, as the function of that name; dtypes follow NumPy.
Value reduceArray(Analyzer &sema, typed::ReduceKind kind, Loc loc, Value array, uint32_t axes,
                  bool keepDims);

/// The argument `out` after the result is stored to it.
Value storeInto(Analyzer &sema, llvm::StringRef function, Loc loc, Value out, Value result);

/// An elementwise operation on operands as NumPy promotes them.
Value applyElementwise(Analyzer &sema, Loc loc, ir::ScalarOp op, Value operand);
Value applyElementwise(Analyzer &sema, Loc loc, ir::ScalarOp op, Value left, Value right);

/// A view of an array by items that cover all its dimensions. `shape`: what is known of its sizes.
Value viewOf(Analyzer &sema, Loc loc, Value array, std::vector<typed::SubscriptItem> items,
             std::vector<SymbolicSize> shape);

/// Its size along one dimension, a weak int.
Value sizeOf(Analyzer &sema, Loc loc, const Value &array, unsigned dim);
/// array.shape, ndim, size, T; nothing if it is none of these.
std::optional<Value> attributeOfArray(Analyzer &sema, Loc loc, Value &array,
                                      llvm::StringRef attribute);

/// A slice start:stop:step of weak ints, null where absent.
typed::SubscriptSlice sliceItem(std::optional<Value> start, std::optional<Value> stop,
                                std::optional<Value> step = std::nullopt);
/// The part of an array that a slice of one dimension selects.
Value sliceAlong(Analyzer &sema, Loc loc, Value array, unsigned dim, typed::SubscriptSlice slice);
/// target[..] = value along one dimension; the value is complete before.
void storeAlong(Analyzer &sema, Loc loc, typed::Block &stmts, const Value &target, unsigned dim,
                typed::SubscriptSlice slice, Value value);
/// An axis that is known now, as a dimension of an array of `dims`; nothing after a message.
std::optional<unsigned> axisArgument(Analyzer &sema, Value &value, unsigned dims);
/// np.empty(sizes).
Value emptyArray(Analyzer &sema, Loc loc, DType dtype, std::vector<Value> sizes);
/// A reshape to one dimension.
Value ravel(Analyzer &sema, Loc loc, Value array);
/// base[indices] for an array of integers.
Value gatherElements(Analyzer &sema, Loc loc, Value base, Value indices);
/// base[selector] for a mask or positions, an array or a list.
Value selectElements(Analyzer &sema, Loc loc, Value base, Value selector);
/// np.round of a number or array.
Value roundDecimals(Analyzer &sema, Loc loc, Value value, int64_t decimals);

/// What is known of the array's sizes; unknown sizes where nothing is.
std::vector<SymbolicSize> knownShape(const Value &array);

} // namespace hpcc::frontend::sema
