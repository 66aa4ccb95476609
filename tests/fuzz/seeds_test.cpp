// Writes the seeds that programs make, not people. Hidden: after a format has changed, run it by
// the test case's name and commit what it writes.
#include <catch2/catch.hpp>
#include <cstring>

#include "../io/report_samples.hpp"
#include "../io/zip_writer.hpp"
#ifdef AUTOPRUNE_IMAGES
#include "../images/files.hpp"
#endif
#include "autoprune/io/checkpoint_file.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/npy.hpp"
#include "autoprune/methods.hpp"
#include "corpus.hpp"
#include "index_head.hpp"
#include "small_search.hpp"
#include "small_training.hpp"
#ifdef AUTOPRUNE_ONNX
#include "onnx_models.hpp"
#endif

using namespace autoprune;
using namespace autoprune::fuzz;

namespace {

std::filesystem::path seed(const std::string& harness, const std::string& name) {
  std::filesystem::create_directories(corpus_of(harness));
  return corpus_of(harness) / name;
}

void write_safetensors() {
  const nn::Network network = small_network();
  io::save_weights(network, seed("safetensors", "weights"));
  io::save_weights(network, seed("safetensors", "weights-f16"), {{"key", "text"}},
                   io::FloatType::f16);
  io::save_network(network, seed("safetensors", "network"));
}

void write_checkpoints() {
  io::write_checkpoint(seed("checkpoint_file", "valid"), {42, 1.5, "some bytes"});
  io::write_checkpoint(seed("checkpoint_file", "of-another-run"), {43, 1.5, "some bytes"});
  for (const std::string& searcher : search::searcher_names()) {
    SmallSearch run(searcher);
    for (const Index episodes : {0, 3}) {
      while (std::ssize(run.search.episodes()) < episodes) (void)run.search.run_episode();
      io::write_file(seed("search_checkpoint", concat(searcher, "-", episodes)), run.search.save());
    }
  }
  SmallTraining run;
  io::write_file(seed("training_checkpoint", "dense"), run.save({}));
  const io::EpochFigures epoch{1, 0.5, 0.1, 0.5, 2.0, 60.0, 1.0};
  io::TrainingState state{1, true, {}, {epoch}};
  for (const Index layer : run.network.matrix_layers()) {
    const ConstMatrixView weights = weight_matrix(std::as_const(run.network).node(layer).weight);
    state.masks.emplace_back(weights.cols(), weights.rows(), 2);
  }
  state.masks[0].set(1, 1, false);
  io::write_file(seed("training_checkpoint", "masks"), run.save(state));
  for (PruneMask& mask : state.masks) {
    std::vector<std::int32_t> rows;
    for (Index row = mask.rows(); row > 0; --row)
      rows.push_back(static_cast<std::int32_t>(row - 1));
    mask = std::move(mask).in_order(std::make_shared<const std::vector<std::int32_t>>(rows));
  }
  io::write_file(seed("training_checkpoint", "ordered-masks"), run.save(state));
}

void write_index(const std::string& name, IndexHead head, const std::vector<std::uint64_t>& words) {
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  bytes.append(reinterpret_cast<const char*>(words.data()), words.size() * sizeof words[0]);
  io::write_file(seed("index_buffer", name), bytes);
}

void write_indices() {
  PruneMask mask(20, 10, 4);
  for (Index c = 0; c < 10; ++c) mask.set(c % 5, c, false), mask.set(2, c, c == 7);
  const Geometry<> geometry{16, 16, 4, 4, 1};
  const auto write = [](const std::string& kind, const mapping::OuList& list) {
    const mapping::OuShape& s = list.shape();
    for (const mapping::IndexCode code : mapping::kIndexCodes) {
      const mapping::IndexBuffer index(list, code);
      const IndexHead head{index.bits(),
                           static_cast<std::uint16_t>(s.rows),
                           static_cast<std::uint16_t>(s.cols),
                           static_cast<std::uint8_t>(code),
                           static_cast<std::uint8_t>(s.granularity),
                           static_cast<std::uint8_t>(s.gathered),
                           static_cast<std::uint8_t>(s.ou_rows),
                           static_cast<std::uint8_t>(s.ou_cols)};
      write_index(kind + std::string(mapping::index_code_name(code)), head, index.words());
    }
  };
  write("neighbours-", mapping::CrossbarMapper(geometry).map(mask).ous);
  write("any-rows-", mapping::place(methods::SreMapper(mapping::ArrayShape(geometry)), mask).ous);
  std::vector<std::int32_t> order(20);
  for (std::int32_t i = 0; i < 20; ++i) order[static_cast<std::size_t>(i)] = i * 7 % 20;
  mask = std::move(mask).in_order(std::make_shared<const std::vector<std::int32_t>>(order));
  write("gathered-", mapping::CrossbarMapper(geometry).map(mask).ous);
}

/// An IDX file of these extents and values.
std::string idx(const std::vector<int>& shape, const std::string& values) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(shape.size())};
  for (const int extent : shape) bytes += {'\0', '\0', '\0', static_cast<char>(extent)};
  return bytes + values;
}

