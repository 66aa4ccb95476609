/// @file results.hpp
/// What a command leaves behind.
#pragma once

#include "job.hpp"

namespace autoprune::cli {

/// Writes report.json, report.html and, when it isn't null, mapping.json into --out, the report to
/// --json, and `text` to standard output unless the report goes there.
void write_report(const Job& job, const io::Json& report, const io::Json& mapping,
                  const std::string& text);

/// Writes `document` into --out as `name` and to --json, and `text` to standard output unless the
/// document goes there.
void write_result(const Job& job, const std::string& name, const io::Json& document,
                  const std::string& text);

/// The same, of a document that is in --out already.
void hand_over(const Options& options, const io::Json& document, const std::string& text);

/// Writes policy.json into --out.
void write_policy(const Job& job, const search::Policy& policy);

/// Writes pruned.safetensors into --out: the network with its graph, the policy and the hardware
/// that it was pruned for.
void write_pruned(const Job& job, const nn::Network& network, const search::Policy& policy);

}  // namespace autoprune::cli
