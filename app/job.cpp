#include "job.hpp"

#include <algorithm>
#include <autoprune/io/accelerator_file.hpp>
#include <autoprune/io/format.hpp>
#include <autoprune/io/json_file.hpp>
#include <autoprune/io/masks_file.hpp>
#include <autoprune/io/network_json.hpp>
#include <autoprune/io/policy_json.hpp>
#include <autoprune/nn/gradients.hpp>
#include <autoprune/nn/zoo.hpp>
#include <autoprune/search/heuristics.hpp>
#include <autoprune/study/accuracy_kind.hpp>
#include <autoprune/study/auto_prune.hpp>
#include <iostream>

#include "components.hpp"
#include "plan.hpp"

namespace autoprune::cli {

namespace {

bool has_weights(const nn::Network& network) {
  const std::vector<Index> layers = network.matrix_layers();
  return std::any_of(layers.begin(), layers.end(), [&](Index i) {
    const Tensor& w = network.node(i).weight;
    return std::any_of(w.begin(), w.end(), [](float value) { return value != 0.0F; });
  });
}

/// Options of column-vectors that were given to a method without any.
void refuse_vector_options(const Options& o, const std::string& method) {
  using methods::Importance, methods::OuSelection;
  const std::pair<const char*, bool> all[] = {
      {"--granularity", o.granularity.has_value()},
      {"--row-groups", o.rows.has_value()},
      {"--importance", o.options.importance != Importance::mean_absolute},
      {"--ou-selection", o.options.selection != OuSelection::best}};
  for (const auto& [option, given] : all)
    if (given)
      fail(ErrorId::bad_syntax, option, " is of column-vectors, and --method is '", method,
           "'; leave one of them out");
}

/// Options of pruning that masks were made otherwise with.
void refuse_other_masks(const Options& o, const study::PrunedAs& masks) {
  const auto refuse = [](const char* option, const auto& asked, const auto& made) {
    fail(ErrorId::bad_syntax, option, ' ', asked, ": --masks were made with ", made,
         "; leave it out");
  };
  if (!o.method.empty() && o.method != masks.method.value_or(o.method))
    refuse("--method", o.method, *masks.method);
  if (o.granularity && o.granularity != masks.granularity.value_or(*o.granularity))
    refuse("--granularity", *o.granularity, *masks.granularity);
  if (o.rows && o.rows != masks.rows.value_or(*o.rows))
    refuse("--row-groups", word_of(*o.rows), word_of(*masks.rows));
}

nn::Normalisation asked_normalisation(const Options& o) {
  return {{o.mean.begin(), o.mean.end()}, {o.deviation.begin(), o.deviation.end()}};
}

/// Of the options, else of the network's file.
study::StudySpec spec_of(const Options& o, const nn::Network& network,
                         const hardware::Accelerator& accelerator, const study::PrunedAs& file) {
  study::StudySpec spec = o;
  spec.plan = read_plan(o, network, accelerator, file);
  const Geometry<>& g = accelerator.geometry;
  spec.options.granularity =
      o.granularity.value_or(file.granularity.value_or(g.xbar_rows % 32 == 0 ? 32 : g.ou_rows));
  spec.options.rows = o.rows.value_or(file.rows.value_or(prune::RowGrouping::neighbours));
  if (o.method.empty()) spec.method = file.method.value_or("column-vectors");
  if (!o.teacher_file.empty())
    io::load_weights(spec.teacher.emplace(network), io::Safetensors::read(o.teacher_file));
  return spec;
}

}  // namespace

hardware::Accelerator accelerator_of(const Options& o, const std::optional<Geometry<>>& stored) {
  const bool mnsim = o.cost_model == CostModel::mnsim;  // then --hardware is that model's
  hardware::Accelerator accelerator =
      io::read_accelerator(o.hardware.empty() || mnsim ? "paper" : o.hardware, o.geometry, stored);
  for (const Override& override : o.overrides) override(accelerator);
  accelerator.validate();
  return accelerator;
}

Job::Job(const Options& o, Weights weights, std::optional<nn::Shape3> images)
    : images_(images),
      options(o),
      pool(o.threads),
      network(read_network()),
      accelerator(accelerator_of(o, file_.geometry)),
      spec(spec_of(options, network, accelerator, file_)),
      compressor(
          study::method_of(network, accelerator = methods::planned(accelerator, spec.plan), spec)) {
  if (!compressor.row_groups()) refuse_vector_options(o, compressor.name());
  if (const Index asked = o.threads > 0 ? o.threads : usable_processors(); pool.threads() < asked)
    warn(concat("the system allows ", pool.threads(), " of ", asked,
                " threads; the work takes longer, its results are the same"));
  constraints = read_constraints();
  if (o.command == "search" || o.command == "prune")
    refuse_unseen(o, study::accuracy_kind(study()));
  if (o.devices > 1 && !accelerator.noisy() && o.variations.empty())
    fail(ErrorId::bad_syntax, "--seeds would change nothing: nothing of the devices is drawn; add ",
         "--variation, --stuck-at or --read-noise");
  check_inputs(weights);
  random_weights = weights == Weights::random && !has_weights(network);
  if (random_weights) network.initialise(o.seed);
  if (!search::leads(o.team)) return;
  if (!o.out.empty()) out_.emplace(o.out);
  prove_json_writable(o);
}

nn::Network Job::read_network() {
  const std::string& name = options.network;
  const bool onnx = std::filesystem::path(name).extension() == ".onnx";
  nn::Network net;
  std::string prefix;  // of the names in the file of the weights
  if (!io::names_file("network", name, nn::zoo_names())) {
    const Size size = options.input_size.value_or(Size{32, 32});
    const nn::Shape3 usual{name == "lenet5" ? 1 : 3, size.rows, size.cols};
    read_data(usual);
    net = nn::make_network(name, data ? data->train.shape() : usual);
  } else {
    study::PrunedNetwork file = onnx
                                    ? read_onnx(name, options.head, [this] { return open_shape(); })
                                    : study::read_pruned(name);
    net = std::move(file.network);
    file_ = std::move(file.as);
    prefix = std::move(file.prefix);
    // Pictures fit any network.
    if (onnx && data && data->train.shape() != net.input_shape()) data.reset();
  }
  if (!options.weights.empty()) {
    const io::Safetensors file = io::Safetensors::read(options.weights);
    file_ = study::pruned_as(file.metadata());
    prefix = io::load_weights(net, file);
  }
  if (!options.masks.empty()) {
    masks_ = io::Safetensors::read(options.masks);
    file_ = study::pruned_as(masks_->metadata());
    refuse_other_masks(options, file_);
  }
  if (!options.head.empty() && !onnx) {
    std::vector<std::string> known;
    for (const nn::Node& node : net.nodes()) known.push_back(node.name);
    const std::optional<Index> output = net.find(options.head);
    if (!output) fail_unknown(concat("node of network '", name, '\''), options.head, known);
    net.set_output(*output);
  }
  if (!prefix.empty())
    std::cerr << concat("note: the names of the weights are read without their '", prefix, "'\n");
  if (const auto& size = options.input_size;
      size && (net.input_shape().height != size->rows || net.input_shape().width != size->cols))
    fail(ErrorId::shape_mismatch, "--input-size ", std::string(*size), ": network '", name,
         "' takes images of ", shape_text(net.input_shape()), "; only one that leaves their size ",
         "open is given another");
  read_data(net.input_shape());
  fit_images();
  const nn::Node& last = net.node(net.output());
  if (data && options.command != "run" && last.op.is<nn::Softmax>()) {
    softmax_ = net.output();
    std::cerr << concat("note: network '", name,
                        "' ends in a softmax, which `run` alone applies; what ",
                        "is trained and measured are the logits before it\n");
    net.set_output(last.inputs.front());
  }
  if (net.matrix_layers().empty())
    fail(ErrorId::invalid_graph, "network '", name, "' has no layer with weights to prune");
  return net;
}

void Job::read_data(const std::optional<nn::Shape3>& shape) {
  const Options& o = options;
  if (o.data.empty() || data) return;
  data.emplace(io::read_dataset(o.data, {.shape = shape,
                                         .normalisation = asked_normalisation(o),
                                         .remembered = file_.normalisation,
                                         .cache = static_cast<std::size_t>(o.image_cache) << 20}));
}

nn::Shape3 Job::open_shape() {
  if (images_) return *images_;
  if (const auto& size = options.input_size) return {3, size->rows, size->cols};
  read_data({});
  if (!data)
    fail(ErrorId::missing_value, "network '", options.network,
         "' leaves the size of its images open; give it with --input-size, or with --data");
  const nn::Shape3 shape = data->train.shape();
  std::cerr << concat("note: network '", options.network, "' leaves the size of its images open; ",
                      "it gets ", shape.height, 'x', shape.width, '\n');
  return shape;
}

void Job::fit_images() {
  if (!data) return;
  const Index all = data->train.size();
  std::vector<std::string> fitted;
  const auto fit = [&](const std::string& name, Index& number, Index most) {
    if (!options.all.contains(name) || options.gives(name) || number <= most) return;
    number = std::max<Index>(most, 1);
    options.all[name] = number;
    fitted.push_back(concat("--", name, ' ', number));
  };
  const bool holds_out = options.all.contains("held-out");
  fit("held-out", options.held_out, all / 10);
  fit("held-out-images", options.held_out_images, options.held_out);
  fit("calibration-images", options.calibration_images, holds_out ? all - options.held_out : all);
  if (!fitted.empty())
    std::cerr << concat("note: ", data->train.name, " has ",
                        io::format_count(all, "training image"), ", so it is ", join(fitted), '\n');
}

nn::Normalisation Job::normalisation() const {
  nn::Normalisation known = asked_normalisation(options);
  if (!known.known()) known = file_.normalisation;
  if (!known.known() && data) known = {data->train.mean, data->train.stddev};
  if (!known.known())
    fail(ErrorId::missing_value, "network '", options.network,
         "' doesn't remember the mean and deviation of its images' pixels; give --mean and "
         "--deviation");
  return known;
}

void Job::check_inputs(Weights weights) const {
  if (weights == Weights::needed && !has_weights(network))
    fail(ErrorId::missing_value, "network '", options.network,
         "' has no weights; give them with --weights FILE");
  if (!data) return;
  (void)study().test_images();
  study::require_images(network, *data);
}

search::Constraints Job::read_constraints() const {
  search::Constraints c = options.constraints;
  if (options.max_energy) c.budgets.energy_nj = 1e3 * *options.max_energy;
  if (options.max_latency) c.budgets.latency_ns = 1e3 * *options.max_latency;
  if (options.max_area) c.budgets.area_um2 = 1e6 * *options.max_area;
  const std::vector<std::string> names = io::matrix_layer_names(network);
  const auto bounds_of = [&](const std::string& name) -> search::Bounds& {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) fail_unknown("layer", name, names);
    c.bounds.resize(names.size());
    return c.bounds[static_cast<std::size_t>(found - names.begin())];
  };
  for (const LayerBounds& bounds : options.bounds) bounds_of(bounds.layer) = bounds.keep;
  for (const std::string& name : options.freeze) bounds_of(name) = {1.0, 1.0};
  c.validate(names.size());
  return c;
}

