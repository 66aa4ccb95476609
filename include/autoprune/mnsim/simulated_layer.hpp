/// @file simulated_layer.hpp
/// MNSIM-2.0's accuracy simulation of one layer under its dense mapping, restated from its
/// formulas: the yardstick that our own data path is measured by.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/tensor.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/mnsim/analog_config.hpp"
#include "autoprune/mnsim/scales.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::mnsim {

/// Digit `place` of |value| in base 2^bits, with the sign of `value`: the digits, each shifted by
/// place * bits, sum up to the value.
[[nodiscard]] constexpr std::int32_t signed_digit(std::int32_t value, Index place,
                                                  Index bits) noexcept {
  const std::int32_t magnitude = value < 0 ? -value : value;
  const std::int32_t digit = (magnitude >> (place * bits)) & ((std::int32_t{1} << bits) - 1);
  return value < 0 ? -digit : digit;
}

/// How a bitline's sum becomes a code: clamp(round_half_even(sum / lsb), -limit, limit).
struct Adc {
  double lsb;    ///< in units of the sums
  double limit;  ///< largest code
  double step;   ///< what a code of the lowest pair of digits is worth, as a share of the output

  Adc(const AnalogConfig& config, const Sublayers& sublayers, double unit) {
    const int magnitude_bits = static_cast<int>(sublayers.adc_bits) - 1;
    limit = std::ldexp(1.0, magnitude_bits) - 1.0;
    if (config.adc_action == AdcAction::fix) {
      lsb = std::ldexp(static_cast<double>(config.full_scale()), -magnitude_bits);
      step = lsb * unit;
    } else {
      // The sum of the highest pair of digits, of weight 2^top, is read at 2^-fraction of the
      // output range; fraction = floor(-2 + log2(count) / 2) + magnitude bits.
      const Index top = (config.input_digits() - 1) * config.dac_bits +
                        (config.weight_digits() - 1) * config.cell_bits;
      const auto count = static_cast<std::uint64_t>(sublayers.count);
      const int fraction = (static_cast<int>(std::bit_width(count)) - 1) / 2 - 2 + magnitude_bits;
      step = std::ldexp(1.0, -fraction - static_cast<int>(top));
      lsb = step / unit;
    }
  }
};

/// One layer, its weights written to its crossbars; `Scalar` is what outputs are summed in. Const
/// calls may run at the same time.
template <std::floating_point Scalar>
class BasicSimulatedLayer {
 public:
  /// Changes one array's cells, [filters][rows of the sublayer], from levels to conductances.
  using Device = std::function<void(std::span<float>)>;

  /// `weights` are integers [filters][channels][kh][kw] of magnitude 255 at most. `device` is
  /// called for each array: per sublayer, per digit from the lowest, the positive array and then
  /// the negative one. Throws geometry_mismatch, shape_mismatch, out_of_range or not_finite.
  BasicSimulatedLayer(const AnalogConfig& config, const Shape& shape, const Scales& scales,
                      std::span<const std::int32_t> weights, const Device& device = {})
      : config_(config), shape_(shape), sublayers_(config, shape), scales_(scales) {
    scales.validate();
    if (static_cast<Index>(weights.size()) != shape.filters * shape.rows())
      fail(ErrorId::shape_mismatch, weights.size(), " weights for ", shape.filters, " filters of ",
           shape.rows());
    check_range("weight", weights);
    weights_ = Eigen::Map<const Integers>(weights.data(), shape.filters, shape.rows());
    for (Index s = 0; s < sublayers_.count; ++s)
      for (Index j = 0; j < config.weight_digits(); ++j) cells_.push_back(write(s, j, device));
  }

  [[nodiscard]] const Sublayers& sublayers() const noexcept { return sublayers_; }

  /// The layer on its crossbars. `inputs` are whole maps [n][channels][height][width], integers of
  /// magnitude 255 at most; outputs [n][filters][height][width] are integers in units of
  /// output_range / 255. Throws shape_mismatch or out_of_range.
  [[nodiscard]] std::vector<std::int32_t> on_crossbar(std::span<const std::int32_t> inputs) const {
    const Adc adc(config_, sublayers_, scales_.unit());
    return run(inputs, [&](const Columns& columns) { return convert(columns, adc); });
  }

  /// The same with exact products, which is what MNSIM trains with ('FIX_TRAIN').
  [[nodiscard]] std::vector<std::int32_t> quantised(std::span<const std::int32_t> inputs) const {
    const Eigen::MatrixX<Scalar> weights = weights_.template cast<Scalar>();
    return run(inputs, [&](const Columns& columns) -> Outputs {
      return (weights * columns.template cast<Scalar>()).array() * scales_.unit();
    });
  }

 private:
  using Integers = Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Columns = Eigen::Matrix<std::int32_t, Eigen::Dynamic, Eigen::Dynamic>;  // a window each
  using Outputs = Eigen::ArrayXX<Scalar>;  // [filters][windows], as shares of the output range

  static constexpr Index kWindows = 256;  // at once, so that their digits stay in the L2 cache

