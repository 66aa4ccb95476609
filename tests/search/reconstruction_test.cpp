#include "autoprune/search/reconstruction.hpp"

#include <catch2/catch.hpp>
#include <memory>

#include "autoprune/search/environment.hpp"
#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::search;

namespace {

/// Sum over images and positions of the squared differences of a layer's outputs.
double output_error(const Matrix& a, const Matrix& b, const Matrix& x) {
  return static_cast<double>(((a - b) * x).squaredNorm());
}

/// All patches of one convolution's input, rows x patches.
Matrix patches(const nn::Activation& x, const nn::detail::MatrixShape& s) {
  Matrix all(s.rows(), x.images() * s.positions());
  Index column = 0;
  for (Index image = 0; image < x.images(); ++image)
    for (Index oh = 0; oh < s.out.height; ++oh)
      for (Index ow = 0; ow < s.out.width; ++ow, ++column)
        for (Index r = 0; r < s.rows(); ++r) {
          const Index tap = r % s.taps();
          const Index h = oh * s.stride.h - s.padding.h + tap / s.kernel.w;
          const Index w = ow * s.stride.w - s.padding.w + tap % s.kernel.w;
          const bool inside = h >= 0 && h < s.in.height && w >= 0 && w < s.in.width;
          all(r, column) = inside ? x.at(image, r / s.taps(), h, w) : 0.0F;
        }
  return all;
}

}  // namespace

TEST_CASE("fitted weights bring a layer's outputs nearer to the dense layer's than masked ones") {
  ThreadPool pool(1);
  nn::Network network = test::trained();
  nn::CpuBackend backend(network, pool);
  nn::Session& session = backend.session();
  const EnvironmentImages images = test::environment_images(pool);
  const Reconstruction reconstruction(backend, images.calibration, {.samples = 20});
  const Compressor compressor = test::small_compressor();
  const std::vector<Ranking> layers = compressor.rank(network);
  const std::vector<Index> nodes = network.matrix_layers();
  for (const double keep : {1.0, 0.8, 0.5, 0.2}) {
    const auto masks = Compressor::masks(layers, Policy(layers.size(), keep));
    const std::vector<Matrix> fitted = reconstruction.fit(masks, pool);
    session.set_masks({});
    session.forward(images.held_out.front().images, nn::Mode::inference);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      const nn::Node& node = network.node(nodes[k]);
      const Matrix w = weight_matrix(std::as_const(network).node(nodes[k]).weight);
      Matrix masked = w;
      for (Index c = 0; c < w.rows(); ++c)
        for (Index r = 0; r < w.cols(); ++r)
          if (!masks[k].kept(r / masks[k].granularity(), c)) {
            masked(c, r) = 0.0F;
            REQUIRE(fitted[k](c, r) == 0.0F);
          }
      if (masks[k].keep_ratio() == 1.0) {
        REQUIRE(fitted[k] == w);  // to the bit: nothing was solved
        continue;
      }
      const Matrix x =
          patches(session.output(node.inputs.front()), nn::detail::MatrixShape(network, node));
      // Held-out images, so that it isn't a matter of course.
      REQUIRE(output_error(fitted[k], w, x) < output_error(masked, w, x));
    }
  }
}

TEST_CASE("a fit with more weights than patches meets the dense outputs of all images") {
  // Least squares leave no error then, however often a patch was drawn: if all of them were, with
  // the border's zeros, and of the dense network. Nothing is square.
  ThreadPool pool(1);
  Random random(41);
  nn::Network network({8, 3, 5});
  network.conv("a", {.out = 8, .kernel = {3, 2}, .stride = {2, 1}, .padding = {1, 0}});
  network.conv("b", {.out = 5, .kernel = {2, 3}, .stride = {1, 2}, .padding = {0, 1}});
  network.initialise(3);
  nn::CpuBackend backend(network, pool);
  nn::Session& session = backend.session();
  std::vector<nn::Batch> images(2);
  for (nn::Batch& batch : images)
    batch.images = nn::test::random_activation(random, network.input_shape(), 2);
  std::vector<PruneMask> masks;
  const std::vector<Index> nodes = network.matrix_layers();
  for (const Index i : nodes) {
    masks.emplace_back(weight_matrix(network.node(i).weight).cols(), network.node(i).filters(), 1);
    for (Index c = 0; c < masks.back().cols(); ++c)
      for (Index r = c % 5; r < masks.back().rows(); r += 5) masks.back().set(r, c, false);
  }
  session.set_masks(masks);  // as a search leaves it
  const BasicReconstruction<double> reconstruction(backend, images, {.samples = 40, .ridge = 1e-9});
  const std::vector<Matrix> fitted = reconstruction.fit(masks, pool);
  session.set_masks({});
  for (const nn::Batch& batch : images) {
    session.forward(batch.images, nn::Mode::inference);
    for (std::size_t k = 0; k < nodes.size(); ++k) {
      const nn::Node& node = network.node(nodes[k]);
      const Matrix w = weight_matrix(std::as_const(network).node(nodes[k]).weight);
      const Matrix x =
          patches(session.output(node.inputs.front()), nn::detail::MatrixShape(network, node));
      REQUIRE(fitted[k] != w);
      REQUIRE((fitted[k] * x).isApprox(w * x, 1e-4F));
    }
  }
}