void write_reports() {
  const io::Json report = samples::report();
  io::write_file(seed("report_json", "report"), io::json_text(report));
  io::write_file(seed("report_json", "with-mapping"),
                 io::json_text(io::Json::array({report, samples::mapping()})));
}

void write_data_sets() {
  std::string record(3073, '\x80');
  record[0] = 3;
  io::write_file(seed("cifar10", "one-image"), record);
  io::write_file(seed("cifar10", "cut-off"), record.substr(0, 3072));
  record[0] = 10;
  io::write_file(seed("cifar10", "bad-label"), record);
  const std::string images = idx({2, 28, 28}, std::string(2 * 28 * 28, '\x40'));
  for (const auto& [name, labels] : {std::pair("two-images", idx({2}, {'\x01', '\x09'})),
                                     std::pair("bad-label", idx({2}, {'\x01', '\x0A'})),
                                     std::pair("three-labels", idx({3}, {'\1', '\2', '\3'}))})
    io::write_file(seed("mnist", name),
                   std::string{static_cast<char>(labels.size()), '\0'} + labels + images);
}

void write_arrays() {
  const std::string pixels(2 * 48, '\x40'), labels("\1\2", 2);
  const std::string array = io::test::npy("|u1", {2, 3, 4, 4}, pixels);
  io::write_file(seed("npy", "bytes"), array);
  io::write_file(seed("npy", "cut-off"), array.substr(0, 100));
  io::write_file(seed("npy", "fortran"), io::test::npy(">f4", {24}, pixels));
  const std::string numbers(4 * 96, '\x3f');
  io::write_file(seed("npy", "real"),
                 io::npy_bytes(std::vector<Index>{2, 48}, std::vector<float>(96, 0.5F)));
  const auto archive = [&](const std::string& x) {
    return io::test::zip({{"x_train.npy", x},
                          {"y_train.npy", io::test::npy("|u1", {2}, labels)},
                          {"x_test.npy", x},
                          {"y_test.npy", io::test::npy("|u1", {2}, labels)}});
  };
  io::write_file(seed("npz", "bytes"), archive(array));
  io::write_file(seed("npz", "real"), archive(io::test::npy("<f4", {2, 3, 4, 4}, numbers)));
  io::write_file(seed("npz", "ambiguous"), archive(io::test::npy("|u1", {2, 2, 12, 2}, pixels)));
  std::string damaged = archive(array);
  damaged[150] = 1;
  io::write_file(seed("npz", "damaged"), damaged);
}

#ifdef AUTOPRUNE_IMAGES
void write_pictures() {
  using namespace images::test;  // NOLINT: encoders of tests
  const auto grey = images::test::random_picture(6, 5, 1, 1);
  const auto colours = images::test::random_picture(5, 6, 3, 2);
  io::write_file(seed("pictures", "grey.png"), png_file(grey));
  io::write_file(seed("pictures", "colours.png"), png_file(colours));
  io::write_file(seed("pictures", "grey.jpg"), jpeg_file(grey));
  io::write_file(seed("pictures", "progressive.jpg"), jpeg_file(colours, true));
  io::write_file(seed("pictures", "cmyk.jpg"), jpeg_file(images::test::random_picture(9, 9, 4, 3)));
  io::write_file(seed("pictures", "cut-off.png"), png_file(colours).substr(0, 90));
  io::write_file(
      seed("pictures", "gzip"),
      std::string("\x1f\x8b\b\0\0\0\0\0\0\3\xf3H\xcd\xc9\xc9\a\0\x82\x89\xd1\xf7\5\0\0\0", 25));
}
#endif

#ifdef AUTOPRUNE_ONNX
void write_onnx() {
  for (const auto& [name, bytes] : onnx_models()) io::write_file(seed("onnx", name), bytes);
}
#endif

}  // namespace

TEST_CASE("write the seeds that programs make", "[.]") {
  write_reports();
  write_safetensors();
  write_checkpoints();
  write_indices();
  write_data_sets();
  write_arrays();
#ifdef AUTOPRUNE_IMAGES
  write_pictures();
#endif
#ifdef AUTOPRUNE_ONNX
  write_onnx();
#endif
}