  static void check_range(const char* what, std::span<const std::int32_t> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] < -kLimit || values[i] > kLimit)
        fail(ErrorId::out_of_range, what, " [", i, "] = ", values[i], "; a sign and ", kBits,
             " bits hold -", kLimit, " to ", kLimit);
  }

  [[nodiscard]] Index row_begin(Index sublayer) const noexcept {
    return sublayer * sublayers_.rows;
  }
  [[nodiscard]] Index row_count(Index sublayer) const noexcept {
    return std::min(sublayers_.rows, shape_.rows() - row_begin(sublayer));
  }

  /// The two arrays of one weight digit; the sums are subtracted before the ADC sees them.
  [[nodiscard]] Matrix write(Index sublayer, Index place, const Device& device) const {
    const Matrix digits =
        weights_.middleCols(row_begin(sublayer), row_count(sublayer)).unaryExpr([&](auto w) {
          return static_cast<float>(signed_digit(w, place, config_.cell_bits));
        });
    if (!device) return digits;
    Matrix positive = digits.cwiseMax(0.0F), negative = (-digits).cwiseMax(0.0F);
    const auto cells = static_cast<std::size_t>(digits.size());
    device({positive.data(), cells});
    device({negative.data(), cells});
    return positive - negative;
  }

  /// Every pair of digits goes through the ADC by itself; shift-and-add is digital and exact.
  [[nodiscard]] Outputs convert(const Columns& columns, const Adc& adc) const {
    Outputs total = Outputs::Zero(shape_.filters, columns.cols());
    Eigen::MatrixXf digits, sums;
    for (Index s = 0; s < sublayers_.count; ++s)
      for (Index i = 0; i < config_.input_digits(); ++i) {
        digits = columns.middleRows(row_begin(s), row_count(s)).unaryExpr([&](auto x) {
          return static_cast<float>(signed_digit(x, i, config_.dac_bits));
        });
        for (Index j = 0; j < config_.weight_digits(); ++j) {
          const auto& cells = cells_[static_cast<std::size_t>(s * config_.weight_digits() + j)];
          sums.noalias() = cells * digits;
          const auto shift = static_cast<int>(i * config_.dac_bits + j * config_.cell_bits);
          total += (sums.template cast<Scalar>().array() / adc.lsb)
                       .rint()
                       .max(-adc.limit)
                       .min(adc.limit) *
                   std::ldexp(1.0, shift);
        }
      }
    return total * adc.step;
  }

  /// The inputs under windows [begin, begin + count), counted through all images.
  [[nodiscard]] Columns columns(std::span<const std::int32_t> inputs, Index begin,
                                Index count) const {
    const nn::Shape3 in = shape_.in, out = shape_.out();
    const Index windows = out.height * out.width;
    Columns under(shape_.rows(), count);
    for (Index k = 0; k < count; ++k) {
      const std::int32_t* image = inputs.data() + (begin + k) / windows * in.size();
      const Index window = (begin + k) % windows;
      const Index top = window / out.width * shape_.stride.h - shape_.padding.h;
      const Index left = window % out.width * shape_.stride.w - shape_.padding.w;
      Index r = 0;
      for (Index c = 0; c < in.channels; ++c)
        for (Index h = top; h < top + shape_.kernel.h; ++h)
          for (Index w = left; w < left + shape_.kernel.w; ++w) {
            const bool inside = h >= 0 && h < in.height && w >= 0 && w < in.width;
            under(r++, k) = inside ? image[(c * in.height + h) * in.width + w] : 0;
          }
    }
    return under;
  }

  /// Calls product(columns) for all windows and rounds what it returns to the integers.
  template <class Product>
  [[nodiscard]] std::vector<std::int32_t> run(std::span<const std::int32_t> inputs,
                                              const Product& product) const {
    const nn::Shape3 out = shape_.out();
    const Index windows = out.height * out.width;
    const Index images = static_cast<Index>(inputs.size()) / shape_.in.size();
    if (static_cast<Index>(inputs.size()) != images * shape_.in.size())
      fail(ErrorId::shape_mismatch, inputs.size(), " inputs aren't whole maps of ",
           shape_text(shape_.in), " = ", shape_.in.size());
    check_range("input", inputs);
    std::vector<std::int32_t> outputs(static_cast<std::size_t>(images * out.size()));
    for (Index begin = 0; begin < images * windows; begin += kWindows) {
      const Index count = std::min(kWindows, images * windows - begin);
      const Outputs real = product(columns(inputs, begin, count));
      for (Index k = 0; k < count; ++k)
        for (Index c = 0; c < out.channels; ++c) {
          const Index image = (begin + k) / windows, window = (begin + k) % windows;
          const double value =
              std::clamp(std::nearbyint(real(c, k) * kLimit), -1.0 * kLimit, 1.0 * kLimit);
          outputs[static_cast<std::size_t>((image * out.channels + c) * windows + window)] =
              static_cast<std::int32_t>(value);
        }
    }
    return outputs;
  }

  AnalogConfig config_;
  Shape shape_;
  Sublayers sublayers_;
  Scales scales_;
  Integers weights_;           // [filters][rows]
  std::vector<Matrix> cells_;  // [sublayer][digit], each [filters][rows of the sublayer]
};

using SimulatedLayer = BasicSimulatedLayer<double>;

}  // namespace autoprune::mnsim
