/// @file fold.hpp
/// The arithmetic of constants, by which exporters work out shapes: what a node makes of inputs
/// that are all known.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <vector>

#include "autoprune/onnx/arithmetic.hpp"
#include "autoprune/onnx/constant.hpp"
#include "autoprune/onnx/graph.hpp"
#include "autoprune/onnx/integers.hpp"

namespace autoprune::onnx {

/// Numbers that a node may make of fewer.
inline constexpr Index kMaxFolded = Index{1} << 20;

namespace detail {

/// Steps from one number of a row-major tensor to the next, an axis each.
[[nodiscard]] inline std::vector<Index> row_major(const std::vector<Index>& shape) {
  std::vector<Index> strides(shape.size(), 1);
  for (std::size_t k = shape.size(); k-- > 1;) strides[k - 1] = strides[k] * shape[k];
  return strides;
}

/// The constant of that shape, whose numbers lie `strides` apart in `from`, the first at `begin`.
[[nodiscard]] inline Constant strided(const Constant& from, const std::vector<Index>& shape,
                                      const std::vector<Index>& strides, Index begin = 0) {
  const Index size = size_of(shape);
  Constant to{shape, {}};
  std::visit(
      [&](const auto& values) {
        auto out = std::decay_t<decltype(values)>{};
        out.reserve(static_cast<std::size_t>(size));
        std::vector<Index> at(shape.size(), 0);
        Index place = begin;
        for (Index i = 0; i < size; ++i) {
          out.push_back(values[static_cast<std::size_t>(place)]);
          for (std::size_t k = shape.size(); k-- > 0;) {
            place += strides[k];
            if (++at[k] < shape[k]) break;
            place -= strides[k] * shape[k];
            at[k] = 0;
          }
        }
        to.values = std::move(out);
      },
      from.values);
  return to;
}

/// Its axes in another order.
[[nodiscard]] inline Constant permuted(const Constant& from,
                                       const std::vector<std::size_t>& order) {
  const std::vector<Index> own = row_major(from.shape);
  std::vector<Index> shape, strides;
  for (const std::size_t axis : order) {
    shape.push_back(from.shape[axis]);
    strides.push_back(own[axis]);
  }
  return strided(from, shape, strides);
}

/// Stretched to a shape, as NumPy does it. Throws Unsupported.
[[nodiscard]] inline Constant stretched(const Constant& from, const std::vector<Index>& shape) {
  if (from.shape == shape) return from;
  if (from.shape.size() > shape.size()) throw Unsupported{"shapes that can't be stretched"};
  const std::size_t more = shape.size() - from.shape.size();
  const std::vector<Index> own = row_major(from.shape);
  std::vector<Index> strides(shape.size(), 0);
  for (std::size_t k = 0; k < own.size(); ++k) {
    if (from.shape[k] != 1 && from.shape[k] != shape[more + k])
      throw Unsupported{"shapes that can't be stretched"};
    if (from.shape[k] != 1) strides[more + k] = own[k];
  }
  if (size_of(shape) > kMaxFolded) throw Unsupported{"a constant of more numbers than make sense"};
  return strided(from, shape, strides);
}

[[nodiscard]] inline std::vector<Index> common_shape(std::vector<Index> a, std::vector<Index> b) {
  if (a.size() < b.size()) a.swap(b);
  b.insert(b.begin(), a.size() - b.size(), 1);
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] != b[k] && a[k] != 1 && b[k] != 1) throw Unsupported{"shapes that can't be stretched"};
    if (a[k] == 1) a[k] = b[k];
  }
  return a;
}

