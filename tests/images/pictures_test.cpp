// Folders of pictures as a data set, and compressed files of the others.
#include <zlib.h>

#include <set>

#include "../io/zip_writer.hpp"
#include "autoprune/images.hpp"
#include "deflated.hpp"
#include "files.hpp"

using namespace autoprune;
using namespace autoprune::images;
using namespace autoprune::images::test;

namespace {

/// Two classes of three pictures for training and of one of the test, PNG and JPEG, grey and not.
void write_pictures(const Folder& folder) {
  for (const auto& [name, seed] : {std::pair{"train/cat/1.png", 1},
                                   {"train/cat/2.PNG", 2},
                                   {"train/dog/a.png", 3},
                                   {"train/dog/b.png", 4},
                                   {"test/cat/0.png", 5},
                                   {"test/dog/0.png", 6}})
    folder.write(name, png_file(random_picture(40, 50, seed % 3 == 0 ? 1 : 3,
                                               static_cast<std::uint64_t>(seed))));
  folder.write("train/cat/10.jpg", jpeg_file(smooth_picture(36, 36, 3)));
  folder.write("train/dog/c.jpeg", jpeg_file(smooth_picture(64, 40, 1)));
  folder.write("train/dog/notes.txt", "no picture");
  folder.write("train/.hidden/x.png", "no class");
}

io::Datasets read_folder(const Folder& folder, io::DataOptions options = {}) {
  register_formats();
  if (!options.shape) options.shape = nn::Shape3{3, 32, 32};
  return io::read_dataset("images:" + folder.path().string(), options);
}

std::vector<float> values(const nn::Batch& batch) {
  std::vector<float> all;
  const nn::Shape3& s = batch.images.shape();
  for (Index i = 0; i < batch.images.images(); ++i)
    for (Index c = 0; c < s.channels; ++c)
      for (Index h = 0; h < s.height; ++h)
        for (Index w = 0; w < s.width; ++w) all.push_back(batch.images.at(i, c, h, w));
  return all;
}

}  // namespace

TEST_CASE("pictures of folders are images of classes") {
  const Folder folder;
  write_pictures(folder);
  const io::Datasets data = read_folder(folder);
  CHECK(data.train.name == "images");
  CHECK(data.train.classes == 2);
  REQUIRE(data.train.size() == 6);
  REQUIRE(data.test.size() == 2);
  CHECK(data.train.shape() == nn::Shape3{3, 32, 32});
  CHECK(data.train.mirrors);
  CHECK(data.test.label(0) + data.test.label(1) == 1);
  ThreadPool pool(2);
  nn::Batch batch;
  data.train.load(nn::range(0, 6), nullptr, batch, pool);
  const auto& files = dynamic_cast<const Pictures&>(data.train).files();
  std::set<std::string> names;
  for (Index i = 0; i < 6; ++i) {
    names.insert(files.path(i).filename());
    CHECK(files.path(i).parent_path().filename() == (data.train.label(i) == 0 ? "cat" : "dog"));
    const Picture picture =
        fitted(in_channels(read_picture(io::read_file(files.path(i)), "x"), 3), 32, 32);
    for (Index c = 0; c < 3; ++c)
      for (Index h = 0; h < 32; ++h)
        for (Index w = 0; w < 32; ++w) {
          const auto k = static_cast<std::size_t>(c);
          CHECK(batch.images.at(i, c, h, w) ==
                (static_cast<float>(picture.row(h)[3 * w + c]) / 255.0F - data.train.mean[k]) /
                    data.train.stddev[k]);
        }
  }
  CHECK(names == std::set<std::string>{"1.png", "10.jpg", "2.PNG", "a.png", "b.png", "c.jpeg"});
  // What was measured, on all of so few pictures.
  double sum = 0.0, squares = 0.0;
  for (const float x : values(batch)) {
    sum += double{x};
    squares += double{x} * double{x};
  }
  CHECK(sum / (6 * 3072) == Approx(0.0).margin(1e-5));
  CHECK(squares / (6 * 3072) == Approx(1.0).epsilon(1e-4));
  const nn::Normalisation own{{0.5F, 0.25F, 0.0F}, {1.0F, 2.0F, 3.0F}};
  CHECK(read_folder(folder, {.normalisation = own}).test.mean == own.mean);
  CHECK(read_folder(folder, {.remembered = own}).test.stddev == own.stddev);
  CHECK(read_folder(folder, {.shape = nn::Shape3{1, 28, 28}}).train.shape() ==
        nn::Shape3{1, 28, 28});
}

