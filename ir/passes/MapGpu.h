//===- MapGpu.h - the parts of map-gpu -------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_MAPGPU_H
#define HPCC_IR_PASSES_MAPGPU_H

#include "ir/Facts.h"
#include "ir/Walk.h"

namespace hpcc::ir {

/// The arrays that can be on the device, by buffer: made by `alloc`, known by that name and by
/// views of it alone. A handle, a call or a list may name the others, whose storage only a run
/// knows.
class DeviceArrays {
public:
  DeviceArrays(const Program &program, const Function &function);
  /// The array whose storage the buffer names, or nothing where it is not one of these.
  std::optional<BufferId> rootOf(BufferId buffer) const;

private:
  std::vector<std::optional<BufferId>> roots; // by buffer
};

/// Which axes of a compute are the grid's, by their index, or why there are none.
struct GridChoice {
  std::vector<std::pair<size_t, GridMapping>> axes;
  std::string why;
};

/// For a compute whose points may run on the device.
GridChoice chooseGrid(const Program &program, const Compute &compute, const Facts &facts);

/// For a par loop: the loops of the grid, outermost first. Each has the next one as its body.
std::vector<GridMapping> gridOfLoops(llvm::ArrayRef<const Axis *> axes, const Facts &facts);

/// Why a thread of the device cannot run the statement, which stands in a kernel or is one; nothing
/// where it can.
std::optional<std::string> whyNotInKernel(const Program &program, const Stmt &stmt,
                                          const DeviceArrays &arrays);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_MAPGPU_H
