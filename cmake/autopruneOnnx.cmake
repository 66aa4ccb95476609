# autoprune_find_onnx([QUIET|REQUIRED]) makes autoprune::onnx where ONNX's messages and protobuf are
# (Debian: libonnx-dev, libprotobuf-dev; others: CMAKE_PREFIX_PATH).
macro(autoprune_find_onnx)
  if(NOT TARGET autoprune::onnx)
    set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON) # for projects that add ours as a subfolder
    find_package(Protobuf ${ARGN})
    if(Protobuf_FOUND AND NOT TARGET onnx_proto)
      find_package(ONNX ${ARGN})
    endif()
    unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
    if(TARGET onnx_proto)
      add_library(autoprune::onnx INTERFACE IMPORTED GLOBAL)
      target_link_libraries(autoprune::onnx INTERFACE autoprune::autoprune onnx_proto
                                                      protobuf::libprotobuf)
    endif()
  endif()
endmacro()
