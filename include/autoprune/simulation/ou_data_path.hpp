/// @file ou_data_path.hpp
/// The data path of one layer, OU by OU: the weight index buffer says which row group an OU's
/// inputs come from and which filters its bitlines belong to; input digits are driven one after
/// another; each bitline's sum goes through an ADC, is shifted to its place and added to its
/// filter's output. The slides name the parts; the schedule is ours.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/random.hpp"
#include "autoprune/hardware/adcs.hpp"
#include "autoprune/hardware/devices.hpp"
#include "autoprune/hardware/geometry.hpp"
#include "autoprune/mapping/placement.hpp"
#include "autoprune/simulation/activity.hpp"
#include "autoprune/simulation/encoding.hpp"
#include "autoprune/simulation/ou_inputs.hpp"
#include "autoprune/simulation/ou_kernels.hpp"
#include "autoprune/simulation/quantisation.hpp"
#include "autoprune/simulation/real_kernels.hpp"

namespace autoprune::simulation {

/// What a data path is built with besides its geometry, ADC and devices, which are types of its
/// own.
struct DataPathConfig {
  hardware::WeightCode weights;
  hardware::InputCode input;
  double read_noise = 0.0;  ///< standard deviation of every bitline's every read, in cell levels

  /// Throws out_of_range.
  void validate() const {
    weights.validate();
    input.validate();
    if (!(read_noise >= 0.0 && read_noise <= 100.0))
      fail(ErrorId::out_of_range, "read noise of ", read_noise, " levels; 0 to 100");
  }
};

/// Which bitlines a data path visits.
enum class Walk {
  all,    ///< every one: the outputs are what the hardware reads
  errors  ///< those whose ADC can err: the outputs are what the hardware reads too much, or too
          ///< little, so that their sum with the exact product is what it reads
};

/// Input vectors are handled kLanes at a time.
///
///   const OUDataPath path(PaperGeometry{}, weights, placement, hardware::SaturatingAdc(6));
template <GeometryType Geom = Geometry<>, hardware::AdcPolicy Adc = hardware::IdealAdc>
class OUDataPath {
 public:
  static constexpr Index kLanes = detail::kLanes;

  /// Writes the cells of a layer, and feeds and collects them as the placement's index buffer says.
  /// `devices` draws their conductances, as `seed` says. Throws corrupt_index, out_of_range,
  /// geometry_mismatch, mask_mismatch.
  template <class Devices = hardware::IdealDevices>
  OUDataPath(const Geom& geometry, const QuantisedWeights& weights,
             const mapping::Placement& placement, const Adc& adc, const DataPathConfig& config = {},
             Walk walk = Walk::all, const Devices& devices = {}, std::uint64_t seed = 0)
      : geometry_(geometry),
        adc_(adc),
        input_(config.input),
        encoding_(config.weights, geometry.cell_bits),
        noise_(config.read_noise, ~seed),
        walk_(walk),
        real_(!devices.ideal() || config.read_noise > 0.0),
        cols_(weights.cols),
        index_entries_(placement.index_entries) {
    config.validate();
    const mapping::ArrayShape array(geometry, config.weights);
    if (weights.bits != config.weights.weight_bits)
      fail(ErrorId::geometry_mismatch, "weights of ", weights.bits, " bits for arrays that hold ",
           config.weights.weight_bits, "; quantise them with as many");
    const mapping::OuShape& placed = placement.ous.shape();
    if (placed.rows != weights.rows || placed.cols != weights.cols ||
        placed.ou_rows != array.ou_rows || placed.ou_cols != array.ou_cols)
      fail(ErrorId::mask_mismatch, "OUs of ", placed.ou_rows, 'x', placed.ou_cols, " for a ",
           placed.rows, 'x', placed.cols, " layer, but weights of ", weights.rows, 'x',
           weights.cols, " for OUs of ", array.ou_rows, 'x', array.ou_cols);
    arrays_ = array.arrays;
    add_steps(placement.decoded());
    for (const Step& step : steps_) most_rows_ = std::max(most_rows_, step.n_rows());
    for (Step& step : steps_) write_cells(weights, devices, seed, step);
  }

