/// @file search.hpp
/// The search: asks a searcher for policies, measures them, tells it what they are worth, and keeps
/// the best that was ever measured.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "autoprune/search/environment.hpp"
#include "autoprune/search/evaluator.hpp"
#include "autoprune/search/front.hpp"
#include "autoprune/search/history.hpp"
#include "autoprune/search/policy_archive.hpp"
#include "autoprune/search/search_config.hpp"
#include "autoprune/search/searchers.hpp"

namespace autoprune::search {

/// A search, episode by episode, so that its owner can report and save in between. Policies are
/// told when all of a batch are measured, in the order asked: results depend on its size.
template <Environment E = PruningEnvironment<>>
class Search {
 public:
  /// Of config.searcher. Holds a reference to the environment.
  Search(E& environment, const SearchConfig& config)
      : Search(
            environment, config,
            (config.validate(), make_searcher(config.searcher, environment.landscape(), config))) {}
  /// Of any other.
  Search(E& environment, SearchConfig config, AnySearcher searcher)
      : environment_(environment),
        config_((config.validate(), std::move(config))),
        searcher_(std::move(searcher)),
        measure_([&environment](std::span<const Policy> policies) {
          return std::vector<Outcome>{environment.evaluate(policies.front())};
        }),
        fingerprint_(fingerprint()) {}

  /// Who measures; without, the environment does, one policy after the other. Holds a reference.
  void measure_with(Evaluator auto& evaluator) {
    measure_ = [&evaluator](std::span<const Policy> policies) {
      return evaluator.measure(policies);
    };
  }

  [[nodiscard]] const std::string& searcher() const noexcept { return searcher_.name(); }
  /// As History::kind().
  [[nodiscard]] std::string_view kind(const Episode& episode) const {
    return kind_of(episode, searcher());
  }
  [[nodiscard]] const std::vector<Episode>& episodes() const noexcept { return episodes_; }
  /// Nothing is left to measure. Asks the searcher when it has to.
  [[nodiscard]] bool done() {
    if (std::ssize(episodes_) >= config_.episodes) return true;
    if (asked_.empty())
      asked_ = searcher_.ask(std::min(config_.batch, config_.episodes - std::ssize(episodes_)));
    return asked_.empty();
  }

  /// Throws wrong_order before the first episode.
  [[nodiscard]] History history() const {
    const Counting counting = environment_.landscape().constraints().counting;
    return {searcher(), episodes_, best(), counting, pareto_front(episodes_, counting)};
  }

  /// Index of the best episode so far; a probe only where there is nothing else. Throws wrong_order
  /// before the first.
  [[nodiscard]] Index best() const {
    if (episodes_.empty()) fail(ErrorId::wrong_order, "no policy has been measured yet");
    const auto worth = [](const Episode& e) {
      return std::tuple(e.origin != Origin::probe, e.outcome.feasible, e.outcome.reward);
    };
    const auto worse = [&](const Episode& a, const Episode& b) { return worth(a) < worth(b); };
    return std::max_element(episodes_.begin(), episodes_.end(), worse) - episodes_.begin();
  }
  /// The best policy. Throws infeasible_constraint when none met the constraints, and
  /// wrong_order while nothing but probes has been measured.
  [[nodiscard]] const Outcome& best_outcome() const {
    const Episode& episode = episodes_[static_cast<std::size_t>(best())];
    const Outcome& outcome = episode.outcome;
    if (episode.origin == Origin::probe)
      fail(ErrorId::wrong_order, "no policy within the constraints has been measured yet, only ",
           episodes_.size(), " probes of single layers; go on");
    if (!outcome.feasible) {
      auto& landscape = environment_.landscape();
      fail(ErrorId::infeasible_constraint, "no policy of ", episodes_.size(),
           " met the constraints; the best has ",
           missed(outcome, landscape.constraints(), landscape.dense_accuracy()).what);
    }
    return outcome;
  }

  /// The next policy, measured, perhaps together with others of its batch; the last of a batch is
  /// told with all of it. Throws wrong_order when nothing is left to measure, and what measuring
  /// throws.
  const Episode& run_episode() {
    if (done())
      fail(ErrorId::wrong_order, "all ", episodes_.size(),
           " policies have been measured; ask done()");
    if (measured_.empty()) measure();
    episodes_.push_back({asked_.front().origin, std::move(measured_.front())});
    asked_.erase(asked_.begin());
    allowed_.erase(allowed_.begin());
    measured_.erase(measured_.begin());
    ++untold_;
    if (asked_.empty()) tell();
    return episodes_.back();
  }

