/// @file report_page.hpp
/// The fixed parts of the report page: its style and its glossary.
#pragma once

#include <string_view>

namespace autoprune::io::detail {

inline constexpr std::string_view kPageStyle = R"(
:root { color-scheme: light dark; --page: #f4f5f7; --card: #ffffff; --line: #dfe3e8;
  --ink: #1c2430; --soft: #5b6675; --accent: #2468b4; }
@media (prefers-color-scheme: dark) {
  :root { --page: #101318; --card: #181c22; --line: #2c333d; --ink: #e3e7ee; --soft: #9aa5b4;
    --accent: #6cb0f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; }
main { max-width: 1064px; margin: 0 auto; padding: 40px 20px 64px; }
h1 { font-size: 32px; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 0 0 16px; }
.kicker { margin: 0 0 4px; color: var(--accent); font-weight: 600; }
.headline { font-size: 19px; margin: 12px 0 28px; max-width: 46em; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 22px 24px; margin: 0 0 20px; }
.warning { border-color: #c0392b; border-left-width: 6px; font-weight: 600; }
.cards { background: none; border: 0; padding: 0; display: grid; gap: 12px;
  grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); }
.cards:not(:has(:nth-child(7))) { grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
  padding: 14px 18px; display: flex; flex-direction: column; }
.card b { font-size: 27px; line-height: 1.25; font-weight: 650; }
.card span { font-size: 13px; color: var(--soft); }
figure { margin: 0; }
figcaption, .note { color: var(--soft); font-size: 14.5px; max-width: 62em; margin: 14px 0 0; }
.wide { overflow-x: auto; }
.wide svg { display: block; width: 100%; min-width: 640px; height: auto; }
.wide + .wide { margin-top: 18px; }
.pair { display: grid; gap: 20px 32px;
  grid-template-columns: repeat(auto-fit, minmax(320px, 1fr)); }
.pair svg { display: block; width: 100%; height: auto; }
.strips { display: flex; flex-wrap: wrap; gap: 18px 24px; }
.strip { min-width: 172px; }
.strip p { margin: 0 0 6px; font-size: 13px; color: var(--soft); }
.strip b { display: block; color: var(--ink); overflow-wrap: anywhere; }
.strip svg { display: block; max-width: 100%; height: auto; }
svg .hover:hover { fill: currentColor; fill-opacity: 0.06; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 7px; text-align: right; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; vertical-align: bottom; line-height: 1.25; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
.layers { width: 100%; }
.layers td { white-space: nowrap; }
tbody tr:last-child td { border-bottom-color: var(--soft); }
tfoot td { font-weight: 600; border-bottom: 0; }
.run td { text-align: left; padding-right: 28px; overflow-wrap: anywhere; }
.run td:first-child { color: var(--soft); white-space: nowrap; }
.run tr:last-child td { border-bottom: 0; }
dl { display: grid; gap: 14px 36px; margin: 0;
  grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); }
dt { font-weight: 600; }
dd { margin: 2px 0 0; font-size: 14.5px; color: var(--soft); }
@media print { section { break-inside: avoid; } }
)";

inline constexpr std::string_view kGlossary = R"(<section>
<h2>Glossary</h2>
<dl>
<div><dt>crossbar</dt><dd>A grid of ReRAM cells between wordlines (inputs) and bitlines (outputs).
It multiplies a vector of inputs by the weights that its cells store.</dd></div>
<div><dt>bit planes</dt><dd>A cell stores few bits, so a weight's bits are spread over several
crossbars of the same layout, and its sign over a pair of them.</dd></div>
<div><dt>operation unit (OU)</dt><dd>The part of a crossbar that is active at once; noise and the
converters at the bitlines keep it small.</dd></div>
<div><dt>weight matrix</dt><dd>A layer's weights with a row per input value of a filter
(input channels × kernel height × kernel width) and a column per filter.</dd></div>
<div><dt>row group, G</dt><dd>G rows of the weight matrix that follow one another; an OU never mixes
row groups.</dd></div>
<div><dt>column-vector</dt><dd>The weights of one filter in one row group: what is kept or pruned as
a whole.</dd></div>
<div><dt>keep ratio, prune ratio</dt>
<dd>The share of column-vectors that is kept, and the share that
is removed.</dd></div>
<div><dt>crossbar compression (CR)</dt><dd>Crossbars of the dense network divided by crossbars after
pruning. Per layer: a crossbar belongs to one layer. Pooled: the OUs of all layers are packed
together.</dd></div>
<div><dt>dislocation, index buffer</dt><dd>After pruning, a column's place in a crossbar no longer
tells its filter. The index buffer stores each OU's row group and each vector's filter.</dd></div>
<div><dt>dead filter</dt>
<dd>A filter that lost all of its vectors; its output is a constant.</dd></div>
<div><dt>top-1, top-5</dt><dd>The share of images whose label is the first guess of the network, or
among its first five.</dd></div>
<div><dt>float, quantised, on-crossbar</dt><dd>How an accuracy was computed: with floating-point
weights, with weights rounded to 8 bits, or through the simulated crossbars.</dd></div>
</dl>
</section>
)";

}  // namespace autoprune::io::detail