study::Study Job::study() const {
  if (!data) fail(ErrorId::missing_value, "no --data given, e.g. --data cifar10:data/cifar10");
  return {network, *data, accelerator, compressor, constraints, spec, pool};
}

methods::Policy read_policy(const Job& job) {
  const std::string& file = job.options.policy;
  return methods::decided(
      io::policy_from_json(io::read_json(file), job.network, io::file_origin(file)), job.spec.plan);
}

std::vector<PruneMask> Job::chosen_masks() {
  if (options.policy.empty() && !options.keep) return present_masks();
  check_inputs(Weights::needed);
  std::vector<Tensor> gradients;
  if (compressor.needs_gradients()) {
    if (!data)
      fail(ErrorId::missing_value,
           "--importance taylor ranks by gradients of training images; give them with --data");
    const Index images = std::min(options.calibration_images, data->train.size());
    gradients = nn::loss_gradients(network,
                                   nn::load_batches(data->train, nn::range(0, images), pool), pool);
  }
  const std::vector<methods::Ranking> rankings = compressor.rank(network, gradients);
  return methods::Compressor::masks(
      rankings, options.keep ? search::heuristic(options.heuristic, rankings, *options.keep).policy
                             : read_policy(*this));
}

std::vector<PruneMask> Job::present_masks() const {
  if (masks_) {
    std::vector<PruneMask> masks = io::read_masks(
        *masks_, network, [&](Index layer) { return compressor.granularity(layer); });
    io::require_pruned(network, masks);
    return masks;
  }
  std::vector<PruneMask> masks = study::masks_of_zeros(network, compressor);
  if (masks.empty()) masks = study::dense_masks(network, compressor);
  refuse_pruning(options, masks, spec.plan);
  if (compressor.row_groups()) warn_of_zeros(options, masks, study::plan_of_file(network, file_));
  return masks;
}

nn::Network Job::as_given(nn::Network of) const {
  if (softmax_) of.set_output(*softmax_);
  return of;
}

io::RunDescription Job::description() const {
  return {.command = options.command,
          .network = options.network,
          .images = data ? &data->train : nullptr,
          .seed = options.seed,
          .threads = pool.threads(),
          .options = options.all,
          .plan = methods::with_bits(spec.plan, accelerator, network.matrix_layers().size())};
}

io::Json Job::report(const std::vector<PruneMask>& masks,
                     const mapping::NetworkPlacement& mapping) const {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began_;
  return io::report_json(description(), compressor, network, masks, mapping,
                         {.total = took.count()});
}

}  // namespace autoprune::cli
