/** The report's one style sheet. Colours are variables, so that dark, light and print differ in one place. */
const COLOURS_LIGHT = `
  --page: #f6f7f9; --card: #ffffff; --ink: #16202c; --soft: #5a6775; --line: #d9dfe6; --faint: #eef1f5;
  --good: #0b7a4b; --good-soft: #e3f5ec; --bad: #c4222f; --bad-soft: #fdeaec; --warn: #8a5a00; --warn-soft: #fdf3dc;
  --request: #1f5fd0; --reply: #7b3fc4; --on-strong: #ffffff; --shadow: 0 1px 2px #10203014, 0 6px 24px #1020300d;`;

const COLOURS_DARK = `
  --page: #0f141a; --card: #171e27; --ink: #e7edf4; --soft: #9fb0c0; --line: #2d3845; --faint: #1e2732;
  --good: #4cd294; --good-soft: #12301f; --bad: #ff7b83; --bad-soft: #3a171b; --warn: #f2c05c; --warn-soft: #35290f;
  --request: #78a9ff; --reply: #c79bff; --on-strong: #10151b; --shadow: none;`;

const PAGE = `
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header > div, footer { max-width: 1240px; margin: 0 auto; padding: 0 24px; }
header { background: var(--card); border-bottom: 1px solid var(--line); border-top: 5px solid var(--tone); }
header > div { padding-top: 26px; padding-bottom: 26px; }
.eyebrow { margin: 0 0 14px; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
.eyebrow b { color: var(--ink); letter-spacing: .02em; }
h1 { margin: 0; font-size: clamp(20px, 3.2vw, 29px); line-height: 1.28; letter-spacing: -.012em; font-weight: 680; overflow-wrap: anywhere; text-wrap: balance; }
h1 .status { color: var(--tone); }
.lead { margin: 12px 0 0; font-size: 17px; overflow-wrap: anywhere; max-width: 84ch; }
h2 { margin: 0; font-size: 18px; overflow-wrap: anywhere; }
h3 { margin: 0 0 8px; font-size: 12px; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); font-weight: 650; }
.good { --tone: var(--good); --tone-soft: var(--good-soft); } .bad { --tone: var(--bad); --tone-soft: var(--bad-soft); }
.warn { --tone: var(--warn); --tone-soft: var(--warn-soft); } .quiet { --tone: var(--soft); --tone-soft: var(--faint); }
.badge-status { display: inline-block; padding: 2px 11px; border-radius: 99px; background: var(--tone-soft); color: var(--tone); font-weight: 680; font-size: 12.5px; letter-spacing: .05em; text-transform: uppercase; white-space: nowrap; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; margin: 22px 0; padding: 22px 24px; box-shadow: var(--shadow); }
.notice { border-left: 5px solid var(--tone); }
.flow-head { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: center; margin-bottom: 6px; }
.traffic { color: var(--soft); font-size: 14px; }
.sentence { margin: 6px 0 0; font-weight: 600; overflow-wrap: anywhere; }
.cause { margin: 14px 0 0; padding: 13px 16px; border-radius: 10px; background: var(--tone-soft); border-left: 4px solid var(--tone); overflow-wrap: anywhere; }
.cause b { color: var(--tone); } .cause code { font-size: 12.5px; color: var(--soft); }
.meta { margin: 8px 0 0; color: var(--soft); font-size: 14px; }
.scroll { overflow-x: auto; margin: 18px -24px 4px; padding: 0 24px; }
.scroll table { min-width: 860px; } .keep { display: inline-block; max-width: 100%; text-decoration: inherit; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 340px), 1fr)); gap: 24px 32px; margin-top: 22px; }
.columns ul { margin: 0; padding-left: 18px; } .columns li { margin: 4px 0; overflow-wrap: anywhere; }
.evidence li, code, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 13px; }
.block { margin-top: 24px; }
.printed { margin: 6px 0 18px; padding: 10px 12px; max-height: 420px; overflow: auto; background: var(--faint); border-radius: 8px; font: 12.5px/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td ul { margin: 4px 0 0; padding-left: 18px; } td li { margin: 2px 0; overflow-wrap: anywhere; }
th, td { text-align: left; padding: 8px 12px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; font-size: 13px; }
tbody tr:last-child td { border-bottom: 0; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; padding-right: 22px; white-space: nowrap; }
td { overflow-wrap: anywhere; } td a { color: var(--ink); text-decoration-color: var(--soft); text-underline-offset: 3px; }
tr.cut td { background: var(--bad-soft); color: var(--bad); font-weight: 650; padding-left: 10px; border-bottom: 0; }
td.zero { color: var(--soft); }
details { margin-top: 20px; } summary { cursor: pointer; color: var(--soft); font-size: 14px; font-weight: 600; }
summary:focus-visible, a:focus-visible { outline: 2px solid var(--request); outline-offset: 3px; border-radius: 4px; }
details[open] summary { margin-bottom: 8px; }
footer { padding-top: 8px; color: var(--soft); font-size: 13px; padding-bottom: 40px; overflow-wrap: anywhere; }
@media (max-width: 640px) { main, header > div, footer { padding-left: 14px; padding-right: 14px; } section { padding: 18px 16px; } .scroll { margin-left: -16px; margin-right: -16px; padding: 0 16px; } }
`;

