/// @file environment.hpp
/// What answers a policy: masks, batch-norm statistics that fit them, accuracy on held-out images,
/// crossbars, and the reward of the two.
#pragma once

#include <cmath>
#include <concepts>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "autoprune/core/words.hpp"
#include "autoprune/nn/backend.hpp"
#include "autoprune/nn/cpu_backend.hpp"
#include "autoprune/search/archive.hpp"
#include "autoprune/search/candidate.hpp"
#include "autoprune/search/compressor.hpp"
#include "autoprune/search/landscape.hpp"
#include "autoprune/search/oracle.hpp"
#include "autoprune/search/pricing.hpp"
#include "autoprune/search/proposal.hpp"
#include "autoprune/search/rankings.hpp"
#include "autoprune/search/reward.hpp"
#include "autoprune/search/workspaces.hpp"

namespace autoprune::search {

/// Which accuracy the reward reads.
enum class Metric { top1, top5 };

[[nodiscard]] constexpr auto words_of(Metric) {
  using enum Metric;
  return std::to_array<Word<Metric>>({{top1, "top1"}, {top5, "top5"}});
}

/// Measures policies: what evaluate() answers depends on the policy alone.
template <class E>
concept Environment = requires(E& environment, const E& measuring, const Policy& policy) {
  requires Landscape<std::remove_reference_t<decltype(environment.landscape())>>;
  { measuring.evaluate(policy) } -> std::same_as<Outcome>;
  { environment.fingerprint() } -> std::same_as<Fingerprint>;
};

template <RewardFunction Reward = AnyReward>
class PruningEnvironment {
 public:
  /// Copies the network. The pool has to outlive the environment. Budgets, and rewards of energy,
  /// latency or area, need a `pricing`. `make` says where the network runs. Where policies are
  /// measured at the same time, reward, oracle and pricing are asked at the same time, too, and
  /// each measurement has as many threads as the pool. Throws what the constraints, the compressor
  /// and the oracle throw.
  PruningEnvironment(nn::Network network, Compressor compressor, EnvironmentImages images,
                     const Constraints& constraints, ThreadPool& pool, Metric metric = Metric::top1,
                     Reward reward = {}, AccuracyOracle oracle = float_accuracy(),
                     Pricing pricing = {}, const nn::MakeBackend& make = nn::cpu_backend)
      : network_(std::move(network)),
        compressor_(std::move(compressor)),
        images_(std::move(images)),
        metric_(metric),
        reward_(std::move(reward)),
        oracle_(std::move(oracle)),
        pricing_(std::move(pricing)),
        workspaces_(network_, pool, make),
        rankings_(network_, compressor_, gradients()),
        landscape_(network_, compressor_, rankings_, pricing_, constraints, dense_accuracy(),
                   !reads_costs(reward_)) {}
  PruningEnvironment(const PruningEnvironment&) = delete;
  PruningEnvironment& operator=(const PruningEnvironment&) = delete;

  /// What may be asked of policies without measuring them.
  [[nodiscard]] PruningLandscape& landscape() noexcept { return landscape_; }
  [[nodiscard]] const Compressor& compressor() const noexcept { return compressor_; }
  /// Dense, as it was given.
  [[nodiscard]] const nn::Network& network() const noexcept { return network_; }

  /// Prunes under the (allowed) policy and measures, on a copy of the network; for many threads at
  /// a time. Throws not_finite when the reward isn't a number: it couldn't be compared.
  [[nodiscard]] Outcome evaluate(const Policy& policy) const {
    const std::vector<PruneMask> masks = rankings_.masks(policy);
    const Candidate candidate{masks, policy};
    Outcome out = placed(candidate);
    out.accuracy = workspaces_.use([&](nn::Backend& backend) {
      backend.set_masks(masks);
      backend.recalibrate(images_.calibration);
      return accuracy(backend, candidate);
    });
    const Constraints& constraints = landscape_.constraints();
    const double by = missed(out, constraints, landscape_.dense_accuracy()).by;
    out.feasible = by == 0.0;
    out.reward = out.feasible ? reward_(figures(out)) : -by;
    const auto& [energy_nj, latency_ns, area_um2] = out.costs;
    if (!std::isfinite(out.reward) || std::isnan(energy_nj + latency_ns + area_um2))
      fail(ErrorId::not_finite, "a policy of a compression of ",
           compression(out.crossbars, constraints.counting), ", an energy of ", energy_nj,
           " nJ, a latency of ", latency_ns, " ns, an area of ", area_um2,
           " um2 and an accuracy of ", out.accuracy, " % has a reward of ", out.reward,
           "; check the reward, and the hardware when it reads energy, latency or area");
    return out;
  }

