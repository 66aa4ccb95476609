/// @file analog_config.hpp
/// What MNSIM-2.0 (Zhu et al., GLSVLSI 2020; thu-nics/MNSIM-2.0) has to know of the hardware and of
/// a layer before it simulates the layer's accuracy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/nn/network.hpp"

namespace autoprune::mnsim {

/// Inputs, weights and outputs are a sign and 8 bits: integers from -255 to 255.
inline constexpr Index kBits = 8;
inline constexpr std::int32_t kLimit = (1 << kBits) - 1;

/// What an ADC's range is fitted to.
enum class AdcAction {
  scale,  ///< to the layer's outputs, the same for all pairs of digits ('SCALE')
  fix     ///< to the largest sum that a bitline of a whole crossbar can carry ('FIX')
};

/// The analog hardware. The number of bitlines isn't here: it changes no result.
struct AnalogConfig {
  Index xbar_rows = 256;  ///< wordlines of a crossbar
  Index cell_bits = 1;    ///< magnitude bits of a cell, 1 to 8; the sign picks one of two arrays
  Index dac_bits = 1;     ///< magnitude bits of an input digit, 1 to 8; it carries its sign
  Index adc_bits = 6;     ///< 2 to 16
  Index dac_num = 128;    ///< wordlines driven at once
  AdcAction adc_action = AdcAction::scale;

  [[nodiscard]] Index input_digits() const noexcept { return ceil_div(kBits, dac_bits); }
  [[nodiscard]] Index weight_digits() const noexcept { return ceil_div(kBits, cell_bits); }

  /// Largest magnitude of a bitline's sum: all cells on, the highest digit at every input.
  [[nodiscard]] Index full_scale() const noexcept {
    return ((Index{1} << dac_bits) - 1) * ((Index{1} << cell_bits) - 1) * xbar_rows;
  }

  /// Throws out_of_range.
  void validate() const {
    check("xbar_rows", xbar_rows, 1, kExact);
    check("cell_bits", cell_bits, 1, kBits);
    check("dac_bits", dac_bits, 1, kBits);
    check("adc_bits", adc_bits, 2, 16);  // one bit is the sign; without another all sums read 0
    check("dac_num", dac_num, 1, kExact);
    if (full_scale() > kExact)
      fail(ErrorId::out_of_range, "a bitline's sum of up to ", full_scale(), " (", xbar_rows,
           " rows, ", cell_bits, " bits a cell, ", dac_bits,
           " bits a DAC) isn't exact in float32; stay within 2^24");
  }

 private:
  static constexpr Index kExact = Index{1} << 24;

  static void check(const char* name, Index value, Index low, Index high) {
    if (value < low || value > high)
      fail(ErrorId::out_of_range, name, " = ", value, "; take ", low, " to ", high);
  }
};

/// A convolution, or a linear layer, which is a 1x1 convolution of a features x 1 x 1 map. There is
/// no bias: batch-norm follows, outside of the crossbars.
struct Shape {
  nn::Shape3 in;      ///< of one input
  Index filters = 0;  ///<
  nn::Size2 kernel{1}, stride{1}, padding{0};
  bool is_linear = false;  ///< a linear layer doesn't drive the rows that it leaves idle

  static constexpr Index kMaxKernel = Index{1} << 14;

  [[nodiscard]] static Shape linear(Index features, Index filters) {
    return {.in = {features, 1, 1}, .filters = filters, .is_linear = true};
  }

  [[nodiscard]] Index taps() const noexcept { return kernel.h * kernel.w; }
  [[nodiscard]] Index rows() const noexcept { return in.channels * taps(); }
  [[nodiscard]] nn::Shape3 out() const noexcept {
    return {filters, (in.height + 2 * padding.h - kernel.h) / stride.h + 1,
            (in.width + 2 * padding.w - kernel.w) / stride.w + 1};
  }

  /// Throws out_of_range, or shape_mismatch when the kernel doesn't fit in the padded input.
  void validate() const {
    const auto within = [](std::initializer_list<Index> sizes, Index low, Index high) {
      return std::all_of(sizes.begin(), sizes.end(),
                         [&](Index s) { return s >= low && s <= high; });
    };
    if (!within({in.channels, in.height, in.width, filters}, 1, nn::kMaxMap) ||
        !within({kernel.h, kernel.w, stride.h, stride.w}, 1, kMaxKernel) ||
        !within({padding.h, padding.w}, 0, kMaxKernel))
      fail(ErrorId::out_of_range, "layer of ", filters, " filters ", kernel.h, 'x', kernel.w,
           ", stride ", stride.h, 'x', stride.w, ", padding ", padding.h, 'x', padding.w, " on ",
           shape_text(in), ": sizes must be at least 1, padding at least 0; kernels, strides and ",
           "padding at most ", kMaxKernel, ", the others ", nn::kMaxMap);
    if (in.channels > nn::kMaxMap / in.height / in.width || rows() > nn::kMaxParameters / filters)
      fail(ErrorId::out_of_range, "layer of ", filters, " filters ", kernel.h, 'x', kernel.w,
           " on ", shape_text(in), ": at most ", nn::kMaxMap, " inputs and ", nn::kMaxParameters,
           " weights");
    if (in.height + 2 * padding.h < kernel.h || in.width + 2 * padding.w < kernel.w)
      fail(ErrorId::shape_mismatch, "kernel ", kernel.h, 'x', kernel.w,
           " is larger than its input ", shape_text(in), " padded by ", padding.h, 'x', padding.w);
  }
};

/// How a layer is cut into sublayers, the row blocks that fill one crossbar each: whole channels
/// only, so that a crossbar's last rows may stay idle.
struct Sublayers {
  Index rows = 0;      ///< of the weight matrix, in every sublayer but the last
  Index count = 0;     ///<
  Index adc_bits = 0;  ///< of a whole conversion: dac_num rows at a time, summed digitally

  /// Throws what the validate() of either throws, or geometry_mismatch.
  Sublayers(const AnalogConfig& config, const Shape& shape) {
    config.validate();
    shape.validate();
    const Index channels = config.xbar_rows / shape.taps();
    if (channels < 1)
      fail(ErrorId::geometry_mismatch, "a ", shape.kernel.h, 'x', shape.kernel.w, " kernel needs ",
           shape.taps(), " rows of one crossbar, which has ", config.xbar_rows,
           "; take a larger crossbar");
    rows = channels * shape.taps();
    count = ceil_div(shape.in.channels, channels);
    const Index driven = shape.is_linear ? std::min(rows, shape.rows()) : rows;
    adc_bits = config.adc_bits + bits_for(ceil_div(driven, config.dac_num));
  }
};

}  // namespace autoprune::mnsim
