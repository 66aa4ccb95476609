// The whole job: what its stages do one by one, killed and resumed, watched and stopped.

#include "autoprune/study/auto_prune.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <stdexcept>

#include "../nn/remote_backend.hpp"
#include "helpers.hpp"

namespace autoprune::study {

namespace {

namespace fs = std::filesystem;
using search::test::everything;
using search::test::trained;

using test::chip;
using test::datasets;
using test::small_spec;

struct Killed : std::runtime_error {
  Killed() : std::runtime_error("killed") {}
};

/// Dies after some policies and, later, after some epochs.
struct Killer {
  Index episodes, epochs;

  void on_episode(const search::Search<>& search) const {
    if (std::ssize(search.episodes()) == episodes) throw Killed();
  }
  void on_epoch(const TrainingPoint& point) const {
    if (std::ssize(point.history) == epochs) throw Killed();
  }
};

/// Counts what it is told, and stops where it should.
struct Counter {
  Index stop_episode = -1, stop_epoch = -1;
  Index begun = 0, episodes = 0, steps = 0, epochs = 0, ended = 0;
  double last = 0.0;

  void on_begin(const Study&) { ++begun; }
  Flow on_episode(const search::Search<>&) {
    return ++episodes == stop_episode ? Flow::stop : Flow::go_on;
  }
  void on_step(const TrainingPoint& point) {
    CHECK(point.done >= last);
    CHECK(point.epochs == 3);
    last = point.done;
    ++steps;
  }
  Flow on_epoch(const TrainingPoint& point) {
    CHECK(point.done == static_cast<double>(epochs + 1));
    return ++epochs == stop_epoch ? Flow::stop : Flow::go_on;
  }
  void on_end(const Record&) { ++ended; }
};

void check_same(const Record& a, const Record& b) {
  CHECK(a.policy == b.policy);
  CHECK(everything(a.network) == everything(b.network));
  CHECK(a.pruned.top1 == b.pruned.top1);
  CHECK(a.search.episodes.size() == b.search.episodes.size());
  CHECK(a.placement.crossbars.pooled == b.placement.crossbars.pooled);
}

}  // namespace

TEST_CASE("a study runs where its spec says, to the same bits") {
  StudySpec s = small_spec();
  const Record here = auto_prune(trained(), datasets(), chip(), s);
  using nn::test::RemoteBackend;
  const Index steps = RemoteBackend::steps, evaluations = RemoteBackend::evaluations;
  s.backend = nn::test::remote_backend;
  const Record there = auto_prune(trained(), datasets(), chip(), s);
  CHECK(there.policy == here.policy);
  CHECK(everything(there.network) == everything(here.network));
  CHECK(there.pruned.top1 == here.pruned.top1);
  CHECK(there.dense->top1 == here.dense->top1);
  CHECK(RemoteBackend::steps > steps);
  CHECK(RemoteBackend::evaluations > evaluations + s.search.episodes);
}

TEST_CASE("a study keeps to the plan of its layers, killed and resumed") {
  StudySpec s = small_spec();
  s.plan.resize(4);
  s.plan[1].hardware = {{}, 4, 6, 5};
  s.plan[2].granularity = 4;
  s.plan[3].hardware.geometry = Geometry<>(32, 32, 8, 8, 2);
  s.simulated_images = 64;
  const Record record = auto_prune(trained(), datasets(), chip(), s);
  REQUIRE(record.policy.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(record.policy[k].hardware == s.plan[k].hardware);
    CHECK(record.policy[k].granularity == s.plan[k].granularity);
  }
  CHECK(record.masks[1].granularity() == 8);
  CHECK(record.masks[2].granularity() == 4);
  const auto compressor = search::test::small_compressor();
  const std::vector<mapping::Placement>& layers = record.placement.layers;
  CHECK(layers[0].count.array.arrays == 16);
  CHECK(layers[1].count.array.arrays == 8);
  CHECK(layers[3].count.array == mapping::ArrayShape(Geometry<>(32, 32, 8, 8, 2)));
  CHECK(layers[1].count.crossbars_dense == compressor.count(1, record.masks[1]).crossbars_dense);
  CHECK(record.placement.crossbars.compression_pooled() >= 3.0);
  CHECK(record.quantised.has_value());

  const test::Directory there, other;
  s.out = there.path();
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s, Killer{99, 2}), Killed);
  s.resume = true;
  check_same(auto_prune(trained(), datasets(), chip(), s), record);
  s.plan[1].hardware.weight_bits = 3;  // another study
  s.resume = false;
  s.out = other.path();
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s, Killer{99, 2}), Killed);
  s.plan[1].hardware.weight_bits = 4;
  s.resume = true;
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s), Error);
}

