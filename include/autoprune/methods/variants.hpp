/// @file variants.hpp
/// One method on crossbars of several kinds, its type forgotten.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/prune_mask.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/hardware/weight_code.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/methods/method.hpp"
#include "autoprune/nn/node.hpp"

namespace autoprune::methods::detail {

/// In what variants differ.
struct VariantKind {
  Geometry<> geometry;
  hardware::WeightCode weights;
  std::optional<Index> granularity;  ///< none: the method's own

  friend bool operator==(const VariantKind&, const VariantKind&) = default;
};

struct Variant {
  VariantKind kind;
  mapping::ArrayShape shape;
  Index granularity = 1;  ///< of its masks; 1: element-wise
  std::function<Ranking(const nn::Node&, const Tensor* gradient)> rank;
  std::function<mapping::LayerCount(Index layer, const PruneMask&)> count;
  std::function<mapping::Placement(Index layer, const PruneMask&)> place;

  [[nodiscard]] Index arrays() const noexcept { return shape.arrays; }
};

/// The method on other hardware, or with another granularity.
template <Method M>
[[nodiscard]] M on_kind(const M& method, const VariantKind& kind) {
  if constexpr (requires { method.granularity(); }) {
    return method.on(kind.geometry, kind.weights, kind.granularity.value_or(method.granularity()));
  } else {
    if (kind.granularity)
      fail(ErrorId::out_of_range, "a granularity of ", *kind.granularity, " for method '", M::kName,
           "', which prunes in no row groups; leave it out, or take column-vectors");
    M same = method;
    same.shape = mapping::ArrayShape(kind.geometry, kind.weights);
    return same;
  }
}

template <Method M>
[[nodiscard]] Variant variant(const VariantKind& kind, M method) {
  Variant v{kind, method.shape, 1, {}, {}, {}};
  if constexpr (requires { method.granularity(); }) v.granularity = method.granularity();
  const auto shared = std::make_shared<const M>(std::move(method));
  v.rank = [shared](const nn::Node& node, [[maybe_unused]] const Tensor* gradient) {
    Ranking ranking;
    if constexpr (requires { shared->rank(node); })
      ranking = shared->rank(node);
    else
      ranking = shared->rank(node, *gradient);
    if (node.matrices > 1)
      ranking.mask = [mask = std::move(ranking.mask), matrices = node.matrices](double keep) {
        return mask(keep).in_matrices(matrices);
      };
    return ranking;
  };
  v.count = [shared](Index layer, const PruneMask& mask) {
    const auto& placer = shared->placer(layer);
    if constexpr (requires { placer.count(mask); })
      return placer.count(mask);
    else
      return mapping::count(placer, mask);
  };
  v.place = [shared](Index layer, const PruneMask& mask) {
    return mapping::place(shared->placer(layer), mask);
  };
  return v;
}

/// Each is made when it is first asked for. For many threads at a time.
class Variants {
 public:
  template <Method M>
  explicit Variants(M method)
      : make_([method = std::move(method)](const VariantKind& kind) {
          return variant(kind, on_kind(method, kind));
        }) {}

  /// Throws what the method throws on such hardware.
  [[nodiscard]] std::shared_ptr<const Variant> of(const VariantKind& kind) {
    const std::lock_guard lock(mutex_);
    for (const auto& made : made_)
      if (made->kind == kind) return made;
    made_.push_back(std::make_shared<const Variant>(make_(kind)));
    return made_.back();
  }

 private:
  std::function<Variant(const VariantKind&)> make_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<const Variant>> made_;
};

}  // namespace autoprune::methods::detail
