#include <algorithm>
#include <autoprune/core/version.hpp>
#include <autoprune/io/file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/npy_images.hpp>
#include <autoprune/study/answer.hpp>

#include "commands.hpp"
#include "job.hpp"
#include "results.hpp"

namespace autoprune::cli {

namespace {

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
  Job job(options, Weights::needed, io::shape_of_images(array, options.input));
  const nn::FloatImages images = io::npy_images(array, options.input, job.network.input_shape(),
                                                [&] { return job.normalisation(); });
  if (array.type != "u1" && !options.mean.empty() && !job.data)
    fail(ErrorId::bad_syntax, "--mean and --deviation would change nothing: the real numbers of '",
         options.input, "' are taken as they are; save pixels as uint8");
  for (const std::string& read : {options.input, options.network, options.weights})
    if (std::error_code none; std::filesystem::equivalent(options.output, read, none))
      fail(ErrorId::bad_syntax, "--output '", options.output, "' would replace what is read");
  prove_writable(options.output);
  const Calibration calibration = calibration_of(job, images);
  study::Answering answering(job.network, job.present_masks(), job.compressor, job.accelerator,
                             options.numbers, calibration.batches, job.spec, job.pool);
  std::optional<study::ProgressLine> progress(std::in_place, shown(options.quiet), "run");
  const auto& [shape, logits] = answering.all(images, [&](Index done) {
    progress->show(static_cast<double>(done) / static_cast<double>(images.size()),
                   concat(done, '/', io::format_count(images.size(), "image")));
  });
  progress.reset();
  io::write_file(options.output, io::npy_bytes(shape, logits));

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
