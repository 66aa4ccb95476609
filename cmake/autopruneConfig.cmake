include(CMakeFindDependencyMacro)
find_dependency(Eigen3 NO_MODULE)
find_dependency(xtensor)
find_dependency(nlohmann_json)
find_dependency(Threads)
include(${CMAKE_CURRENT_LIST_DIR}/autopruneTargets.cmake)

# Components: headers that need a package of their own. Their targets are autoprune::NAME.
if("torch" IN_LIST autoprune_FIND_COMPONENTS)
  include(${CMAKE_CURRENT_LIST_DIR}/autopruneTorch.cmake)
endif()
foreach(component ${autoprune_FIND_COMPONENTS})
  if(TARGET autoprune::${component})
    set(autoprune_${component}_FOUND TRUE)
  elseif(autoprune_FIND_REQUIRED_${component})
    set(autoprune_FOUND FALSE)
    set(autoprune_NOT_FOUND_MESSAGE
        "autoprune's component ${component} isn't there: no such component, or its package isn't "
        "found (torch: LibTorch, Debian's libtorch-dev)")
  endif()
endforeach()
