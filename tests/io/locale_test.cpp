// Whatever locale a program has set, the same bytes are written, and they are read as they were
// meant.
#include <clocale>
#include <locale>

#include "autoprune/cost/ou_presets.hpp"
#include "autoprune/io/cost_json.hpp"
#include "autoprune/io/cost_report.hpp"
#include "autoprune/io/dataset.hpp"
#include "autoprune/io/hardware_json.hpp"
#include "autoprune/io/mapping_json.hpp"
#include "autoprune/io/mnsim_json.hpp"
#include "autoprune/io/network_json.hpp"
#include "autoprune/io/policy_json.hpp"
#include "autoprune/io/report_html.hpp"
#include "autoprune/io/report_json.hpp"
#include "autoprune/io/report_text.hpp"
#include "autoprune/nn/zoo.hpp"
#include "autoprune/prune/column_vector_pruner.hpp"
#include "helpers.hpp"
#include "report_samples.hpp"

using namespace autoprune;

namespace {

/// Numbers as a German writes them, truth values too: 1.234,5 and wahr.
class GermanNumbers : public std::numpunct<char> {
 protected:
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
  std::string do_truename() const override { return "wahr"; }
};

/// While it lives, the global C++ locale has other numbers, and C's where one is installed.
class ForeignLocale {
 public:
  ForeignLocale()
      : before_(std::locale::global(std::locale(std::locale::classic(), new GermanNumbers))),
        c_before_(std::setlocale(LC_ALL, nullptr)) {
    for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "pt_BR.UTF-8"})
      if (std::setlocale(LC_ALL, name) != nullptr) break;
  }
  ~ForeignLocale() {
    std::locale::global(before_);
    std::setlocale(LC_ALL, c_before_.c_str());
  }
  ForeignLocale(const ForeignLocale&) = delete;
  ForeignLocale& operator=(const ForeignLocale&) = delete;

 private:
  std::locale before_;
  std::string c_before_;
};

/// A network of numbers with thousands and fractions.
nn::Network wide_network() {
  nn::Network net({1, 40, 40});
  net.conv("conv", {.out = 3, .kernel = 3});
  net.dropout("drop", 0.125);
  net.linear("last", 1234);
  net.initialise(3);
  return net;
}

std::string message_of_errors() {
  std::string all;
  const auto add = [&](auto&& call) { all += io::test::error_of(call).what() + std::string("\n"); };
  add([] { (void)nn::Network({1, 1, 1}).dropout("d", 1234.5); });
  add([] { (void)Geometry<>::parse("70000x128/32x32/1"); });
  add([] { (void)io::parse_json("[1234,", "x"); });
  add([] { (void)io::read_dataset("mnist:/nowhere"); });
  return all;
}

/// All that the room can write, as one text.
std::string everything() {
  const nn::Network net = wide_network();
  const auto compressor =
      search::Compressor(Geometry<1024, 2048, 32, 32, 1>{}, prune::ColumnVectorPruner<32>{});
  const search::Policy policy = {0.75, 0.0625};
  const std::vector<PruneMask> masks = search::Compressor::masks(compressor.rank(net), policy);
  const mapping::NetworkPlacement mapped = compressor.map(masks);
  const cost::OuModel model(net, cost::ou_preset("paper", compressor.geometry()));
  const cost::OuCost dense = model.price_dense(),
                     pruned = model.price(compressor.map(masks).layers);

  std::string all = compressor.geometry().to_string() + shape_text(shape_of(net.node(3).weight)) +
                    shape_text(net.input_shape());
  io::Json report = io::report_json(
      {.command = "map", .network = "wide"}, compressor, net, masks, mapped,
      {1.5, 2345.5, 12345.75});
  report["accuracy"] = io::accuracy_json(10'000, nn::Accuracy{93.25, 99.5}, {});
  const io::Json mapping = io::mapping_to_json(net, compressor, mapped);
  for (const io::Json& json :
       {io::network_to_json(net), io::policy_to_json(net, policy), report, mapping,
        io::cost_json(pruned), io::hardware_to_json(model.accelerator()),
        io::hardware_to_json(mnsim::hardware_2020()), samples::report(), samples::mapping()})
    all += io::json_text(json, 1) + "\n";
  all += io::report_html(report, mapping) + io::report_html(samples::report(), samples::mapping());
  all += io::report_table(report) + io::report_table(samples::report());
  all += io::cost_layer_table(pruned, "crossbars") + io::cost_component_table(pruned) +
         io::cost_comparison(pruned, dense) + io::energy_picture(pruned) + io::area_picture(dense);
  return all + message_of_errors();
}

}  // namespace

TEST_CASE("what is written doesn't depend on the locale", "[locale]") {
  const std::string expected = everything();
  CHECK(io::test::has(expected, "1024x2048/32x32/1"));
  const ForeignLocale foreign;
  std::ostringstream test;
  test << 1234.5 << std::boolalpha << true;
  REQUIRE(test.str() == "1.234,5wahr");
  CHECK(everything() == expected);
}

TEST_CASE("what was written is read alike in every locale", "[locale]") {
  const nn::Network net = wide_network();
  const io::test::TempDir dir;
  io::save_network(net, dir / "net.safetensors", {{"note", "1.5"}});
  const std::string bytes = io::read_file(dir / "net.safetensors");
  const std::string network = io::json_text(io::network_to_json(net));
  const std::string paper = io::json_text(io::hardware_to_json(cost::ou_preset("paper")));
  const std::string mnsim = io::json_text(io::hardware_to_json(mnsim::hardware_2020()));
  const std::string policy = io::json_text(io::policy_to_json(net, {0.75, 1.0 / 3.0}));

  const ForeignLocale foreign;
  CHECK(io::test::same(io::read_network(dir / "net.safetensors"), net, true));
  io::save_network(net, dir / "again.safetensors", {{"note", "1.5"}});
  CHECK(io::read_file(dir / "again.safetensors") == bytes);
  CHECK(io::test::same(io::network_from_json(io::parse_json(network, "x"), "x"), net, false));
  CHECK(io::accelerator_from_json(io::parse_json(paper, "x"), "x") == cost::ou_preset("paper"));
  CHECK(io::json_text(io::hardware_to_json(
            io::mnsim_hardware_from_json(io::parse_json(mnsim, "x"), "x"))) == mnsim);
  CHECK(io::policy_from_json(io::parse_json(policy, "x"), net, "x") ==
        search::Policy{0.75, 1.0 / 3.0});
  CHECK(io::parse_json("[1.5, 1234.25, 1e-3]", "x") == io::Json{1.5, 1234.25, 1e-3});
  CHECK(Geometry<>::parse("1024x2048/32x32/1").xbar_cols == 2048);
  CHECK(parse_number<double>("1234.5") == 1234.5);
  CHECK(parse_number<Index>("1234") == 1234);
}
