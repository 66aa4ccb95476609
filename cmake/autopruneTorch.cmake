# The component torch: makes autoprune::torch where LibTorch is found (Debian: libtorch-dev; others:
# CMAKE_PREFIX_PATH is its folder).
if(NOT TARGET autoprune::torch)
  set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON) # for projects that add ours as a subfolder
  find_package(Torch QUIET)
  unset(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL)
  if(Torch_FOUND)
    add_library(autoprune::torch INTERFACE IMPORTED GLOBAL)
    target_link_libraries(autoprune::torch INTERFACE autoprune::autoprune ${TORCH_LIBRARIES})
  endif()
endif()