  /// Throws infeasible_constraint where the cheapest policy of a space, of the fewest bits and of
  /// keep ratios at their lower bounds, costs too much already. Which of several granularities or
  /// crossbars is the cheapest isn't known, and nothing is said of them.
  void require_reachable(const SearchSpace& space) {
    if (space.keeps_only() || !space.granularity.empty() || !space.geometry.empty()) return;
    const Policy least = landscape_.allowed(Policy(rankings_.own().size(), space.fewest_bits()));
    const std::vector<PruneMask> masks = rankings_.masks(least);
    Outcome cheapest = placed({masks, least});
    cheapest.accuracy = 100.0;
    const Missed out_of_reach = missed(cheapest, landscape_.constraints(), 0.0);
    if (out_of_reach.by > 0.0)
      fail(ErrorId::infeasible_constraint, "no policy is within the constraints: that of the ",
           "fewest bits and of keep ratios at their lower bounds has ", out_of_reach.what);
  }

  /// Of all that outcomes depend on. Pruner, mapping and reward, which may be of any type, are told
  /// apart by what they answer.
  [[nodiscard]] Fingerprint fingerprint() const {
    Fingerprint print;
    for (const nn::ConstNamedTensor& p : network_.parameters())
      if (p.name.find("running_") == std::string::npos)
        print.add(std::span<const float>(p.tensor->data(), p.tensor->size()));
    for (std::size_t k = 0; k < rankings_.own().size(); ++k) {
      const Ranking& layer = rankings_.own()[k];
      print.add(std::span<const float>(layer.vectors.data(),
                                       layer.vectors.data() + layer.vectors.size()));
      for (const double keep : {0.1, 0.3, 1.0}) {
        const mapping::LayerCount count =
            compressor_.count(static_cast<Index>(k), layer.mask(keep));
        for (const Index n : {count.kept, count.ous, count.crossbars, count.crossbars_dense})
          print.add(static_cast<double>(n));
      }
    }
    for (const auto* batches : {&images_.calibration, &images_.held_out})
      for (const nn::Batch& batch : *batches) print.add(std::span<const nn::Label>(batch.labels));
    if (pricing_) {
      const Costs costs = pricing_.price(Compressor::masks(rankings_.own(), all_keep(0.3)));
      print.add(costs.energy_nj).add(costs.latency_ns).add(costs.area_um2);
    }
    const Constraints& constraints = landscape_.constraints();
    constraints.add_to(print);
    return print.add(reward_({3.0, 50.0, 60.0, 4.0, 5.0, 6.0}))
        .add(static_cast<double>(metric_))
        .add(landscape_.dense_accuracy());
  }

 private:
  /// What an outcome says of a candidate without measuring it.
  [[nodiscard]] Outcome placed(const Candidate& candidate) const {
    Outcome out;
    out.policy.assign(candidate.policy.begin(), candidate.policy.end());
    for (const PruneMask& mask : candidate.masks) out.keep_ratios.push_back(mask.keep_ratio());
    out.crossbars = compressor_.with(candidate.policy).count(candidate.masks).crossbars;
    if (pricing_) out.costs = pricing_.price(candidate);
    return out;
  }

  /// None where the method needs none.
  [[nodiscard]] std::vector<Tensor> gradients() const {
    if (!compressor_.needs_gradients()) return {};
    return workspaces_.use(
        [&](nn::Backend& backend) { return backend.loss_gradients(images_.calibration); });
  }
  [[nodiscard]] Policy all_keep(double share) const {
    return Policy(rankings_.own().size(), share);
  }

  /// What the reward reads of an outcome.
  [[nodiscard]] Figures figures(const Outcome& of) const {
    Figures figures{compression(of.crossbars, landscape_.constraints().counting), of.accuracy,
                    landscape_.dense_accuracy()};
    if (!pricing_) return figures;
    figures.energy = pricing_.dense.energy_nj / of.costs.energy_nj;
    figures.latency = pricing_.dense.latency_ns / of.costs.latency_ns;
    figures.area = pricing_.dense.area_um2 / of.costs.area_um2;
    return figures;
  }

  [[nodiscard]] double dense_accuracy() const {
    const std::vector<PruneMask> dense = Compressor::masks(rankings_.own(), all_keep(1.0));
    return workspaces_.use([&](nn::Backend& backend) { return accuracy(backend, dense); });
  }

  [[nodiscard]] double accuracy(nn::Backend& backend, const Candidate& candidate) const {
    const nn::Accuracy accuracy = oracle_(backend, candidate, images_);
    return metric_ == Metric::top5 ? accuracy.top5 : accuracy.top1;
  }

  nn::Network network_;
  Compressor compressor_;
  EnvironmentImages images_;
  Metric metric_;
  Reward reward_;
  AccuracyOracle oracle_;
  Pricing pricing_;
  mutable Workspaces workspaces_;  // of the network
  mutable Rankings rankings_;
  PruningLandscape landscape_;
};

}  // namespace autoprune::search
