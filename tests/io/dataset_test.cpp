#include "autoprune/io/dataset.hpp"

#include "autoprune/io/network_json.hpp"
#include "helpers.hpp"
#include "zip_writer.hpp"

using namespace autoprune;
using io::Part;
using io::test::check_error;
using io::test::error_of;
using io::test::TempDir;

namespace {

std::string random_bytes(Random& random, Index size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

/// The content of a CIFAR-10 file of random images.
std::string cifar10_file(Random& random, Index images) {
  std::string bytes;
  for (Index i = 0; i < images; ++i)
    bytes += static_cast<char>(random.below(10)) + random_bytes(random, 3072);
  return bytes;
}

void write_cifar10(const TempDir& dir, Random& random) {
  for (int batch = 1; batch <= 5; ++batch)
    io::write_file(dir / concat("data_batch_", batch, ".bin"), cifar10_file(random, batch));
  io::write_file(dir / "test_batch.bin", cifar10_file(random, 7));
}

void write_cifar100(const TempDir& dir, Random& random) {
  for (const auto& [name, images] : {std::pair{"train.bin", 9}, {"test.bin", 4}}) {
    std::string bytes;
    for (Index i = 0; i < images; ++i) {
      bytes += static_cast<char>(random.below(20));
      bytes += static_cast<char>(random.below(100));
      bytes += random_bytes(random, 3072);
    }
    io::write_file(dir / name, bytes);
  }
}

void write_npz(const std::filesystem::path& path, Random& random) {
  std::vector<io::test::Member> members;
  for (const auto& [part, images] : {std::pair{"train", 6}, {"test", 3}}) {
    members.push_back({concat("x_", part, ".npy"),
                       io::test::npy("|u1", {images, 2, 4, 3}, random_bytes(random, 24 * images))});
    members.push_back(
        {concat("y_", part, ".npy"),
         io::test::npy(
             "|u1", {images},
             std::string("\0\1\2\3\4\5", 6).substr(0, static_cast<std::size_t>(images)))});
  }
  io::write_file(path, io::test::zip(members));
}

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

std::string idx(const std::vector<std::uint32_t>& shape, const std::string& values) {
  std::string bytes = big_endian(0x800 + static_cast<std::uint32_t>(shape.size()));
  for (const std::uint32_t extent : shape) bytes += big_endian(extent);
  return bytes + values;
}

void write_mnist(const TempDir& dir, Random& random) {
  for (const auto& [part, images] : {std::pair{"train", 5U}, {"t10k", 3U}}) {
    io::write_file(dir / concat(part, "-images-idx3-ubyte"),
                   idx({images, 28, 28}, random_bytes(random, 784 * images)));
    std::string labels;
    for (std::uint32_t i = 0; i < images; ++i) labels += static_cast<char>(random.below(10));
    io::write_file(dir / concat(part, "-labels-idx1-ubyte"), idx({images}, labels));
  }
}

Error error_in(const TempDir& dir, const std::string& name) {
  return error_of([&] { (void)io::read_dataset(name + ':' + dir.path().string()); });
}

}  // namespace

TEST_CASE("counts of an IDX file are read whole", "[dataset]") {
  const TempDir dir;
  Random random(8);
  io::write_file(dir / "t10k-images-idx3-ubyte",
                 idx({200, 28, 28}, random_bytes(random, 784 * 200)));
  io::write_file(dir / "t10k-labels-idx1-ubyte", idx({200}, std::string(200, '\7')));
  CHECK(io::Mnist::read({dir.path()}, Part::test).size() == 200);
}

TEST_CASE("CIFAR-10: every record becomes its label and its pixels, in order", "[dataset]") {
  const TempDir dir;
  Random random(8);
  write_cifar10(dir, random);
  const nn::Dataset train = io::Cifar10::read({dir.path()}, Part::train);
  const nn::Dataset test = io::Cifar10::read({dir.path()}, Part::test);
  CHECK(train.size() == 1 + 2 + 3 + 4 + 5);
  CHECK(test.size() == 7);
  CHECK((train.mirrors && test.mirrors));
  std::string all;
  for (int batch = 1; batch <= 5; ++batch)
    all += io::read_file(dir / concat("data_batch_", batch, ".bin"));
  std::string back;
  for (Index i = 0; i < train.size(); ++i) {
    back += static_cast<char>(train.labels[static_cast<std::size_t>(i)]);
    back.append(reinterpret_cast<const char*>(train.image(i)), 3072);
  }
  CHECK(back == all);
  CHECK(test.shape() == nn::Shape3{3, 32, 32});
  CHECK(test.classes == 10);
  CHECK(test.mean == std::vector<float>{0.4914F, 0.4822F, 0.4465F});
  CHECK(test.stddev == std::vector<float>{0.2470F, 0.2435F, 0.2616F});
}

TEST_CASE("CIFAR-10: missing, cut and damaged files are told apart", "[dataset]") {
  const TempDir dir;
  Random random(9);
  check_error(error_in(dir, "cifar10"), ErrorId::cannot_open,
              {"data_batch_1.bin", "examples/data/fetch cifar10"});
  write_cifar10(dir, random);
  std::string bytes = io::read_file(dir / "data_batch_3.bin");
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, bytes.size() - 1}) {
    io::write_file(dir / "data_batch_3.bin", bytes.substr(0, size));
    check_error(error_in(dir, "cifar10"), ErrorId::truncated_file,
                {"data_batch_3.bin", concat(size, " bytes"), "3073"});
  }
  bytes[3073] = 10;
  io::write_file(dir / "data_batch_3.bin", bytes);
  check_error(error_in(dir, "cifar10"), ErrorId::bad_label,
              {"data_batch_3.bin", "image 1", "label 10"});
}

