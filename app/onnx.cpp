#include "onnx.hpp"

#ifdef AUTOPRUNE_ONNX
#include <autoprune/onnx.hpp>
#endif

namespace autoprune::cli {

#ifdef AUTOPRUNE_ONNX

OnnxNetwork read_onnx(const std::filesystem::path& path, const std::string& output,
                      const std::function<nn::Shape3()>& images) {
  const onnx::Model model = onnx::read_model(path);
  onnx::ReadOptions options{.output = output};
  if (onnx::leaves_size_open(model)) options.images = images();
  return {onnx::read_network(model, options), model.metadata()};
}

void write_onnx(const std::filesystem::path& path, const nn::Network& network,
                const io::Metadata& metadata, std::span<const Index> weight_bits) {
  onnx::write_network(path, network, metadata, weight_bits);
}

#else

OnnxNetwork read_onnx(const std::filesystem::path& path, const std::string&,
                      const std::function<nn::Shape3()>&) {
  fail(ErrorId::missing_component, "'", path.string(),
       "': this autoprune was built without ONNX; install it (Debian: apt-get install libonnx-dev "
       "libprotobuf-dev) and build it again");
}

void write_onnx(const std::filesystem::path&, const nn::Network&, const io::Metadata&,
                std::span<const Index>) {}

#endif

}  // namespace autoprune::cli
