/// @file hardware.hpp
/// The accelerator that the MNSIM-2.0 reference model prices.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/core/types.hpp"
#include "autoprune/core/words.hpp"
#include "autoprune/cost/circuits.hpp"
#include "autoprune/cost/sram.hpp"

namespace autoprune::mnsim {

/// How tiles are numbered on the chip; layers take them in this order.
enum class TileOrder {
  row_major,
  snake,   ///< odd rows backwards
  shells,  ///< ever larger squares around corner (0, 0), back and forth; needs a square grid
  zigzag   ///< along the diagonals, back and forth
};

[[nodiscard]] constexpr auto words_of(TileOrder) {
  using enum TileOrder;
  return std::to_array<Word<TileOrder>>(
      {{row_major, "row-major"}, {snake, "snake"}, {shells, "shells"}, {zigzag, "zigzag"}});
}

/// The defaults are those of MNSIM-2.0's SimConfig.ini of November 2024 (thu-nics/MNSIM-2.0
/// @ca39ccb), which is the source of every number here.
struct Hardware : cost::Circuits {
  // Cell
  bool access_transistors = true;  ///< 1T1R; without them (0T1R) unread columns draw power too
  Index cell_bits = 1;
  /// Slice weights by cell_bits. Quirk: MNSIM makes one slice a bit whatever a cell holds.
  bool bit_aware = false;

  // Crossbar
  Index xbar_rows = 256;
  Index xbar_cols = 256;
  Index subarray_rows = 0;  ///< rows that share DACs and ADCs, a divisor of xbar_rows; 0 for all

  // Processing element (PE): groups of crossbars with their converters
  Index groups = 1;
  Index sign_arrays = 2;  ///< crossbars of a group: 2 for a positive and a negative one, else 1
  bool subtract_after_adc = false;  ///< the negative crossbar's sums are converted, too
  Index dacs = 128;                 ///< of a subarray in a group, used or not
  Index adcs = 128;                 ///< of a subarray in a group, used or not

  double joint_module_nm = 45.0;  ///< what shifts and adds the PEs of a tile

  // Tile and chip
  Index pes_per_tile = 4;
  double intra_tile_gbps = 1024.0;
  double inter_tile_gbps = 20.0;
  Index grid_rows = 0;  ///< of tiles; 0 for 64x64, or 128x128 where a network needs it
  Index grid_cols = 0;
  TileOrder tile_order = TileOrder::shells;

  // Numbers of the network
  Index weight_bits = 9;      ///< with the sign
  Index activation_bits = 9;  ///< with the sign

  /// Bits of a weight in one sign array.
  [[nodiscard]] Index stored_bits() const noexcept {
    return sign_arrays == 2 ? weight_bits - 1 : weight_bits;
  }
  /// Crossbars (or pairs) that a weight's bits need, and that MNSIM gives them.
  [[nodiscard]] Index slices_needed() const noexcept { return ceil_div(stored_bits(), cell_bits); }
  [[nodiscard]] Index slices() const noexcept {
    return bit_aware ? slices_needed() : stored_bits();
  }
  [[nodiscard]] Index subarrays() const noexcept { return xbar_rows / rows_of_subarray(); }
  [[nodiscard]] Index rows_of_subarray() const noexcept {
    return subarray_rows > 0 ? subarray_rows : xbar_rows;
  }
  /// Rows that take turns at a DAC.
  [[nodiscard]] Index demux_ways() const noexcept { return ceil_div(rows_of_subarray(), dacs); }
  /// Columns that take turns at an ADC.
  [[nodiscard]] Index mux_ways() const noexcept {
    return ceil_div(xbar_cols * (subtract_after_adc ? 2 : 1), adcs);
  }

  /// The smallest buffer that holds `kib` KiB.
  [[nodiscard]] cost::Sram sram(double kib) const {
    return cost::sram(kib, sram_nm, sram_port_bits);
  }
  /// Time to read or write `bits` bits through a buffer's port.
  [[nodiscard]] cost::Ns sram_access(Index bits) const {
    return cost::sram_access(bits, sram_port_bits);
  }

  /// Throws out_of_range at the first value with which no such hardware can exist.
  void validate() const {
    validate_arrays();
    validate_circuits();
    check("pes_per_tile", pes_per_tile, pes_per_tile >= 1 && pes_per_tile <= kMaxCount,
          "1 to 4096");
    check("intra_tile_gbps", intra_tile_gbps, positive(intra_tile_gbps), kPositive);
    check("inter_tile_gbps", inter_tile_gbps, positive(inter_tile_gbps), kPositive);
    check("grid_rows", grid_rows, grid_rows >= 0 && grid_rows <= kMaxSize, "0 to 65536");
    check("grid_cols", grid_cols, grid_cols >= 0 && (grid_cols == 0) == (grid_rows == 0),
          "0 together with grid_rows, or 1 or more");
    check("grid_cols", grid_cols, grid_rows == 0 || grid_cols <= kMaxTiles / grid_rows,
          "a grid of 2^20 tiles or fewer");
    check("grid_cols", grid_cols, grid_cols == grid_rows || tile_order != TileOrder::shells,
          concat("the ", grid_rows, " of grid_rows: shells fill squares; or take another order"));
    check("weight_bits", weight_bits, weight_bits >= 2 && weight_bits <= 32, "2 to 32");
    check("activation_bits", activation_bits, activation_bits >= 1 && activation_bits <= 32,
          "1 to 32");
  }

