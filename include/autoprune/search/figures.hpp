/// @file figures.hpp
/// What a policy came to.
#pragma once

namespace autoprune::search {

/// What one inference costs on an OU accelerator, beside the crossbars that it occupies.
struct Costs {
  double energy_nj = 0.0;
  double latency_ns = 0.0;  ///< layers overlapping
  double area_um2 = 0.0;
};

/// What a reward may depend on. Whatever is saved is counted as the unpruned network's over the
/// pruned one's, on the same accelerator.
struct Figures {
  double compression = 1.0;                        ///< crossbars that are saved
  double accuracy = 0.0;                           ///< of the pruned network, in percent
  double dense_accuracy = 0.0;                     ///< of the dense one
  double energy = 1.0, latency = 1.0, area = 1.0;  ///< that is saved; 1 where nothing is priced
};

}  // namespace autoprune::search