TEST_CASE("a study is its stages, one by one") {
  StudySpec s = small_spec();
  s.reconstruct = false;
  const Record record = auto_prune(trained(), datasets(), chip(), s);

  ThreadPool pool(1);
  const nn::ImageSource& images = datasets().train;
  const auto compressor = search::test::small_compressor();
  search::PruningEnvironment<> environment(trained(), compressor,
                                           {nn::load_batches(images, nn::range(0, 96), pool),
                                            nn::load_batches(images, nn::range(256, 320), pool)},
                                           s.constraints, pool);
  search::SearchConfig config = s.search;
  config.seed = 5;
  search::Search<> search(environment, config);
  while (!search.done()) search.run_episode();
  CHECK(record.policy == search.best_outcome().policy);
  CHECK(record.search.best == search.best());
  REQUIRE(record.search.episodes.size() == 6);
  for (std::size_t i = 0; i < 6; ++i)
    CHECK(record.search.episodes[i].outcome.reward == search.episodes()[i].outcome.reward);

  nn::Network network = trained(), teacher = trained();
  search::FineTuneConfig tune = s.fine_tune;
  tune.train.seed = 5;
  search::FineTuner tuner(network, images, nn::range(0, 256), record.policy, s.constraints,
                          compressor, tune, pool, &teacher);
  while (!tuner.done()) tuner.run_epoch();
  tuner.settle_weights();
  CHECK(everything(record.network) == everything(network));
  CHECK(record.training.epochs.size() == 3);

  // What it says is what the parts say.
  const auto mapped = compressor.map(tuner.masks());
  CHECK(record.placement.crossbars.pooled == mapped.crossbars.pooled);
  CHECK(mapped.crossbars.compression_pooled() >= 3.0);
  const cost::OuModel prices(trained(), chip());
  CHECK(record.cost.totals.energy_nj == prices.price(mapped.layers).totals.energy_nj);
  CHECK(record.dense_cost.totals.energy_nj == prices.price_dense().totals.energy_nj);
  nn::Session session(network, pool);
  session.set_masks(tuner.masks());
  CHECK(record.pruned.top1 == nn::evaluate(session, datasets().test, nn::range(0, 100)).top1);
  CHECK(record.images == 100);
  CHECK_FALSE(record.on_crossbar);
}

TEST_CASE("killed anywhere, a study goes on to the same bits") {
  const Record whole = auto_prune(trained(), datasets(), chip(), small_spec());
  StudySpec s = small_spec();
  const test::Directory directory;
  s.out = directory.path();
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s, Killer{3, 9}), Killed);
  // Whoever doesn't say that he resumes has forgotten what is there.
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s), Error);
  s.resume = true;
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s, Killer{5, 9}), Killed);
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s, Killer{9, 1}), Killed);
  // Another study's checkpoints are refused, whatever it is that differs.
  for (const auto& change : std::vector<std::function<void(StudySpec&)>>{
           [](StudySpec& o) { o.seed = 6; }, [](StudySpec& o) { o.alpha = 2.0; },
           [](StudySpec& o) { o.reward = "latency"; },
           [](StudySpec& o) { o.own_reward = [](const search::Figures& f) { return f.accuracy; }; },
           [](StudySpec& o) { o.constraints.target_compression = 2.5; },
           [](StudySpec& o) { o.reconstruct = false; },
           [](StudySpec& o) { o.held_out_images = 63; },
           [](StudySpec& o) { o.search.least_keep = 0.1; },
           [](StudySpec& o) { o.fine_tune.train.epochs = 4; },
           [](StudySpec& o) { o.fine_tune.train.learning_rate = 0.02; },
           [](StudySpec& o) { o.fine_tune.schedule.ramp = 0.5; }}) {
    StudySpec other = s;
    change(other);
    CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), other), Error);
  }
  hardware::Accelerator other_chip = chip();
  other_chip.adcs = 2;
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), other_chip, s), Error);
  CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s, Killer{9, 2}), Killed);
  check_same(auto_prune(trained(), datasets(), chip(), s), whole);
  CHECK(fs::is_empty(s.out));
}