TEST_CASE("the oracle measures the fitted network, with batch-norm statistics that fit it") {
  ThreadPool pool(1);
  nn::Network network = test::trained(), applied = test::trained();
  nn::CpuBackend backend(network, pool), other(applied, pool);
  const EnvironmentImages images = test::environment_images(pool);
  const auto reconstruction = std::make_shared<const Reconstruction>(backend, images.calibration);
  const auto masks = Compressor::masks(test::small_compressor().rank(network), Policy(4, 0.3));
  reconstruction->apply(applied, masks, pool);
  other.set_masks(masks);
  other.recalibrate(images.calibration);
  std::vector<float> measured;
  const auto oracle = reconstructed_accuracy(
      reconstruction,
      [&](nn::Backend& at, const Candidate&, const EnvironmentImages&) -> nn::Accuracy {
        measured = test::everything(at.network());
        return {};
      });
  backend.set_masks(masks);
  (void)oracle(backend, masks, images);
  REQUIRE(measured == test::everything(applied));
}

TEST_CASE("the oracle leaves the network as it was, and sees more accuracy than is there without") {
  ThreadPool pool(1);
  nn::Network network = test::trained();
  nn::CpuBackend backend(network, pool);
  const EnvironmentImages images = test::environment_images(pool);
  const auto reconstruction = std::make_shared<const Reconstruction>(backend, images.calibration);
  const Policy policy(4, 0.3);
  double plain = 0.0, fitted = 0.0;
  for (const bool reconstructs : {false, true}) {
    PruningEnvironment<> environment(
        test::trained(), test::small_compressor(), test::environment_images(pool), {}, pool,
        Metric::top1, {}, reconstructs ? reconstructed_accuracy(reconstruction) : float_accuracy());
    const std::vector<float> before = test::learned(environment.network());
    (reconstructs ? fitted : plain) = environment.evaluate(policy).accuracy;
    REQUIRE(test::learned(environment.network()) == before);
    REQUIRE(environment.evaluate(policy).accuracy == (reconstructs ? fitted : plain));
  }
  REQUIRE(fitted > plain);
}

TEST_CASE("a measurement that fails leaves the network as it was, too") {
  ThreadPool pool(1);
  nn::Network network = test::trained();
  nn::CpuBackend backend(network, pool);
  const EnvironmentImages images = test::environment_images(pool);
  const auto oracle = reconstructed_accuracy(
      std::make_shared<const Reconstruction>(backend, images.calibration),
      [](nn::Backend&, const Candidate&, const EnvironmentImages&) -> nn::Accuracy {
        fail(ErrorId::empty_data, "no images");
      });
  const auto masks = Compressor::masks(test::small_compressor().rank(network), Policy(4, 0.3));
  backend.set_masks(masks);
  const std::vector<float> before = test::learned(network);
  REQUIRE(error_of([&] { (void)oracle(backend, masks, images); }) == ErrorId::empty_data);
  REQUIRE(test::learned(network) == before);
}

TEST_CASE("reconstruction needs images and a mask a layer") {
  ThreadPool pool(1);
  nn::Network network = test::trained();
  nn::CpuBackend backend(network, pool);
  REQUIRE(error_of([&] { (void)Reconstruction(backend, {}); }) == ErrorId::empty_data);
  const EnvironmentImages images = test::environment_images(pool);
  for (const ReconstructionConfig& wrong :
       {ReconstructionConfig{.ridge = 0.0}, ReconstructionConfig{.ridge = std::nan("")},
        ReconstructionConfig{.ridge = 1e300}, ReconstructionConfig{.samples = 0},
        ReconstructionConfig{.samples = Index{1} << 62}})
    REQUIRE(error_of([&] { (void)Reconstruction(backend, images.calibration, wrong); }) ==
            ErrorId::out_of_range);
  const Reconstruction reconstruction(backend, images.calibration);
  REQUIRE(error_of([&] { (void)reconstruction.fit({}, pool); }) == ErrorId::mask_mismatch);
}
