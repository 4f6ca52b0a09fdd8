//===- RotateBuffersPlan.h - which storage a name means at each place of a step ------------===//
//
// A step of a time loop is run over versions of contents instead of elements: an `alloc` makes a
// version, a bind or a whole copy gives a name the version of another, and a store to an array
// whose version another array shares too moves it to a version of its own. Versions that follow
// one another over the steps become the slots of one buffer.
//
//===-------------------------------------------------------------------------------------===//
#ifndef HPCC_IR_PASSES_ROTATEBUFFERSPLAN_H
#define HPCC_IR_PASSES_ROTATEBUFFERSPLAN_H

#include "ir/Touches.h"
#include <map>
#include <set>

namespace hpcc::ir {

/// What one statement of the loop's body does to the names of a family.
struct RotationStep {
  enum class Kind : uint8_t {
    Touch, // reads and stores elements, also in blocks inside it
    Alloc, // `name` is a fresh array
    Bind,  // `name` names the array of `source`
    Copy,  // the array of `name` becomes equal to that of `source`
    None,  // a declaration, a drop, or nothing of the family
  } kind = Kind::None;
  BufferId name, source;
  std::map<BufferId, std::vector<Touch>> touches;
  bool leavesLoop = false;
  bool isPointwise = false;      // one assignment at points in any order: reads before stores
  std::set<BufferId> spreadFrom; // it stores what temporaries have made of other cells of these
  Loc loc;
};

/// Names of one type and shape that binds and whole copies in a loop join.
struct RotationFamily {
  std::vector<BufferId> names;
  std::vector<Affine> shape;
  std::vector<unsigned> layout;    // of all its arrays, where handles name them
  std::vector<RotationStep> steps; // one for each statement of the body
  std::set<BufferId> readByHeader; // of a while
  std::set<BufferId> usedAfter;    // names whose contents are used after the loop
  std::set<BufferId> kept;         // names that the loop finds as it left them if it runs again
  std::vector<std::pair<BufferId, BufferId>> equalAtEntry;
  std::set<SymbolId> inner; // declared in the loop
  Facts facts;              // what holds in the body
};

struct RotationVersion {
  enum class Kind : uint8_t { Head, Fresh, Moved } kind = Kind::Head;
  unsigned base = 0;                // of Moved: what the cells hold that are not stored yet
  std::optional<size_t> cause = {}; // of Moved: the copy that made the array share its version
  std::vector<Footprint> stored = {}, certain = {};
  int first = -1, last = -1; // the steps from which on and up to which its storage is needed
  std::optional<BufferId> home = {}; // of Fresh: the array that holds it where it has no slot
  bool isTouched = false;
  size_t storesOfBase = 0; // how often the base was stored to before the move
  // Where it lives; no buffer: in the array that its name has already.
  std::optional<unsigned> buffer = {};
  int64_t offset = 0; // of the slot, counted from the slot of the iteration
};

struct RotationBuffer {
  unsigned slots = 0;
  /// Cells that no step stores keep their value: they are to be equal in all slots.
  bool hasFixedCells = false;
  std::optional<Footprint> storedBox; // stored in each step; empty: unknown
};

/// The versions that names mean in one statement.
struct RotationUse {
  std::map<BufferId, unsigned> read, stored;
};

struct RotationPlan {
  std::vector<RotationVersion> versions;
  std::vector<RotationBuffer> buffers;
  std::vector<RotationUse> uses;                       // by step
  std::map<BufferId, unsigned> atHead, atEnd;          // versions of names that live on
  std::set<BufferId> usedAfter;                        // names whose contents the loop leaves
  std::map<size_t, std::map<BufferId, unsigned>> left; // by step that leaves the loop
  unsigned peeled = 0; // steps to run before, after which the fixed cells of all names agree
};

/// True if names hold what a step leaves only once one has run, or first steps run as they were.
bool dependsOnFirstStep(const RotationPlan &plan);

/// True if a handle is bound to the same array behind the loop as before it.
bool keepsEntryArray(const RotationPlan &plan, BufferId handle);

/// The fact that stands in the way, with the places of both statements.
struct RotationObstacle {
  std::string text;
  Loc loc;
  std::string otherText = {};
  Loc other = {};
  std::optional<size_t> copy = {};    // the step that need not be taken for a change of names
  std::optional<size_t> split = {};   // the step that reads cells stored before and later
  std::vector<Footprint> stored = {}; // the cells stored before it
  bool isKnown = false;               // another run of the pass may do better: not worth a remark
};

/// Looks at the cells that no step stores: which buffers have such, and how many steps must run
/// before they are equal in all storages that take turns. `classes` are the names at the head of a
/// step by the version that they share. An obstacle if they never become equal.
std::optional<RotationObstacle> settleFixedCells(const Program &program,
                                                 const RotationFamily &family,
                                                 const std::set<BufferId> &liveAtHead,
                                                 const std::map<BufferId, unsigned> &classes,
                                                 RotationPlan &plan);

/// The plan, or the obstacle.
std::variant<RotationPlan, RotationObstacle> planRotation(const Program &program,
                                                          const RotationFamily &family);

} // namespace hpcc::ir

#endif // HPCC_IR_PASSES_ROTATEBUFFERSPLAN_H