  [[nodiscard]] Index cols() const noexcept { return cols_; }
  [[nodiscard]] const Adc& adc() const noexcept { return adc_; }
  /// Bitlines that are visited; those whose cells are all at level 0 never are.
  [[nodiscard]] Index bitlines() const noexcept { return static_cast<Index>(lines_.size()); }

  /// Outputs of kLanes input vectors: y[filter][lane] in units of input step * weight step, from
  /// the codes x[input][lane]. The first `lanes` vectors count as activity. Read noise is a
  /// function of the seed and of `read`.
  void multiply(const std::int32_t* x, double* y, Index lanes, Activity& activity,
                std::uint64_t read = 0) const {
    std::vector<std::int32_t> codes(at(cols_ * kLanes), 0);
    detail::OuInputs inputs(most_rows_);
    for (const Step& step : steps_) {
      for (const std::int32_t sign : {1, -1}) {
        if (sign < 0 && !input_.negative) continue;
        inputs.load(x + step.first_input * kLanes, step.rows, sign);
        count(step, inputs, lanes, activity);
        if (step.line_begin < step.line_end)
          activate(step, inputs, sign, 2 * read + (sign < 0 ? 1 : 0), codes.data());
      }
      activity.input_fetches += step.n_rows() * lanes;
    }
    activity.index_fetches += index_entries_ * lanes;
    for (std::size_t i = 0; i < codes.size(); ++i) y[i] = adc_.lsb() * codes[i];
    if (walk_ == Walk::all && encoding_.offset() != 0) take_off(x, y);
  }

 private:
  /// OUs with the same inputs, or OuRows of these where they are more.
  struct Step {
    std::vector<std::int32_t> rows;  ///< of the filters' weight matrix
    Index first_input;               ///< that of its row 0
    Index ous;
    std::vector<std::int32_t> columns;  ///< filters of all OUs
    Index line_begin = 0, line_end = 0;

    [[nodiscard]] Index n_rows() const { return static_cast<Index>(rows.size()); }
    [[nodiscard]] Index filters() const { return static_cast<Index>(columns.size()); }
  };

  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }

  void add_steps(const mapping::OuList& ous) {
    ous.for_each_input_piece(geometry_.ou_rows, [&](auto rows, auto columns, Index together) {
      steps_.push_back({{rows.begin(), rows.end()},
                        ous.shape().first_input(columns.front()),
                        together,
                        {columns.begin(), columns.end()}});
    });
  }

  template <class Devices>
  void write_cells(const QuantisedWeights& weights, const Devices& devices, std::uint64_t seed,
                   Step& step) {
    step.line_begin = bitlines();
    for (const std::int32_t filter : step.columns)
      for (std::size_t a = 0; a < encoding_.arrays().size(); ++a) {
        const CellArray& array = encoding_.arrays()[a];
        const auto level = [&](Index r) {
          return encoding_.level(weights(step.rows[at(r)], filter), array);
        };
        const std::int32_t place = array.sign * (std::int32_t{1} << array.shift);
        if (real_) {
          const Index cell = step.rows.front() * cols_ + filter;
          Random random(seed, at(cell) * encoding_.arrays().size() + a);
          write_real(step, filter, place, level, devices, random);
        } else {
          write_ideal(step, filter, place, level);
        }
      }
    step.line_end = bitlines();
  }

  /// 32-bit words of the wordlines of an OU.
  [[nodiscard]] Index words() const noexcept { return detail::words_for(most_rows_); }

  /// Appends a bitline. Returns the largest sum that it can have.
  template <class Level>
  std::int32_t add_line(const Step& step, std::int32_t filter, std::int32_t place,
                        const Level& level) {
    lines_.push_back({filter, place});
    const std::size_t first = bits_.size();
    bits_.resize(first + at(geometry_.cell_bits * words()));
    std::int32_t most = 0;
    for (Index r = 0; r < step.n_rows(); ++r) {
      const std::int32_t value = level(r);
      most += value * largest_code(input_.dac_bits);
      for (Index b = 0; b < geometry_.cell_bits; ++b)
        bits_[first + at(b * words() + r / 32)] |= static_cast<std::uint32_t>((value >> b) & 1)
                                                   << (r % 32);
    }
    return most;
  }
  void drop_line() {
    lines_.pop_back();
    bits_.resize(bits_.size() - at(geometry_.cell_bits * words()));
  }

