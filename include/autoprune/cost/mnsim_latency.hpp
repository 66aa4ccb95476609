/// @file mnsim_latency.hpp
/// How long a layer of the MNSIM-2.0 reference model takes for one output position.
#pragma once

#include <algorithm>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/mnsim_components.hpp"
#include "autoprune/cost/mnsim_hardware.hpp"
#include "autoprune/cost/mnsim_layers.hpp"
#include "autoprune/cost/mnsim_mapping.hpp"
#include "autoprune/cost/mnsim_parts.hpp"
#include "autoprune/cost/mnsim_sram.hpp"
#include "autoprune/cost/units.hpp"

namespace autoprune::cost {

/// What new input an output position waits for.
enum class MnsimFill {
  window,  ///< what its window has more than the one before: MNSIM's pipelined model
  lines    ///< whole lines at the start of a row: MNSIM's model without a pipeline
};

/// One output position: what it takes in all, with no overlap inside, and each component's part.
struct MnsimStep {
  PerComponent<Ns> busy;
  Ns total;
};

/// The positions of a layer differ in how much input is new: in the corner, in the rest of the
/// first column, in the rest of the first row, and elsewhere.
struct MnsimSteps {
  MnsimStep corner, first_col, first_row, inside;

  [[nodiscard]] const MnsimStep& at(Index row, Index col) const noexcept {
    if (col == 0) return row == 0 ? corner : first_col;
    return row == 0 ? first_row : inside;
  }
};

namespace detail {

/// Numbers of a channel that are written to the input buffer, and read from it.
struct MnsimInput {
  Index written, read;
};

/// New input of the position (row, col), of which only 0 or not counts.
[[nodiscard]] inline MnsimInput new_input(const MnsimLayer& layer, Index row, Index col,
                                          MnsimFill fill) {
  const nn::Size2 k = layer.kernel, s = layer.stride;
  const Index inner_h = std::max<Index>(k.h - layer.padding.h, 0);
  const Index inner_w = std::max<Index>(k.w - layer.padding.w, 0);
  const Index read = col == 0 ? k.h * k.w : s.w * k.h;
  if (fill == MnsimFill::lines) {
    if (col > 0) return {s.w, read};
    const Index lines = row == 0 ? std::max<Index>(inner_h - 1, 0) : s.h - 1;
    return {layer.in.width * lines + inner_w, read};
  }
  if (col == 0) return {(row == 0 ? inner_h : s.h) * inner_w, read};
  // Quirk: in its first row a pool gets less than its windows hold.
  const bool whole_column = row == 0 && layer.kind != MnsimKind::pool;
  return {(whole_column ? k.h : s.h) * s.w, read};
}

/// Time on the wires to the readers of a layer.
[[nodiscard]] inline Ns transfer_time(const MnsimLayer& layer, const MnsimLayerMap& map,
                                      const MnsimHardware& h) {
  const double bits = static_cast<double>(layer.out.channels * h.activation_bits);
  return Ns{map.hops.transfer * bits / h.inter_tile_gbps};
}

/// Conversions, digital circuits and wires: what is the same for every position of a conv or linear
/// layer.
[[nodiscard]] inline PerComponent<Ns> matrix_busy(const MnsimLayer& layer, const MnsimLayerMap& map,
                                                  const MnsimHardware& h, const MnsimParts& parts) {
  using enum MnsimComponent;
  const auto at = [](Index count) { return static_cast<double>(count); };
  const Index row_turns = ceil_div(map.used_rows, h.dacs);
  const Index col_turns = ceil_div(map.used_cols, h.adcs);
  // Quirk: the sign of an input takes a cycle, too, which MNSIM's accuracy model doesn't give it.
  const Index turns = ceil_div(h.activation_bits, h.dac.bits) * row_turns * col_turns;
  PerComponent<Ns> busy;
  for (const MnsimComponent c : {crossbar, dac, adc, shift_register, input_demux, output_mux})
    busy[c] = at(turns) * parts.latency[c];
  busy[input_register] = at(row_turns * col_turns + turns) * parts.latency[input_register];
  busy[output_register] = at(col_turns) * parts.latency[output_register];
  busy[adder] = at(col_turns * bits_for(h.groups)) * parts.latency[adder];
  const Index levels = bits_for(map.tile_pes);  // of joint modules; each makes a sum a bit longer
  busy[joint_module] = at(levels) * parts.latency[joint_module];
  const Index sum_bits = h.adc.bits + levels;
  busy[intra_tile] =
      Ns{(at(bits_for(h.pes_per_tile) * sum_bits) - at(levels * (levels + 1)) / 2.0) *
         at(map.used_cols) / h.intra_tile_gbps};
  const Index outputs = map.used_cols * map.tile_pes;
  busy[buffer_write] = mnsim_sram_access(sum_bits * outputs, h);
  busy[buffer_read] = mnsim_sram_access(h.activation_bits * outputs, h);
  busy[tile_merge] =
      busy[buffer_read] +
      map.hops.merge * (parts.clock + Ns{at(outputs * h.activation_bits) / h.inter_tile_gbps});
  busy[inter_tile] = transfer_time(layer, map, h);
  return busy;
}

/// The same for a pool.
[[nodiscard]] inline PerComponent<Ns> pool_busy(const MnsimLayer& layer, const MnsimLayerMap& map,
                                                const MnsimHardware& h, const MnsimParts& parts) {
  using enum MnsimComponent;
  PerComponent<Ns> busy;
  const Index rounds = ceil_div(layer.in.channels, kMnsimPoolChannels) *
                       ceil_div(layer.kernel.h * layer.kernel.w, kMnsimPoolWindow);
  busy[pooling] = static_cast<double>(rounds) * parts.latency[pooling];
  busy[buffer_write] = mnsim_sram_access(layer.in.channels * h.activation_bits, h);
  busy[buffer_read] = mnsim_sram_access(layer.out.channels * h.activation_bits, h);
  busy[tile_merge] = busy[buffer_read];
  busy[inter_tile] = transfer_time(layer, map, h);
  return busy;
}

/// All of a residual sum: its inputs go through the accumulator's buffer.
[[nodiscard]] inline PerComponent<Ns> sum_busy(const MnsimLayer& layer, const MnsimLayerMap& map,
                                               const MnsimHardware& h, const MnsimParts& parts) {
  using enum MnsimComponent;
  PerComponent<Ns> busy;
  const Index numbers = layer.out.channels * static_cast<Index>(layer.inputs.size());
  busy[accumulator] = parts.latency[accumulator];
  busy[buffer_write] = mnsim_sram_access(numbers * h.activation_bits, h);
  busy[buffer_read] = busy[buffer_write];
  busy[inter_tile] = transfer_time(layer, map, h);
  return busy;
}

}  // namespace detail

[[nodiscard]] inline MnsimSteps mnsim_steps(const MnsimLayer& layer, const MnsimLayerMap& map,
                                            const MnsimHardware& hardware, const MnsimParts& parts,
                                            MnsimFill fill) {
  using enum MnsimComponent;
  if (layer.kind == MnsimKind::sum) {
    const PerComponent<Ns> busy = detail::sum_busy(layer, map, hardware, parts);
    const MnsimStep step{busy, busy.total()};
    return {step, step, step, step};
  }
  const PerComponent<Ns> busy = layer.has_matrix()
                                    ? detail::matrix_busy(layer, map, hardware, parts)
                                    : detail::pool_busy(layer, map, hardware, parts);
  // The read of the output buffer is in buffer_read and in tile_merge. Quirk: a pool waits twice.
  const Ns twice = layer.has_matrix() ? busy[buffer_read] : Ns{};
  const Index channels = layer.has_matrix()  // of a PE
                             ? map.used_rows / (layer.kernel.h * layer.kernel.w)
                             : layer.in.channels;
  const auto step = [&](Index row, Index col) {
    const detail::MnsimInput input = detail::new_input(layer, row, col, fill);
    const Index bits = channels * hardware.activation_bits;
    MnsimStep out{busy, {}};
    out.busy[buffer_write] += mnsim_sram_access(input.written * bits, hardware);
    out.busy[buffer_read] += mnsim_sram_access(input.read * bits, hardware);
    out.total = out.busy.total() - twice;
    return out;
  };
  return {step(0, 0), step(1, 0), step(0, 1), step(1, 1)};
}

/// What all positions of a layer take together.
[[nodiscard]] inline MnsimStep mnsim_all_steps(const MnsimSteps& steps, const MnsimLayer& layer) {
  const Index h = layer.out.height - 1, w = layer.out.width - 1;
  MnsimStep all;
  const auto add = [&](const MnsimStep& step, Index count) {
    const auto times = [&](Ns time) { return static_cast<double>(count) * time; };
    all.busy += step.busy.map(times);
    all.total += times(step.total);
  };
  add(steps.corner, 1);
  add(steps.first_col, h);
  add(steps.first_row, w);
  add(steps.inside, h * w);
  return all;
}

}  // namespace autoprune::cost