const PICTURES = `
svg { display: block; font-family: system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
svg.path { max-width: 100%; min-width: 820px; height: auto; margin: 0 auto; } svg.short.short { min-width: 0; }
svg.ladder { max-width: 100%; min-width: 860px; height: auto; margin: 0 auto; }
.box { fill: var(--faint); stroke: var(--line); } .node { fill: var(--ink); font-weight: 650; font-size: 15px; }
.pill { fill: var(--card); stroke: var(--good); stroke-width: 1.6; } .unseen .pill { stroke: var(--soft); stroke-dasharray: 4 4; stroke-width: 1.2; }
.role, .interface, .count, .drops, .break-text, .doubt-text, .rail-name, .rail-node { text-anchor: middle; }
.role { fill: var(--soft); font-size: 12px; } .interface { fill: var(--ink); font-size: 11.5px; font-weight: 600; font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.unseen .interface { fill: var(--soft); } .drops { fill: var(--warn); font-size: 11.5px; font-weight: 600; }
.lane { fill: var(--soft); font-size: 13px; font-weight: 600; }
.badge { fill: var(--good); } .badge.none { fill: var(--card); stroke: var(--soft); stroke-dasharray: 3 3; }
.count { fill: var(--on-strong); font-size: 14px; font-weight: 700; } .count.none { fill: var(--soft); font-weight: 500; }
.flows { stroke: var(--good); stroke-width: 2.6; } .flows-head { fill: var(--good); }
.silent { stroke: var(--soft); stroke-width: 1.4; stroke-dasharray: 2 6; opacity: .75; } .dying { stroke: var(--bad); stroke-width: 2.6; }
.break-line { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 6 4; } .break-flag, .break-disc { fill: var(--bad); } .break-text { fill: var(--on-strong); font-size: 13px; font-weight: 700; } .break-arm { stroke: var(--on-strong); stroke-width: 2.4; stroke-linecap: round; }
.doubt-line { stroke: var(--warn); stroke-width: 2; stroke-dasharray: 6 4; } .doubt-flag, .doubt-disc { fill: var(--warn); } .doubt-text { fill: var(--on-strong); font-size: 13px; font-weight: 700; } .doubt-arm { stroke: var(--on-strong); stroke-width: 2.4; stroke-linecap: round; }
.rail { stroke: var(--line); stroke-width: 1.5; } .rail-name { fill: var(--ink); font-size: 12px; font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; } .rail-node { fill: var(--soft); font-size: 12.5px; font-weight: 650; }
.packet { stroke-width: 2; } .packet.request { stroke: var(--request); } .packet.reply { stroke: var(--reply); } .packet.lost { stroke: var(--bad); } .packet.doubt { stroke: var(--warn); } .packet.skipped { stroke-dasharray: 5 4; }
.dot.request { fill: var(--request); } .dot.reply { fill: var(--reply); }
.time { fill: var(--soft); font-size: 12px; text-anchor: end; font-variant-numeric: tabular-nums; } .packet-name { fill: var(--ink); font-size: 12.5px; } .packet-span { fill: var(--soft); font-size: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; color: var(--soft); font-size: 13px; margin: 0; } .legend b { font-weight: 650; } .legend .request { color: var(--request); } .legend .reply { color: var(--reply); } .legend .lost { color: var(--bad); }
`;

