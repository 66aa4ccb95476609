// What a network of an ONNX model answers: onnx_logits MODEL IMAGES LOGITS [REWRITTEN]. Images and
// logits are .npy files; REWRITTEN is the network, written again.

#include <autoprune/nn.hpp>
#include <autoprune/onnx.hpp>
#include <iostream>

#include "npy_maps.hpp"

using namespace autoprune;

int main(int argc, char** argv) try {
  if (argc < 4) fail(ErrorId::bad_syntax, "onnx_logits MODEL IMAGES LOGITS [REWRITTEN]");
  nn::Network network = autoprune::onnx::read_network(argv[1]);
  ThreadPool pool;
  nn::Session session(network, pool);
  write_vectors(argv[3], session.logits_of(read_maps(argv[2], network.input_shape())));
  if (argc > 4) autoprune::onnx::write_network(argv[4], network);
  std::cout << network.size() - 1 << " nodes, " << network.matrix_layers().size() << " layers\n";
} catch (const Error& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
