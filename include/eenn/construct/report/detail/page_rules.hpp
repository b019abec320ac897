// SPDX-License-Identifier: MIT
//
// detail/page_rules.hpp - the style sheet of a report: light and dark, wide and narrow, print.
// Floor 8 (construct); host subset. Tested by tests/construct/report/augmentation.cpp.
#ifndef EENN_CONSTRUCT_REPORT_DETAIL_PAGE_RULES_HPP
#define EENN_CONSTRUCT_REPORT_DETAIL_PAGE_RULES_HPP

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>

#include <eenn/charts/svg.hpp>
#include <eenn/core/isa.hpp>

namespace eenn::report {
inline namespace EENN_ISA {

/// @brief Colours of `count` exits along a ramp of three, as rules `.x0`, `.x1`, ... Both hue and lightness change, so
/// that neighbours differ for colour-blind readers and in greyscale print.
[[nodiscard]] inline std::string exit_colours(std::size_t count, const std::array<std::array<double, 3>, 3>& ramp) {
    std::string rules;
    for (std::size_t k = 0; k < count; ++k) {
        const double at = count > 1 ? 2 * static_cast<double>(k) / static_cast<double>(count - 1) : 0;
        const auto low = static_cast<std::size_t>(std::min(at, 1.0));
        const double t = at - static_cast<double>(low);
        std::array<int, 3> rgb{};
        for (std::size_t c = 0; c < 3; ++c)
            rgb[c] = static_cast<int>(
                std::lround(ramp[low][c] + t * (ramp[std::min<std::size_t>(low + 1, 2)][c] - ramp[low][c])));
        char rule[96];
        std::snprintf(rule, sizeof rule, ".x%zu{fill:#%02x%02x%02x;background:#%02x%02x%02x}\n", k, rgb[0], rgb[1],
                      rgb[2], rgb[0], rgb[1], rgb[2]);
        rules += rule;
    }
    return rules;
}

/// @brief All CSS rules of a page with `exits` exits, including those of its charts.
[[nodiscard]] inline std::string page_rules(std::size_t exits) {
    const std::size_t early = exits > 0 ? exits - 1 : 0;
    const std::string light = exit_colours(early, {{{0x14, 0x8a, 0x7a}, {0x1f, 0x74, 0xb4}, {0x3d, 0x3a, 0x8c}}});
    const std::string dark = exit_colours(early, {{{0x6f, 0xe3, 0xd0}, {0x57, 0xa9, 0xe8}, {0x8f, 0x8c, 0xf0}}});
    return chart_rules() + R"(
:root{color-scheme:light dark;--ground:#fff;--ink:#1f2328;--soft:#59636e;--rule:#e1e6ea;--tint:#f5f7f9;--accent:#0b62a4;--flow:#cfdeeb;--saved:#f5f7f9;--last:#a3adb7;--badge:#fff;--badgelast:#1f2328}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:28px 20px 64px;max-width:1080px;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;overflow-wrap:anywhere}
h1{font-size:30px;line-height:1.15;font-weight:650;letter-spacing:-.015em;margin:2px 0 6px}
h2{font-size:19px;line-height:1.3;font-weight:620;letter-spacing:-.005em;margin:0 0 2px}
h3{font-size:15px;font-weight:620;margin:22px 0 2px}
p{margin:4px 0 10px;max-width:72ch}
section{margin-top:36px;padding-top:16px;border-top:1px solid var(--rule)}
.eyebrow{font-size:12.5px;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);margin:0}
.verdict{font-size:19px;line-height:1.4;margin:0 0 8px;max-width:60ch;text-wrap:balance}
.warning{border-left:3px solid var(--accent);padding-left:10px}
.soft,.meta,caption,summary{color:var(--soft)}
.meta{font-size:13.5px}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
a{color:var(--accent)}
nav{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:13.5px;margin:14px 0 0}
nav a{text-decoration:none;padding:3px 0}
nav a:hover{text-decoration:underline}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(178px,1fr));gap:12px;margin:18px 0 0}
.tile{background:var(--tint);border-radius:8px;padding:12px 14px 13px}
.tile dt{font-size:13px;color:var(--soft)}
.tile dd{margin:0}
.tile .big{font-size:27px;line-height:1.25;font-weight:600;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile .small{font-size:13px;line-height:1.4;color:var(--soft)}
.tile .track{margin:5px 0 6px}
.track{display:flex;height:8px;border-radius:4px;background:var(--rule);overflow:hidden;min-width:84px}
.fill{display:block;height:100%;background:var(--accent)}
.stack{gap:1.5px;height:14px;border-radius:3px;background:none;min-width:150px}
.scroll{overflow-x:auto;margin:8px 0 4px}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;overflow-wrap:normal;font-size:13.5px;line-height:1.4;min-width:100%}
caption{caption-side:top;text-align:left;font-size:13px;padding:0 0 4px}
caption span{display:block;position:sticky;left:0;width:max-content;max-width:min(72ch,100vw - 40px)}
th,td{padding:5px 10px;text-align:left;vertical-align:baseline;border-bottom:1px solid var(--rule)}
th:first-child,td:first-child{padding-left:0}
th:last-child,td:last-child{padding-right:2px}
thead th{font-weight:500;color:var(--soft);font-size:12.5px;line-height:1.3;vertical-align:bottom;border-bottom-color:var(--soft)}
tbody th{font-weight:500;min-width:9em}
.long{display:inline-block;min-width:12em;max-width:24em;overflow-wrap:anywhere;vertical-align:top}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
thead .n{white-space:normal}
tbody th.n{min-width:0}
tr.kept>*{background:var(--tint);font-weight:600}
.words{display:block;min-width:11em}
.no,.letter{display:inline-block;min-width:20px;height:20px;padding:0 5px;border-radius:10px;font-size:12px;line-height:20px;font-weight:600;text-align:center;color:var(--badge);margin-right:6px}
.no.xl{color:var(--badgelast)}
.letter{background:#b34a00;color:#fff;border-radius:4px}
.xl{fill:var(--last);background:var(--last)}
figure{margin:10px 0 0}
figcaption{font-size:13px;color:var(--soft);max-width:72ch}
svg{display:block;max-width:100%;height:auto;overflow:visible}
.narrow{display:none}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:8px 24px}
.many{display:grid;grid-template-columns:repeat(auto-fill,minmax(172px,1fr));gap:14px 6px;margin-top:10px}
.many figcaption{color:var(--ink)}
.bars{display:grid;grid-template-columns:minmax(6em,max-content) 1fr max-content;gap:5px 12px;align-items:center;margin:8px 0 0;font-size:13.5px;max-width:760px}
.bars dt,.bars dd{margin:0}
.legend-row{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;margin:8px 0 0;padding:0;font-size:13px}
.swatch{display:inline-block;width:11px;height:11px;border-radius:2px;margin-right:6px}
details{margin:8px 0}
summary{cursor:pointer;font-size:13.5px;padding:3px 0}
dl.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:5px 18px;margin:8px 0 0;font-size:14px}
dl.facts dt{color:var(--soft)}
dl.facts dd{margin:0}
.saved{fill:var(--saved);stroke:var(--rule)}
.flow{fill:var(--flow)}
.flowtext,.savedtext{font-size:12.5px;font-weight:500;paint-order:stroke;stroke-width:3px;stroke-linejoin:round}
.flowtext{stroke:var(--flow)}
.savedtext{stroke:var(--saved);fill:var(--soft)}
.branch{stroke:var(--soft);stroke-width:1.2}
.cut{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:3 3}
.badge{stroke:var(--ground);stroke-width:1.5}
.badgetext{font-size:11.5px;font-weight:600;fill:var(--badge)}
.badge.xl+.badgetext{fill:var(--badgelast)}
.halo{paint-order:stroke;stroke:var(--ground);stroke-width:3.5px;stroke-linejoin:round}
text.sub{font-size:12px}
.z0{fill:#c98a00}.z1{fill:#009e73}.z2{fill:#b5569a}.z3{fill:#6e7781}
.disc{stroke:var(--ground);stroke-width:1}
.before{fill:none;stroke:#8c959f;stroke-width:1.4}
.before.disc{fill:var(--ground);stroke:#8c959f;stroke-width:1.6}
.after{fill:none;stroke:var(--soft);stroke-width:1.2}
)" + light +
           R"(@media (prefers-color-scheme:dark){
:root{--ground:#14181d;--ink:#e6edf3;--soft:#9aa4af;--rule:#2b323a;--tint:#1b2026;--accent:#6cb6ff;--flow:#2c4257;--saved:#1b2026;--last:#6f7a86;--badge:#14181d;--badgelast:#14181d}
.letter{background:#ff8c42;color:#14181d}
.z0{fill:#f2b632}.z1{fill:#3cc79c}.z2{fill:#e08fc4}.z3{fill:#9aa4af}
)" + dark + R"(}
@media (max-width:640px){
body{padding:18px 16px 48px}
h1{font-size:25px}
.verdict{font-size:17px}
.wide{display:none}
.narrow{display:block}
.tiles{grid-template-columns:1fr 1fr;gap:8px}
.tile{padding:10px 11px}
.tile .big{font-size:22px}
.tile:last-child:nth-child(odd){grid-column:1/-1}
th,td{padding:5px 8px}
tbody th{min-width:7em;max-width:42vw}
.scroll table tr>:first-child{position:sticky;left:0;background:var(--ground);padding-right:8px}
dl.facts{grid-template-columns:1fr;gap:0}
dl.facts dd{margin-bottom:8px}
}
@media print{
:root{color-scheme:light;--ground:#fff}
body{max-width:none;padding:0;font-size:11pt}
nav{display:none}
section,figure,tr,.tile{break-inside:avoid}
section{break-inside:auto}
h2,h3,caption{break-after:avoid}
.scroll{overflow:visible}
table{font-size:7.5pt}
th,td{padding:3px 5px}
thead th,caption{font-size:7.5pt}
tbody th{min-width:0}
.track{min-width:48px}
.stack{min-width:100px}
.tile,.track,.fill,.no,.letter,.swatch,tr.kept>*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
}
)";
}

}  // namespace EENN_ISA
}  // namespace eenn::report

#endif
