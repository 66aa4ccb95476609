// The list of devices: what each describes, how it is set and checked.

#include "autoprune/hardware/devices.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

using namespace autoprune;

namespace {

/// A device that the library doesn't have: conductances fall to a share.
struct Fade {
  double share = 1.0;
  hardware::Spread spread = hardware::Spread::normal;

  void describe(auto& visit) {
    visit.number("fade", share, {0.0, 1.0, true}, "what is left");
    visit.word("fade_spread", spread, "a word");
  }
  [[nodiscard]] bool ideal() const { return share == 1.0; }
  void operator()(hardware::Cell& cell, Random&) const {
    cell.conductance *= static_cast<float>(share);
  }
  friend bool operator==(const Fade&, const Fade&) = default;
};

struct Keys {
  std::vector<std::string>& all;
  void number(const char* key, double, const hardware::Limits&, const char*) const {
    all.emplace_back(key);
  }
  template <class Word>
  void word(const char* key, Word, const char*) const {
    all.emplace_back(key);
  }
};

template <class Devices>
std::vector<std::string> keys_of(Devices devices) {
  std::vector<std::string> all;
  const Keys keys{all};
  devices.describe(keys);
  return all;
}

}  // namespace

TEST_CASE("devices show their numbers and words in the order in which they act") {
  const std::vector<std::string> known = {"on_off", "stuck_low", "stuck_high", "variation",
                                          "spread"};
  CHECK(keys_of(hardware::CellKinds()) == known);
  CHECK(keys_of(hardware::Devices<Fade, hardware::Variation>()) ==
        std::vector<std::string>{"fade", "fade_spread", "variation", "spread"});
}

TEST_CASE("a device that is added acts behind the others") {
  using Mine = hardware::Devices<hardware::OnOffRatio, hardware::StuckAt, Fade>;
  Random random(1);
  // The highest of four levels on an on/off ratio of 4 conducts 4 levels, half of which fade.
  CHECK(Mine(hardware::OnOffRatio{4.0}, Fade{0.5}).conductance(3, 4, random) == 2.0F);
  // So it does when the cell is stuck there.
  CHECK(Mine(hardware::OnOffRatio{4.0}, hardware::StuckAt{0.0, 1.0}, Fade{0.25})
            .conductance(0, 4, random) == 1.0F);
  CHECK(Mine().ideal());
  CHECK(Mine(Fade{}) == Mine());
  CHECK_FALSE(Mine(Fade{0.5}).ideal());
  // Ideal ones in front of it draw nothing.
  const std::uint64_t before = random.position();
  CHECK(Mine(Fade{0.5}).conductance(3, 4, random) == 1.5F);
  CHECK(random.position() == before);
}

TEST_CASE("devices are set by the key that files and options call a number") {
  hardware::Devices<hardware::Variation, Fade> devices;
  devices.set("fade", 0.5);
  devices.set("fade_spread", hardware::Spread::log_normal);
  CHECK(devices.get<Fade>() == Fade{0.5, hardware::Spread::log_normal});
  CHECK(devices.get<hardware::Variation>() == hardware::Variation{});
  devices.set("variation", 0.25);
  devices.set("spread", hardware::Spread::log_normal);
  CHECK(devices.get<hardware::Variation>() ==
        hardware::Variation{0.25, hardware::Spread::log_normal});
}

TEST_CASE("a device's number has to lie within its limits") {
  using hardware::Devices;
  const auto message = [](const auto& make) -> std::string {
    try {
      make();
    } catch (const Error& error) {
      CHECK(error.id() == ErrorId::out_of_range);
      return error.what();
    }
    return "";
  };
  CHECK(message([] { (void)Devices(Fade{1.0}); }).empty());
  const std::string zero = message([] { (void)Devices(Fade{0.0}); });
  CHECK(zero.find("fade is 0; it must be above 0, up to 1") != std::string::npos);
  const std::string two = message([] { (void)Devices(hardware::Variation{2.5}); });
  CHECK(two.find("variation is 2.5; it must be from 0 to 2") != std::string::npos);
  CHECK_FALSE(message([] { (void)Devices(hardware::Variation{std::nan("")}); }).empty());
  CHECK_FALSE(message([] { (void)Devices(hardware::OnOffRatio{1.0}); }).empty());
  CHECK(message([] { (void)Devices(hardware::OnOffRatio{1.5}); }).empty());
  CHECK_FALSE(message([] { (void)Devices(hardware::StuckAt{-0.1, 0.0}); }).empty());
  CHECK_FALSE(message([] { (void)Devices(hardware::StuckAt{0.6, 0.5}); }).empty());
  hardware::CellDevices cells;
  cells.cells.get<hardware::Variation>().sigma = 3.0;
  CHECK_FALSE(message([&] { cells.validate(); }).empty());
}
