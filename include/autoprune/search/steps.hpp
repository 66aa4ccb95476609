/// @file steps.hpp
/// Exploring steps that listen to what they did: one that helped is taken again, one that didn't is
/// tried the other way, and only then a new one is drawn (mirrored sampling with sequential
/// selection: Brockhoff et al., PPSN 2010).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "autoprune/core/random.hpp"
#include "autoprune/core/types.hpp"

namespace autoprune::search {

class Steps {
 public:
  /// A step moves a layer's action by a normal of deviation `sigma`; every other new one leaves all
  /// but a `share` of the layers, in (0, 1], where they are.
  Steps(Index layers, double sigma, double share, std::uint64_t seed)
      : sigma_(sigma),
        share_(share),
        seed_(seed),
        random_(seed, kStream),
        step_(static_cast<std::size_t>(layers), 0.0F) {}

  /// The next step, one number a layer. `helped`: the last one led to the best policy so far.
  [[nodiscard]] std::span<const float> next(bool helped) {
    if (helped && drawn_ > 0) {
      other_way_left_ = 0;  // back is where it came from
    } else if (other_way_left_ != 0) {
      for (float& s : step_) s = -s;
      other_way_left_ = 0;
    } else {
      draw();
    }
    return step_;
  }

  template <class Archive>
  void visit_state(Archive& archive) {
    archive("step", std::span<float>(step_));
    archive("step.drawn", drawn_);
    archive("step.other_way_left", other_way_left_);
    std::uint64_t position = random_.position();
    archive("step.random", position);
    random_ = Random(seed_, kStream, position);
  }

 private:
  static constexpr std::uint64_t kStream = 0x57E95;

  void draw() {
    const double share = drawn_++ % 2 == 0 ? 1.0 : share_;
    do
      for (float& s : step_)
        s = random_.uniform() < share ? static_cast<float>(sigma_ * random_.normal()) : 0.0F;
    while (std::ranges::all_of(step_, [](float s) { return s == 0.0F; }));
    other_way_left_ = 1;
  }

  double sigma_, share_;
  std::uint64_t seed_;
  Random random_;
  std::vector<float> step_;
  std::uint64_t drawn_ = 0;
  std::uint64_t other_way_left_ = 0;  // 1 after a new step
};

}  // namespace autoprune::search