TEST_CASE("stopped after any epoch, a study goes on to the same bits") {
  StudySpec s = small_spec();
  s.fine_tune.train.epochs = 4;
  s.fine_tune.schedule = {.ramp = 0.6, .begin = 0.0};  // the masks are final within epoch 3
  const Record whole = auto_prune(trained(), datasets(), chip(), s);
  s.resume = true;
  for (Index epoch = 1; epoch < 4; ++epoch) {
    INFO("after epoch " << epoch);
    const test::Directory directory;
    s.out = directory.path();
    CHECK_THROWS_AS(auto_prune(trained(), datasets(), chip(), s, Killer{99, epoch}), Killed);
    const Record record = auto_prune(trained(), datasets(), chip(), s);
    CHECK(everything(record.network) == everything(whole.network));
    CHECK(record.pruned.top1 == whole.pruned.top1);
  }
}

TEST_CASE("a study searches by a reward of one's own") {
  StudySpec s = small_spec();
  s.fine_tune.train.epochs = 1;
  s.own_reward = [](const search::Figures& f) { return f.accuracy - 100.0 / f.compression; };
  const Record record = auto_prune(trained(), datasets(), chip(), s);
  REQUIRE(std::ssize(record.search.episodes) == 6);
  for (const auto& episode : record.search.episodes) {
    const search::Outcome& o = episode.outcome;
    CHECK(o.reward ==
          o.accuracy - 100.0 / search::compression(o.crossbars, s.constraints.counting));
  }
  CHECK(record.objective.find("reward of one's own of float top-1 accuracy") != std::string::npos);
}

TEST_CASE("what a study trains keeps to the budgets, as what it found does") {
  const auto energy = [](const Record& record) { return record.cost.totals.energy_nj; };
  StudySpec s = small_spec();
  s.constraints = {.counting = search::Counting::pooled};
  s.reward = "energy";
  const Record free = auto_prune(trained(), datasets(), chip(), s);
  for (const double share : {0.9, 0.7}) {
    s.constraints.budgets.energy_nj = share * energy(free);
    CHECK(energy(auto_prune(trained(), datasets(), chip(), s)) <= share * energy(free));
    s.search.space.weight_bits = {4, 6};
  }
}

TEST_CASE("bits of ADCs are searched by an accuracy that sees them") {
  StudySpec s = small_spec();
  s.reconstruct = false;
  s.search.space = {.keep = false, .adc_bits = {2, 6}};
  s.constraints = {};
  s.fine_tune.train.epochs = 0;
  const Record found = auto_prune(trained(), datasets(), chip(), s);
  CHECK(found.objective.find("on-crossbar") != std::string::npos);
  REQUIRE(found.on_crossbar);
  CHECK(found.simulated_images == found.images);
  const auto refused = [&](const auto& change) {
    StudySpec other = s;
    hardware::Accelerator on = chip();
    change(other, on);
    return error_of([&] { (void)auto_prune(trained(), datasets(), on, other); });
  };
  CHECK(refused([](StudySpec& o, auto&) { o.accuracy = AccuracyKind::quantised; }) ==
        ErrorId::out_of_range);
  CHECK(refused([](StudySpec& o, auto&) { o.accuracy = AccuracyKind::real; }) ==
        ErrorId::out_of_range);
  CHECK(refused([](StudySpec&, auto& on) { on.adc.kind = "ideal"; }) == ErrorId::out_of_range);
}

TEST_CASE("threads don't change a study's bits") {
  const StudySpec s = small_spec();
  const methods::Compressor compressor = method_of(trained(), chip(), s);
  Watcher none;
  ThreadPool one(1), two(2);
  check_same(run_study({trained(), datasets(), chip(), compressor, s.constraints, s, one}, none,
                       Record(trained())),
             run_study({trained(), datasets(), chip(), compressor, s.constraints, s, two}, none,
                       Record(trained())));
}