TEST_CASE("batches are the same bits with any cache, threads, and reading ahead") {
  const Folder folder;
  write_pictures(folder);
  const auto batches = [&](std::size_t cache, Index threads, bool ahead) {
    const io::Datasets data = read_folder(folder, {.cache = cache});
    ThreadPool pool(threads);
    const nn::Augmentation augmentation{.shift = 3, .flip = true, .seed = 7, .variant = 1};
    const std::vector<Index> order = {5, 0, 3, 1, 4, 2};
    std::vector<float> all;
    for (int round = 0; round < 2; ++round)
      for (std::size_t first = 0; first < 6; first += 2) {
        const auto next = std::span(order).subspan(first, 2);
        if (ahead) data.train.expect(next);
        nn::Batch batch;
        data.train.load(next, round == 0 ? nullptr : &augmentation, batch, pool);
        const std::vector<float> own = values(batch);
        all.insert(all.end(), own.begin(), own.end());
      }
    return all;
  };
  const std::vector<float> expected = batches(0, 1, false);
  for (const std::size_t cache : {0UL, 8000UL, 1UL << 30})
    for (const Index threads : {1, 2})
      for (const bool ahead : {false, true}) CHECK(batches(cache, threads, ahead) == expected);
}

TEST_CASE("more than 256 classes have labels of their own") {
  const Folder folder;
  const std::string file = png_file(random_picture(2, 2, 1, 1));
  for (int i = 0; i < 300; ++i) folder.write(concat("train/class", 1000 + i, "/x.png"), file);
  folder.write("val/class1299/x.png", file);
  const io::Datasets data = read_folder(folder);
  CHECK(data.train.classes == 300);
  CHECK(data.test.classes == 300);
  std::set<nn::Label> labels;
  for (Index i = 0; i < 300; ++i) labels.insert(data.train.label(i));
  CHECK(labels.size() == 300);
  CHECK(*labels.rbegin() == 299);
  // Any stretch of them is of classes from everywhere.
  Index low = 0;
  for (Index i = 250; i < 300; ++i) low += data.train.label(i) < 150 ? 1 : 0;
  CHECK((low > 10 && low < 40));
  CHECK(data.test.label(0) == 299);
}

TEST_CASE("test/ comes before val/, whose classes are those for training") {
  const Folder folder;
  write_pictures(folder);
  folder.write("val/cat/other.png", png_file(random_picture(2, 2, 1, 1)));
  CHECK(read_folder(folder).test.size() == 2);
  folder.write("test/bird/x.png", png_file(random_picture(2, 2, 1, 1)));
  check_error(error_of([&] { (void)read_folder(folder); }), ErrorId::bad_label,
              {"test/bird", "training"});
}