TEST_CASE("MNIST: images and labels in order, with a border of black pixels", "[dataset]") {
  const TempDir dir;
  Random random(10);
  write_mnist(dir, random);
  const nn::Dataset train = io::Mnist::read({dir.path()}, Part::train);
  const nn::Dataset test = io::Mnist::read({dir.path()}, Part::test);
  CHECK(train.size() == 5);
  CHECK(test.size() == 3);
  CHECK(test.stored == nn::Shape3{1, 28, 28});
  CHECK(test.shape() == nn::Shape3{1, 32, 32});
  CHECK(test.border == 2);
  CHECK_FALSE((train.mirrors || test.mirrors));
  CHECK(test.mean == std::vector<float>{0.1307F});
  CHECK(test.stddev == std::vector<float>{0.3081F});
  const std::string images = io::read_file(dir / "train-images-idx3-ubyte").substr(16);
  CHECK(std::string(train.pixels.begin(), train.pixels.end()) == images);
  const std::string labels = io::read_file(dir / "train-labels-idx1-ubyte").substr(8);
  CHECK(std::string(train.labels.begin(), train.labels.end()) == labels);
}

TEST_CASE("MNIST: every cut of a file is an error", "[dataset]") {
  const TempDir dir;
  Random random(11);
  write_mnist(dir, random);
  const std::string name = "t10k-labels-idx1-ubyte", labels = io::read_file(dir / name);
  for (std::size_t size = 0; size < labels.size(); ++size) {
    io::write_file(dir / name, labels.substr(0, size));
    check_error(error_in(dir, "mnist"), ErrorId::truncated_file, {name, concat(size, " bytes")});
  }
  io::write_file(dir / name, labels + "x");
  check_error(error_in(dir, "mnist"), ErrorId::bad_header, {name, "announces 3 "});
}

TEST_CASE("MNIST: missing, foreign and contradictory files are told apart", "[dataset]") {
  const TempDir dir;
  Random random(12);
  const std::string images = "train-images-idx3-ubyte", labels = "train-labels-idx1-ubyte";
  check_error(error_in(dir, "mnist"), ErrorId::cannot_open, {images, "examples/data/fetch mnist"});
  write_mnist(dir, random);

  io::write_file(dir / labels, idx({5}, std::string("\1\2\12\3\4")));
  check_error(error_in(dir, "mnist"), ErrorId::bad_label, {"train label 2 is 10"});
  io::write_file(dir / labels, idx({4}, std::string(4, '\0')));
  check_error(error_in(dir, "mnist"), ErrorId::shape_mismatch, {"5x28x28", "4 labels"});
  io::write_file(dir / labels, "\x1f\x8b\b compressed");
  check_error(error_in(dir, "mnist"), ErrorId::bad_magic, {labels, "gunzip"});
  io::write_file(dir / labels, idx({5, 1, 1}, std::string(5, '\0')));
  check_error(error_in(dir, "mnist"), ErrorId::bad_magic, {labels, "1 dimensions"});
  io::write_file(dir / images, idx({5, 32, 32}, std::string(5 * 1024, '\0')));
  io::write_file(dir / labels, idx({5}, std::string(5, '\0')));
  check_error(error_in(dir, "mnist"), ErrorId::shape_mismatch, {"5x32x32", "28x28"});
  io::write_file(dir / images, idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, ""));
  check_error(error_in(dir, "mnist"), ErrorId::truncated_file, {images});
}

TEST_CASE("MNIST: some copies have a dot where others have a dash", "[dataset]") {
  const TempDir dir, dots;
  Random random(13);
  write_mnist(dir, random);
  for (const std::string part : {"train", "t10k"})
    for (const auto& [stem, end] : {std::pair{"images", "idx3-ubyte"}, {"labels", "idx1-ubyte"}})
      io::write_file(dots / concat(part, '-', stem, '.', end),
                     io::read_file(dir / concat(part, '-', stem, '-', end)));
  for (const Part part : {Part::train, Part::test}) {
    const nn::Dataset dashed = io::Mnist::read({dir.path()}, part);
    const nn::Dataset dotted = io::Mnist::read({dots.path()}, part);
    CHECK(dashed.pixels == dotted.pixels);
    CHECK(dashed.labels == dotted.labels);
  }
}

