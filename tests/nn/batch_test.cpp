#include "autoprune/nn/dataset.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::nn;
using namespace autoprune::nn::test;

namespace {

/// Random pixels; two channels with a normalisation of their own, and a border.
Dataset bordered(Index images) {
  Dataset data = quarters(images, 3, {2, 7, 6});
  data.border = 2;
  data.mean = {0.25F, 0.5F};
  data.stddev = {0.5F, 2.0F};
  return data;
}

/// Pixel of image `i` shifted by (dy, dx) after a mirror image, as the network sees it.
float shifted(const Dataset& data, Index i, Index c, Index h, Index w, Index dy, Index dx,
              bool flip) {
  const Index column = flip ? data.shape().width - 1 - w : w;
  const Index sh = h + dy - data.border, sw = column + dx - data.border;
  const bool inside = sh >= 0 && sw >= 0 && sh < data.stored.height && sw < data.stored.width;
  const Index at = ((i * data.stored.channels + c) * data.stored.height + sh) * data.stored.width;
  const float byte = inside ? data.pixels[static_cast<std::size_t>(at + sw)] : 0.0F;
  const auto channel = static_cast<std::size_t>(c);
  return (byte / 255.0F - data.mean[channel]) / data.stddev[channel];
}

bool matches(const Dataset& data, const Batch& batch, Index place, Index image, Index dy, Index dx,
             bool flip) {
  const Shape3 shape = data.shape();
  for (Index c = 0; c < shape.channels; ++c)
    for (Index h = 0; h < shape.height; ++h)
      for (Index w = 0; w < shape.width; ++w)
        if (batch.images.at(place, c, h, w) != shifted(data, image, c, h, w, dy, dx, flip))
          return false;
  return true;
}

}  // namespace

TEST_CASE("A batch holds the normalised pixels and labels of its images, in order", "[nn]") {
  const Dataset data = bordered(50);
  ThreadPool pool(2);
  Random random(1);
  const std::vector<Index> indices = random.permutation(50);
  Batch batch;
  data.load(std::span(indices).first(37), nullptr, batch, pool);
  REQUIRE(batch.images.images() == 37);
  REQUIRE(batch.images.shape() == Shape3{2, 11, 10});
  for (Index i = 0; i < 37; ++i) {
    const Index image = indices[static_cast<std::size_t>(i)];
    CHECK(matches(data, batch, i, image, 0, 0, false));
    CHECK(batch.labels[static_cast<std::size_t>(i)] ==
          data.labels[static_cast<std::size_t>(image)]);
  }
  for (Index lane = 37; lane < 64; ++lane) CHECK(batch.images.at(lane, 1, 3, 3) == 0.0F);
}

TEST_CASE("Batches of a list hold each image once", "[nn]") {
  const Dataset data = bordered(50);
  ThreadPool pool(1);
  const std::vector<Index> indices = range(3, 50);
  const std::vector<Batch> batches = load_batches(data, indices, pool, 20);
  REQUIRE(batches.size() == 3);
  CHECK(batches[2].images.images() == 7);
  for (Index i = 0; i < 47; ++i)
    CHECK(matches(data, batches[static_cast<std::size_t>(i / 20)], i % 20, i + 3, 0, 0, false));
}

TEST_CASE("Augmentation shifts and mirrors within its limits, evenly", "[nn]") {
  const Dataset data = bordered(600);
  ThreadPool pool(2);
  const Augmentation augmentation{2, true, 5, 0};
  Batch batch;
  const std::vector<Index> indices = range(0, 600);
  data.load(indices, &augmentation, batch, pool);
  std::map<std::tuple<Index, Index, bool>, Index> draws;
  for (Index i = 0; i < 600; ++i) {
    Index found = 0;
    for (Index dy = -2; dy <= 2; ++dy)
      for (Index dx = -2; dx <= 2; ++dx)
        for (const bool flip : {false, true})
          if (matches(data, batch, i, i, dy, dx, flip)) {
            ++found;
            ++draws[{dy, dx, flip}];
          }
    REQUIRE(found == 1);
  }
  CHECK(draws.size() == 50);
  Index flips = 0;
  for (const auto& [draw, count] : draws) {
    CHECK(count < 40);  // 12 on average
    flips += std::get<2>(draw) ? count : 0;
  }
  CHECK(std::abs(flips - 300) < 61);  // 5 standard deviations
}

TEST_CASE("An image's augmentation depends on seed, variant and image alone", "[nn]") {
  const Dataset data = bordered(64);
  ThreadPool pool(2);
  const auto load = [&](std::vector<Index> indices, Augmentation augmentation) {
    Batch batch;
    data.load(indices, &augmentation, batch, pool);
    return values_of(batch.images);
  };
  const Values one = load({40}, {4, true, 1, 0});
  const Values both = load({3, 40}, {4, true, 1, 0});
  CHECK(std::equal(one.begin(), one.end(), both.end() - static_cast<Index>(one.size())));
  const std::vector<Index> all = range(0, 64);
  CHECK(load(all, {4, true, 1, 0}) != load(all, {4, true, 1, 1}));
  CHECK(load(all, {4, true, 1, 0}) != load(all, {4, true, 2, 0}));
  CHECK(load(all, {4, true, 1, 3}) == load(all, {4, true, 1, 3}));
}

TEST_CASE("Images that are made when they are asked for load as those in memory do", "[nn]") {
  /// Writes each image into the room that it is given.
  struct Made : ByteImages {
    const Dataset& all;
    explicit Made(const Dataset& data) : ByteImages(data), all(data) {}
    Index size() const override { return all.size(); }
    Label label(Index i) const override { return all.label(i); }
    const std::uint8_t* bytes(Index i, std::span<std::uint8_t> room) const override {
      REQUIRE(static_cast<Index>(room.size()) == stored.size());
      std::copy_n(all.image(i), room.size(), room.begin());
      return room.data();
    }
  };
  const Dataset data = bordered(75);
  const Made made(data);
  ThreadPool pool(1);
  const Augmentation varied{3, true, 2, 1};
  for (const Augmentation* augmentation : {static_cast<const Augmentation*>(nullptr), &varied}) {
    Batch one, other;
    const std::vector<Index> indices = Random(4).permutation(75);
    data.load(indices, augmentation, one, pool);
    made.load(indices, augmentation, other, pool);
    CHECK(values_of(one.images) == values_of(other.images));
    CHECK(one.labels == other.labels);
  }
  CHECK(made.shape() == data.shape());
  CHECK(split(made, 10).held_out == split(data, 10).held_out);
}

TEST_CASE("A split keeps the held-out images out of training", "[nn]") {
  const Dataset data = bordered(50);
  const Split parts = split(data, 12);
  CHECK(parts.train == range(0, 38));
  CHECK(parts.held_out == range(38, 50));
  for (const Index n : {0, 50, 51, -1})
    CHECK(error_of([&] { static_cast<void>(split(data, n)); }) == ErrorId::out_of_range);
}
