# Packs the build as a Debian package in a fresh folder, unpacks it and runs the program in it.
cmake_minimum_required(VERSION 3.21)

# CPack asks `file` which files are programs, before dpkg-shlibdeps reads what those need.
get_filename_component(here ${CMAKE_COMMAND} DIRECTORY)
foreach(tool cpack dpkg-deb dpkg-shlibdeps file)
  find_program(path_of_${tool} ${tool} HINTS ${here})
  if(NOT path_of_${tool})
    message("skipped: no ${tool}")
    return()
  endif()
endforeach()

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK_DIR})
run(${path_of_cpack} -G DEB --config ${CONFIG} -B ${WORK_DIR})
file(GLOB package ${WORK_DIR}/autoprune_*.deb)
run(dpkg-deb --info ${package})
foreach(field "Package: autoprune" "Depends: [^\n]*libc6" "Recommends: libeigen3-dev"
              "Section: science")
  if(NOT output MATCHES "${field}")
    message(FATAL_ERROR "the package doesn't say '${field}':\n${output}")
  endif()
endforeach()
run(dpkg-deb --extract ${package} ${WORK_DIR}/root)
foreach(file bin/autoprune include/autoprune/autoprune.hpp
             share/cmake/autoprune/autopruneConfig.cmake share/pkgconfig/autoprune.pc share/doc/autoprune/copyright)
  if(NOT EXISTS ${WORK_DIR}/root/usr/${file})
    message(FATAL_ERROR "the package lacks usr/${file}")
  endif()
endforeach()
run(${WORK_DIR}/root/usr/bin/autoprune map --network lenet5 --quiet)
