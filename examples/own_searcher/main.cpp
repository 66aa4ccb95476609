// A searcher of one's own, driven, saved and resumed like the library's; docs/extending.md walks
// through it. Run it in the repository's root.

#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

// [extending]
/// Halves one layer after another, and keeps what raised the reward.
struct Halving {
  search::Policy best;
  double reward = -1e9;
  Index asked = 0;

  std::vector<search::Proposal> ask(Index) {
    search::Policy next = best;
    next[static_cast<std::size_t>(asked++) % next.size()].keep /= 2.0;
    return {{search::Origin::searcher, next}};
  }
  void tell(std::span<const search::Outcome> outcomes) {
    for (const search::Outcome& o : outcomes)
      if (o.reward > reward) reward = o.reward, best = o.policy;
  }
  void describe(auto& archive) {
    search::visit_policy(archive, best);
    archive("reward", reward);
    search::visit_integer(archive, "asked", asked, 1'000'000);
  }
};
// [extending]
static_assert(search::Searcher<Halving>);

int main() {
  ThreadPool pool;
  nn::Network network = nn::lenet5();
  io::load_weights(network, "models/lenet5-mnist.safetensors");
  // Accuracy is made up: the share of weights that is kept, so that the example needs no images.
  const auto made_up = [](nn::Backend&, const search::Candidate& candidate,
                          const search::EnvironmentImages&) {
    double kept = 0.0;
    for (const PruneMask& mask : candidate.masks) kept += 20.0 * std::sqrt(mask.keep_ratio());
    return nn::Accuracy{kept, kept};
  };
  nn::Batch black{nn::Activation(network.input_shape(), 1), {0}};
  black.images.fill(0.0F);
  const search::Compressor hardware(Geometry<>(32, 32, 8, 8, 1), prune::ColumnVectorPruner(8));
  search::PruningEnvironment environment(network, hardware, {{black}, {black}}, {}, pool,
                                         search::Metric::top1, search::CompressionReward{},
                                         made_up);

  const Halving start{search::Policy(network.matrix_layers().size(), 1.0)};
  search::Search run(environment, {.episodes = 10}, search::AnySearcher("halving", start));
  while (!run.done()) run.run_episode();
  const search::Outcome& best = run.best_outcome();
  std::cout << "best of " << run.episodes().size() << ": " << best.crossbars.dense << " -> "
            << best.crossbars.per_layer << " crossbars; keep ratios";
  for (const double keep : best.keep_ratios) std::cout << ' ' << io::format_number(keep, 3);
  std::cout << '\n';
}