  /// Everything that decides the rest of the search, as bytes.
  [[nodiscard]] std::string save() {
    ArchiveWriter out;
    describe(out);
    return out.bytes();
  }
  /// Goes on from save(). Throws checkpoint_mismatch for a checkpoint of another search.
  void restore(std::string_view bytes) {
    ArchiveReader in(bytes);
    describe(in);
    in.finish();
  }

 private:
  static constexpr std::uint64_t kFormat = 7;

  /// The first of the policies that are left of the batch, at least one.
  void measure() {
    while (allowed_.size() < asked_.size()) {
      const Proposal& proposal = asked_[allowed_.size()];
      const bool probe = proposal.origin == Origin::probe;
      allowed_.push_back(probe ? proposal.policy
                               : environment_.landscape().allowed(proposal.policy));
    }
    // An outcome depends on its policy alone: none is measured twice.
    std::vector<Policy> unknown;
    for (const Policy& policy : allowed_)
      if (!known(policy) && std::find(unknown.begin(), unknown.end(), policy) == unknown.end())
        unknown.push_back(policy);
    const std::vector<Outcome> outcomes =
        unknown.empty() ? std::vector<Outcome>{} : measure_(unknown);
    if (outcomes.size() > unknown.size() || (outcomes.empty() && !unknown.empty()))
      fail(ErrorId::shape_mismatch, "an evaluator answers ", outcomes.size(), " outcomes for ",
           unknown.size(), " policies; it has to answer those of the first ones, at least one");
    for (const Policy& policy : allowed_) {
      const Outcome* outcome = known(policy);
      const auto place = std::find(unknown.begin(), unknown.end(), policy) - unknown.begin();
      if (outcome == nullptr && place < std::ssize(outcomes))
        outcome = &outcomes[static_cast<std::size_t>(place)];
      if (outcome == nullptr) break;
      measured_.push_back(*outcome);
    }
  }
  /// What a policy that was measured before came to.
  [[nodiscard]] const Outcome* known(const Policy& policy) const {
    for (const Episode& episode : episodes_)
      if (episode.outcome.policy == policy) return &episode.outcome;
    return nullptr;
  }
  void tell() {
    std::vector<Outcome> outcomes;
    for (auto e = episodes_.end() - untold_; e != episodes_.end(); ++e)
      outcomes.push_back(e->outcome);
    untold_ = 0;
    searcher_.tell(outcomes);
  }

  template <class Archive>
  void describe(Archive& archive) {
    visit_same(archive, "format", kFormat);
    visit_same(archive, "fingerprint", fingerprint_);
    std::uint64_t count = episodes_.size();
    archive("episodes", count);
    if (count > static_cast<std::uint64_t>(config_.episodes))
      fail(ErrorId::checkpoint_mismatch, "the checkpoint has ", count,
           " episodes, this search only ", config_.episodes);
    episodes_.resize(count);
    for (Episode& episode : episodes_) visit_episode(archive, episode);
    visit_integer(archive, "untold", untold_, std::min(config_.batch - 1, std::ssize(episodes_)));
    Index asked = std::ssize(asked_);
    visit_integer(archive, "asked", asked, config_.batch);
    asked_.resize(static_cast<std::size_t>(asked));
    if constexpr (Archive::loading) {
      allowed_.clear();
      measured_.clear();
    }
    for (Proposal& proposal : asked_) {
      visit_integer(archive, "origin", proposal.origin, kLastOrigin);
      proposal.policy.resize(layers());
      visit_policy(archive, proposal.policy);
    }
    searcher_.describe(archive);
  }

  template <class Archive>
  void visit_episode(Archive& archive, Episode& episode) {
    visit_integer(archive, "origin", episode.origin, kLastOrigin);
    visit_outcome(archive, episode.outcome, layers());
  }

  [[nodiscard]] std::size_t layers() const {
    return static_cast<std::size_t>(environment_.landscape().layers());
  }
  /// Of all that a resumed search has to have in common with the first.
  [[nodiscard]] std::uint64_t fingerprint() const {
    Fingerprint print = environment_.fingerprint();
    config_.add_to(print);
    return print.add(std::span<const char>(searcher())).value();
  }

  E& environment_;
  SearchConfig config_;
  AnySearcher searcher_;
  std::vector<Episode> episodes_;
  std::function<std::vector<Outcome>(std::span<const Policy>)> measure_;
  std::vector<Proposal> asked_;    // of the batch, not yet among the episodes
  std::vector<Policy> allowed_;    // of the first of them: moved into the constraints
  std::vector<Outcome> measured_;  // of the first of these
  Index untold_ = 0;               // of the batch, among the episodes
  std::uint64_t fingerprint_;
};

}  // namespace autoprune::search
