// Does the agent find better policies than the heuristics do with as many evaluations? Prints the
// best reward of each: the heuristics' from a fine sweep over the amount of pruning, the agent's
// for several seeds. With a target compression all policies are scaled to it.
#include <autoprune/autoprune.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ap = autoprune;
using Environment = ap::search::PruningEnvironment<>;

namespace {

ap::search::EnvironmentImages images(const ap::nn::Dataset& train, ap::Index held_out,
                                     ap::ThreadPool& pool) {
  const ap::nn::Split split = ap::nn::split(train, 5000);
  return {ap::nn::load_batches(train, std::span(split.train).first(512), pool),
          ap::nn::load_batches(
              train, std::span(split.held_out).first(static_cast<std::size_t>(held_out)), pool)};
}

void print(const std::string& who, const ap::search::Outcome& best) {
  std::printf("%-12s reward %.4f  accuracy %.2f %%  compression %.2f per layer, %.2f pooled\n",
              who.c_str(), best.reward, best.accuracy, best.crossbars.compression_per_layer(),
              best.crossbars.compression_pooled());
  std::fflush(stdout);
}

ap::search::Outcome best_heuristic(Environment& environment, ap::Index evaluations) {
  ap::search::Outcome best;
  best.reward = -1.0;
  for (const auto& proposal : ap::search::heuristic_sweep(environment.rankings(), evaluations)) {
    ap::search::Outcome outcome = environment.evaluate(environment.allowed(proposal.policy));
    if (outcome.reward > best.reward) best = std::move(outcome);
  }
  return best;
}

void run(int argc, char** argv) {
  if (argc < 4 || argc > 9)
    ap::fail(
        ap::ErrorId::missing_value, "usage: ", argv[0],
        " NETWORK WEIGHTS DATA [EPISODES=100] [SEEDS=3] [pooled|per-layer] [IMAGES=1000] [TARGET]");
  const ap::Index episodes = argc > 4 ? std::atoi(argv[4]) : 100;
  const int seeds = argc > 5 ? std::atoi(argv[5]) : 3;
  ap::search::Constraints constraints;
  if (argc > 6 && std::string(argv[6]) == "pooled")
    constraints.counting = ap::search::Counting::pooled;
  if (argc > 8) constraints.target_compression = std::atof(argv[8]);

  ap::ThreadPool pool;
  const ap::io::Datasets data = ap::io::read_dataset(argv[3]);
  ap::nn::Network network = ap::nn::make_network(argv[1], data.train.shape());
  ap::io::load_weights(network, argv[2]);
  Environment environment(
      network, ap::search::Compressor::make<ap::PaperGeometry, ap::prune::ColumnVectorPruner<32>>(),
      images(data.train, argc > 7 ? std::atoi(argv[7]) : 1000, pool), constraints, pool);
  std::printf("%s, %td policies each\n", argv[1], episodes);
  print("heuristics", best_heuristic(environment, episodes));
  for (int seed = 1; seed <= seeds; ++seed) {
    ap::search::SearchConfig config;
    config.episodes = episodes;
    config.seed = static_cast<std::uint64_t>(seed);
    ap::search::AutoPruner<> search(environment, config);
    while (!search.done()) search.run_episode();
    print("agent, seed " + std::to_string(seed), search.best_outcome());
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc, argv);
  } catch (const ap::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
