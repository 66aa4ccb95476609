# autoprune_find_images([QUIET|REQUIRED]) makes autoprune::images where libpng, libjpeg and zlib are.
macro(autoprune_find_images)
  if(NOT TARGET autoprune::images)
    find_package(ZLIB ${ARGN})
    find_package(PNG ${ARGN})
    find_package(JPEG ${ARGN})
    if(ZLIB_FOUND AND PNG_FOUND AND JPEG_FOUND)
      add_library(autoprune::images INTERFACE IMPORTED)
      target_link_libraries(autoprune::images INTERFACE autoprune::autoprune PNG::PNG JPEG::JPEG
                                                        ZLIB::ZLIB)
    endif()
  endif()
endmacro()
