#include "job.hpp"

#include <algorithm>
#include <autoprune/io/hardware_json.hpp>
#include <autoprune/io/network_json.hpp>
#include <autoprune/io/policy_json.hpp>
#include <autoprune/methods/registry.hpp>
#include <autoprune/nn/gradients.hpp>
#include <autoprune/nn/zoo.hpp>
#include <autoprune/prune/zero_mask.hpp>
#include <autoprune/search/heuristics.hpp>
#include <autoprune/study/pruned_file.hpp>
#include <iostream>

#include "hardware.hpp"
#include "option_forms.hpp"
#include "progress.hpp"

namespace autoprune::cli {

namespace fs = std::filesystem;

namespace {

std::optional<io::Datasets> read_data(const Options& options) {
  if (options.data.empty()) return {};
  return io::read_dataset(options.data);
}

/// Images that a network of the zoo takes when no data set says otherwise.
nn::Shape3 usual_input(const std::string& network) {
  return network == "lenet5" ? nn::Shape3{1, 32, 32} : nn::Shape3{3, 32, 32};
}

bool has_weights(const nn::Network& network) {
  const std::vector<Index> layers = network.matrix_layers();
  return std::any_of(layers.begin(), layers.end(), [&](Index i) {
    const Tensor& w = network.node(i).weight;
    return std::any_of(w.begin(), w.end(), [](float value) { return value != 0.0F; });
  });
}

/// Options of column-vectors that were given to a method without any.
void refuse_vector_options(const Options& o, const std::string& method) {
  const char* const given = o.granularity ? "--granularity"
                            : o.rows      ? "--row-groups"
                            : o.options.importance != methods::Importance::mean_absolute
                                ? "--importance"
                            : o.options.selection != methods::OuSelection::best ? "--ou-selection"
                                                                                : nullptr;
  if (given)
    fail(ErrorId::bad_syntax, given, " is of column-vectors, and --method is '", method,
         "'; leave one of them out");
}

/// What the network's file says under a key.
std::string stored_at(const io::Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? std::string{} : found->second;
}

hardware::Accelerator read_accelerator(const Options& o, const io::Metadata& metadata) {
  const std::string geometry = stored_at(metadata, study::kGeometryKey);
  return accelerator_of(
      o, geometry.empty() ? std::optional<Geometry<>>{} : Geometry<>::parse(geometry));
}

/// Of the options, else of the network's file.
methods::Compressor read_compressor(const Options& o, const nn::Network& network,
                                    const hardware::Accelerator& accelerator,
                                    const io::Metadata& metadata) {
  const auto from_file = [&](const char* key) { return stored_at(metadata, key); };
  methods::Setting setting{network,
                           accelerator.geometry,
                           {.mapping = accelerator.weights,
                            .selection = o.options.selection,
                            .importance = o.options.importance}};
  const std::string stored = from_file(study::kMethodKey);
  const std::string method = !o.method.empty() ? o.method : !stored.empty() ? stored : kOwnMethod;
  Index granularity = setting.geometry.xbar_rows % 32 == 0 ? 32 : setting.geometry.ou_rows;
  if (const std::string text = from_file(study::kGranularityKey); !text.empty())
    granularity = read_number<Index>(study::kGranularityKey, text, kSizes);
  const auto rows = from_file(study::kRowGroupsKey) == study::kGathered
                        ? prune::RowGrouping::gathered
                        : prune::RowGrouping::neighbours;
  setting.options.granularity = o.granularity.value_or(granularity);
  setting.options.rows = o.rows.value_or(rows);
  const methods::Compressor compressor = methods::make_method(method, setting);
  if (!compressor.row_groups()) refuse_vector_options(o, method);
  return compressor;
}

/// Says once when there are fewer threads than were asked for.
void warn_of_threads(const Options& o, const ThreadPool& pool) {
  static bool said = false;
  const Index asked = o.threads > 0 ? o.threads : usable_processors();
  if (said || pool.threads() >= asked) return;
  said = true;
  warn(concat("the system allows ", pool.threads(), " of ", asked,
              " threads; the work takes longer, its results are the same"));
}

}  // namespace

Job::Job(const Options& o, Weights weights)
    : options(o),
      pool(o.threads),
      data(read_data(o)),
      network(read_network()),
      accelerator(read_accelerator(o, metadata_)),
      compressor(read_compressor(o, network, accelerator, metadata_)) {
  warn_of_threads(o, pool);
  constraints = read_constraints();
  check_inputs(weights);
  random_weights = weights == Weights::random && !has_weights(network);
  if (random_weights) network.initialise(o.seed);
  if (!o.out.empty()) out_.emplace(o.out);
  prove_json_writable(o);
}

nn::Network Job::read_network() {
  const std::vector<std::string> zoo = nn::zoo_names();
  const std::string& name = options.network;
  nn::Network net;
  std::string prefix;  // of the names in the file of the weights
  if (std::find(zoo.begin(), zoo.end(), name) != zoo.end()) {
    net = nn::make_network(name, data ? data->train.shape() : usual_input(name));
  } else if (std::error_code ignored;
             !fs::exists(name, ignored) && name.find_first_of("./") == std::string::npos) {
    fail_unknown("network", name, zoo);
  } else if (fs::path(name).extension() == ".json") {
    net = io::read_network(name, &prefix);
  } else {
    const io::Safetensors file = io::Safetensors::read(name);
    metadata_ = file.metadata();
    net = io::read_network(file, &prefix);
  }
  if (!options.weights.empty()) {
    const io::Safetensors file = io::Safetensors::read(options.weights);
    metadata_ = file.metadata();
    prefix = io::load_weights(net, file);
  }
  if (!prefix.empty())
    std::cerr << concat("note: the names of the weights are read without their '", prefix, "'\n");
  if (net.matrix_layers().empty())
    fail(ErrorId::invalid_graph, "network '", name, "' has no layer with weights to prune");
  return net;
}

void Job::check_inputs(Weights weights) const {
  if (weights == Weights::needed && !has_weights(network))
    fail(ErrorId::missing_value, "network '", options.network,
         "' has no weights; give them with --weights FILE");
  if (!data) return;
  (void)test_images();
  if (data->train.shape() != network.input_shape())
    fail(ErrorId::shape_mismatch, "images of ", data->train.name, " are ",
         shape_text(data->train.shape()), ", but network '", options.network, "' takes ",
         shape_text(network.input_shape()));
  if (network.outputs() < data->train.classes)
    fail(ErrorId::shape_mismatch, "network '", options.network, "' has ", network.outputs(),
         " outputs for the ", data->train.classes, " classes of ", data->train.name);
}

search::Constraints Job::read_constraints() const {
  search::Constraints c = options.constraints;
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

double Job::seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

study::Study Job::study() const {
  if (!data) fail(ErrorId::missing_value, "no --data given, e.g. --data cifar10:data/cifar10");
  return {network, *data, accelerator, compressor, constraints, options, pool};
}

bool all_kept(const std::vector<PruneMask>& masks) {
  return std::all_of(masks.begin(), masks.end(),
                     [](const PruneMask& m) { return m.kept_count() == m.vectors(); });
}

search::Policy read_policy(const Job& job) {
  const std::string origin = concat("file '", job.options.policy, '\'');
  return io::policy_from_json(io::parse_json(io::read_file(job.options.policy), origin),
                              job.network, origin);
}

std::vector<methods::Ranking> Job::rank() {
  if (!compressor.needs_gradients()) return compressor.rank(network);
  if (!data)
    fail(ErrorId::missing_value,
         "--importance taylor ranks by gradients of training images; give them with --data");
  const Index images = std::min(options.calibration_images, data->train.size());
  const auto batches = nn::load_batches(data->train, nn::range(0, images), pool);
  return compressor.rank(network, nn::loss_gradients(network, batches, pool));
}

std::vector<PruneMask> Job::chosen_masks() {
  if (options.policy.empty() && !options.keep) return present_masks();
  if (!options.policy.empty() && options.keep)
    fail(ErrorId::bad_syntax, "--policy and --keep exclude each other; give one of them");
  check_inputs(Weights::needed);
  const std::vector<methods::Ranking> rankings = rank();
  return methods::Compressor::masks(
      rankings, options.keep ? search::heuristic(options.heuristic, rankings, *options.keep).policy
                             : read_policy(*this));
}

std::vector<PruneMask> Job::masks_of_zeros(const nn::Network& of) const {
  return study::masks_of_zeros(of, compressor);
}

std::vector<PruneMask> Job::present_masks() const {
  std::vector<PruneMask> masks = masks_of_zeros(network);
  return masks.empty() ? dense_masks() : masks;
}

std::vector<PruneMask> Job::dense_masks() const {
  std::vector<PruneMask> masks;
  for (const Index i : network.matrix_layers()) {
    const ConstMatrixView weights = weight_matrix(network.node(i).weight);
    masks.emplace_back(weights.cols(), weights.rows(), compressor.granularity());
  }
  return masks;
}

Index Job::test_images() const { return study().test_images(); }

nn::Accuracy Job::test_accuracy(const std::vector<PruneMask>& masks) {
  return study::test_accuracy(study(), network, masks);
}

io::Json Job::report(const nn::Network& of, const std::vector<PruneMask>& masks,
                     const mapping::NetworkPlacement& mapping, io::RunSeconds seconds) const {
  io::RunDescription run;
  run.command = options.command;
  run.network = options.network;
  run.data = data ? data->train.name : "no data";
  run.geometry = compressor.geometry();
  run.granularity = compressor.granularity();
  run.seed = options.seed;
  run.threads = pool.threads();
  run.options = options.all;
  seconds.total = this->seconds();
  return io::report_json(run, of, masks, mapping, seconds);
}

}  // namespace autoprune::cli
