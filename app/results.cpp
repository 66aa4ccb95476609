#include "results.hpp"

#include <autoprune/io/json_file.hpp>
#include <autoprune/io/report_html.hpp>
#include <iostream>

#include "job.hpp"

namespace autoprune::cli {

namespace fs = std::filesystem;

fs::path OutputDirectory::file(const std::string& name) const {
  const fs::path file = path_ / name;
  if (file.parent_path() != path_) io::make_directory(file.parent_path());
  io::remove_leftovers(file);
  return file;
}

void prove_json_writable(const Options& options) {
  if (options.json.empty() || options.json == "-") return;
  prove_writable(options.json);
}

void prove_writable(const fs::path& file) {
  const fs::path parent = file.parent_path();
  const fs::path directory = parent.empty() ? fs::path(".") : parent;
  io::make_directory(directory);
  io::require_writable(directory);
}

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
  if (!job.options.out.empty()) io::write_json(job.file(name), document);
  hand_over(job.options, document, text);
}

void hand_over(const Options& options, const io::Json& document, const std::string& text) {
  const std::string& json = options.json;
  if (!json.empty() && json != "-") io::write_json(json, document);
  std::cout << (json == "-" ? io::json_text(document, 1) + "\n" : text) << std::flush;
  if (!std::cout) fail(ErrorId::cannot_write, "can't write to standard output");
}

}  // namespace autoprune::cli
