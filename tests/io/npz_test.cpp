// Archives of arrays: layouts, types and names that people have, and what is refused.
#include "autoprune/io/npz.hpp"

#include "autoprune/io/dataset.hpp"
#include "helpers.hpp"
#include "zip_writer.hpp"

using namespace autoprune;
using namespace autoprune::io::test;

namespace {

std::string float_bytes(const std::vector<float>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

/// An archive of two images of 2x3x4 for training and one of the test, bytes that count up.
std::vector<Member> counting_archive() {
  std::string bytes(48, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(5 * i);
  return {{"x_train.npy", npy("|u1", {2, 3, 4, 2}, bytes)},
          {"y_train.npy", npy("<i8", {2}, little_endian(1, 8) + little_endian(300, 8))},
          {"x_test.npy", npy("|u1", {1, 3, 4, 2}, bytes.substr(24))},
          {"y_test.npy", npy("<i8", {1, 1}, little_endian(2, 8))}};
}

io::Datasets read_archive(const std::vector<Member>& members, const io::DataOptions& options = {}) {
  return io::Npz::read(io::Zip(zip(members), "file 'x.npz'"), options);
}

void check_archive(const std::vector<Member>& members, ErrorId id,
                   const std::vector<std::string>& words) {
  check_error(error_of([&] { (void)read_archive(members); }), id, words);
}

nn::Batch loaded(const nn::ImageSource& images) {
  ThreadPool pool(1);
  nn::Batch batch;
  images.load(nn::range(0, images.size()), nullptr, batch, pool);
  return batch;
}

}  // namespace

TEST_CASE("bytes of an archive are pixels, channels first or last", "[npz]") {
  for (const bool last : {true, false}) {
    INFO(last);
    std::vector<Member> members = counting_archive();
    const nn::Shape3 shape = last ? nn::Shape3{2, 3, 4} : nn::Shape3{3, 4, 2};
    const io::Datasets data = read_archive(members, {.shape = shape});
    CHECK(data.train.shape() == shape);
    CHECK(data.train.classes == 301);
    CHECK(data.train.label(1) == 300);
    CHECK(data.test.label(0) == 2);
    const nn::Batch batch = loaded(data.train);
    double sum = 0.0, squares = 0.0;
    for (Index i = 0; i < 2; ++i)
      for (Index c = 0; c < shape.channels; ++c)
        for (Index h = 0; h < shape.height; ++h)
          for (Index w = 0; w < shape.width; ++w) {
            const Index at = last ? ((i * 3 + h) * 4 + w) * 2 + c : ((i * 3 + c) * 4 + h) * 2 + w;
            const auto k = static_cast<std::size_t>(c);
            const float x = batch.images.at(i, c, h, w);
            CHECK(x * data.train.stddev[k] + data.train.mean[k] ==
                  Approx(static_cast<double>(5 * at) / 255.0));
            sum += double{x};
            squares += double{x} * double{x};
          }
    CHECK(sum == Approx(0.0).margin(1e-4));  // what was measured fits
    CHECK(squares == Approx(48.0).epsilon(1e-4));
  }
}

TEST_CASE("the number of channels tells their place where the network doesn't", "[npz]") {
  std::vector<Member> members = counting_archive();
  const auto shaped = [&](const std::vector<Index>& train, const std::vector<Index>& test) {
    members[0].content = npy("|u1", train, std::string(48, '\1'));
    members[2].content = npy("|u1", test, std::string(24, '\1'));
    return read_archive(members).train.shape();
  };
  CHECK(shaped({2, 3, 2, 4}, {1, 3, 2, 4}) == nn::Shape3{3, 2, 4});
  CHECK(shaped({2, 2, 4, 3}, {1, 2, 4, 3}) == nn::Shape3{3, 2, 4});
  CHECK(shaped({2, 4, 6}, {1, 4, 6}) == nn::Shape3{1, 4, 6});
  CHECK(shaped({2, 24, 1, 1}, {1, 24, 1, 1}) == nn::Shape3{1, 24, 1});
  CHECK_FALSE(read_archive(members).train.mirrors);
  members[0].content = npy("|u1", {2, 3, 2, 4}, std::string(48, '\1'));
  for (const std::vector<Index>& shape : {std::vector<Index>{2, 2, 6, 2}, {2, 3, 2, 4, 1}, {48}}) {
    members[0].content = npy("|u1", shape, std::string(48, '\1'));
    check_archive(members, ErrorId::shape_mismatch, {"x_train", "channels"});
  }
}

TEST_CASE("real numbers are what the network takes", "[npz]") {
  std::vector<Member> members = counting_archive();
  const std::vector<float> numbers = {-1.5F, 2.0F, 0.25F, 1e6F};
  members[0].content = npy("<f4", {2, 1, 1, 2}, float_bytes(numbers));
  members[2].content = npy("<f4", {1, 1, 1, 2}, float_bytes({7.0F, 8.0F}));
  const io::Datasets data = read_archive(members);
  const nn::Batch batch = loaded(data.train);
  CHECK(batch.images.at(0, 0, 0, 1) == 2.0F);
  CHECK(batch.images.at(1, 0, 0, 1) == 1e6F);
  const io::Datasets other = read_archive(members, {.normalisation = {{1.0F}, {0.5F}}});
  CHECK(loaded(other.train).images.at(0, 0, 0, 1) == 2.0F);
  CHECK(loaded(other.train).images.at(0, 0, 0, 0) == -5.0F);
  members[0].content = npy("<i4", {1, 1, 1, 1}, "abcd");
  check_archive(members, ErrorId::unsupported_type, {"x_train", "uint8"});
}

TEST_CASE("real images shift and mirror as bytes do", "[npz]") {
  Random random(3);
  nn::Dataset bytes;
  bytes.stored = {2, 5, 4};
  bytes.labels.assign(40, 0);
  bytes.mean = {0.2F, 0.4F};
  bytes.stddev = {0.5F, 2.0F};
  nn::FloatImages numbers;
  numbers.stored = bytes.stored;
  numbers.labels = bytes.labels;
  numbers.mean = bytes.mean;
  numbers.stddev = bytes.stddev;
  for (Index i = 0; i < 40 * bytes.stored.size(); ++i) {
    bytes.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
    numbers.pixels.push_back(static_cast<float>(bytes.pixels.back()) / 255.0F);
  }
  ThreadPool pool(2);
  const nn::Augmentation augmentation{.shift = 2, .flip = true, .seed = 5, .variant = 3};
  nn::Batch a, b;
  bytes.load(nn::range(0, 40), &augmentation, a, pool);
  numbers.load(nn::range(0, 40), &augmentation, b, pool);
  for (Index i = 0; i < 40; ++i)
    for (Index c = 0; c < 2; ++c)
      for (Index h = 0; h < 5; ++h)
        for (Index w = 0; w < 4; ++w) CHECK(a.images.at(i, c, h, w) == b.images.at(i, c, h, w));
}

TEST_CASE("archives have other names as well, and need all four", "[npz]") {
  std::vector<Member> members = counting_archive();
  const auto named = [&](const std::array<const char*, 4>& names) {
    for (std::size_t i = 0; i < 4; ++i) members[i].name = concat(names[i], ".npy");
  };
  for (const auto& names :
       {std::array{"train_images", "train_labels", "test_images", "test_labels"},
        std::array{"X_train", "y_train", "X_test", "y_test"}}) {
    named(names);
    CHECK(read_archive(members, {.shape = nn::Shape3{2, 3, 4}}).train.size() == 2);
  }
  named({"x_train", "y_train", "x_test", "other"});
  check_archive(members, ErrorId::missing_tensor, {"x.npz", "other.npy", "y_test"});
  check_archive({}, ErrorId::missing_tensor, {"nothing"});
}

TEST_CASE("arrays that contradict one another are refused", "[npz]") {
  const auto refused = [](std::size_t member, const std::string& content, ErrorId id,
                          const std::vector<std::string>& words) {
    std::vector<Member> members = counting_archive();
    members[0].content = npy("|u1", {2, 3, 4, 2}, std::string(48, '\1'));
    members[member].content = content;
    const io::DataOptions options = {.shape = nn::Shape3{3, 4, 2}};
    check_error(error_of([&] { (void)read_archive(members, options); }), id, words);
  };
  refused(1, npy("|u1", {3}, "123"), ErrorId::shape_mismatch, {"y_train", "2 images"});
  refused(1, npy("|u1", {2, 2}, "1234"), ErrorId::shape_mismatch, {"y_train"});
  refused(1, npy("<f4", {2}, "12345678"), ErrorId::unsupported_type, {"y_train", "integers"});
  refused(1, npy("|i1", {2}, "\1\xff"), ErrorId::bad_label, {"y_train", "-1"});
  refused(1, npy("<i4", {2}, std::string("\0\0\0\0\0\0\0\1", 8)), ErrorId::bad_label, {"16777216"});
  refused(2, npy("|u1", {1, 3, 2, 2}, std::string(12, '\1')), ErrorId::shape_mismatch, {"3x2x2"});
  refused(2, npy("<f4", {1, 3, 4, 2}, std::string(96, '\1')), ErrorId::shape_mismatch, {"alike"});
  refused(0, npy("|u1", {0, 3, 4, 2}, ""), ErrorId::empty_data, {"x_train"});
  refused(0, npy("|u1", {2, 3, 4, 2}, "short"), ErrorId::truncated_file, {"x_train"});
  refused(0, "no array", ErrorId::bad_magic, {"x_train"});
}

TEST_CASE("damaged archives are refused", "[npz]") {
  const std::string whole = zip(counting_archive());
  const auto read = [](const std::string& bytes) {
    (void)io::Npz::read(io::Zip(bytes, "file 'x.npz'"), {.shape = nn::Shape3{2, 3, 4}});
  };
  read(whole);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    INFO(size);
    const ErrorId id = error_of([&] { read(whole.substr(0, size)); }).id();
    CHECK(id == (size < 2 ? ErrorId::bad_magic : ErrorId::truncated_file));
  }
  std::string damaged = whole;
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  check_error(error_of([&] { read(damaged); }), ErrorId::bad_header, {"x_train", "checksum"});
  std::vector<Member> members = counting_archive();
  members[1].packed = "x";
  members[1].method = 12;
  check_archive(members, ErrorId::unsupported_type, {"y_train", "numpy.savez"});
  check_error(error_of([] { io::Zip("\x89PNG", "file 'x.npz'"); }), ErrorId::bad_magic,
              {"x.npz", "a picture"});
}
