// Images out of arrays of NumPy.
#include "autoprune/io/npy_images.hpp"

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::io::test;

namespace {

const nn::Normalisation kKnown{{0.5F, 0.25F}, {0.5F, 2.0F}};

io::Npy pixels(const std::string& type, const std::string& shape, const std::string& bytes) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string file = std::string("\x93NUMPY\1\0", 8);
  file += static_cast<char>(header.size());
  file += '\0';
  return io::parse_npy(file + header + bytes, "x");
}

}  // namespace

TEST_CASE("pixels are normalised, real numbers are taken as they are") {
  const nn::Shape3 shape{2, 1, 2};
  const nn::FloatImages bytes =
      io::npy_images(pixels("|u1", "(1, 2, 1, 2)", std::string("\0\xff\x33\0", 4)), "x", shape,
                     [] { return kKnown; });
  REQUIRE(bytes.size() == 1);
  ThreadPool pool(1);
  nn::Batch batch;
  bytes.load(nn::range(0, 1), nullptr, batch, pool);
  CHECK(batch.images.at(0, 0, 0, 0) == -1.0F);
  CHECK(batch.images.at(0, 0, 0, 1) == 1.0F);
  CHECK(batch.images.at(0, 1, 0, 0) == Approx((0.2 - 0.25) / 2.0));

  const std::vector<Index> extents = {1, 2, 1, 2};
  const std::vector<float> numbers = {3.0F, -4.0F, 0.5F, 300.0F};
  const nn::FloatImages reals =
      io::npy_images(io::parse_npy(io::npy_bytes(extents, numbers), "x"), "x", shape,
                     []() -> nn::Normalisation { throw std::logic_error("not asked for"); });
  reals.load(nn::range(0, 1), nullptr, batch, pool);
  CHECK(batch.images.at(0, 0, 0, 1) == -4.0F);
  CHECK(batch.images.at(0, 1, 0, 1) == 300.0F);
}

TEST_CASE("arrays that are no images of the network are refused") {
  const auto refused = [](const io::Npy& array, const nn::Shape3& shape) {
    return error_of([&] { (void)io::npy_images(array, "x.npy", shape, [] { return kKnown; }); })
        .id();
  };
  const nn::Shape3 shape{2, 1, 2};
  CHECK(refused(pixels("|u1", "(2, 2)", "1234"), shape) == ErrorId::shape_mismatch);
  CHECK(refused(pixels("|u1", "(1, 1, 2, 2)", "1234"), shape) == ErrorId::shape_mismatch);
  CHECK(refused(pixels("|u1", "(0, 2, 1, 2)", ""), shape) == ErrorId::empty_data);
  CHECK(refused(pixels("|i1", "(1, 2, 1, 2)", "1234"), shape) == ErrorId::unsupported_type);
  CHECK(refused(pixels("|u1", "(1, 3, 1, 2)", "123456"), {3, 1, 2}) == ErrorId::out_of_range);
}
