// Hardware of one's own: geometries are types, so that loops over a crossbar have known bounds.
// Run it in the repository's root.
//
//   own_geometry                       compares all of them
//   own_geometry ROWSxCOLS/OUROWSxOUCOLS/CELLBITS   takes one of the list

#include <autoprune/autoprune.hpp>
#include <iostream>

using namespace autoprune;

/// Crossbar rows, columns, OU rows, columns, bits a cell.
using Tall = Geometry<256, 64, 16, 16, 2>;
using Square = Geometry<128, 128, 16, 16, 1>;

/// What this program can be asked for at run time.
using Geometries = mapping::GeometryList<PaperGeometry, Square, Tall>;

/// Plain20 under the LAMP policy; a column-vector is as high as an OU.
template <GeometryType Geom>
void compare(const nn::Network& network) {
  const auto hardware = search::Compressor::make<Geom, prune::ColumnVectorPruner<Geom::ou_rows>>();
  const std::vector<search::Ranking> layers = hardware.rank(network);
  const auto policy = search::heuristic(search::Origin::lamp, layers, 0.5).policy;
  const mapping::NetworkMapping mapping = hardware.map(search::Compressor::masks(layers, policy));
  const mapping::CrossbarCount& count = mapping.crossbars;
  std::cout << Geom::spec().to_string() << ": " << count.dense << " crossbars dense, "
            << count.pooled << " pruned; "
            << io::format_number(count.pooled * Geom::xbar_rows * Geom::xbar_cols) << " cells, "
            << io::format_number(count.compression_pooled(), 1) << " times fewer; index "
            << io::format_number(mapping.index_sizes.explicit_bits) << " bits\n";
}

template <GeometryType... Geoms>
void compare_all(const nn::Network& network, mapping::GeometryList<Geoms...>) {
  (compare<Geoms>(network), ...);
}

int main(int argc, char** argv) {
  try {
    nn::Network network = nn::plain20();
    io::load_weights(network, "models/plain20-cifar10.safetensors");
    if (argc > 1)
      mapping::with_geometry<Geometries>(GeometrySpec::parse(argv[1]),
                                         [&]<GeometryType G>(G) { compare<G>(network); });
    else
      compare_all(network, Geometries{});
  } catch (const Error& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
