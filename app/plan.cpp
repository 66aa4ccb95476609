#include "plan.hpp"

#include <algorithm>
#include <autoprune/io/json_file.hpp>
#include <autoprune/io/policy_json.hpp>
#include <autoprune/study/measure.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <utility>

#include "results.hpp"

namespace autoprune::cli {

namespace {

/// Column-vectors that are kept, and that keep ratios ask for.
struct Kept {
  double found = 0.0, asked = 0.0, all = 0.0;

  /// Keep ratios become whole column-vectors, and whole OUs.
  [[nodiscard]] bool too_many() const { return asked < all && found > 1.1 * asked; }
};

Kept kept_by(std::span<const PruneMask> masks, const methods::Policy& plan) {
  Kept kept;
  for (std::size_t k = 0; k < plan.size(); ++k) {
    const auto vectors = static_cast<double>(masks[k].vectors());
    kept.found += static_cast<double>(masks[k].kept_count());
    kept.asked += plan[k].keep * vectors;
    kept.all += vectors;
  }
  return kept;
}

}  // namespace

methods::Policy read_plan(const Options& o, const nn::Network& network,
                          const hardware::Accelerator& accelerator, const study::PrunedAs& file) {
  if (!o.plan_file.empty() && !o.policy.empty())
    fail(ErrorId::bad_syntax,
         "--plan and --policy exclude each other; the policy's file may hold the plan");
  methods::Policy remembered = study::plan_of_file(network, file);
  for (methods::LayerPlan& plan : remembered) {
    if (o.gives("weight-bits")) plan.hardware.weight_bits.reset();
    if (o.gives("input-bits")) plan.hardware.input_bits.reset();
    if (o.gives("adc-bits")) plan.hardware.adc_bits.reset();
  }
  const std::string& path = o.plan_file.empty() ? o.policy : o.plan_file;
  if (path.empty()) return remembered;
  const bool words = !std::filesystem::exists(path) && path.find('=') != std::string::npos;
  methods::Policy plan =
      words ? io::plan_from_words(path, network, "--plan")
            : io::plan_from_json(io::read_json(path), network, io::file_origin(path));
  const bool simulates = o.command == "simulate" || o.command == "run";  // others price them
  if (simulates && accelerator.adc.kind == hardware::Ideal::kName &&
      std::ranges::any_of(plan,
                          [](const auto& layer) { return layer.hardware.adc_bits.has_value(); }))
    fail(ErrorId::bad_syntax, "bits of ADCs in '", path, "' would change nothing: the ADCs are ",
         "ideal, which have none; take others, e.g. --adc saturating");
  return methods::decided(std::move(plan), remembered);
}

void refuse_pruning(const Options& o, std::span<const PruneMask> masks,
                    const methods::Policy& plan) {
  const bool searches = o.command == "search" || o.command == "prune";
  if (o.plan_file.empty() || (searches && study::all_kept(masks))) return;
  const Kept kept = kept_by(masks, plan);
  if (kept.too_many())
    fail(ErrorId::bad_syntax, "--plan asks for ", std::llround(kept.asked), " column-vectors, and ",
         kept.found, " of '", o.network, "' are kept: a plan doesn't ",
         "prune. Give the file to `map`, `cost` or `fine-tune` as --policy, or leave its keep ",
         "ratios out");
}

void warn_of_zeros(const Options& o, std::span<const PruneMask> masks,
                   const methods::Policy& file) {
  const Kept kept = kept_by(masks, file);
  if (kept.too_many())
    warn(concat("the zeros of '", o.network, "' spell out masks of ", kept.found,
                " column-vectors, and it was pruned to ", std::llround(kept.asked),
                ": few bits make more zeros. Give --masks, the masks.safetensors beside it"));
}

}  // namespace autoprune::cli
