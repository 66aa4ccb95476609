// policy.json, which written and read again is the same.
#include "autoprune/io/policy_json.hpp"

#include "harness.hpp"
#include "small_network.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kPolicyJson("policy_json", [](std::string_view bytes) {
  static const nn::Network network = small_network();
  const io::Json document = io::parse_json(bytes, "any");
  const methods::Policy policy = io::policy_from_json(document, network, "any");
  const io::Json written = io::policy_to_json(network, policy);
  require(io::policy_from_json(written, network, "again") == policy,
          "a policy isn't the one that was written");
});

}  // namespace

}  // namespace autoprune::fuzz
