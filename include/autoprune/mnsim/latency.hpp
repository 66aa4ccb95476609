/// @file latency.hpp
/// How long a layer of the MNSIM-2.0 reference model takes for one output position.
#pragma once

#include <algorithm>

#include "autoprune/core/types.hpp"
#include "autoprune/cost/layer_graph.hpp"
#include "autoprune/cost/pipeline.hpp"
#include "autoprune/cost/units.hpp"
#include "autoprune/mnsim/components.hpp"
#include "autoprune/mnsim/hardware.hpp"
#include "autoprune/mnsim/mapping.hpp"
#include "autoprune/mnsim/parts.hpp"

namespace autoprune::mnsim {

/// What new input an output position waits for.
enum class Fill {
  window,  ///< what its window has more than the one before: MNSIM's pipelined model
  lines    ///< whole lines at the start of a row: MNSIM's model without a pipeline
};

/// One output position: what it takes in all, with no overlap inside, and each component's part.
struct Step {
  PerComponent<Ns> busy;
  Ns total;
};

using Steps = cost::ByPosition<Step>;

namespace detail {

/// Numbers of a channel that are written to the input buffer, and read from it.
struct NewInput {
  Index written, read;
};

/// New input of the position (row, col), of which only 0 or not counts.
[[nodiscard]] inline NewInput new_input(const cost::GraphLayer& layer, Index row, Index col,
                                        Fill fill) {
  const nn::Size2 k = layer.kernel, s = layer.stride;
  const Index inner_h = std::max<Index>(k.h - layer.padding.h, 0);
  const Index inner_w = std::max<Index>(k.w - layer.padding.w, 0);
  const Index read = col == 0 ? k.h * k.w : s.w * k.h;
  if (fill == Fill::lines) {
    if (col > 0) return {s.w, read};
    const Index lines = row == 0 ? std::max<Index>(inner_h - 1, 0) : s.h - 1;
    return {layer.in.width * lines + inner_w, read};
  }
  if (col == 0) return {(row == 0 ? inner_h : s.h) * inner_w, read};
  // Quirk: in its first row a pool gets less than its windows hold.
  const bool whole_column = row == 0 && layer.kind != cost::LayerKind::pool;
  return {(whole_column ? k.h : s.h) * s.w, read};
}

/// Time on the wires to the readers of a layer.
[[nodiscard]] inline Ns transfer_time(const cost::GraphLayer& layer, const LayerMap& map,
                                      const Hardware& h) {
  const double bits = static_cast<double>(layer.out.channels * h.activation_bits);
  return Ns{map.hops.transfer * bits / h.inter_tile_gbps};
}

/// Conversions, digital circuits and wires: what is the same for every position of a conv or linear
/// layer.
[[nodiscard]] inline PerComponent<Ns> matrix_busy(const cost::GraphLayer& layer,
                                                  const LayerMap& map, const Hardware& h,
                                                  const Parts& parts) {
  using enum Component;
  const auto at = [](Index count) { return static_cast<double>(count); };
  const Index row_turns = ceil_div(map.used_rows, h.dacs);
  const Index col_turns = ceil_div(map.used_cols, h.adcs);
  // Quirk: the sign of an input takes a cycle, too, which MNSIM's accuracy model doesn't give it.
  const Index turns = ceil_div(h.activation_bits, h.dac.bits) * row_turns * col_turns;
  PerComponent<Ns> busy;
  for (const Component c : {crossbar, dac, adc, shift_register, input_demux, output_mux})
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
  busy[buffer_write] = h.sram_access(sum_bits * outputs);
  busy[buffer_read] = h.sram_access(h.activation_bits * outputs);
  busy[tile_merge] =
      busy[buffer_read] +
      map.hops.merge * (parts.clock + Ns{at(outputs * h.activation_bits) / h.inter_tile_gbps});
  busy[inter_tile] = transfer_time(layer, map, h);
  return busy;
}

/// The same for a pool.
[[nodiscard]] inline PerComponent<Ns> pool_busy(const cost::GraphLayer& layer, const LayerMap& map,
                                                const Hardware& h, const Parts& parts) {
  using enum Component;
  PerComponent<Ns> busy;
  const Index rounds = ceil_div(layer.in.channels, kPoolChannels) *
                       ceil_div(layer.kernel.h * layer.kernel.w, kPoolWindow);
  busy[pooling] = static_cast<double>(rounds) * parts.latency[pooling];
  busy[buffer_write] = h.sram_access(layer.in.channels * h.activation_bits);
  busy[buffer_read] = h.sram_access(layer.out.channels * h.activation_bits);
  busy[tile_merge] = busy[buffer_read];
  busy[inter_tile] = transfer_time(layer, map, h);
  return busy;
}

/// All of a residual sum: its inputs go through the accumulator's buffer.
[[nodiscard]] inline PerComponent<Ns> sum_busy(const cost::GraphLayer& layer, const LayerMap& map,
                                               const Hardware& h, const Parts& parts) {
  using enum Component;
  PerComponent<Ns> busy;
  const Index numbers = layer.out.channels * static_cast<Index>(layer.inputs.size());
  busy[accumulator] = parts.latency[accumulator];
  busy[buffer_write] = h.sram_access(numbers * h.activation_bits);
  busy[buffer_read] = busy[buffer_write];
  busy[inter_tile] = transfer_time(layer, map, h);
  return busy;
}

}  // namespace detail

[[nodiscard]] inline Steps position_steps(const cost::GraphLayer& layer, const LayerMap& map,
                                          const Hardware& hardware, const Parts& parts, Fill fill) {
  using enum Component;
  if (layer.kind == cost::LayerKind::sum) {
    const PerComponent<Ns> busy = detail::sum_busy(layer, map, hardware, parts);
    const Step step{busy, busy.total()};
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
    const detail::NewInput input = detail::new_input(layer, row, col, fill);
    const Index bits = channels * hardware.activation_bits;
    Step out{busy, {}};
    out.busy[buffer_write] += hardware.sram_access(input.written * bits);
    out.busy[buffer_read] += hardware.sram_access(input.read * bits);
    out.total = out.busy.total() - twice;
    return out;
  };
  return {step(0, 0), step(1, 0), step(0, 1), step(1, 1)};
}

/// What all positions of a layer take together.
[[nodiscard]] inline Step all_steps(const Steps& steps, const cost::GraphLayer& layer) {
  const Index h = layer.out.height - 1, w = layer.out.width - 1;
  Step all;
  const auto add = [&](const Step& step, Index count) {
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

}  // namespace autoprune::mnsim
