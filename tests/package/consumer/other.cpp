#include <autoprune/autoprune.hpp>
#include <string>

std::string version_seen_elsewhere();
std::string version_seen_elsewhere() { return AUTOPRUNE_VERSION; }
