#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/npy.hpp>
#include <autoprune/nn/float_images.hpp>
#include <autoprune/study/answer.hpp>

#include "commands.hpp"
#include "job.hpp"
#include "progress.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

/// The images of --input, as the network takes them.
nn::FloatImages read_images(const std::string& path, const nn::Shape3& shape) {
  const io::Npy array = io::read_npy(path);
  if (array.shape.size() != 4 ||
      !std::equal(array.shape.begin() + 1, array.shape.end(),
                  std::array{shape.channels, shape.height, shape.width}.begin()))
    fail(ErrorId::shape_mismatch, "file '", path, "' is an array of ", shape_text(array.shape),
         "; the network takes N x ", shape_text(shape), ", images by channels, rows and columns");
  if (array.shape.front() < 1) fail(ErrorId::empty_data, "file '", path, "' holds no images");
  nn::FloatImages images;
  images.name = "input";
  images.stored = shape;
  images.mean.assign(static_cast<std::size_t>(shape.channels), 0.0F);
  images.stddev.assign(static_cast<std::size_t>(shape.channels), 1.0F);
  images.pixels.resize(static_cast<std::size_t>(array.size()));
  array.copy(0, std::span(images.pixels));
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
  Job job(options, Weights::needed);
  const nn::FloatImages images = read_images(options.input, job.network.input_shape());
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
                   concat(last, '/', images.size(), " images"));
  }
  progress.reset();
  io::write_file(options.output, io::npy_bytes(shape, all));

  const std::string ranges = calibration.from.empty()
                                 ? ""
                                 : concat("; ranges of integers from ", calibration.images,
                                          " images of ", calibration.from);
  io::Json document = {{"schema", "autoprune.run/1"},
                       {"autoprune_version", AUTOPRUNE_VERSION},
                       {"command", "run"},
                       {"network", options.network},
                       {"options", options.all},
                       {"images", images.size()},
                       {"shape", shape}};
  if (!calibration.from.empty())
    document["calibration"] = {{"images", calibration.images}, {"from", calibration.from}};
  write_result(job, "run.json", document,
               concat(options.network, ", ", in_words(options.numbers), ": logits of ",
                      images.size(), " images in ", options.output, ranges, "\n"));
}

}  // namespace autoprune::cli