/// Integers wrap, as processors have it.
[[nodiscard]] inline std::int64_t wrapped(std::string_view op, std::int64_t a, std::int64_t b) {
  std::int64_t y = 0;
  if (op == "Add") return __builtin_add_overflow(a, b, &y), y;
  if (op == "Sub") return __builtin_sub_overflow(a, b, &y), y;
  if (op == "Mul") return __builtin_mul_overflow(a, b, &y), y;
  if (op == "Min") return std::min(a, b);
  if (op == "Max") return std::max(a, b);
  if (op == "Equal") return a == b;
  if (op == "Less") return a < b;
  if (op == "Greater") return a > b;
  if (op == "And") return a != 0 && b != 0;
  if (op == "Or") return a != 0 || b != 0;
  if (b == 0 || b == -1) {
    if (b == 0) throw Unsupported{"a division of constants by zero"};
    return op == "Mod" ? 0 : (__builtin_sub_overflow(std::int64_t{0}, a, &y), y);
  }
  if (op == "Div") return a / b;
  const std::int64_t rest = a % b;  // Mod has the sign of b
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
[[nodiscard]] inline float real_result(std::string_view op, float a, float b) {
  if (const auto y = combine(op, a, b)) return *y;
  if (op == "Equal") return a == b ? 1.0F : 0.0F;
  if (op == "Less") return a < b ? 1.0F : 0.0F;
  if (op == "Greater") return a > b ? 1.0F : 0.0F;
  throw Unsupported{"an operation of constants that isn't known"};
}

[[nodiscard]] inline Constant combined(std::string_view op, const Constant& a, const Constant& b) {
  const std::vector<Index> shape = common_shape(a.shape, b.shape);
  const Constant x = stretched(a, shape), y = stretched(b, shape);
  const bool truth = op == "Equal" || op == "Less" || op == "Greater";
  Integers whole(x.size());
  Reals real;
  if (x.whole() && y.whole() && op != "Pow") {
    const auto &u = std::get<Integers>(x.values), &v = std::get<Integers>(y.values);
    for (std::size_t i = 0; i < u.size(); ++i) whole[i] = wrapped(op, u[i], v[i]);
    return {shape, std::move(whole)};
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    real.push_back(real_result(op, x.real(i), y.real(i)));
    whole[i] = real.back() != 0.0F;
  }
  if (truth) return {shape, std::move(whole)};
  return {shape, std::move(real)};
}

[[nodiscard]] inline std::int64_t to_integer(float value) {
  constexpr float kEdge = 9.2e18F;
  return std::isnan(value) ? 0 : static_cast<std::int64_t>(std::clamp(value, -kEdge, kEdge));
}

/// A function of every number on its own.
[[nodiscard]] inline std::optional<Constant> mapped(const GraphNode& node, const Constant& x) {
  static const std::vector<std::pair<std::string_view, float (*)(float)>> functions = {
      {"Floor", [](float v) { return std::floor(v); }},
      {"Ceil", [](float v) { return std::ceil(v); }},
      {"Sqrt", [](float v) { return std::sqrt(v); }},
      {"Exp", [](float v) { return std::exp(v); }},
      {"Reciprocal", [](float v) { return 1.0F / v; }},
      {"Round", [](float v) { return std::nearbyint(v); }}};
  for (const auto& [name, f] : functions) {
    if (node.op() != name) continue;
    Reals y = x.reals();
    std::transform(y.begin(), y.end(), y.begin(), f);
    return Constant{x.shape, std::move(y)};
  }
  if (node.op() == "Neg")
    return combined("Sub", {{}, x.whole() ? std::variant<Reals, Integers>(Integers{0}) : Reals{0}},
                    x);
  if (node.op() == "Not") return combined("Equal", x, {{}, Integers{0}});
  if (node.op() != "Cast") return std::nullopt;
  using Type = proto::TensorProto;
  const Index type = node.integer("to", 0);
  if (type == Type::FLOAT || type == Type::DOUBLE || type == Type::FLOAT16)
    return Constant{x.shape, x.reals()};
  if (type != Type::INT64 && type != Type::INT32 && type != Type::BOOL)
    throw Unsupported{"a Cast to a type that isn't known"};
  Integers y;
  for (std::size_t i = 0; i < x.size(); ++i)
    y.push_back(x.whole() ? std::get<Integers>(x.values)[i] : to_integer(x.real(i)));
  if (type == Type::BOOL)
    for (std::int64_t& v : y) v = v != 0;
  return Constant{x.shape, std::move(y)};
}

/// Several, one after another along an axis.
[[nodiscard]] inline Constant joined(const std::vector<Constant>& parts, Index axis) {
  if (parts.empty()) throw Unsupported{"a Concat of nothing"};
  std::vector<Index> shape = parts.front().shape;
  const std::size_t a = axis_of(axis, shape.size());
  shape[a] = 0;
  for (const Constant& part : parts) {
    if (part.shape.size() != shape.size() || part.whole() != parts.front().whole())
      throw Unsupported{"constants of several kinds in one"};
    for (std::size_t k = 0; k < shape.size(); ++k)
      if (k != a && part.shape[k] != shape[k])
        throw Unsupported{"constants of several shapes in one"};
    shape[a] += part.shape[a];
  }
  Constant all{shape, {}};
  const Index outer = std::accumulate(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(a),
                                      Index{1}, std::multiplies<>{});
  std::visit(
      [&](auto values) {
        values.clear();
        for (Index o = 0; o < outer; ++o)
          for (const Constant& part : parts) {
            const auto& from = std::get<decltype(values)>(part.values);
            const auto run = static_cast<std::ptrdiff_t>(from.size()) / std::max<Index>(outer, 1);
            values.insert(values.end(), from.begin() + o * run, from.begin() + (o + 1) * run);
          }
        all.values = std::move(values);
      },
      parts.front().values);
  return all;
}

/// The parts [begin, end) of the axes of a constant, in steps.
[[nodiscard]] inline Constant sliced(const Constant& from, const Steps& steps) {
  std::vector<Index> shape = from.shape, strides = row_major(from.shape);
  Index first = 0;
  for (const auto& [axis, begin, size, step] : steps) {
    first += begin * strides[axis];
    strides[axis] *= step;
    shape[axis] = size;
  }
  if (size_of(shape) == 0)
    return {shape, from.whole() ? decltype(from.values)(Integers{}) : Reals{}};
  return strided(from, shape, strides, first);
}

[[nodiscard]] inline Constant gathered(const Constant& from, const Constant& places, Index axis) {
  const std::size_t a = axis_of(axis, from.shape.size());
  std::vector<Constant> parts;
  for (const std::int64_t at : integers_of(places)) {
    const Index size = from.shape[a], place = at < 0 ? at + size : at;
    if (place < 0 || place >= size) throw Unsupported{"a Gather of what isn't there"};
    parts.push_back(sliced(from, {{a, place, 1, 1}}));
    if (parts.size() > 4096) throw Unsupported{"a Gather of too many parts"};
  }
  if (parts.empty()) throw Unsupported{"a Gather of nothing"};
  Constant all = joined(parts, static_cast<Index>(a));
  all.shape.erase(all.shape.begin() + static_cast<std::ptrdiff_t>(a));
  all.shape.insert(all.shape.begin() + static_cast<std::ptrdiff_t>(a), places.shape.begin(),
                   places.shape.end());
  return all;
}

[[nodiscard]] inline Constant ranged(const Constant& begin, const Constant& end,
                                     const Constant& step) {
  Integers all;
  for (const Constant* one : {&begin, &end, &step})
    if (one->size() != 1) throw Unsupported{"a Range between other than numbers"};
  const std::int64_t b = integers_of(begin)[0], e = integers_of(end)[0], s = integers_of(step)[0];
  if (s == 0) throw Unsupported{"a Range without steps"};
  for (std::int64_t v = b; s > 0 ? v < e : v > e;) {
    all.push_back(v);
    if (all.size() > 65536 || __builtin_add_overflow(v, s, &v))
      throw Unsupported{"a Range of too many numbers"};
  }
  return {{static_cast<Index>(all.size())}, all};
}

[[nodiscard]] inline Constant chosen(const Constant& where, const Constant& yes,
                                     const Constant& no) {
  const auto shape = common_shape(where.shape, common_shape(yes.shape, no.shape));
  const Constant w = stretched(where, shape), y = stretched(yes, shape), n = stretched(no, shape);
  Constant all = n;
  std::visit(
      [&](auto& values) {
        const auto* from = std::get_if<std::decay_t<decltype(values)>>(&y.values);
        if (from == nullptr) throw Unsupported{"a choice between integers and real numbers"};
        for (std::size_t i = 0; i < values.size(); ++i)
          if (w.real(i) != 0.0F) values[i] = (*from)[i];
      },
      all.values);
  return all;
}

/// Reductions that are read.
[[nodiscard]] inline bool is_reduction(std::string_view op) {
  constexpr std::array all = {"ReduceL1",  "ReduceL2",   "ReduceMax", "ReduceMean",
                              "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"};
  return std::find(all.begin(), all.end(), op) != all.end();
}

/// A constant along some of its axes made one number: their sum, largest, norm and so on.
[[nodiscard]] inline Constant reduced(const GraphNode& node, const Constant& x) {
  const std::string kind = node.op().substr(std::string_view("Reduce").size());
  std::vector<std::size_t> along = node.axes(x.shape.size());
  if (along.empty() && node.integer("noop_with_empty_axes", 0) != 0) return x;
  if (along.empty()) {
    along.resize(x.shape.size());
    std::iota(along.begin(), along.end(), std::size_t{0});
  }
  if (x.size() == 0) throw Unsupported{"a reduction of nothing"};
  const bool keeps = node.integer("keepdims", 1) != 0;
  std::vector<Index> shape;
  std::vector<std::size_t> order;  // what is reduced comes last
  for (std::size_t axis = 0; axis < x.shape.size(); ++axis) {
    const bool goes = std::binary_search(along.begin(), along.end(), axis);
    if (!goes) order.push_back(axis);
    if (!goes || keeps) shape.push_back(goes ? 1 : x.shape[axis]);
  }
  order.insert(order.end(), along.begin(), along.end());
  const Constant moved = permuted(x, order);
  const auto run = static_cast<std::ptrdiff_t>(x.size()) / size_of(shape);
  const bool norm = kind == "L1" || kind == "L2" || kind == "SumSquare";
  const std::string_view op = kind == "Prod"  ? "Mul"
                              : kind == "Min" ? "Min"
                              : kind == "Max" ? "Max"
                                              : "Add";
  if (const auto* whole = std::get_if<Integers>(&moved.values)) {
    if (norm || kind == "Mean") throw Unsupported{"a mean or norm of integers"};
    Integers y;
    for (auto at = whole->begin(); at != whole->end(); at += run)
      y.push_back(std::accumulate(at + 1, at + run, *at, [&](std::int64_t a, std::int64_t b) {
        return wrapped(op, a, b);
      }));
    return {shape, std::move(y)};
  }
  const auto& all = std::get<Reals>(moved.values);
  Reals y;
  for (auto at = all.begin(); at != all.end(); at += run) {
    const auto part = [&](double v) { return !norm ? v : kind == "L1" ? std::abs(v) : v * v; };
    double sum = part(*at);
    for (auto v = at + 1; v != at + run; ++v) sum = *combine<double>(op, sum, part(*v));
    if (kind == "Mean") sum /= static_cast<double>(run);
    y.push_back(static_cast<float>(kind == "L2" ? std::sqrt(sum) : sum));
  }
  return {shape, std::move(y)};
}

/// Whether an operation is one of constants alone.
[[nodiscard]] inline bool is_of_constants(std::string_view op) {
  constexpr std::array all = {
      "And", "Ceil", "ConstantOfShape", "Equal", "Floor", "Less", "Greater", "Mod",
      "Not", "Or",   "Range",           "Round", "Shape", "Size", "Where"};
  return is_reduction(op) || std::find(all.begin(), all.end(), op) != all.end();
}

/// What a node makes of constants, or nothing when it is of an op that isn't known here. Throws
/// Unsupported.
[[nodiscard]] inline std::optional<Constant> fold(const GraphNode& node) {
  const std::string& op = node.op();
  const auto in = [&](Index k) -> const Constant& { return node.known(k); };
  const auto shaped = [&](std::vector<Index> shape) {
    if (size_of(shape) != static_cast<Index>(in(0).size()))
      throw Unsupported{"a shape of other size for a constant"};
    return Constant{std::move(shape), in(0).values};
  };
  if (op == "Identity") return in(0);
  if (op == "Shape") return node.part_of_shape(in(0).shape);
  if (op == "Size") return Constant{{}, Integers{static_cast<Index>(in(0).size())}};
  if (op == "Reshape")
    return shaped(reshaped(in(0).shape, integers_of(in(1)), node.integer("allowzero", 0) != 0));
  if (op == "Flatten") return shaped(flattened(in(0).shape, node.integer("axis", 1)));
  if (op == "Squeeze" || op == "Unsqueeze") return shaped(node.squeezed(in(0).shape));
  if (op == "Transpose") return permuted(in(0), node.permutation(in(0).shape.size()));
  if (op == "Concat") {
    std::vector<Constant> parts;
    for (Index k = 0; k < node.inputs(); ++k) parts.push_back(in(k));
    return joined(parts, node.integer("axis", 0));
  }
  if (op == "Slice") return sliced(in(0), node.steps(in(0).shape));
  if (op == "Gather") return gathered(in(0), in(1), node.integer("axis", 0));
  if (op == "Range") return ranged(in(0), in(1), in(2));
  if (op == "Where") return chosen(in(0), in(1), in(2));
  if (op == "Expand") {
    const Integers to = integers_of(in(1));
    return stretched(in(0), common_shape(in(0).shape, {to.begin(), to.end()}));
  }
  if (op == "ConstantOfShape") {
    const Integers to = integers_of(in(0));
    const std::vector<Index> shape(to.begin(), to.end());
    const std::optional<Constant> value = node.tensor("value");
    if (value && value->size() != 1) throw Unsupported{"a ConstantOfShape of several numbers"};
    return stretched({std::vector<Index>(shape.size(), 1), value ? value->values : Reals{0.0F}},
                     shape);
  }
  if (is_reduction(op)) return reduced(node, in(0));
  if (op == "DequantizeLinear") return dequantised(node);
  if (op == "QuantizeLinear")
    throw Unsupported{"it rounds weights; export their integers, with a DequantizeLinear alone"};
  for (const std::string_view known : {"Add", "Sub", "Mul", "Div", "Mod", "Pow", "Min", "Max",
                                       "Equal", "Less", "Greater", "And", "Or"})
    if (op == known && node.inputs() == 2) return combined(op, in(0), in(1));
  return node.inputs() > 0 ? mapped(node, in(0)) : std::nullopt;
}

}  // namespace detail

}  // namespace autoprune::onnx
