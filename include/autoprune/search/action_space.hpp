/// @file action_space.hpp
/// What a search decides of a layer, and how that is written as actions in [0, 1].
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "autoprune/core/number.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/search/archive.hpp"
#include "autoprune/search/compressor.hpp"

namespace autoprune::search {

/// Smallest keep ratio that a policy holds; every layer keeps at least one vector anyway.
inline constexpr double kLeastKeepRatio = 1e-4;

/// The variables of a layer that are searched. Of a variable without choices nothing is: it is what
/// the study's plan or the accelerator says.
struct SearchSpace {
  bool keep = true;  ///< the keep ratio; else each layer's is the one that its bounds allow
  std::vector<Index> weight_bits = {};
  std::vector<Index> input_bits = {};
  std::vector<Index> adc_bits = {};
  std::vector<Index> granularity = {};  ///< rows of a column-vector
  std::vector<Geometry<>> geometry = {};

  [[nodiscard]] bool keeps_only() const;
  /// For searchers of keep ratios. Throws out_of_range where more is searched.
  void require_keeps_only(const char* searcher) const;
  /// Throws out_of_range or geometry_mismatch for a choice that no hardware has, one that occurs
  /// twice, or a space of nothing; whether choices go with one another, a compressor says.
  void validate() const;
  /// Every combination of the choices, its keep ratio 1.
  [[nodiscard]] std::vector<LayerPlan> plans() const;
  /// The fewest bits of each kind that is searched, and as little of a layer as bounds allow.
  [[nodiscard]] LayerPlan fewest_bits() const;
  void add_to(Fingerprint& print) const;
};

/// Calls visit(name, choices, field, most) for every variable but the keep ratio; field(plan) is
/// what the choice is in a plan, `most` the largest number that makes sense.
template <class Space, class Visit>
void visit_variables(Space& space, const Visit& visit) {
  constexpr Index kBits = 16, kSimulated = 8;
  const auto hardware = [](auto field) {
    return [field](auto& plan) -> auto& { return plan.hardware.*field; };
  };
  using Hardware = hardware::LayerHardware;
  visit("weight-bits", space.weight_bits, hardware(&Hardware::weight_bits), kBits);
  visit("input-bits", space.input_bits, hardware(&Hardware::input_bits), kSimulated);
  visit("adc-bits", space.adc_bits, hardware(&Hardware::adc_bits), kBits);
  visit(
      "granularity", space.granularity, [](auto& plan) -> auto& { return plan.granularity; },
      kMaxCrossbarSize);
  visit("geometry", space.geometry, hardware(&Hardware::geometry), Index{0});
}

inline bool SearchSpace::keeps_only() const {
  bool only = keep;
  visit_variables(*this,
                  [&](auto, const auto& choices, auto...) { only = only && choices.empty(); });
  return only;
}

inline LayerPlan SearchSpace::fewest_bits() const {
  LayerPlan plan(kLeastKeepRatio);
  visit_variables(*this, [&](const std::string& name, const auto& choices, auto field, auto) {
    if constexpr (requires { std::ranges::min(choices); })
      if (name.ends_with("-bits") && !choices.empty()) field(plan) = std::ranges::min(choices);
  });
  return plan;
}

inline void SearchSpace::require_keeps_only(const char* searcher) const {
  if (!keeps_only())
    fail(ErrorId::out_of_range, "searcher '", searcher,
         "' chooses keep ratios and nothing else; search keep alone, or take one that searches all "
         "variables: guided, ddpg, evolution, nsga2 or random");
}

inline void SearchSpace::validate() const {
  bool any = keep;
  visit_variables(*this, [&](const char* name, const auto& choices, auto, Index most) {
    any = any || !choices.empty();
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if constexpr (requires { choices[i].validate(); })
        choices[i].validate();
      else
        require_range(choices[i], concat("a choice of ", name), 1, most);
      if (std::find(choices.begin(), choices.begin() + static_cast<Index>(i), choices[i]) !=
          choices.begin() + static_cast<Index>(i))
        fail(ErrorId::out_of_range, "choice ", i + 1, " of ", name,
             " is there already; leave it out");
    }
  });
  if (!any)
    fail(ErrorId::out_of_range, "nothing is searched; give keep, or choices of another variable");
}

inline std::vector<LayerPlan> SearchSpace::plans() const {
  std::vector<LayerPlan> all(1);
  visit_variables(*this, [&](auto, const auto& choices, auto field, auto) {
    std::vector<LayerPlan> more;
    for (const auto& choice : choices)
      for (LayerPlan plan : all) {
        field(plan) = choice;
        more.push_back(std::move(plan));
      }
    if (!choices.empty()) all = std::move(more);
  });
  return all;
}