  template <class Level>
  void write_ideal(const Step& step, std::int32_t filter, std::int32_t place, const Level& level) {
    const std::int32_t most = add_line(step, filter, place, level);
    if (most <= (walk_ == Walk::errors ? adc_.exact_up_to() : 0)) drop_line();
  }

  template <class Level, class Devices>
  void write_real(const Step& step, std::int32_t filter, std::int32_t place, const Level& level,
                  const Devices& devices, Random& random) {
    const std::int32_t most = add_line(step, filter, place, level);
    const std::size_t first = cells_.size();
    double above = 0.0, below = 0.0;  // how far the sum can be off for inputs of 1
    for (Index r = 0; r < step.n_rows(); ++r) {
      const float g = devices.conductance(level(r), largest_code(geometry_.cell_bits) + 1, random);
      const double off = static_cast<double>(g) - level(r);
      (off > 0.0 ? above : below) += std::abs(off);
      if (g != 0.0F) cells_.push_back({static_cast<std::int32_t>(r), g});
    }
    constexpr double kRounding = 1e-3;  // more than sums of floats can be off
    const bool exact =
        most <= adc_.exact_up_to() &&
        std::max(above, below) * largest_code(input_.dac_bits) + kRounding < adc_.margin(most);
    const bool silent = walk_ == Walk::errors ? exact : cells_.size() == first;
    if (silent && noise_.none()) {
      cells_.resize(first);
      drop_line();
    } else {
      ranges_.push_back(
          {static_cast<std::int32_t>(first), static_cast<std::int32_t>(cells_.size())});
    }
  }

  /// An activation whose wordlines all carry zero is skipped in every OU and array of the step.
  void count(const Step& step, const detail::OuInputs& inputs, Index lanes,
             Activity& activity) const {
    const Index active = inputs.active_digits(input_, lanes);
    activity.ou_activations += active * step.ous * arrays_;
    activity.skipped_activations += (lanes * input_.digits() - active) * step.ous * arrays_;
    activity.adc_conversions +=
        active * step.filters() * static_cast<Index>(encoding_.arrays().size());
  }

  /// Adds what the step's bitlines read to the filters' sums.
  void activate(const Step& step, detail::OuInputs& inputs, std::int32_t sign, std::uint64_t number,
                std::int32_t* codes) const {
    const std::span lines(lines_.data() + step.line_begin, lines_.data() + step.line_end);
    const detail::CellBits bits{bits_.data() + step.line_begin * geometry_.cell_bits * words(),
                                geometry_.cell_bits};
    const detail::Drive drive = inputs.drive(input_);
    const bool errors = walk_ == Walk::errors;
    if (!real_) return detail::activate(drive, lines, bits, sign, adc_, errors, codes);
    detail::activate(inputs.reals(input_), drive, lines, bits,
                     std::span(ranges_).subspan(at(step.line_begin), lines.size()),
                     std::span(cells_), sign, adc_, errors, noise_,
                     detail::Read{number, inputs.driven(input_)},
                     static_cast<std::uint32_t>(step.line_begin), codes);
  }

  /// Every stored weight was raised by the offset: what it added is taken off digitally.
  void take_off(const std::int32_t* x, double* y) const {
    for (const Step& step : steps_)
      for (Index lane = 0; lane < kLanes; ++lane) {
        std::int32_t sum = 0;
        for (const std::int32_t row : step.rows) sum += x[(step.first_input + row) * kLanes + lane];
        for (const std::int32_t filter : step.columns)
          y[filter * kLanes + lane] -= static_cast<double>(encoding_.offset()) * sum;
      }
  }

  [[no_unique_address]] Geom geometry_;
  Adc adc_;
  hardware::InputCode input_;
  WeightEncoding encoding_;
  detail::ReadNoise noise_;
  Walk walk_;
  bool real_;
  Index cols_, index_entries_, arrays_ = 0, most_rows_ = 0;
  std::vector<Step> steps_;
  std::vector<detail::Bitline> lines_;
  std::vector<std::uint32_t> bits_;  // of the cells of all lines, as they were meant to be written
  std::vector<detail::CellRange> ranges_;  // of real lines
  std::vector<detail::RealCell> cells_;
};

}  // namespace autoprune::simulation
