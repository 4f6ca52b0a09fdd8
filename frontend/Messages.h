// The table of frontend/Messages.def as constants: message::expectedExpression and so on.
//
// Each constant is what Diagnostics::report takes. Its id is the row's name, which is also the name
// of its test under test/diagnostics.
#pragma once

#include "ir/Diagnostics.h"

namespace hpcc::frontend::message {

#define MESSAGE(id, severity, text) inline constexpr MessageInfo id{#id, Severity::severity, text};
#include "frontend/Messages.def"
#undef MESSAGE

} // namespace hpcc::frontend::message
