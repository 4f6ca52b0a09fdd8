# Finds LLVM 22.1 and SLEEF, and says how hpcc links LLVM.
#
# Leaves two interface targets: hpcc_llvm_support (for every layer) and hpcc_llvm (for codegen).
# HPCC_LINK_LLVM=static starts in 5 ms and links in 1 s; shared starts in 16 ms and links in 0.1 s.

find_package(LLVM 22.1 REQUIRED CONFIG)
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} in ${LLVM_DIR}")

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(default_link static)
else()
  set(default_link shared)
endif()
set(HPCC_LINK_LLVM ${default_link} CACHE STRING "How hpcc links LLVM: static or shared")
set_property(CACHE HPCC_LINK_LLVM PROPERTY STRINGS static shared)
if(NOT HPCC_LINK_LLVM MATCHES "^(static|shared)$")
  message(FATAL_ERROR "HPCC_LINK_LLVM is '${HPCC_LINK_LLVM}'; it must be static or shared")
endif()

separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")

add_library(hpcc_llvm_support INTERFACE)
target_include_directories(hpcc_llvm_support SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
target_compile_options(hpcc_llvm_support INTERFACE ${llvm_definitions})

add_library(hpcc_llvm INTERFACE)
target_link_libraries(hpcc_llvm INTERFACE hpcc_llvm_support)

if(HPCC_LINK_LLVM STREQUAL "shared")
  # Debian's copy in the system directory needs no run path. The one in /usr/lib/llvm-22/lib would,
  # and that directory holds a libgomp.so.1 that is not GNU's.
  find_library(HPCC_LIBLLVM NAMES LLVM-22 PATHS /usr/lib/x86_64-linux-gnu NO_DEFAULT_PATH REQUIRED)
  target_link_libraries(hpcc_llvm_support INTERFACE ${HPCC_LIBLLVM})
else()
  # The case of a component's name matters: "x86" would silently mean a library LLVMx86.
  llvm_map_components_to_libnames(llvm_libraries
    Analysis BitReader BitWriter CodeGen Core FrontendOpenMP IPO IRReader Instrumentation JITLink Linker MC Object
    OrcDebugging OrcJIT OrcTargetProcess Passes Support Target TargetParser TransformUtils X86 NVPTX)
  target_link_libraries(hpcc_llvm_support INTERFACE LLVMSupport)
  target_link_libraries(hpcc_llvm INTERFACE ${llvm_libraries})
endif()

# The threads of compiled programs, loaded by those that use them.
find_library(HPCC_OPENMP_LIBRARY omp HINTS ${LLVM_LIBRARY_DIRS} REQUIRED)

# The deterministic vector math functions; Debian has them as a shared library only.
find_path(HPCC_SLEEF_INCLUDE sleef.h REQUIRED)
find_library(HPCC_SLEEF_LIBRARY sleef REQUIRED)
