// Masks to a file and back: any rows, granularity and order.
#include "autoprune/io/masks_file.hpp"

#include "autoprune/core/random.hpp"
#include "autoprune/io/weights.hpp"
#include "autoprune/prune/zero_mask.hpp"
#include "helpers.hpp"

using namespace autoprune;
using io::test::check_error;
using io::test::error_of;
using io::test::TempDir;

namespace {

nn::Network masked_network() {
  nn::Network network({3, 8, 8});
  network.conv("first", {.out = 10, .kernel = 3});
  network.conv("second", {.out = 7, .kernel = 1});
  network.linear("last", 5);
  network.initialise(3);
  return network;
}

/// Random ones; of gathered row groups, too.
std::vector<PruneMask> random_masks(const nn::Network& network, Index granularity, bool gathered,
                                    Random& random) {
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const ConstMatrixView weights = weight_matrix(network.node(i).weight);
    PruneMask mask(weights.cols(), weights.rows(), granularity, false);
    if (gathered) {
      const std::vector<Index> shuffled = random.permutation(weights.cols());
      mask = std::move(mask).in_order(
          std::make_shared<const std::vector<std::int32_t>>(shuffled.begin(), shuffled.end()));
    }
    for (Index g = 0; g < mask.groups(); ++g)
      for (Index c = 0; c < mask.cols(); ++c) mask.set(g, c, random.uniform() < 0.4);
    masks.push_back(std::move(mask));
  }
  return masks;
}

}  // namespace

TEST_CASE("masks come back from their file, gathered row groups and all") {
  const TempDir dir;
  Random random(1);
  nn::Network network = masked_network();
  for (const Index granularity : {1, 3, 8, 64})
    for (const bool gathered : {false, true}) {
      const auto masks = random_masks(network, granularity, gathered, random);
      io::write_masks(dir / "m", network, masks, {{"autoprune.method", "column-vectors"}});
      const auto file = io::Safetensors::read(dir / "m");
      CHECK(file.metadata().at("autoprune.method") == "column-vectors");
      const auto read = io::read_masks(file, network, [&](Index) { return granularity; });
      CHECK(read == masks);
      // A byte a weight, as a framework multiplies them in.
      const auto bytes = file.bytes(*file.find("first.weight"));
      for (Index c = 0; c < masks[0].cols(); ++c)
        for (Index r = 0; r < masks[0].rows(); ++r)
          REQUIRE(bytes[static_cast<std::size_t>(c * masks[0].rows() + r)] ==
                  (masks[0].kept(masks[0].group_of(r), c) ? 1 : 0));
      // Rows of their own divide any vector.
      if (!gathered)
        CHECK(io::read_masks(file, network, [](Index) { return 1; })[0].keep_ratio() > 0.0);
    }
}

TEST_CASE("a weight that came back is found, and a mask of something else refused") {
  const TempDir dir;
  Random random(2);
  nn::Network network = masked_network();
  const auto masks = random_masks(network, 4, false, random);
  check_error(error_of([&] { io::require_pruned(network, masks); }), ErrorId::mask_mismatch,
              {"'first'", "not zero", "after every step"});
  const std::vector<Index> layers = network.matrix_layers();
  for (std::size_t k = 0; k < layers.size(); ++k)
    prune::erase_pruned(weight_matrix(network.node(layers[k]).weight), masks[k]);
  io::require_pruned(network, masks);
  Tensor& last = network.node(layers.back()).weight;
  std::size_t at = 0;
  while (last.data()[at] != 0.0F) ++at;
  last.data()[at] = 0.5F;
  check_error(error_of([&] { io::require_pruned(network, masks); }), ErrorId::mask_mismatch,
              {"1 weight of layer", "'last'", concat("element ", at, " is 0.5")});

  io::write_masks(dir / "m", network, masks);
  const auto file = io::Safetensors::read(dir / "m");
  const auto read = [&](const nn::Network& of, Index granularity) {
    return [&, granularity] { (void)io::read_masks(file, of, [&](Index) { return granularity; }); };
  };
  check_error(error_of(read(network, 9)), ErrorId::mask_mismatch,
              {"first.weight", "granularity 9"});
  nn::Network other({3, 8, 8});
  other.conv("first", {.out = 11, .kernel = 3});
  check_error(error_of(read(other, 4)), ErrorId::shape_mismatch, {"10x3x3x3", "11x3x3x3"});
  nn::Network renamed({3, 8, 8});
  renamed.conv("one", {.out = 10, .kernel = 3});
  check_error(error_of(read(renamed, 4)), ErrorId::missing_tensor, {"'one.weight'"});
  io::save_weights(network, dir / "weights");
  const auto weights = io::Safetensors::read(dir / "weights");
  check_error(error_of([&] { (void)io::read_masks(weights, network, [](Index) { return 4; }); }),
              ErrorId::unsupported_type, {"F32", "U8"});
}
