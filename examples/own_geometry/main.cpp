// Hardware of one's own. Run it in the repository's root.
//
//   own_geometry                                    compares three
//   own_geometry ROWSxCOLS/OUROWSxOUCOLS/CELLBITS   takes any that can exist

#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

/// A geometry whose extents are fixed is checked by the compiler: rows and columns of a crossbar,
/// rows and columns of an OU, bits a cell.
using Tall = Geometry<256, 64, 16, 16, 2>;

/// Plain20 under the LAMP policy; a column-vector is as high as an OU.
void compare(const nn::Network& network, const Geometry<>& geometry) {
  const search::Compressor hardware(geometry, prune::ColumnVectorPruner(geometry.ou_rows));
  const std::vector<search::Ranking> layers = hardware.rank(network);
  const auto policy = search::heuristic(search::Origin::lamp, layers, 0.5).policy;
  const mapping::NetworkPlacement mapping = hardware.map(search::Compressor::masks(layers, policy));
  const mapping::CrossbarCount& count = mapping.crossbars;
  std::cout << geometry.to_string() << ": " << count.dense << " crossbars dense, " << count.pooled
            << " pruned; "
            << io::format_number(count.pooled * geometry.xbar_rows * geometry.xbar_cols)
            << " cells, " << io::format_number(count.compression_pooled(), 1)
            << " times fewer; index "
            << io::format_number(mapping.index_sizes[mapping::IndexCode::explicit_index])
            << " bits\n";
}

int main(int argc, char** argv) {
  try {
    nn::Network network = nn::plain20();
    io::load_weights(network, "models/plain20-cifar10.safetensors");
    if (argc > 1)
      compare(network, Geometry<>::parse(argv[1]));
    else
      for (const Geometry<>& geometry :
           {Geometry<>(PaperGeometry{}), Geometry<>(128, 128, 16, 16, 1), Geometry<>(Tall{})})
        compare(network, geometry);
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
