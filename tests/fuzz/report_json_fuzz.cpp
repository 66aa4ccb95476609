// report.json, and the page and table that are made of it. An array holds a report and a mapping.
#include "autoprune/io/json.hpp"
#include "autoprune/io/report_html.hpp"
#include "autoprune/io/report_text.hpp"
#include "harness.hpp"

namespace autoprune::fuzz {

namespace {

const Harness kReportJson("report_json", [](std::string_view bytes) {
  const io::Json document = io::parse_json(bytes, "any");
  const bool both = document.is_array() && document.size() == 2;
  const io::Json& report = both ? document[0] : document;
  (void)io::report_table(report);
  (void)io::report_html(report, both ? document[1] : io::Json());
});

}  // namespace

}  // namespace autoprune::fuzz
