/// @file components.hpp
/// The optional components that the program was built with, or not: MPI, ONNX and pictures.
#pragma once

#include <autoprune/search/team.hpp>
#include <autoprune/study/pruned_file.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace autoprune::cli {

/// The processes that mpirun started together; none of one alone. Throws missing_component for
/// several, without MPI.
[[nodiscard]] std::unique_ptr<search::Team> join_cluster();

/// Makes data sets of pictures known.
void register_formats();

/// `output` is one of several, or ""; `images` tells the shape of those of a model that leaves it
/// open. Throws missing_component without ONNX.
[[nodiscard]] study::PrunedNetwork read_onnx(const std::filesystem::path& path,
                                             const std::string& output,
                                             const std::function<nn::Shape3()>& images);

/// `weight_bits` of each layer's integers, or none of real numbers. Writes nothing without ONNX.
void write_onnx(const std::filesystem::path& path, const nn::Network& network,
                const io::Metadata& metadata, std::span<const Index> weight_bits);

}  // namespace autoprune::cli