TEST_CASE("a directory of another data set is told by what it holds", "[dataset]") {
  Random random(14);
  const TempDir cifar10, mnist, cifar100, python, packed, above;
  write_cifar10(cifar10, random);
  write_mnist(mnist, random);
  io::write_file(cifar100 / "train.bin", std::string(3074, '\1'));
  io::write_file(python / "data_batch_1", "\x80\2}q");
  io::write_file(packed / "train-images-idx3-ubyte.gz", "\x1f\x8b\b");
  std::filesystem::create_directory(above / "cifar-10-batches-bin");

  check_error(error_in(mnist, "cifar10"), ErrorId::cannot_open,
              {"data_batch_1.bin", "train-images-idx3-ubyte", "mnist:DIR"});
  check_error(error_in(cifar10, "mnist"), ErrorId::cannot_open,
              {"train-images-idx3-ubyte", "data_batch_1.bin", "cifar10:DIR"});
  check_error(error_in(cifar100, "cifar10"), ErrorId::cannot_open, {"train.bin", "CIFAR-100"});
  check_error(error_in(python, "cifar10"), ErrorId::cannot_open,
              {"'data_batch_1'", "Python version", "binary version"});
  check_error(error_in(packed, "mnist"), ErrorId::cannot_open,
              {"train-images-idx3-ubyte.gz", "gunzip " + packed.path().string()});
  check_error(error_in(packed, "cifar10"), ErrorId::cannot_open, {"mnist:DIR"});
  check_error(error_in(above, "cifar10"), ErrorId::cannot_open, {"cifar-10-batches-bin"});
  // Files of the right name and another content.
  io::write_file(cifar10 / "data_batch_1.bin", std::string(2 * 3074, '\1'));
  check_error(error_in(cifar10, "cifar10"), ErrorId::bad_magic, {"CIFAR-100"});
  io::write_file(cifar10 / "data_batch_1.bin", "\x80\2}q");
  check_error(error_in(cifar10, "cifar10"), ErrorId::bad_magic, {"pickle", "binary version"});
  io::write_file(mnist / "train-images-idx3-ubyte", cifar10_file(random, 1));
  check_error(error_in(mnist, "mnist"), ErrorId::bad_magic, {"CIFAR-10", "cifar10:DIR"});
}

TEST_CASE("files of a data set beyond any data set aren't read", "[dataset]") {
  const TempDir dir;
  for (const std::string name : {"data_batch_1.bin", "train-images-idx3-ubyte"}) {
    io::write_file(dir / name, "");
    std::filesystem::resize_file(dir / name, io::kMaxDataset + 1);
  }
  for (const std::string set : {"cifar10", "mnist"})
    check_error(error_in(dir, set), ErrorId::cannot_open, {concat(io::kMaxDataset), "right file"});
}

TEST_CASE("a file of another format is named for what it looks like", "[looks_like]") {
  const auto look = [](const std::string& bytes) { return io::looks_like_text(bytes); };
  struct Case {
    std::string bytes, what;
  };
  Random random(15);
  for (const Case& one : {
           Case{"", "an empty file"},
           {"\x1f\x8b\b...", "gunzip FILE"},
           {"PK\3\4...", "zip archive, as torch.save"},
           {"\x80\2}q", "a Python pickle"},
           {"\x93NUMPY\1", "npz:FILE"},
           {"\x89HDF\r\n...", "an HDF5 file"},
           {"\10\7\22\7pytorch", "--network FILE.onnx"},
           {"GIF89a", "PNG or JPEG"},
           {"RIFF....WEBP", "PNG or JPEG"},
           {"\x89PNG\r\n", "a picture"},
           {"\xff\xd8\xff\xe0", "a picture"},
           {"<!DOCTYPE html>", "a web page"},
           {"<html>", "a web page"},
           {"version https://git-lfs.github.com/spec/v1", "git lfs pull"},
           {"{\"nodes\": []}", "JSON"},
           {std::string(8, '\0') + "{\"a\":1}", "safetensors"},
           {std::string(257, 'x') + "ustar", "tar xf"},
           {idx({5}, "12345"), "mnist:DIR"},
           {idx({1, 28, 28}, ""), "IDX file of three dimensions"},
           {cifar10_file(random, 3), "images of CIFAR-10:"},
           {std::string(3074, '\1'), "images of CIFAR-100"},
       })
    CHECK_THAT(look(one.bytes), Catch::Contains(one.what));
  CHECK(look("nothing known").empty());
  CHECK(look(std::string(3073, '\12')).empty());
  // A damaged file isn't said to look like what it is.
  for (const std::string text : {"{", "{\"nodes\": [}", "{}x"})
    CHECK_THAT(error_of([&] { (void)io::parse_json(text, "x"); }).what(),
               !Catch::Contains("looks like"));
  const std::string huge(7, '\1');  // the first bytes of a header's length, beyond any header
  CHECK_THAT(error_of([&] { io::Safetensors(huge + '\1' + "{\"a\":1}", "x"); }).what(),
             Catch::Contains("not a safetensors file") && !Catch::Contains("looks like"));
  // Every reader says it.
  const TempDir dir;
  const std::string page = "<!DOCTYPE html><html>not found</html>";
  for (const std::string name : {"net.json", "net.safetensors"}) {
    io::write_file(dir / name, page);
    CHECK_THAT(error_of([&] { (void)io::read_network(dir / name); }).what(),
               Catch::Contains("a web page"));
  }
}

