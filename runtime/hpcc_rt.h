//===- hpcc_rt.h - The C ABI between compiled programs and the runtime ----===//
//
// Part of hpcc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What generated code, the JIT and the IR interpreter may call: arrays, errors, output, start and
// end of a program. Plain C types only, so that any front door (object file, JIT, ctypes) fits.
//===----------------------------------------------------------------------===//
#ifndef HPCC_RUNTIME_HPCC_RT_H
#define HPCC_RUNTIME_HPCC_RT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
#define HPC_NORETURN [[noreturn]]
extern "C" {
#else
#define HPC_NORETURN _Noreturn
#endif

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

/// Element types. Today's programs use bool, i32, i64, f32 and f64; the rest are numbered already
/// so that the numbers never change.
enum hpc_dtype {
  HPC_BOOL = 0,
  HPC_I8,
  HPC_I16,
  HPC_I32,
  HPC_I64,
  HPC_U8,
  HPC_U16,
  HPC_U32,
  HPC_U64,
  HPC_F32,
  HPC_F64,
  HPC_C64,
  HPC_C128
};

enum { HPC_MAX_DIMS = 8 };

/// Reference-counted storage, opaque to generated code.
typedef struct hpc_object hpc_object;

/// An array descriptor of D dimensions (0..8) lies in memory as
///
///     { hpc_object *object; void *data; int64_t shape[D]; int64_t stride[D]; }
///
/// Strides count elements; zero and negative ones are allowed; `data` points at element (0, .., 0).
/// `object == NULL` marks an unbound variable. Calls take its address and D (`dims`).
/// This struct is the part that does not depend on D.
typedef struct hpc_array_head {
  hpc_object *object;
  void *data;
} hpc_array_head;

/// Where in the program something happens. Static data of the program; never freed.
typedef struct hpc_location {
  const char *file;     ///< path as given to the compiler
  const char *function; ///< function name, "<module>" for module code, or NULL
  const char *lineText; ///< the source line without its newline, or NULL: no excerpt is shown
  int32_t line;         ///< from 1; 0: unknown
  int32_t column;       ///< from 1, in bytes
  int32_t endColumn;    ///< one past the range, in bytes; <= column: a single caret
} hpc_location;

/// Makes `descriptor` a fresh row-major array (np.empty): count 1, data aligned to 64 bytes,
/// contents arbitrary. What the descriptor held before is overwritten, not released.
/// Raises NumPy's ValueError (negative dimension, size overflow) or MemoryError at `where`.
void hpc_array_allocate(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                        const hpc_location *where);

/// The same with room for `slots` storages of that shape, `distance` elements from each to the
/// next. Errors are those of one storage.
void hpc_array_allocate_slots(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                              int64_t slots, int64_t distance, const hpc_location *where);

/// The same filled with zeros (np.zeros); pages of a large array are not touched before use.
void hpc_array_allocate_zeroed(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                               const hpc_location *where);

/// The same in the memory order NumPy gives the result of an elementwise operation on the `count`
/// operands (order 'K'). `shape` is the broadcast shape; operand i is a descriptor of
/// operandDims[i] <= dims dimensions. Contents arbitrary. Errors as for hpc_array_allocate.
void hpc_array_allocate_like(void *descriptor, int32_t dims, int32_t dtype, const int64_t *shape,
                             const void *const *operands, const int32_t *operandDims, int32_t count,
                             const hpc_location *where);

/// The same in the memory order of np.copy(source), source.astype(..) and np.empty_like(source).
/// (`source.copy()` is row-major: hpc_array_allocate.)
void hpc_array_allocate_copy(void *descriptor, int32_t dims, int32_t dtype, const void *source,
                             const hpc_location *where);

/// One more owner. NULL is allowed and does nothing. Safe from several threads.
void hpc_retain(hpc_object *object);

/// One owner less; the last one frees the storage (large blocks are kept for reuse).
/// NULL is allowed and does nothing. Safe from several threads.
void hpc_release(hpc_object *object);

/// Number of owners of a non-null object; for tests and for deciding about reuse in place.
int64_t hpc_object_count(const hpc_object *object);

/// The stride part of hpc_array_allocate_like without a descriptor: fills stride[dims] (elements)
/// for a result of `shape`. `operandShapes[i]` and `operandStrides[i]` have operandDims[i] entries.
/// Pure; in the leaf library hpcrt_format.
void hpc_layout_like(int32_t dims, const int64_t *shape, const int64_t *const *operandShapes,
                     const int64_t *const *operandStrides, const int32_t *operandDims,
                     int32_t count, int64_t *stride);

/// The stride part of hpc_array_allocate_copy. Pure; in hpcrt_format.
void hpc_layout_copy(int32_t dims, const int64_t *shape, const int64_t *sourceStride,
                     int64_t *stride);

/// Size of one element in bytes. Pure; in hpcrt_format.
int64_t hpc_dtype_size(int32_t dtype);

/// NumPy's name of an element type ("float64"). Pure; in hpcrt_format.
const char *hpc_dtype_name(int32_t dtype);

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

/// One constant per row of Errors.def: HPC_ERROR_IndexOutOfBounds, ...
enum hpc_error_id {
#define HPC_ERROR(id, className, format) HPC_ERROR_##id,
#include "Errors.def"
  HPC_ERROR_COUNT
};

/// Raises an error: buffered standard output is written first, then the handler is called; the
/// default one prints `FILE:LINE:COL: Class: message`, the source line and carets on standard error
/// and ends the process with hpc_error_exit_code(errorId).
/// `args` holds `count` numbers in the order of the row's placeholders; Errors.def says how each
/// placeholder is encoded. `where` may be NULL.
HPC_NORETURN void hpc_raise(int32_t errorId, const hpc_location *where, const int64_t *args,
                            int32_t count);

/// Receives an error in place of the default report. It may return, and the process ends with the
/// error's exit code, or jump away with longjmp; then `message` is its own, to be freed by free().
typedef void (*hpc_error_handler)(void *context, int32_t errorId, const hpc_location *where,
                                  const char *className, const char *message);

/// Replaces the handler; NULL restores the default.
void hpc_set_error_handler(hpc_error_handler handler, void *context);

/// Writes the message of an error (without its class) into `buffer` as a C string cut to
/// `capacity` bytes; returns its full length. The very text that hpc_raise shows.
/// Pure; in hpcrt_format.
int64_t hpc_format_error(int32_t errorId, const int64_t *args, int32_t count, char *buffer,
                         int64_t capacity);

/// The Python class of an error; "unsupported" for what Python does and hpcc does not.
/// Pure; in hpcrt_format.
const char *hpc_error_class(int32_t errorId);

/// 1 for Python errors, 2 for "unsupported", 130 for KeyboardInterrupt. Pure; in hpcrt_format.
int32_t hpc_error_exit_code(int32_t errorId);

/// Entering a function that may recurse, called once per call with the location of the call.
/// Raises RecursionError where CPython 3.11 does with its limit of 1000: module code is frame 1,
/// so at most 999 calls are open at once.
void hpc_recursion_enter(const hpc_location *where);

/// Leaving such a function.
void hpc_recursion_leave(void);

/// A call of a built-in function (print, abs, math.sin, ..; not NumPy's ufuncs) that needs `levels`
/// frames of CPython's own: raises its `maximum recursion depth exceeded while calling a Python
/// object` when they are not there. One level for abs, len, float, math functions; two for print.
void hpc_recursion_check(int32_t levels, const hpc_location *where);

/// Sets the depth; the REPL and a long-jumping error handler use it to start again from 0.
void hpc_recursion_reset(int32_t depth);

//===----------------------------------------------------------------------===//
// Output. Everything goes through one buffer on standard output.
//===----------------------------------------------------------------------===//

/// `length` bytes as they are.
void hpc_print_text(const char *text, int64_t length);

/// str() of a scalar, Python's and NumPy's alike: True, 3, 1.5, 1e+16, nan. The result is also the
/// repr() of Python's own scalars, as inside a list or tuple.
void hpc_print_bool(bool value);
void hpc_print_i64(int64_t value);
void hpc_print_u64(uint64_t value);
void hpc_print_f64(double value);
void hpc_print_f32(float value);

/// repr() of a NumPy scalar, as inside a list or tuple: np.True_, np.int64(3), np.float64(1.5).
void hpc_print_repr_bool(bool value);
void hpc_print_repr_f32(float value);
void hpc_print_repr_f64(double value);
/// Of an integer type, from its value's bits: np.uint8(3).
void hpc_print_repr_integer(int64_t bits, int32_t dtype);

/// str() of a NumPy array with default print options, any strides.
void hpc_print_array(const void *descriptor, int32_t dims, int32_t dtype);

/// str() of a Python list kept as an array: nested brackets for dims > 1.
/// `numpyScalars`: its elements are NumPy scalars, not Python's own.
void hpc_print_list(const void *descriptor, int32_t dims, int32_t dtype, bool numpyScalars);

/// Where the print statement that follows stands: the place of the error if its output cannot be
/// written. NULL: unknown.
void hpc_print_location(const hpc_location *where);

/// Writes out what is buffered. A failing write ends the process as in CPython: BrokenPipeError or
/// OSError on standard error.
void hpc_flush(void);

//===----------------------------------------------------------------------===//
// Conversions through decimal text. Pure; in hpcrt_format.
//===----------------------------------------------------------------------===//

/// Python's round(value, places), correctly rounded. Infinite for a finite value when the result
/// is too large: the caller raises RoundOverflow.
double hpc_round_f64(double value, int64_t places);

//===----------------------------------------------------------------------===//
// Start and end of a program
//===----------------------------------------------------------------------===//

/// First call of every program: keeps argc and argv, ignores SIGPIPE (a closed pipe then is an
/// error with a message, as in CPython) and installs the Ctrl-C handler.
void hpc_start(int32_t argc, const char *const *argv);

/// Last call of every program: flushes and returns the exit code for main.
int32_t hpc_finish(void);

/// sys.exit(code): flushes and ends the process.
HPC_NORETURN void hpc_exit(int64_t code);

/// Number of arguments and argument i (sys.argv); NULL when i is out of range.
int64_t hpc_argument_count(void);
const char *hpc_argument(int64_t index);

/// Ctrl-C writes out the buffered output, prints `KeyboardInterrupt` on standard error and ends the
/// process by SIGINT, as CPython does (a shell sees 130). Part of hpc_start; the JIT calls it
/// alone.
void hpc_install_signal_handlers(void);

/// Ends the process with a message and exit code 1 if this CPU lacks one of `features`: LLVM names
/// separated by commas ("avx2,fma"; a leading '+' is allowed). Unknown names are passed over.
void hpc_cpu_check(const char *features);

/// time.time(): seconds since the epoch.
double hpc_time_now(void);

/// time.perf_counter(): seconds of a steady clock.
double hpc_time_counter(void);

/// time.process_time(): seconds of processor time, user and system, of this process.
double hpc_time_process(void);

//===----------------------------------------------------------------------===//
// Ranks, as in mpi4py. The first call opens libhpc_mpi.so (mpi/hpc_mpi.h) and joins the other
// ranks; a program that makes none has nothing to do with MPI.
//
// `value` is a scalar (dims 0: its address) or the descriptor of an array, row-major. What an
// operation brings waits until hpc_mpi_take, the next call but for hpc_mpi_dim. All raise mpi4py's
// errors at `where`.
//===----------------------------------------------------------------------===//

/// The operations of reductions: x op y for what two ranks hold. The checked ones are those of
/// Python's int, which raise OverflowError.
enum hpc_mpi_operation {
  HPC_MPI_SUM = 0,
  HPC_MPI_PRODUCT,
  HPC_MPI_MAXIMUM,
  HPC_MPI_MINIMUM,
  HPC_MPI_CHECKED_SUM,
  HPC_MPI_CHECKED_PRODUCT,
};

/// Number of this process, from 0; how many there are; seconds of MPI's clock.
int64_t hpc_mpi_rank(const hpc_location *where);
int64_t hpc_mpi_size(const hpc_location *where);
double hpc_mpi_time(const hpc_location *where);

/// comm.send(value, dest, tag) and comm.recv(source, tag); -1 is any source, any tag.
void hpc_mpi_send(const void *value, int32_t dims, int32_t dtype, int64_t dest, int64_t tag,
                  const hpc_location *where);
void hpc_mpi_receive(int64_t source, int64_t tag, const hpc_location *where);

/// comm.bcast(value, root).
void hpc_mpi_broadcast(const void *value, int32_t dims, int32_t dtype, int64_t root,
                       const hpc_location *where);

/// comm.reduce(value, op, root), in mpi4py's order: a binomial tree over the ranks, (0 op 1) op
/// (2 op 3), whose result goes to `root`; other ranks take their own value back.
void hpc_mpi_reduce(const void *value, int32_t dims, int32_t dtype, int32_t operation, int64_t root,
                    const hpc_location *where);

/// comm.allreduce(value, op): the same, at every rank.
void hpc_mpi_reduce_all(const void *value, int32_t dims, int32_t dtype, int32_t operation,
                        const hpc_location *where);

/// Size of a dimension of the array that waits.
int64_t hpc_mpi_dim(int64_t dim);

/// Stores what waits: into the scalar at `target`, or the row-major array of that descriptor, whose
/// sizes are those of hpc_mpi_dim.
void hpc_mpi_take(void *target, int32_t dims, int32_t dtype, const hpc_location *where);

/// comm.barrier() and MPI.Finalize().
void hpc_mpi_barrier(const hpc_location *where);
void hpc_mpi_finalize(const hpc_location *where);

//===----------------------------------------------------------------------===//
// Ranks that divide the work of one program. All run the same control flow and make the same calls
// in the same order; each has its own copy of every array, in full size, and which rank's copy of a
// row is up to date follows from the array's distribution.
//===----------------------------------------------------------------------===//

/// First call of such a program: joins the other ranks. From here on only rank 0 prints. Of an
/// error that all ranks come to rank 0 reports; one that a single rank comes to is reported by that
/// rank. Either ends all ranks.
void hpc_ranks_start(const hpc_location *where);

/// Number of this process, from 0; how many there are.
int64_t hpc_ranks_rank(void);
int64_t hpc_ranks_size(void);

enum hpc_distribution_kind {
  /// Of P ranks rank r has [floor(r * rows / P), floor((r + 1) * rows / P)); rank 0 also has what
  /// lies before, and the last rank what lies behind.
  HPC_BLOCKS = 0,
  HPC_CYCLIC, ///< row x is that of rank x modulo P
};

/// Which rank has which row. Row x counts as x + offset.
typedef struct hpc_distribution {
  int64_t kind, rows, offset;
} hpc_distribution;

/// For whom rows are brought up to date: each rank for the iterations it runs, all, or rank 0.
enum hpc_receivers { HPC_FOR_OWN = 0, HPC_FOR_ALL, HPC_FOR_ROOT };

/// Rows of one array of which the copies are brought up to date. All ranks state the same but for
/// the address of the data.
typedef struct hpc_rank_part {
  void *data;            ///< row 0
  int64_t pitch;         ///< bytes from each row to the next
  int64_t offset, bytes; ///< what of each row
  int64_t rows;          ///< of the array; there are no others
  hpc_distribution home; ///< the rank that has the row up to date
  int64_t receivers;
  /// For own: the rank that has iteration i of lo, lo + step, .. < hi in `share` runs it.
  int64_t lo, hi, step;
  hpc_distribution share;
  /// Iteration i needs the rows [firstScale * i + first, lastScale * i + last), and an interval of
  /// iterations all that lie between theirs. For all and for rank 0: the rows [first, last).
  int64_t firstScale, first, lastScale, last;
  int64_t wrap; ///< rows count modulo this; 0: they do not
} hpc_rank_part;

/// Sends what others need of the rows that this rank has, and begins to receive what it needs, in
/// one message for each pair of ranks. What is sent must not change, nor what is received be
/// touched, before the next hpc_ranks_exchange_finish.
void hpc_ranks_exchange_start(const hpc_rank_part *parts, int32_t count, const hpc_location *where);

/// Returns when the rows are there.
void hpc_ranks_exchange_finish(const hpc_location *where);

/// target op= value, as the IR's assignments do it.
enum hpc_ranks_operation {
  HPC_RANKS_ADD = 1,
  HPC_RANKS_MULTIPLY,
  HPC_RANKS_MINIMUM,
  HPC_RANKS_MAXIMUM,
  HPC_RANKS_AND,
  HPC_RANKS_OR,
};

/// Each value becomes that of rank 0 op that of rank 1 op .., at every rank.
void hpc_ranks_combine(void *values, int64_t count, int32_t dtype, int32_t operation,
                       const hpc_location *where);

/// The bits that any rank has set: of values that one rank knows and for which the others have zero
/// bytes.
void hpc_ranks_combine_bits(void *values, int64_t bytes, const hpc_location *where);

/// A tree sum over so many points has 2^levels subtrees some levels below its root, with 256 points
/// or more each; at most HPC_RANKS_TREE_LEVELS levels, and none in a smaller tree.
enum { HPC_RANKS_TREE_LEVELS = 10 };
int64_t hpc_ranks_tree_levels(int64_t points);

/// The first point of a subtree; of one too many the number of points.
int64_t hpc_ranks_tree_begin(int64_t points, int64_t levels, int64_t subtree);

/// How many subtrees begin before a point.
int64_t hpc_ranks_tree_find(int64_t points, int64_t levels, int64_t point);

/// The sum of all subtrees. `sums` are those that this rank knows, and zeros; they are overwritten.
double hpc_ranks_tree_f64(double *sums, int64_t levels, const hpc_location *where);
float hpc_ranks_tree_f32(float *sums, int64_t levels, const hpc_location *where);

/// Around work that the ranks do one after the other: takes over the values of the rank before, and
/// hands them on. Then all get those of the last rank. Each call is made for all values before the
/// next one is.
void hpc_ranks_chain_receive(void *values, int64_t bytes, const hpc_location *where);
void hpc_ranks_chain_send(const void *values, int64_t bytes, const hpc_location *where);
void hpc_ranks_chain_end(void *values, int64_t bytes, const hpc_location *where);

/// Rank 0's values become those of all.
void hpc_ranks_broadcast(void *values, int64_t bytes, const hpc_location *where);

/// Around work in which ranks can fail alone: between the two an error waits until all ranks are
/// through, and the first rank that has one reports it. Within a chain it is reported at once.
void hpc_ranks_shares_begin(void);
void hpc_ranks_shares_end(const hpc_location *where);

//===----------------------------------------------------------------------===//
// A GPU that does part of the work of one program, by NVIDIA's driver (libcuda.so.1, opened when
// such a program starts) or emulated in this process. All calls come from one thread, which also
// gives up the arrays that are on the device. Launches return at once; what is started is done in
// that order, transfers included, and an error in it is raised by a later call that waits, or at
// the end of the program. Nothing falls back to the host.
//
// With HPCC_GPU_STATISTICS=1 in the environment the program ends with counts on standard error.
//===----------------------------------------------------------------------===//

/// First call of such a program: opens the driver, takes the first GPU that CUDA_VISIBLE_DEVICES
/// leaves, and gives it the kernels, `length` bytes of PTX. Raises GpuNoDriver .. GpuInvalidPtx.
void hpc_gpu_start(const char *ptx, int64_t length, const hpc_location *where);

/// A kernel compiled for the host: `run` does the work of the whole grid. `arguments` are the
/// addresses of the kernel's arguments; `grid` and `block` have three sizes, x first.
typedef struct hpc_emulated_kernel {
  const char *name;
  void (*run)(void *const *arguments, const uint32_t *grid, const uint32_t *block);
} hpc_emulated_kernel;

/// The same without a GPU. Device memory is memory of this process, apart from that of the arrays
/// and full of NaNs at first, so that a missing transfer shows. `kernels` is static data.
void hpc_gpu_start_emulated(const hpc_emulated_kernel *kernels, int32_t count);

/// The kernel of that name, good for the whole run.
void *hpc_gpu_kernel(const char *name, const hpc_location *where);

/// Starts a kernel on grid[0] * grid[1] * grid[2] blocks of threads, x first. `arguments` are the
/// addresses of its arguments, which are read before the call returns. A grid of no blocks starts
/// nothing; one that is larger than hardware allows raises GpuGrid: at most 2^31 - 1 blocks in x
/// and 65535 in y and z, of at most 1024 threads, 1024 in x and y and 64 in z.
void hpc_gpu_launch(void *kernel, const int64_t *grid, const int64_t *block, void *const *arguments,
                    const hpc_location *where);

/// Where `data`, an address within the object's storage, lies on the device. The first call for an
/// object gives it device memory for its whole storage, contents arbitrary, which goes with it.
/// NULL for a null object. Raises GpuOutOfMemory.
void *hpc_gpu_address(const void *data, hpc_object *object, const hpc_location *where);

/// Brings bytes within the object's storage up to date on the device, or on the host, which waits.
/// To the host nothing is brought of an object that was never on the device.
void hpc_gpu_to_device(hpc_object *object, const void *data, int64_t bytes,
                       const hpc_location *where);
void hpc_gpu_to_host(hpc_object *object, void *data, int64_t bytes, const hpc_location *where);

/// Device memory number `index` (0, 1, ..) of at least so many bytes, for partial results. Each
/// call may move it and then leaves its contents behind; kernels at work keep what they were given.
void *hpc_gpu_scratch(int32_t index, int64_t bytes, const hpc_location *where);

/// Copies from such memory to the host once all work is done.
void hpc_gpu_fetch(void *host, const void *device, int64_t bytes, const hpc_location *where);

/// Combines `count` partial results of `bytes` each on the device, in groups of HPC_GPU_GROUP
/// neighbours, launch by launch, until HPC_GPU_RESULTS or fewer are left, and fetches those to
/// `host`. `kernel` takes the addresses of its input and its output and the number of its inputs.
/// Scratch memory `index` and the next one take the steps between. Returns how many are left.
enum { HPC_GPU_GROUP = 64, HPC_GPU_RESULTS = 256 };
int64_t hpc_gpu_combine(void *kernel, const void *partials, int64_t count, int64_t bytes,
                        int32_t index, void *host, const hpc_location *where);

/// Returns when all work is done.
void hpc_gpu_wait(const hpc_location *where);

/// A tree sum over so many points (runtime/math/Sum.h) has 2^levels subtrees, each of them a leaf
/// or a pair of leaves, some levels below its root. 0 for a tree that is one such subtree. Pure.
int64_t hpc_gpu_tree_levels(int64_t points);

/// What a kernel leaves of an error: of all points that fail the first in the written order.
/// Kernels take `lock` (0: free) by an atomic exchange to change the rest.
typedef struct hpc_gpu_failure {
  int64_t point; ///< INT64_MAX: there is none
  int32_t lock;
  int32_t site; ///< which of the kernel's errors
  int64_t arguments[6];
} hpc_gpu_failure;

/// Where the record lies on the device; there is one, without a failure in it.
void *hpc_gpu_failure_record(const hpc_location *where);

/// Whether a kernel has failed since the last call, which is only known when all work is done. If
/// so, `failure` becomes the record, and the one on the device is without a failure again.
bool hpc_gpu_failed(hpc_gpu_failure *failure, const hpc_location *where);

#ifdef __cplusplus
} // extern "C"
#endif

#endif // HPCC_RUNTIME_HPCC_RT_H
