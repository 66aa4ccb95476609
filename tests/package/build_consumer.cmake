# Builds tests/package/consumer in a fresh folder as a user would, runs it, and checks that no flag
# of ours reached its compile commands.
# MODE: installed (find_package, and pkg-config) or subdirectory (add_subdirectory); FLAGS: the user's
# own flags; APP: whether the program is installed, too.
cmake_minimum_required(VERSION 3.21)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK_DIR})
if(MODE STREQUAL "installed")
  run(${CMAKE_COMMAND} --install ${PROJECT_BUILD_DIR} --prefix ${WORK_DIR}/prefix)
  if(APP)
    run(${WORK_DIR}/prefix/bin/autoprune --version)
    run(${WORK_DIR}/prefix/bin/autoprune map --network lenet5 --quiet)
  endif()
  find_program(PKG_CONFIG pkg-config)
  if(PKG_CONFIG)
    # pkg-config has no word for the standard; the rest of the flags it tells.
    set(ENV{PKG_CONFIG_PATH} ${WORK_DIR}/prefix/share/pkgconfig)
    execute_process(COMMAND ${PKG_CONFIG} --cflags autoprune OUTPUT_VARIABLE flags
                    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    file(WRITE ${WORK_DIR}/by_pkg_config.cpp "#include <autoprune/mapping.hpp>\n")
    run(${COMPILER} -std=c++20 ${flags} -fsyntax-only ${WORK_DIR}/by_pkg_config.cpp)
  else()
    message("skipped: no pkg-config to ask for flags")
  endif()
  set(where -D CMAKE_PREFIX_PATH=${WORK_DIR}/prefix)
else()
  set(where -D AUTOPRUNE_SOURCE=${SOURCE_DIR})
endif()

run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE_DIR}/tests/package/consumer -B ${WORK_DIR}/build -D
    CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_CXX_FLAGS=${FLAGS} -D CMAKE_BUILD_TYPE= -D
    CMAKE_EXPORT_COMPILE_COMMANDS=ON ${where})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/consumer)
if(MODE STREQUAL "installed")
  run(${WORK_DIR}/build/prune_lenet5)
endif()

file(READ ${WORK_DIR}/build/compile_commands.json commands)
string(JSON last LENGTH "${commands}")
math(EXPR last "${last} - 1")
foreach(i RANGE ${last})
  string(JSON command GET "${commands}" ${i} command)
  if(FLAGS)
    string(REPLACE "${FLAGS}" "" command "${command}")
  endif()
  if(command MATCHES " (-[OWmf][^ ]*)")
    message(FATAL_ERROR "the flag ${CMAKE_MATCH_1} leaked into a consumer: ${command}")
  endif()
endforeach()