TEST_CASE("every data set of the table is read by its name", "[dataset]") {
  const TempDir dir;
  Random random(16);
  write_cifar10(dir, random);
  write_cifar100(dir, random);
  write_mnist(dir, random);
  write_npz(dir / "set.npz", random);
  std::vector<std::string> read;
  for (const io::DatasetEntry& set : io::kDatasets) {
    INFO(set.name);
    CHECK_THAT(io::dataset_forms(), Catch::Contains(concat(set.name, ':', set.place)));
    if (set.name == std::string("images")) continue;  // of an optional component
    const std::string place = (set.place == std::string("FILE") ? dir / "set.npz" : dir.path());
    const io::Datasets data = io::read_dataset(concat(set.name, ':', place));
    CHECK(data.train.name == set.name);
    CHECK(data.train.size() >= 5);
    CHECK(data.test.size() >= 3);
    CHECK(data.train.classes == data.test.classes);
    CHECK(data.test.label(2) < data.test.classes);
    CHECK(std::ssize(data.train.mean) == data.train.shape().channels);
    const auto channels = static_cast<std::size_t>(data.train.shape().channels);
    const nn::Normalisation given{std::vector(channels, 0.25F), std::vector(channels, 2.0F)};
    const io::Datasets other =
        io::read_dataset(concat(set.name, ':', place), {.normalisation = given});
    CHECK(other.train.mean == given.mean);
    CHECK(other.test.stddev == given.stddev);
    check_error(error_of([&] {
                  (void)io::read_dataset(concat(set.name, ':', place),
                                         {.normalisation = {{0.1F, 0.1F}, {1.0F, 1.0F}}});
                }),
                ErrorId::out_of_range, {"2 channels", "one number a channel"});
  }
}

TEST_CASE("CIFAR-100 is read under its fine labels", "[dataset]") {
  const TempDir dir;
  Random random(17);
  write_cifar100(dir, random);
  const std::string bytes = io::read_file(dir / "train.bin");
  const nn::Dataset train = io::Cifar100::read({dir.path()}, Part::train);
  CHECK(train.classes == 100);
  REQUIRE(train.size() == 9);
  for (Index i = 0; i < 9; ++i) {
    const std::string record = bytes.substr(static_cast<std::size_t>(3074 * i), 3074);
    CHECK(train.label(i) == record[1]);
    CHECK(std::string(train.image(i), train.image(i) + 3072) == record.substr(2));
  }
  io::write_file(dir / "test.bin", bytes.substr(0, 4000));
  check_error(error_in(dir, "cifar100"), ErrorId::truncated_file, {"test.bin", "3074"});
  std::string wrong = bytes.substr(0, 3074);
  wrong[1] = 100;
  io::write_file(dir / "test.bin", wrong);
  check_error(error_in(dir, "cifar100"), ErrorId::bad_label, {"test.bin", "label 100"});
  io::write_file(dir / "test.bin", cifar10_file(random, 3));
  check_error(error_in(dir, "cifar100"), ErrorId::bad_magic, {"CIFAR-10:", "cifar10:DIR"});
  const TempDir other;
  write_cifar10(other, random);
  check_error(error_in(other, "cifar100"), ErrorId::cannot_open, {"cifar10:DIR"});
}

TEST_CASE("a data set is NAME:DIR of a known name", "[dataset]") {
  const auto error = [](const std::string& spec) {
    return error_of([&] { (void)io::read_dataset(spec); });
  };
  check_error(error("cifar10"), ErrorId::bad_syntax, {"'cifar10'", "NAME:PLACE", "npz:FILE"});
  check_error(error("mnist:"), ErrorId::bad_syntax, {"'mnist:'"});
  check_error(error("cifar:x"), ErrorId::unknown_name, {"'cifar'", "did you mean 'cifar10'"});
}
