// SPDX-License-Identifier: MIT
//
// style.hpp - the style sheet of a construction's report: quiet, light and dark, phones and desks.
// Floor 7 (report); host subset.
#ifndef EENN_REPORT_PAGE_STYLE_HPP
#define EENN_REPORT_PAGE_STYLE_HPP

#include <string>

#include <eenn/report/svg.hpp>

namespace eenn::report::page {

/// @brief A chart's document without its style sheet, which the page has once.
[[nodiscard]] inline std::string without_style(std::string svg) {
    const std::size_t begin = svg.find("<style>");
    const std::size_t end = svg.find("</style>\n");
    if (begin != std::string::npos && end != std::string::npos) svg.erase(begin, end + 9 - begin);
    return svg;
}

/// @brief Rules of the page. One accent colour for the network with exits, grey for the base network; blue and orange
/// in charts differ for colour-blind readers too.
[[nodiscard]] inline std::string style_sheet() {
    // The charts' own rules, from a chart of one point.
    chart any;
    any.series.push_back({.name = {}, .points = {{0, 0, {}}}});
    const std::string svg = to_svg(any);
    const std::size_t begin = svg.find("<style>");
    const std::size_t end = svg.find("</style>");
    const std::string charts =
        begin == std::string::npos || end == std::string::npos ? "" : svg.substr(begin + 7, end - begin - 7);
    return charts + R"css(
:root{color-scheme:light dark;--ink:#1f2328;--soft:#59636e;--faint:#e4e8ec;--back:#fff;--wash:#f5f7f9;--accent:#0072b2;--warm:#b84f00;--grey:#aab4be}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa4af;--faint:#262c33;--back:#14181d;--wash:#1b2026;--accent:#4fa8e0;--warm:#ff8c42;--grey:#59636e}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}
main{max-width:880px;margin:0 auto;padding:40px 24px 64px}
h1{font-size:clamp(1.35rem,1rem + 1.9vw,2rem);line-height:1.22;font-weight:650;letter-spacing:-.012em;margin:6px 0 10px;text-wrap:balance;overflow-wrap:anywhere}
h2{font-size:1.15rem;font-weight:650;margin:56px 0 4px;padding-top:16px;border-top:1px solid var(--faint)}
h3{font-size:1rem;font-weight:600;margin:24px 0 4px}
p{margin:4px 0 12px;max-width:68ch;overflow-wrap:anywhere}
.soft,.eyebrow,figcaption{color:var(--soft);font-size:.875rem}
.eyebrow{margin:0;overflow-wrap:anywhere}
code{font:.86em/1.4 ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}
.figures{display:grid;grid-template-columns:repeat(4,1fr);gap:16px 28px;margin:28px 0 8px}
.figures div{border-top:2px solid var(--accent);padding-top:8px}
.figures .base{border-color:var(--grey)}
.figures b{display:block;font-size:2.05rem;line-height:1.15;font-weight:600;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.figures span{display:block;font-size:.875rem;color:var(--soft)}
.figures span.what{color:var(--ink);font-weight:550}
figure{margin:16px 0 8px}
figure svg{display:block;max-width:100%;height:auto}
.narrow{display:none}
.list{list-style:none;margin:12px 0;padding:0}
.list li{padding:10px 0;border-bottom:1px solid var(--faint)}
.list li:last-child{border-bottom:0}
.list .head{display:flex;justify-content:space-between;gap:12px;align-items:baseline}
.list .head>span{overflow-wrap:anywhere;min-width:0}
.list .head b{font-variant-numeric:tabular-nums;white-space:nowrap;font-size:1.1rem;font-weight:600}
.list .soft{display:flex;flex-wrap:wrap;gap:0 18px;font-variant-numeric:tabular-nums}
.list li.soft{display:block}
.no{display:inline-block;min-width:1.55em;height:1.55em;line-height:1.55em;border-radius:1em;background:var(--accent);color:var(--back);text-align:center;font-size:.8em;font-weight:600;margin-right:.5em}
.no.last{background:var(--grey);color:var(--ink)}
.track{display:block;height:10px;background:var(--faint);border-radius:2px;overflow:hidden;margin:5px 0 6px}
.track.stack{display:flex;min-width:150px;margin:4px 0}
.fill{display:block;height:100%;background:var(--accent)}
.fill+.fill{border-left:1px solid var(--back)}
.fill.last{background:var(--grey)}
.scroll{overflow-x:auto;margin:12px 0;-webkit-overflow-scrolling:touch}
.scroll:focus-visible{outline:2px solid var(--accent)}
table{border-collapse:collapse;font-size:.875rem;min-width:100%}
caption{display:none}
.caption{color:var(--soft);font-size:.875rem;margin:16px 0 -4px}
td code,th code{white-space:nowrap}
td:not(.n),th[scope=row]:not(.n){min-width:8.5em}
td:empty{min-width:0}
th,td{padding:6px 18px 6px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--faint);font-weight:400}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);vertical-align:bottom;white-space:nowrap}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.mark th,tr.mark td{background:var(--wash)}
tr.mark th{font-weight:600}
tr.mark th:first-child{box-shadow:inset 3px 0 var(--accent);padding-left:10px}
td small,th small{color:var(--soft);font-size:.8rem;font-weight:400}
.less{color:var(--warm)}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:20px}
.tiles figure{margin:8px 0}
details{margin:12px 0}
summary{cursor:pointer;color:var(--accent);font-size:.9375rem;padding:4px 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:6px 24px;margin:12px 0;font-size:.9375rem}
dt{color:var(--soft)}
dd{margin:0;min-width:0;overflow-wrap:anywhere}
.key{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:.875rem;color:var(--soft);margin:6px 0}
.key i{display:inline-block;width:11px;height:11px;margin-right:6px;border-radius:2px;background:var(--accent);vertical-align:-1px}
.key i.last,.key i.none{background:var(--grey)}
.fl-base{fill:var(--faint)}
.fl-body{fill:var(--accent);opacity:.88}
.fl-out{fill:var(--accent);opacity:.42}
.fl-last{fill:var(--grey)}
.fl-site{stroke:var(--soft);stroke-width:1}
.fl-cut{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:4 3}
.fl-zone{fill:none;stroke:var(--soft);stroke-width:1}
.fl-soft{fill:var(--soft);font-size:12px}
.fl-name{font-weight:600}
.fl-lead{stroke:var(--grey);stroke-width:1}
.rl-diagonal{stroke:var(--grey);stroke-width:1;stroke-dasharray:3 3}
.rl-before{fill:none;stroke:var(--warm);stroke-width:1.5}
.rl-after{fill:var(--accent);stroke:var(--back);stroke-width:1}
.rl-frame{fill:none;stroke:var(--grey);stroke-width:1}
.key i.ring{background:none;border:2px solid var(--warm);border-radius:50%}
.key i.dot{border-radius:50%}
@media (max-width:640px){
main{padding:24px 16px 48px}
.figures{grid-template-columns:1fr 1fr;gap:18px 20px}
.figures b{font-size:1.7rem}
.wide{display:none}.narrow{display:block}
h2{margin-top:40px}
.tiles{grid-template-columns:1fr 1fr;gap:12px}
dl{grid-template-columns:1fr;gap:0}
dd{margin-bottom:10px}
}
@media print{main{max-width:none;padding:0}details{display:block}h2{break-after:avoid}figure,tr,li{break-inside:avoid}}
)css";
}

}  // namespace eenn::report::page

#endif
