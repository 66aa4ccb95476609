/// @file ops.hpp
/// The operations that graphs may have: one line each.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "autoprune/core/error.hpp"
#include "autoprune/nn/op.hpp"
#include "autoprune/nn/ops/activations.hpp"
#include "autoprune/nn/ops/add.hpp"
#include "autoprune/nn/ops/avg_pool.hpp"
#include "autoprune/nn/ops/batch_norm.hpp"
#include "autoprune/nn/ops/concat.hpp"
#include "autoprune/nn/ops/conv.hpp"
#include "autoprune/nn/ops/dropout.hpp"
#include "autoprune/nn/ops/flatten.hpp"
#include "autoprune/nn/ops/global_avg_pool.hpp"
#include "autoprune/nn/ops/layer_norm.hpp"
#include "autoprune/nn/ops/linear.hpp"
#include "autoprune/nn/ops/max_pool.hpp"
#include "autoprune/nn/ops/moves.hpp"
#include "autoprune/nn/ops/mul.hpp"
#include "autoprune/nn/ops/prelu.hpp"
#include "autoprune/nn/ops/relu.hpp"
#include "autoprune/nn/ops/scale.hpp"
#include "autoprune/nn/ops/softmax.hpp"
#include "autoprune/nn/ops/sub.hpp"

namespace autoprune::nn {

namespace detail {

inline std::vector<Op>& op_registry() {
  // clang-format off
  static std::vector<Op> all = {
      Add{},
      AvgPool{},
      BatchNorm{},
      ChannelShuffle{},
      Clip{},
      Concat{},
      Conv{},
      Dropout{},
      Flatten{},
      Gelu{},
      GlobalAvgPool{},
      HardSigmoid{},
      HardSwish{},
      Identity{},
      LayerNorm{},
      LeakyRelu{},
      Linear{},
      MaxPool{},
      Mul{},
      Prelu{},
      Relu{},
      Reshape{},
      ScalarAffine{},
      Scale{},
      Sigmoid{},
      Silu{},
      Slice{},
      Softmax{},
      Sub{},
      Tanh{},
      Transpose{},
  };
  // clang-format on
  return all;
}

}  // namespace detail

/// Every operation that is known by name, with the defaults of its attributes.
[[nodiscard]] inline const std::vector<Op>& known_ops() { return detail::op_registry(); }

/// The operation of that name. `where` is for messages: "op in net.json.nodes[3]:". Throws
/// unknown_name.
[[nodiscard]] inline const Op& find_op(std::string_view name, std::string_view where = "op") {
  std::vector<std::string> names;
  for (const Op& op : known_ops()) {
    if (op.name() == name) return op;
    names.emplace_back(op.name());
  }
  fail_unknown(where, name, names);
}

/// Makes an operation of one's own known to graphs. Call it before other threads read any. Throws
/// invalid_graph for a name that is taken.
inline void register_op(Op op) {
  for (const Op& known : known_ops())
    if (known.name() == op.name() || op.name() == "input")
      fail(ErrorId::invalid_graph, "an operation '", op.name(),
           "' is known already; give yours another name");
  detail::op_registry().push_back(std::move(op));
}

}  // namespace autoprune::nn
