/// @file onnx_models.hpp
/// Small ONNX models, valid and nearly so: seeds of the harness `onnx`.
#pragma once

#include <map>
#include <string>

#include "../onnx/helpers.hpp"
#include "small_network.hpp"

namespace autoprune::fuzz {

/// What an exporter makes of a shuffle of channels, an activation and a normalisation.
[[nodiscard]] inline std::string exported_model() {
  using onnx::test::List;
  onnx::test::Graph g(13, {4, 4, 4});
  std::string y = g.add("Conv", {"x", g.weight("conv.weight", {4, 4, 1, 1})});
  y = g.add("Mul", {y, g.add("Sigmoid", {y})});
  const std::string extents = g.add("Shape", {y});
  const auto one = [&](Index k) {
    return g.add("Unsqueeze", {g.add("Gather", {extents, g.integers({k}, true)}), g.integers({0})});
  };
  const std::string half = g.add("Div", {one(1), g.integers({2})});
  const std::string groups =
      g.add("Concat", {one(0), g.integers({2}), half, one(2), one(3)}, {{"axis", Index{0}}});
  y = g.add("Transpose", {g.add("Reshape", {y, groups})}, {{"perm", List{0, 2, 1, 3, 4}}});
  y = g.add("Reshape", {y, extents});
  const auto centred = [&] {
    return g.add("Sub", {y, g.add("ReduceMean", {y}, {{"axes", List{1}}})});
  };
  const std::string square = g.add("Pow", {centred(), g.number(2.0)});
  const std::string variance = g.add("ReduceMean", {square}, {{"axes", List{1}}});
  const std::string root = g.add("Sqrt", {g.add("Add", {variance, g.number(1e-5)})});
  y = g.add("Div", {centred(), root});
  y = g.add("MaxPool", {g.add("Pad", {g.add("Relu", {y}), g.integers({0, 0, 1, 1, 0, 0, 0, 0})})},
            {{"kernel_shape", List{2, 2}}, {"ceil_mode", Index{1}}});
  y = g.add("Gemm",
            {g.add("Flatten", {y}), g.weight("fc.weight", {64, 3}), g.weight("fc.bias", {3})});
  g.set_output(y);
  return g.message().SerializeAsString();
}

[[nodiscard]] inline std::map<std::string, std::string> onnx_models() {
  const auto node = [](const std::string& op, const onnx::test::Names& inputs) {
    onnx::test::Graph g(13, {2, 3, 3});
    g.set_output(g.add(op, inputs));
    return g;
  };
  std::map<std::string, std::string> all = {{"exported", exported_model()}};
  auto written = onnx::model_of(small_network());
  all["written"] = written.SerializeAsString();
  written.mutable_graph()->mutable_initializer(0)->set_dims(0, Index{1} << 60);
  all["huge-weights"] = written.SerializeAsString();
  all["unknown-operator"] = node("LRN", {"x"}).message().SerializeAsString();
  all["dangling"] = node("Relu", {"nobody"}).message().SerializeAsString();
  all["circle"] = node("Add", {"x", "t1"}).message().SerializeAsString();
  auto beside = node("Relu", {"x"});
  auto& tensor = *beside.graph().add_initializer();
  tensor.set_name("elsewhere");
  tensor.set_data_type(onnx::proto::TensorProto::FLOAT);
  tensor.set_data_location(onnx::proto::TensorProto::EXTERNAL);
  tensor.add_external_data()->set_key("location");
  tensor.mutable_external_data(0)->set_value("../weights.bin");
  tensor.add_dims(4);
  beside.set_output(beside.add("Mul", {"x", "elsewhere"}));
  beside.graph().mutable_output()->DeleteSubrange(0, 1);
  all["tensor-elsewhere"] = beside.message().SerializeAsString();
  onnx::test::Graph codes(13, {2});
  auto& integers = *codes.graph().add_initializer();
  integers.set_name("fc.weight_quantized");
  integers.set_data_type(onnx::proto::TensorProto::INT8);
  integers.add_dims(3);
  integers.add_dims(2);
  integers.set_raw_data("\1\2\x80\x7F\xFF\0", 6);
  const std::string scales = codes.reals("scales", {3}, {0.5F, 0.25F, 1.0F});
  codes.add("Gemm",
            {"x", codes.add("DequantizeLinear", {integers.name(), scales}, {{"axis", Index{0}}})},
            {{"transB", Index{1}}});
  codes.set_output(codes.last().output(0));
  all["integers"] = codes.message().SerializeAsString();
  onnx::test::Graph grows(13, {2, 3, 3});  // a constant that doubles and doubles
  std::string y = grows.integers({1, 2, 3, 4});
  for (int k = 0; k < 40; ++k) y = grows.add("Concat", {y, y}, {{"axis", Index{0}}});
  grows.set_output(grows.add("Reshape", {"x", y}));
  all["constant-that-grows"] = grows.message().SerializeAsString();
  return all;
}

}  // namespace autoprune::fuzz
