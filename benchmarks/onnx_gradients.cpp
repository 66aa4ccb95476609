// Gradients of the parameters of an ONNX model's network, in a training pass without dropout:
// onnx_gradients MODEL IMAGES DLOGITS GRADIENTS. Images and the gradients of their logits are .npy
// files; GRADIENTS is a safetensors file.

#include <autoprune/io/safetensors.hpp>
#include <autoprune/nn.hpp>
#include <autoprune/onnx.hpp>
#include <iostream>

#include "npy_maps.hpp"

using namespace autoprune;

int main(int argc, char** argv) try {
  if (argc < 5) fail(ErrorId::bad_syntax, "onnx_gradients MODEL IMAGES DLOGITS GRADIENTS");
  nn::Network network = autoprune::onnx::read_network(argv[1]);
  ThreadPool pool;
  nn::Session session(network, pool);
  const nn::Activation images = read_maps(argv[2], network.input_shape());
  const nn::Activation& logits = session.forward(images, nn::Mode::training);
  session.backward(read_maps(argv[3], logits.shape()));
  std::vector<nn::ConstNamedTensor> gradients;
  for (Index i = 0; i < network.size(); ++i) {
    const nn::Node& node = network.node(i);
    const nn::Gradient& gradient = session.gradient(i);
    if (node.has(&nn::Node::weight)) gradients.push_back({node.name + ".weight", &gradient.weight});
    if (node.has_bias()) gradients.push_back({node.name + ".bias", &gradient.bias});
  }
  io::write_safetensors(argv[4], gradients);
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
