#include <autoprune/autoprune.hpp>
#include <string>

std::string version_seen_elsewhere();

int main() {
  const autoprune::PruneMask mask(64, 10, 32);
  const bool works = mask.vectors() == 20 && version_seen_elsewhere() == AUTOPRUNE_VERSION;
  return works ? 0 : 1;
}