const DETAILS = `
.facts, .command { margin: 12px 0 0; color: var(--soft); font-size: 13px; overflow-wrap: anywhere; } .command { margin-top: 4px; } .command code { color: var(--ink); }
.said { list-style: none; margin: 0; padding: 0; } .said li { padding: 3px 0 3px 12px; border-left: 3px solid var(--tone); margin: 4px 0; overflow-wrap: anywhere; } .said b { color: var(--tone); font-size: 12.5px; }
.finding { border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 8px; padding: 10px 14px; margin: 10px 0; } .finding p { margin: 0; overflow-wrap: anywhere; } .finding ul { margin: 4px 0 0; padding-left: 18px; } .finding li { overflow-wrap: anywhere; } .finding .next, .finding .meta { margin-top: 8px; } .finding .evidence { color: var(--soft); }
.block > ul:not(.said) { margin: 0; padding-left: 18px; } .block > ul li { overflow-wrap: anywhere; }
.legs td:nth-child(n+4), .flows td:nth-child(4) { white-space: nowrap; } .none { padding: 0; } .legs tr:not(.pattern) td:first-child { white-space: nowrap; color: var(--soft); } tr.lossy td { color: var(--bad); font-weight: 600; } tr.pattern td { color: var(--bad); padding-left: 10px; background: var(--bad-soft); font-size: 13px; }
.way { width: auto; min-width: min(100%, 460px); } .way th[scope=rowgroup] { color: var(--ink); font-weight: 650; padding-top: 14px; } .way td { padding: 5px 12px 5px 0; border-bottom: 0; } .way td:first-child { padding-left: 12px; border-left: 3px solid var(--good); } .way .unseen td:first-child { border-left: 3px dashed var(--soft); color: var(--soft); } .way tr.cut td, .way tr.cut td:first-child { border-left: 3px solid var(--bad); padding: 7px 10px; border-radius: 0 6px 6px 0; } .way .change td { color: var(--request); font-size: 13px; } .way .traffic { white-space: nowrap; } .missed { color: var(--warn); font-size: 12.5px; font-weight: 600; }
.flows td:nth-child(2) { min-width: 15em; } .hops td:nth-child(4) { white-space: nowrap; } .checks td.mono { overflow-wrap: break-word; }
.narrow { display: none; }
.missing-count, .missing-share, .change-text { text-anchor: middle; font-size: 11.5px; font-weight: 650; } .missing-count, .missing-share { fill: var(--bad); } .change-text { fill: var(--request); } .change-line { stroke: var(--request); stroke-width: 1.4; stroke-dasharray: 2 3; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 20px 32px; margin-top: 24px; }
.chart { margin: 0; min-width: 0; } .chart .legend { margin-bottom: 6px; } .chart figcaption { margin: 6px 0 0; } svg.plot { width: 100%; height: auto; }
.grid { stroke: var(--line); } .tick { fill: var(--soft); font-size: 11.5px; text-anchor: middle; } .tick.left { text-anchor: end; } .tick.last { text-anchor: end; }
.series { fill: none; stroke-width: 1.6; } .series.request { stroke: var(--request); } .series.reply { stroke: var(--reply); } .bars { fill: var(--bad); } .bars.back { opacity: .6; }
.chart .uplot { font-family: inherit; } .chart .u-legend { color: var(--soft); font-size: 12.5px; } .chart .u-legend th, .chart .u-legend td { border: 0; padding: 0 4px; color: inherit; font-size: inherit; width: auto; }
@media screen { .drawn svg.plot { display: none; } .drawn > .legend { display: none; } }
@media screen and (max-width: 760px) {
  .wide { display: none; } .narrow { display: block; margin-top: 18px; } .way { width: 100%; min-width: 0; }
  .stack thead { display: none; } .stack, .stack tbody, .stack tr, .stack td { display: block; } .stack tr { padding: 10px 0; border-bottom: 1px solid var(--line); } .stack td { border: 0; padding: 2px 0; text-align: left; } .stack td.none { display: none; } .stack td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); font-weight: 400; } .stack tr.lossy { border-bottom: 0; } .stack.legs td, .stack.hops td { display: inline-block; margin-right: 10px; max-width: 100%; } .stack.legs td.none { display: none; } .stack.legs td[data-label=From], .stack.legs td[data-label=To], .stack.hops td:last-child { display: block; } .stack.legs td[data-label=From]::before { content: "from "; } .stack.legs td[data-label=To]::before { content: "to "; } .stack.legs tr.pattern td, .stack.hops tr.cut td { display: block; white-space: normal; padding: 6px 10px; margin: 0; }
  .scroll table.stack { min-width: 0; }
}
`;

const PRINT = `
@media print { body { background: #fff; font-size: 11pt; } section { box-shadow: none; border-color: #c8ced6; padding: 12px 14px; } header, .cause, tr.cut td, .box, .badge, .break-flag { print-color-adjust: exact; -webkit-print-color-adjust: exact; } h2, h3, .flow-head { break-after: avoid; } tr, svg.path, .cause { break-inside: avoid; } .scroll { overflow: visible; } svg.path, svg.ladder { min-width: 0; } .chart .uplot { display: none; } .charts { grid-template-columns: 1fr 1fr; } .finding, .chart { break-inside: avoid; } .scroll table { min-width: 0; } table { font-size: 8.5pt; } table .mono { font-size: 7.5pt; } th, td { padding: 5px 8px 5px 0; } td.number, th.number { padding-right: 10px; } th.number { white-space: normal; } .flows td:nth-child(2) { min-width: 11em; } .flows td:last-child { min-width: 13em; } .legs td:last-child { white-space: normal; } .flow-head, .legend { break-inside: avoid; } .legend { break-after: avoid; } .hops td:nth-child(2) { min-width: 5em; } table .traffic { font-size: inherit; } svg.ladder { break-inside: avoid; } main, header > div, footer { max-width: none; padding-left: 0; padding-right: 0; } @page { margin: 14mm; } }
`;

export const REPORT_STYLE = `:root { color-scheme: light dark;${COLOURS_LIGHT} }
@media screen and (prefers-color-scheme: dark) { :root {${COLOURS_DARK} } }${PAGE}${PICTURES}${DETAILS}${PRINT}`;
