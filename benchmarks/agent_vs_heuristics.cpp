// Which searcher finds the best policies with as many evaluations? Prints the best reward of each
// for several seeds, and their mean and spread. With a target compression all policies are scaled
// to it. The heuristics are the sweeps of uniform and LAMP policies together.
#include <autoprune/autoprune.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

namespace ap = autoprune;
using Environment = ap::search::PruningEnvironment<>;

namespace {

ap::search::EnvironmentImages images(const ap::nn::ImageSource& train, ap::Index held_out,
                                     ap::ThreadPool& pool) {
  const ap::nn::Split split = ap::nn::split(train, 5000);
  return {ap::nn::load_batches(train, std::span(split.train).first(512), pool),
          ap::nn::load_batches(
              train, std::span(split.held_out).first(static_cast<std::size_t>(held_out)), pool)};
}

void print(const std::string& who, const ap::search::Outcome& best) {
  std::printf("%-18s reward %.4f  accuracy %.2f %%  compression %.2f per layer, %.2f pooled\n",
              who.c_str(), best.reward, best.accuracy, best.crossbars.compression_per_layer(),
              best.crossbars.compression_pooled());
  std::fflush(stdout);
}

ap::search::Outcome best_heuristic(Environment& environment, ap::Index evaluations) {
  ap::search::Outcome best;
  best.reward = -1.0;
  auto& landscape = environment.landscape();
  for (const auto& proposal : ap::search::heuristic_sweep(landscape.rankings(), evaluations)) {
    ap::search::Outcome outcome = environment.evaluate(landscape.allowed(proposal.policy));
    if (outcome.reward > best.reward) best = std::move(outcome);
  }
  return best;
}

/// The best policy of every seed; searchers without chance run once. `batch` policies are proposed
/// at a time.
void compare(const std::string& name, Environment& environment, ap::Index evaluations, int seeds,
             ap::Index batch) {
  const bool chance = name != "uniform" && name != "lamp" && name != "greedy";
  std::vector<double> rewards;
  for (int seed = 1; seed <= (chance ? seeds : 1); ++seed) {
    ap::search::Search search(environment, {.searcher = name,
                                            .episodes = evaluations,
                                            .batch = batch,
                                            .seed = static_cast<std::uint64_t>(seed)});
    while (!search.done()) search.run_episode();
    const auto& best = search.episodes()[static_cast<std::size_t>(search.best())].outcome;
    rewards.push_back(best.reward);
    print(chance ? name + ", seed " + std::to_string(seed) : name, best);
  }
  if (rewards.size() < 2) return;
  double mean = 0.0, squares = 0.0;
  for (const double r : rewards) mean += r / static_cast<double>(rewards.size());
  for (const double r : rewards) squares += (r - mean) * (r - mean);
  std::printf("%-18s reward %.4f +- %.4f\n", name.c_str(), mean,
              std::sqrt(squares / static_cast<double>(rewards.size() - 1)));
}

/// The names of a list with commas.
std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) names.push_back(name);
  return names;
}

void run(int argc, char** argv) {
  if (argc < 4 || argc > 11)
    ap::fail(ap::ErrorId::missing_value, "usage: ", argv[0],
             " NETWORK WEIGHTS DATA [EPISODES=100] [SEEDS=3] [pooled|per-layer] [IMAGES=1000] "
             "[TARGET, 0: none] [SEARCHER,SEARCHER...] [BATCH=1]");
  const ap::Index episodes = argc > 4 ? std::atoi(argv[4]) : 100;
  const int seeds = argc > 5 ? std::atoi(argv[5]) : 3;
  ap::search::Constraints constraints;
  if (argc > 6 && std::string(argv[6]) == "pooled")
    constraints.counting = ap::search::Counting::pooled;
  if (argc > 8 && std::atof(argv[8]) > 0.0) constraints.target_compression = std::atof(argv[8]);
  const std::vector<std::string> searchers =
      argc > 9 ? names_in(argv[9]) : ap::search::searcher_names();

  const ap::Index batch = argc > 10 ? std::atoi(argv[10]) : 1;

  ap::ThreadPool pool;
  const ap::io::Datasets data = ap::io::read_dataset(argv[3]);
  ap::nn::Network network = ap::nn::make_network(argv[1], data.train.shape());
  ap::io::load_weights(network, argv[2]);
  Environment environment(
      network, ap::search::Compressor(ap::PaperGeometry{}, ap::prune::ColumnVectorPruner(32)),
      images(data.train, argc > 7 ? std::atoi(argv[7]) : 1000, pool), constraints, pool);
  std::printf("%s, %td policies each\n", argv[1], episodes);
  if (argc <= 9) print("heuristics", best_heuristic(environment, episodes));
  for (const std::string& name : searchers) compare(name, environment, episodes, seeds, batch);
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
