// Hardware of both cost models: written and read again it is the same, and it can price a network.
#include "autoprune/io/hardware_json.hpp"

#include "autoprune/cost/ou_model.hpp"
#include "autoprune/io/mnsim_json.hpp"
#include "autoprune/mnsim/model.hpp"
#include "harness.hpp"
#include "small_network.hpp"

namespace autoprune::fuzz {

namespace {

template <class Hardware, class Read>
void check_written(const Hardware& hardware, const Read& read) {
  const io::Json written = io::hardware_to_json(hardware);
  require(io::hardware_to_json(read(written, "again")) == written,
          "hardware isn't the one that was written");
}

const Harness kHardwareJson("hardware_json", [](std::string_view bytes) {
  static const nn::Network network = small_network();
  const io::Json document = io::parse_json(bytes, "any");
  const std::string schema = io::JsonField(document, "any")["schema"].text();
  if (schema == io::kMnsimHardwareSchema) {
    const mnsim::Hardware hardware = io::mnsim_hardware_from_json(document, "any");
    check_written(hardware, io::mnsim_hardware_from_json);
    (void)mnsim::price(network, hardware);
  } else {
    const hardware::Accelerator hardware = io::accelerator_from_json(document, "any");
    check_written(hardware, [](const io::Json& json, const char* origin) {
      return io::accelerator_from_json(json, origin);
    });
    (void)cost::OuModel(network, hardware).price_dense();
  }
});

}  // namespace

}  // namespace autoprune::fuzz