TEST_CASE("directories without such folders are refused, saying what they look like") {
  const Folder empty, flat, other, bare, half;
  check_error(error_of([&] { (void)read_folder(empty); }), ErrorId::cannot_open,
              {"train", "train/CLASS/"});
  flat.write("cat/1.png", png_file(random_picture(2, 2, 1, 1)));
  check_error(error_of([&] { (void)read_folder(flat); }), ErrorId::cannot_open,
              {"hold pictures", "train/CLASS", "test/CLASS"});
  other.write("data_batch_1.bin", "x");
  check_error(error_of([&] { (void)read_folder(other); }), ErrorId::cannot_open, {"cifar10:DIR"});
  bare.write("train/cat/notes.txt", "x");
  check_error(error_of([&] { (void)read_folder(bare); }), ErrorId::empty_data, {"no pictures"});
  half.write("train/cat/1.png", png_file(random_picture(2, 2, 1, 1)));
  check_error(error_of([&] { (void)read_folder(half); }), ErrorId::cannot_open, {"test"});
  check_error(error_of([] { (void)io::read_dataset("images:/nowhere/at/all"); }),
              ErrorId::cannot_open, {"/nowhere/at/all"});
  for (const char* set : {"cifar10:", "mnist:", "cifar100:"})
    for (const Folder* folder : {&flat, &half})
      check_error(error_of([&] { (void)io::read_dataset(set + folder->path().string()); }),
                  ErrorId::cannot_open, {"images:DIR"});
  check_error(error_of([&] {
                (void)read_folder(half, {.shape = nn::Shape3{4, 8, 8}});
              }),
              ErrorId::out_of_range, {"takes 4"});
}

TEST_CASE("a picture that is damaged or none is an error that names it") {
  const Folder folder;
  write_pictures(folder);
  folder.write("test/dog/0.png", png_file(random_picture(40, 50, 3, 9)).substr(0, 700));
  ThreadPool pool(2);
  const io::Datasets data = read_folder(folder);
  nn::Batch batch;
  const auto load = [&] { data.test.load(nn::range(0, 2), nullptr, batch, pool); };
  data.test.expect(nn::range(0, 2));
  check_error(error_of(load), ErrorId::truncated_file, {"test/dog/0.png"});
  folder.write("test/dog/0.png", "<html>");
  check_error(error_of(load), ErrorId::bad_magic, {"test/dog/0.png", "a web page"});
  fs::remove(folder.path() / "test/dog/0.png");
  check_error(error_of(load), ErrorId::cannot_open, {"test/dog/0.png"});
  folder.write("train/cat/1.png", "");
  check_error(error_of([&] { (void)read_folder(folder); }), ErrorId::bad_magic, {"cat/1.png"});
}

TEST_CASE("compressed files of MNIST and deflated archives are read") {
  register_formats();
  const Folder folder;
  const std::string pixels(784 * 3, '\7');
  for (const std::string part : {"train", "t10k"}) {
    folder.write(part + "-images-idx3-ubyte.gz",
                 deflated(std::string("\0\0\x8\3\0\0\0\3\0\0\0\x1c\0\0\0\x1c", 16) + pixels,
                          16 + MAX_WBITS));
    folder.write(part + "-labels.idx1-ubyte.gz",
                 deflated(std::string("\0\0\x8\1\0\0\0\3\1\2\3", 11), 16 + MAX_WBITS));
  }
  const io::Datasets mnist = io::read_dataset("mnist:" + folder.path().string());
  CHECK(mnist.train.size() == 3);
  CHECK(mnist.test.label(2) == 3);

  std::vector<io::test::Member> members;
  for (const std::string part : {"train", "test"}) {
    members.push_back({"x_" + part + ".npy", io::test::npy("|u1", {3, 28, 28}, pixels)});
    members.push_back({"y_" + part + ".npy", io::test::npy("|u1", {3}, std::string("\0\1\2", 3))});
  }
  for (io::test::Member& member : members) member.packed = deflated(member.content, -MAX_WBITS);
  folder.write("set.npz", io::test::zip(members));
  CHECK(io::read_dataset("npz:" + (folder.path() / "set.npz").string()).train.size() == 3);
  members[0].packed[members[0].packed.size() / 2] ^= 4;
  folder.write("bad.npz", io::test::zip(members));
  check_error(
      error_of([&] { (void)io::read_dataset("npz:" + (folder.path() / "bad.npz").string()); }),
      ErrorId::bad_header, {"x_train"});
}