TEST_CASE("observers are told all, and stop a study well") {
  Counter all, also;
  StudySpec s = small_spec();
  const Record whole = auto_prune(trained(), datasets(), chip(), s, all, also);
  CHECK(all.begun == 1);
  CHECK(all.episodes == 6);
  CHECK(all.epochs == 3);
  CHECK(all.steps == 3 * 8);
  CHECK(all.ended == 1);
  CHECK(also.episodes == 6);
  CHECK_FALSE(whole.stopped);

  const test::Directory directory;
  s.out = directory.path();
  Counter early{.stop_episode = 4};
  const Record untrained = auto_prune(trained(), datasets(), chip(), s, also, early);
  CHECK(untrained.stopped);
  CHECK(untrained.search.episodes.size() == 4);
  CHECK(untrained.training.epochs.empty());
  CHECK(early.ended == 1);
  CHECK(untrained.placement.crossbars.compression_pooled() >= 3.0);
  CHECK(untrained.pruned.top1 > 0.0);

  s.resume = true;
  Counter later{.stop_epoch = 2};
  const Record half = auto_prune(trained(), datasets(), chip(), s, later);
  CHECK(half.stopped);
  CHECK(later.episodes == 2);
  CHECK(half.training.epochs.size() == 2);
  check_same(auto_prune(trained(), datasets(), chip(), s), whole);
}

TEST_CASE("a study simulates what it is asked to, on its accelerator") {
  StudySpec s = small_spec();
  s.search.episodes = 2;
  s.fine_tune.train.epochs = 1;
  s.simulated_images = 60;
  hardware::Accelerator lossy = chip();
  lossy.adc.bits = 1;
  const Record good = auto_prune(trained(), datasets(), chip(), s);
  const Record bad = auto_prune(trained(), datasets(), lossy, s);
  REQUIRE((good.quantised && good.on_crossbar && bad.on_crossbar));
  CHECK(good.on_crossbar->top1 == good.quantised->top1);  // 8 rows at once never exceed 6 bits
  CHECK(std::abs(good.quantised->top1 - good.pruned.top1) < 15.0);
  CHECK(bad.on_crossbar->top1 < bad.quantised->top1);
}

TEST_CASE("a study searches bits alone at the plan's keep ratios, and refuses choices that clash") {
  StudySpec s = small_spec();
  s.constraints = {};
  s.fine_tune.train.epochs = 1;
  s.search.space = {.keep = false, .weight_bits = {3, 5, 8}};
  s.plan = {0.5, 0.25, 0.75, 1.0};
  s.accuracy = AccuracyKind::quantised;
  const Record record = auto_prune(trained(), datasets(), chip(), s);
  REQUIRE(record.policy.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) {
    CHECK(record.policy[k].keep == s.plan[k].keep);
    REQUIRE(record.policy[k].hardware.weight_bits);
    CHECK(*record.policy[k].hardware.weight_bits != 4);
  }
  const auto refused = [&](search::SearchSpace space) -> std::optional<ErrorId> {
    s.search.space = std::move(space);
    try {
      (void)auto_prune(trained(), datasets(), chip(), s);
    } catch (const Error& error) {
      return error.id();
    }
    return {};
  };
  CHECK(refused({.granularity = {5}}) == ErrorId::mask_mismatch);
  CHECK(refused({.weight_bits = {0}}) == ErrorId::out_of_range);
  s.constraints.bounds.assign(4, {0.5, 1.0});
  CHECK(refused({.keep = false, .weight_bits = {4}}) == ErrorId::out_of_range);
}

TEST_CASE("a method of one's own is taken, one of other hardware refused") {
  StudySpec s = small_spec();
  s.search.episodes = 1;
  s.fine_tune.train.epochs = 1;
  s.own_method = [](const methods::Setting& setting) {
    return methods::Compressor(setting.geometry, prune::ColumnVectorPruner<4, prune::L2>{},
                               setting.options.mapping);
  };
  const Record record = auto_prune(trained(), datasets(), chip(), s);
  CHECK(record.masks.front().granularity() == 4);
  s.own_method = [](const methods::Setting&) {
    return methods::Compressor(PaperGeometry{}, prune::ColumnVectorPruner(32));
  };
  try {
    (void)auto_prune(trained(), datasets(), chip(), s);
    FAIL("taken");
  } catch (const Error& error) {
    CHECK(error.id() == ErrorId::geometry_mismatch);
  }
}

}  // namespace autoprune::study
