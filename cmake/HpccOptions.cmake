# The language standard, warnings, optimisation and sanitizers of our own code.
#
# Leaves the interface target hpcc_options, which every target of ours links. Sanitizers are on the
# directory, not the target, because all objects of one program must agree about them.

option(HPCC_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer, in hpcc and in what it makes"
       OFF)
option(HPCC_FUZZERS "Build the libFuzzer targets of test/fuzz" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Assertions of our own and of LLVM's headers follow NDEBUG: off in Release only.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")

add_library(hpcc_options INTERFACE)
target_include_directories(hpcc_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(hpcc_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -ffunction-sections -fdata-sections -fdiagnostics-color
  # The constants folded at compile time and the values of the runtime follow the program's text:
  # no contraction to a fused multiply-add anywhere in hpcc itself.
  -ffp-contract=off)
target_link_options(hpcc_options INTERFACE
  -fuse-ld=lld LINKER:--gc-sections LINKER:--as-needed)

if(HPCC_SANITIZE)
  # "vptr" would need the RTTI of every LLVM class hpcc derives from.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr,function
                      -fno-sanitize-recover=all -fno-omit-frame-pointer
                      # What a report needs; full debug information doubles the time to build.
                      -gline-tables-only)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(HPCC_SANITIZE_GENERATED)
endif()

if(HPCC_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
