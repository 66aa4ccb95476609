#include "results.hpp"

#include <autoprune/io/json_file.hpp>
#include <autoprune/study/result_files.hpp>
#include <iostream>

#include "job.hpp"

namespace autoprune::cli {

void prove_writable(const std::filesystem::path& file) {
  const std::filesystem::path parent = file.parent_path();
  const std::filesystem::path directory = parent.empty() ? "." : parent;
  io::make_directory(directory);
  io::require_writable(directory);
}

void prove_json_writable(const Options& options) {
  if (!options.json.empty() && options.json != "-") prove_writable(options.json);
}

void write_report(const Job& job, const io::Json& report, const io::Json& mapping,
                  const std::string& text) {
  if (!job.options.out.empty()) study::write_report(job.options.out, report, mapping);
  hand_over(job.options, report, text);
}

void write_result(const Job& job, const std::string& name, const io::Json& document,
                  const std::string& text) {
  if (!job.options.out.empty()) io::write_json(job.file(name), document);
  hand_over(job.options, document, text);
}

void hand_over(const Options& options, const io::Json& document, const std::string& text) {
  const std::string& json = options.json;
  if (!json.empty() && json != "-") io::write_json(json, document);
  std::cout << (json == "-" ? io::json_text(document, 1) + "\n" : text) << std::flush;
  if (!std::cout) fail(ErrorId::cannot_write, "can't write to standard output");
}

study::ProgressStream shown(bool quiet) { return {std::cerr, STDERR_FILENO, quiet}; }

void warn(const std::string& text) { std::cerr << "autoprune: warning: " << text << '\n'; }

}  // namespace autoprune::cli
