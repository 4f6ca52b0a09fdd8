# The two ways in which this project makes a target.

# A static library of one layer. Makes nothing when no source is given, so that a directory may be
# empty; a library that names an absent one as its dependency is told so by the linker.
function(hpcc_add_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC hpcc_options)
  foreach(library IN LISTS arg_LINK)
    if(TARGET ${library})
      target_link_libraries(${name} PUBLIC ${library})
    endif()
  endforeach()
endfunction()

# An executable in bin/, under the same rules.
function(hpcc_add_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE hpcc_options)
  target_compile_definitions(${name} PRIVATE HPCC_VERSION="${PROJECT_VERSION}")
  foreach(library IN LISTS arg_LINK)
    if(TARGET ${library})
      target_link_libraries(${name} PRIVATE ${library})
    endif()
  endforeach()
endfunction()
