/// @file onnx.hpp
/// Networks from and to ONNX models, where the program was built with the component onnx.
#pragma once

#include <autoprune/io/safetensors.hpp>
#include <autoprune/nn/network.hpp>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

namespace autoprune::cli {

struct OnnxNetwork {
  nn::Network network;
  io::Metadata metadata;  ///< what the file notes
};

/// `output` is one of several, or ""; `images` tells the shape of those of a model that leaves it
/// open. Throws missing_component in a program without ONNX.
[[nodiscard]] OnnxNetwork read_onnx(const std::filesystem::path& path, const std::string& output,
                                    const std::function<nn::Shape3()>& images);

/// `weight_bits` of each layer's integers, or none of real numbers. Writes nothing in a program
/// without ONNX.
void write_onnx(const std::filesystem::path& path, const nn::Network& network,
                const io::Metadata& metadata, std::span<const Index> weight_bits);

}  // namespace autoprune::cli
