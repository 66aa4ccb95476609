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
  const char* const given = o.granularity                                        ? "--granularity"
                            : o.rows                                             ? "--row-groups"
                            : o.importance != methods::Importance::mean_absolute ? "--importance"
                            : o.selection != methods::OuSelection::best          ? "--ou-selection"
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
  const std::string geometry = stored_at(metadata, kGeometryKey);
  return accelerator_of(
      o, geometry.empty() ? std::optional<Geometry<>>{} : Geometry<>::parse(geometry));
}

/// Of the options, else of the network's file.
methods::Compressor read_compressor(const Options& o, const nn::Network& network,
                                    const hardware::Accelerator& accelerator,
                                    const io::Metadata& metadata) {
  const auto from_file = [&](const char* key) { return stored_at(metadata, key); };
  methods::Setting setting{
      network,
      accelerator.geometry,
      {.mapping = accelerator.weights, .selection = o.selection, .importance = o.importance}};
  const std::string stored = from_file(kMethodKey);
  const std::string method = !o.method.empty() ? o.method : !stored.empty() ? stored : kOwnMethod;
  Index granularity = setting.geometry.xbar_rows % 32 == 0 ? 32 : setting.geometry.ou_rows;
  if (const std::string text = from_file(kGranularityKey); !text.empty())
    granularity = read_number<Index>(kGranularityKey, text, kSizes);
  const auto rows = from_file(kRowGroupsKey) == kGathered ? prune::RowGrouping::gathered
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

nn::Split Job::split() const { return nn::split(data->train, options.held_out); }

std::vector<nn::Batch> Job::held_out_batches() {
  std::vector<Index> images = split().held_out;
  if (options.held_out_images < 1)
    fail(ErrorId::out_of_range, "--held-out-images ", options.held_out_images,
         "; at least 1 is needed");
  images.resize(static_cast<std::size_t>(
      std::min(options.held_out_images, static_cast<Index>(images.size()))));
  return nn::load_batches(data->train, images, pool);
}

std::vector<nn::Batch> Job::calibration_batches(Index available) {
  const Index taken = options.calibration_images;
  if (taken < 1 || taken > available)
    fail(ErrorId::out_of_range, "--calibration-images ", taken, " of ", available,
         " training images");
  return nn::load_batches(data->train, nn::range(0, taken), pool);
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

methods::Compressor Job::compressor_on(const Geometry<>& geometry, Index granularity) const {
  return methods::make_method(compressor.name(), {network,
                                                  geometry,
                                                  {.mapping = accelerator.weights,
                                                   .granularity = granularity,
                                                   .rows = compressor.rows(),
                                                   .selection = options.selection,
                                                   .importance = options.importance}});
}

std::vector<methods::Ranking> Job::rank(const nn::Network& of, const methods::Compressor& by) {
  if (!by.needs_gradients()) return by.rank(of);
  if (!data)
    fail(ErrorId::missing_value,
         "--importance taylor ranks by gradients of training images; give them with --data");
  const Index images = std::min(options.calibration_images, data->train.size());
  const auto batches = nn::load_batches(data->train, nn::range(0, images), pool);
  return by.rank(of, nn::loss_gradients(of, batches, pool));
}

std::vector<PruneMask> Job::chosen_masks() {
  if (options.policy.empty() && !options.keep) return present_masks();
  if (!options.policy.empty() && options.keep)
    fail(ErrorId::bad_syntax, "--policy and --keep exclude each other; give one of them");
  check_inputs(Weights::needed);
  const std::vector<search::Ranking> rankings = rank(network, compressor);
  return search::Compressor::masks(
      rankings, options.keep ? search::heuristic(options.heuristic, rankings, *options.keep).policy
                             : read_policy(*this));
}

std::vector<PruneMask> Job::masks_of_zeros(const nn::Network& of) const {
  if (!has_weights(of)) return {};
  std::vector<PruneMask> masks;
  for (const Index i : of.matrix_layers())
    masks.push_back(prune::zero_mask(weight_matrix(of.node(i).weight), compressor.granularity(),
                                     compressor.rows()));
  return all_kept(masks) ? std::vector<PruneMask>{} : masks;
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

Index Job::test_images() const {
  const Index all = data->test.size();
  if (options.images < 0 || options.images > all)
    fail(ErrorId::out_of_range, "--images ", options.images, " of a test set of ", all);
  return options.images == 0 ? all : options.images;
}

nn::Accuracy Job::test_accuracy(nn::Network& of, const std::vector<PruneMask>& masks) {
  nn::Session session(of, pool);
  session.set_masks(masks);
  return nn::evaluate(session, data->test, nn::range(0, test_images()));
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
  run.options = options.to_json();
  seconds.total = this->seconds();
  return io::report_json(run, of, masks, mapping, seconds);
}

search::Fingerprint Job::fingerprint(const std::vector<std::string>& groups) const {
  search::Fingerprint print = options.fingerprint(groups);
  const std::string hardware = io::json_text(io::hardware_to_json(accelerator));
  print.add(std::span<const char>(hardware)).add(static_cast<double>(compressor.granularity()));
  const std::string graph = io::json_text(io::network_to_json(network));
  print.add(std::span<const char>(graph));
  for (const nn::ConstNamedTensor& p : network.parameters())
    print.add(std::span<const float>(p.tensor->data(), p.tensor->size()));
  if (data) print.add(std::span<const std::uint8_t>(data->train.labels));
  return print;
}

}  // namespace autoprune::cli
