#include "results.hpp"

#include <autoprune/io/mapping_json.hpp>
#include <autoprune/io/network_json.hpp>
#include <autoprune/io/policy_json.hpp>
#include <autoprune/io/report_html.hpp>
#include <autoprune/study/pruned_file.hpp>
#include <iostream>

namespace autoprune::cli {

namespace {

std::string text_of(const io::Json& document) { return io::json_text(document, 1) + "\n"; }

}  // namespace

void write_report(const Job& job, const io::Json& report, const io::Json& mapping,
                  const std::string& text) {
  if (!job.options.out.empty()) {
    if (!mapping.is_null()) io::write_file(job.file("mapping.json"), io::json_text(mapping) + "\n");
    io::write_file(job.file("report.html"), io::report_html(report, mapping));
  }
  write_result(job, "report.json", report, text);
}

void write_result(const Job& job, const std::string& name, const io::Json& document,
                  const std::string& text) {
  if (!job.options.out.empty()) io::write_file(job.file(name), text_of(document));
  hand_over(job.options, document, text);
}

void hand_over(const Options& options, const io::Json& document, const std::string& text) {
  const std::string& json = options.json;
  if (!json.empty() && json != "-") io::write_file(json, text_of(document));
  std::cout << (json == "-" ? text_of(document) : text) << std::flush;
  if (!std::cout) fail(ErrorId::cannot_write, "can't write to standard output");
}

void write_policy(const Job& job, const search::Policy& policy) {
  io::write_file(job.file("policy.json"), text_of(io::policy_to_json(job.network, policy)));
}

void write_pruned(const Job& job, const nn::Network& network, const search::Policy& policy) {
  study::save_pruned(network, job.file(kPrunedFile), policy, job.compressor);
}

}  // namespace autoprune::cli
