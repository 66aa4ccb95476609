// An accelerator by its name.

#include "autoprune/io/accelerator_file.hpp"

#include <catch2/catch.hpp>

#include "helpers.hpp"

using namespace autoprune;
using namespace autoprune::io::test;

TEST_CASE("an accelerator is a preset or a file, on the crossbars that are asked for") {
  const Geometry<> small(64, 64, 16, 16, 2);
  CHECK(io::read_accelerator("isaac").geometry == cost::ou_preset_geometry("isaac"));
  CHECK(io::read_accelerator("isaac", small).geometry == small);
  CHECK(io::read_accelerator("isaac", {}, small).geometry == small);
  CHECK(io::read_accelerator("isaac", Geometry<>(128, 128, 32, 32, 1), small).geometry ==
        Geometry<>(128, 128, 32, 32, 1));
  CHECK(error_of([] { (void)io::read_accelerator("isac"); }).id() == ErrorId::unknown_name);
  CHECK(error_of([] { (void)io::read_accelerator("./none.json"); }).id() == ErrorId::cannot_open);

  const TempDir directory;
  const std::string file = (directory / "chip.json").string();
  hardware::Accelerator chip = cost::ou_preset("paper", small);
  chip.adcs = 3;
  io::write_json(file, io::hardware_to_json(chip));
  CHECK(io::read_accelerator(file).geometry == small);
  CHECK(io::read_accelerator(file).adcs == 3);
  CHECK(io::read_accelerator(file, {}, small).adcs == 3);
  const Geometry<> large(128, 128, 16, 16, 2);
  CHECK(io::read_accelerator(file, large, small).geometry == large);
  CHECK(error_of([&] { (void)io::read_accelerator(file, {}, large); }).id() ==
        ErrorId::geometry_mismatch);
}
