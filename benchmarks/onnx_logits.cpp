// What a network of an ONNX model answers: onnx_logits MODEL IMAGES LOGITS [REWRITTEN]. Images and
// logits are files of float32 numbers in PyTorch's order; REWRITTEN is the network, written again.

#include <autoprune/nn.hpp>
#include <autoprune/onnx.hpp>
#include <cstring>
#include <iostream>

using namespace autoprune;

namespace {

nn::Activation read_images(const std::string& path, const nn::Shape3& shape) {
  const std::string bytes = io::read_file(path);
  const auto size = static_cast<std::size_t>(shape.size()) * sizeof(float);
  if (bytes.empty() || bytes.size() % size != 0)
    fail(ErrorId::shape_mismatch, path, " doesn't hold images of ", nn::shape_text(shape));
  nn::Activation images(shape, static_cast<Index>(bytes.size() / size));
  images.fill(0.0F);
  const char* at = bytes.data();
  for (Index i = 0; i < images.images(); ++i)
    for (Index c = 0; c < shape.channels; ++c)
      for (Index h = 0; h < shape.height; ++h)
        for (Index w = 0; w < shape.width; ++w, at += sizeof(float))
          std::memcpy(&images.at(i, c, h, w), at, sizeof(float));
  return images;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4) fail(ErrorId::bad_syntax, "onnx_logits MODEL IMAGES LOGITS [REWRITTEN]");
  nn::Network network = autoprune::onnx::read_network(argv[1]);
  ThreadPool pool;
  nn::Session session(network, pool);
  const nn::Activation images = read_images(argv[2], network.input_shape());
  const nn::Activation& logits = session.forward(images, nn::Mode::inference);
  std::string bytes;
  for (Index i = 0; i < logits.images(); ++i)
    for (Index c = 0; c < logits.shape().channels; ++c) {
      const float value = logits.at(i, c, 0, 0);
      bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
  io::write_file(argv[3], bytes);
  if (std::getenv("LIST") != nullptr)
    for (const nn::Node& node : network.nodes())
      std::cout << node.op.name() << ' ' << node.name << ' ' << nn::shape_text(node.shape) << '\n';
  if (argc > 4) autoprune::onnx::write_network(argv[4], network);
  std::cout << network.size() - 1 << " nodes, " << network.matrix_layers().size() << " layers\n";
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
