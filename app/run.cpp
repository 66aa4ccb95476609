#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/npy.hpp>
#include <autoprune/nn/float_images.hpp>
#include <autoprune/study/answer.hpp>

#include "commands.hpp"
#include "job.hpp"
#include "progress.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

/// Of each image in the array of a file. Throws shape_mismatch or empty_data.
nn::Shape3 shape_of_images(const io::Npy& array, const std::string& path) {
  const std::vector<Index>& s = array.shape;
  if (s.size() != 4)
    fail(ErrorId::shape_mismatch, "file '", path, "' is an array of ", shape_text(s),
         "; save images by channels by rows by columns");
  if (array.size() < 1) fail(ErrorId::empty_data, "file '", path, "' holds no images");
  return {s[1], s[2], s[3]};
}

/// The images of --input: pixels of uint8, or real numbers as the network takes them.
nn::FloatImages images_of(const io::Npy& array, const Job& job) {
  const std::string& path = job.options.input;
  const nn::Shape3& shape = job.network.input_shape();
  if (shape_of_images(array, path) != shape)
    fail(ErrorId::shape_mismatch, "file '", path, "' is an array of ", shape_text(array.shape),
         "; the network takes N x ", shape_text(shape), ", images by channels, rows and columns");
  nn::FloatImages images;
  images.name = "input";
  images.stored = shape;
  images.mean.assign(static_cast<std::size_t>(shape.channels), 0.0F);
  images.stddev.assign(static_cast<std::size_t>(shape.channels), 1.0F);
  images.pixels.resize(static_cast<std::size_t>(array.size()));
  array.copy(0, std::span(images.pixels));
  if (array.type == "u1") {
    for (float& pixel : images.pixels) pixel /= 255.0F;
    job.normalisation().give(images);
  } else if (!array.is_real()) {
    fail(ErrorId::unsupported_type, "file '", path, "' holds numbers of type '", array.type,
         "'; save pixels as uint8, and what the network takes as it is as float32");
  } else if (!job.options.mean.empty() && !job.data) {
    fail(ErrorId::bad_syntax, "--mean and --deviation would change nothing: the real numbers of '",
         path, "' are taken as they are; save pixels as uint8");
  }
  images.labels.assign(static_cast<std::size_t>(array.shape.front()), 0);
  return images;
}

/// Images that set the ranges of integers, and in words where they are from.
struct Calibration {
  std::vector<nn::Batch> batches = {};
  Index images = 0;
  std::string from = {};
};
Calibration calibration_of(const Job& job, const nn::FloatImages& input) {
  if (job.options.numbers == study::AccuracyKind::real) return {};
  if (job.data)
    return {job.study().calibration_batches(job.data->train.size()), job.spec.calibration_images,
            job.data->train.name + "'s training images"};
  const Index images = std::min(job.spec.calibration_images, input.size());
  return {nn::load_batches(input, nn::range(0, images), job.pool), images, "the input itself"};
}

const char* in_words(study::AccuracyKind numbers) {
  switch (numbers) {
    case study::AccuracyKind::real:
      return "in floating point";
    case study::AccuracyKind::quantised:
      return "in integers";
    case study::AccuracyKind::on_crossbar:
      return "on crossbars";
  }
  fail_enum("kind of numbers", numbers);
}

}  // namespace

void run(const Options& options) {
  const io::Npy array = io::read_npy(options.input);
  Job job(options, Weights::needed, shape_of_images(array, options.input));
  const nn::FloatImages images = images_of(array, job);
  for (const std::string& read : {options.input, options.network, options.weights})
    if (std::error_code none; std::filesystem::equivalent(options.output, read, none))
      fail(ErrorId::bad_syntax, "--output '", options.output, "' would replace what is read");
  prove_writable(options.output);
  const Calibration calibration = calibration_of(job, images);
  study::Answering answering(job.network, job.present_masks(), job.compressor, job.accelerator,
                             options.numbers, calibration.batches, job.spec, job.pool);
  std::optional<Progress> progress(std::in_place, "run", options.quiet);
  const Index size = nn::batch_size(images.stored);
  std::vector<float> all;
  std::vector<Index> shape;
  nn::Batch batch;
  for (Index first = 0; first < images.size(); first += size) {
    const Index last = std::min(first + size, images.size());
    images.load(nn::range(first, last), nullptr, batch, job.pool);
    const nn::Activation& logits = answering.logits(batch.images);
    const nn::Shape3& out = logits.shape();
    shape = {images.size(), out.channels};
    if (out.height * out.width > 1) shape.insert(shape.end(), {out.height, out.width});
    for (Index i = 0; i < logits.images(); ++i)
      for (Index c = 0; c < out.channels; ++c)
        for (Index h = 0; h < out.height; ++h)
          for (Index w = 0; w < out.width; ++w) all.push_back(logits.at(i, c, h, w));
    progress->show(static_cast<double>(last) / static_cast<double>(images.size()),
                   concat(last, '/', io::format_count(images.size(), "image")));
  }
  progress.reset();
  io::write_file(options.output, io::npy_bytes(shape, all));

  const std::string ranges =
      calibration.from.empty()
          ? ""
          : concat("; ranges of integers from ", io::format_count(calibration.images, "image"),
                   " of ", calibration.from);
  io::Json document = {{"schema", "autoprune.run/1"},
                       {"autoprune_version", AUTOPRUNE_VERSION},
                       {"command", "run"},
                       {"network", options.network},
                       {"options", job.options.all},
                       {"images", images.size()},
                       {"shape", shape}};
  if (!calibration.from.empty())
    document["calibration"] = {{"images", calibration.images}, {"from", calibration.from}};
  write_result(
      job, "run.json", document,
      concat(options.network, ", ", in_words(options.numbers), ": logits of ",
             io::format_count(images.size(), "image"), " in ", options.output, ranges, "\n"));
}

}  // namespace autoprune::cli
