/// @file options.hpp
/// What the user asked for, read and checked as far as it can be without opening a file.
#pragma once

#include <autoprune/hardware/geometry.hpp>
#include <autoprune/io/json.hpp>
#include <autoprune/study/reproduce.hpp>
#include <autoprune/study/spec.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace autoprune::cli {

/// What prices a network.
enum class CostModel { ou, mnsim };

/// What an option changes in the accelerator of --hardware.
using Override = std::function<void(hardware::Accelerator&)>;

struct Size {
  Index rows = 0, cols = 0;

  operator std::string() const { return rows == cols ? concat(rows) : concat(rows, 'x', cols); }
};

/// What a sweep goes over.
struct SweepOptions {
  std::vector<Size> crossbars = {{128, 128}}, ous = {{32, 32}};
  std::vector<Index> cell_bits = {1}, granularities = {4, 8, 16, 32, 64, 128};
  std::vector<double> compressions = {1, 2, 4, 8, 16, 32};
  Index epochs = 0;  ///< of fine-tuning a cell

  /// Every crossbar with every OU and every cell.
  [[nodiscard]] std::vector<Geometry<>> geometries() const;
};

/// --bounds of a layer.
struct LayerBounds {
  std::string layer;
  search::Bounds keep;
};

/// A study, and what else the command line asks for.
struct Options : study::StudySpec {
  Options() { method.clear(); }

  std::string command;

  // Inputs and outputs
  std::string network, weights, data, policy, plan_file;
  std::string head;                     ///< node of the logits, where there are several
  std::string masks;                    ///< file that others trained under
  std::string teacher_file;             ///< weights of the dense network to distil from
  std::string model;                    ///< simulate, cost: what prune left in its --out
  std::vector<double> mean, deviation;  ///< of images, one a channel; empty: the data set's
  std::optional<Size> input_size;       ///< of images, where the network leaves it open
  Index image_cache = 1024;             ///< MiB of pictures that stay in memory
  std::string json;                     ///< "-": standard output
  std::string input, output;            ///< run: arrays of NumPy
  study::AccuracyKind numbers = study::AccuracyKind::real;  ///< run: what it computes in
  bool quiet = false;
  Index threads = 0;
  std::string device = "cpu";  ///< which `backend` is of: see device.hpp
  double rank_timeout = 0.0;   ///< seconds that a rank may take for a policy or a cell; 0: any

  // Hardware; `method` is empty for the network file's, or column-vectors
  std::optional<Geometry<>> geometry;  ///< not given: the network file's, or the paper's
  std::optional<Index> granularity;
  std::optional<prune::RowGrouping> rows;  ///< not given: the network file's, or neighbours
  std::string hardware;                    ///< preset or file; empty: the paper's
  std::vector<Override> overrides;         ///< of the options that were given
  std::vector<double> variations;          ///< of the cells; several are a sweep of `simulate`
  CostModel cost_model = CostModel::ou;
  std::string save_hardware;  ///< cost: file that the hardware is written to
  std::string activity;       ///< cost: report of a simulation

  // Policy and constraints; those of the study are without bounds, which need a network
  std::optional<double> keep;  ///< map: keep ratio of a heuristic policy
  search::Origin heuristic = search::Origin::lamp;
  std::vector<std::string> freeze;  ///< layers
  std::vector<LayerBounds> bounds;
  std::optional<double> max_energy, max_latency, max_area;  ///< in uJ, us and mm2

  SweepOptions sweep;
  study::ReproduceSpec reproduce;                 ///< but for what is the study's
  std::vector<std::string> contenders = {"all"};  ///< its methods

  io::Json all;                              ///< every option that has a value, for reports
  std::vector<std::string> names;            ///< of every option of the command
  std::map<std::string, std::string> given;  ///< names of those that were given, their headings

  [[nodiscard]] bool gives(const std::string& name) const { return given.contains(name); }

  /// The options of the fields that the library's message of an error names: " (--batch)".
  [[nodiscard]] std::string named_in(const std::string& message) const;
};

/// Refuses options of a simulation that were given and would change nothing, as accuracy or logits
/// are of `numbers`. Throws bad_syntax.
void refuse_unseen(const Options& o, study::AccuracyKind numbers);

/// Reads the command line. Nothing comes back when help or the version was asked for, and has been
/// printed. Throws config errors.
[[nodiscard]] std::optional<Options> read_options(int argc, const char* const* argv);

}  // namespace autoprune::cli