inline void SearchSpace::add_to(Fingerprint& print) const {
  if (keeps_only()) return;
  print.add(keep ? 1.0 : 0.0);
  visit_variables(*this, [&](const char* name, const auto& choices, auto...) {
    print.add(std::span<const char>(name, std::char_traits<char>::length(name)));
    for (const auto& choice : choices) {
      if constexpr (requires { choice.to_string(); })
        print.add(std::span<const char>(choice.to_string()));
      else
        print.add(static_cast<double>(choice));
    }
  });
}

/// Keep ratios as actions in [0, 1]; see SearchConfig::least_keep.
struct ActionScale {
  double least_keep = 0.01;

  [[nodiscard]] double keep_of(double action) const {
    const double keep = least_keep > 0.0 ? std::pow(least_keep, 1.0 - action) : action;
    return std::clamp(keep, kLeastKeepRatio, 1.0);
  }
  [[nodiscard]] double action_of(double keep) const {
    const double action = least_keep > 0.0 ? 1.0 - std::log(keep) / std::log(least_keep) : keep;
    return std::clamp(action, 0.0, 1.0);
  }
};

/// A layer's plan as one action in [0, 1] a variable that is searched: the keep ratio's first, if
/// it is. The n choices of another share [0, 1] equally, in their order; a choice is written as the
/// middle of its part.
class ActionSpace {
 public:
  /// Throws what SearchSpace::validate() throws.
  ActionSpace(SearchSpace space, double least_keep)
      : space_((space.validate(), std::move(space))), scale_{least_keep} {
    if (space_.keep) choices_.push_back(0);
    visit_variables(space_, [&](auto, const auto& choices, auto...) {
      if (!choices.empty()) choices_.push_back(std::ssize(choices));
    });
  }

  /// Actions of a layer.
  [[nodiscard]] Index size() const noexcept { return std::ssize(choices_); }
  [[nodiscard]] bool searches_keep() const noexcept { return space_.keep; }
  [[nodiscard]] bool keeps_only() const noexcept { return space_.keep && choices_.size() == 1; }
  /// Of each action; 0: of a number, which has any.
  [[nodiscard]] std::span<const Index> choices() const noexcept { return choices_; }

  /// `size()` actions. What isn't searched isn't decided; the keep ratio is 1 then.
  [[nodiscard]] LayerPlan plan_of(std::span<const double> actions) const {
    LayerPlan plan;
    auto action = actions.begin();
    if (space_.keep) plan.keep = scale_.keep_of(*action++);
    visit_variables(space_, [&](auto, const auto& choices, auto field, auto) {
      if (choices.empty()) return;
      const auto count = static_cast<double>(choices.size());
      const double part = std::min(std::floor(*action++ * count), count - 1.0);
      field(plan) = choices[static_cast<std::size_t>(std::max(0.0, part))];
    });
    return plan;
  }

  /// What a plan decides of the variables; the first choice stands for what it leaves open.
  [[nodiscard]] std::vector<double> actions_of(const LayerPlan& plan) const {
    std::vector<double> actions;
    if (space_.keep) actions.push_back(scale_.action_of(plan.keep));
    visit_variables(space_, [&](auto, const auto& choices, auto field, auto) {
      if (choices.empty()) return;
      const auto found = std::find(choices.begin(), choices.end(), field(plan));
      const auto part = found == choices.end() ? 0 : found - choices.begin();
      actions.push_back((static_cast<double>(part) + 0.5) / static_cast<double>(choices.size()));
    });
    return actions;
  }

  /// The plans of as many layers as there are `size()` actions for.
  [[nodiscard]] Policy policy_of(std::span<const double> actions) const {
    Policy policy;
    for (const auto each = static_cast<std::size_t>(size()); !actions.empty();
         actions = actions.subspan(each))
      policy.push_back(plan_of(actions.first(each)));
    return policy;
  }
  /// Of all layers, one behind the other.
  [[nodiscard]] std::vector<double> actions_of(std::span<const LayerPlan> policy) const {
    std::vector<double> all;
    for (const LayerPlan& plan : policy) {
      const std::vector<double> own = actions_of(plan);
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  }

 private:
  SearchSpace space_;
  ActionScale scale_;
  std::vector<Index> choices_;
};

}  // namespace autoprune::search