 private:
  // Further away, products of a few of them leave the range of numbers.
  static constexpr double kLeast = 1e-15, kMost = 1e15;
  static constexpr std::string_view kPositive = "1e-15 to 1e15";
  static constexpr std::string_view kNotNegative = "0 to 1e15";
  static constexpr Index kMaxSize = Index{1} << 16;
  static constexpr Index kMaxCount = Index{1} << 12;
  static constexpr Index kMaxTiles = Index{1} << 20;

  template <class T>
  static void check(std::string_view name, T value, bool good, std::string_view range) {
    if (!good) fail(ErrorId::out_of_range, "hardware ", name, " = ", value, "; needs ", range);
  }
  [[nodiscard]] static bool positive(double value) { return value >= kLeast && value <= kMost; }
  [[nodiscard]] static bool not_negative(double value) { return value >= 0.0 && value <= kMost; }

  void validate_arrays() const {
    check("cell_area_um2", cell_area_um2, positive(cell_area_um2), kPositive);
    check("cell_latency_ns", cell_latency_ns, positive(cell_latency_ns), kPositive);
    check("low_resistance_ohm", low_resistance_ohm, positive(low_resistance_ohm), kPositive);
    check("high_resistance_ohm", high_resistance_ohm,
          high_resistance_ohm >= low_resistance_ohm && high_resistance_ohm <= kMost,
          "at least low_resistance_ohm, at most 1e15");
    check("low_read_v", low_read_v, not_negative(low_read_v), kNotNegative);
    check("high_read_v", high_read_v, high_read_v >= low_read_v && high_read_v <= kMost,
          "at least low_read_v, at most 1e15");
    check("cell_bits", cell_bits, cell_bits >= 1 && cell_bits <= 8, "1 to 8");
    check("xbar_rows", xbar_rows, xbar_rows >= 1 && xbar_rows <= kMaxSize, "1 to 65536");
    check("xbar_cols", xbar_cols, xbar_cols >= 1 && xbar_cols <= kMaxSize, "1 to 65536");
    check("subarray_rows", subarray_rows, subarray_rows >= 0 && xbar_rows % rows_of_subarray() == 0,
          concat("a divisor of the ", xbar_rows, " crossbar rows, or 0 for all of them"));
    check("groups", groups, groups >= 1 && groups <= kMaxCount, "1 to 4096");
    check("sign_arrays", sign_arrays, sign_arrays == 1 || sign_arrays == 2, "1 or 2");
    check("dacs", dacs, dacs >= 1 && dacs <= kMaxSize, "1 to 65536");
    check("adcs", adcs, adcs >= 1 && adcs <= kMaxSize, "1 to 65536");
  }

  void validate_circuits() const {
    validate_converter("dac", dac);
    validate_converter("adc", adc);
    check("transistor_nm", transistor_nm, positive(transistor_nm), kPositive);
    check("clock_mhz", clock_mhz, positive(clock_mhz), kPositive);
    check("adder_nm", adder_nm,
          adder_nm == 28 || adder_nm == 45 || adder_nm == 55 || adder_nm == 65 || adder_nm == 130,
          "a technology with known adders: 28, 45, 55, 65 or 130");
    check("shift_register_nm", shift_register_nm, positive(shift_register_nm), kPositive);
    check("register_nm", register_nm, positive(register_nm), kPositive);
    check("joint_module_nm", joint_module_nm, positive(joint_module_nm), kPositive);
    check("sram_nm", sram_nm, sram_nm == 45 || sram_nm == 65 || sram_nm == 90,
          "a technology with known buffers: 45, 65 or 90");
    check("sram_port_bits", sram_port_bits,
          sram_port_bits == 64 || sram_port_bits == 128 || sram_port_bits == 256 ||
              sram_port_bits == 512,
          "64, 128, 256 or 512");
  }

  static void validate_converter(std::string_view name, const cost::Converter& converter) {
    check(concat(name, ".bits"), converter.bits, converter.bits >= 1 && converter.bits <= 32,
          "1 to 32");
    check(concat(name, ".area_um2"), converter.area_um2, not_negative(converter.area_um2),
          kNotNegative);
    check(concat(name, ".power_w"), converter.power_w, not_negative(converter.power_w),
          kNotNegative);
    check(concat(name, ".latency_ns"), converter.latency_ns, positive(converter.latency_ns),
          kPositive);
  }
};

/// The defaults of September 2020 (@88de7eb), the MNSIM of the slides' time, where they differ.
/// The formulas stay those of 2024.
[[nodiscard]] inline Hardware hardware_2020() {
  Hardware hardware{cost::circuits_2020()};
  hardware.xbar_rows = hardware.xbar_cols = 128;
  hardware.groups = 8;
  hardware.dacs = hardware.adcs = 16;
  return hardware;
}

/// The names that preset() knows.
[[nodiscard]] inline std::vector<std::string> preset_names() {
  return {"mnsim-2020", "mnsim-2024"};
}

/// Throws unknown_name.
[[nodiscard]] inline Hardware preset(const std::string& name) {
  if (name == "mnsim-2020") return hardware_2020();
  if (name == "mnsim-2024") return {};
  fail_unknown("hardware", name, preset_names());
}

}  // namespace autoprune::mnsim
