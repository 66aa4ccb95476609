#include "formats.hpp"

#ifdef AUTOPRUNE_IMAGES
#include <autoprune/images.hpp>
#endif

namespace autoprune::cli {

void register_formats() {
#ifdef AUTOPRUNE_IMAGES
  images::register_formats();
#endif
}

}  // namespace autoprune::cli
