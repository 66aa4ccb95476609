/// @file evaluator.hpp
/// Who measures the policies of a batch: one after the other, several at once, or another machine.
#pragma once

#include <algorithm>
#include <concepts>
#include <exception>
#include <span>
#include <utility>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/core/thread_pool.hpp"
#include "autoprune/search/proposal.hpp"

namespace autoprune::search {

/// measure() gets all that is left of a batch and answers the outcomes of its first policies, in
/// the order asked: of one at least, and of no more than it measures at once, so that what is known
/// can be saved before it goes on. Where a policy fails, it answers those before it; where that is
/// the first, it throws its error. An outcome depends on nothing but its policy.
template <class E>
concept Evaluator = requires(E& evaluator, std::span<const Policy> policies) {
  { evaluator.measure(policies) } -> std::same_as<std::vector<Outcome>>;
};

/// Measures up to `workers` policies at once, each on a thread of its own. How many they are
/// changes no bit.
template <class Environment>
class ParallelEvaluator {
 public:
  /// Holds a reference to the environment, whose evaluate() must allow to be called at the same
  /// time. Throws out_of_range.
  ParallelEvaluator(const Environment& environment, Index workers)
      : environment_(environment),
        workers_(
            (require_range(workers, "number of policies measured at once", 1, 1024), workers)) {}

  [[nodiscard]] std::vector<Outcome> measure(std::span<const Policy> policies) {
    const auto count = std::min(policies.size(), static_cast<std::size_t>(workers_.threads()));
    std::vector<Outcome> outcomes(count);
    std::vector<std::exception_ptr> errors(count);
    workers_.for_each(static_cast<Index>(count), [&](Index i) {
      const auto k = static_cast<std::size_t>(i);
      try {
        outcomes[k] = environment_.evaluate(policies[k]);
      } catch (...) {
        errors[k] = std::current_exception();
      }
    });
    const auto failed = std::find_if(errors.begin(), errors.end(),
                                     [](const auto& error) { return error != nullptr; });
    if (failed == errors.begin() && failed != errors.end()) std::rethrow_exception(*failed);
    outcomes.resize(static_cast<std::size_t>(failed - errors.begin()));
    return outcomes;
  }

 private:
  const Environment& environment_;
  ThreadPool workers_;
};

}  // namespace autoprune::search
