import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

interface ChartProgram {
  readonly script: string;
  readonly style: string;
}

let kept: ChartProgram | null = null;

/**
 * uPlot (MIT) with its style sheet, and what makes charts of the page's figures: text to be inlined, the same bytes each
 * time. Throws where the package is not installed whole.
 */
export function readChartProgram(): ChartProgram {
  kept ??= loadChartProgram();
  return kept;
}

function loadChartProgram(): ChartProgram {
  const folder = dirname(createRequire(import.meta.url).resolve("uplot"));
  const [script, style] = ["uPlot.iife.min.js", "uPlot.min.css"].map((name) =>
    readFileSync(join(folder, name), "utf8").trim(),
  ) as [string, string];
  return { script: `${script}\n${DRAW}`, style };
}

/**
 * Numbers come from the figures' attributes, colours from the style sheet. A chart is drawn at once (a browser without a
 * screen may never come to a frame, and no observer speaks before the first), and again where its width or the colour
 * scheme changes. The pictures stay for paper.
 */
const DRAW = `(() => {
  "use strict";
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const charts = [];
  const read = (figure) => {
    const columns = figure.dataset.columns.split(";").map((column) => column.split(",").map((text) => (text === "" ? null : Number(text))));
    const slot = Number(figure.dataset.slot ?? 0);
    // The last value holds for its slot as well: lines go on to its end, bars have no further one.
    if (slot > 0) columns.forEach((column, at) => column.push(at === 0 ? column.at(-1) + slot : at < 3 ? column.at(-1) : null));
    return columns;
  };
  const optionsOf = (kind, width) => {
    const look = getComputedStyle(document.documentElement);
    const colour = (name) => look.getPropertyValue("--" + name).trim();
    const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 } };
    const time = { label: "time", value: (_, value) => (value === null ? "" : value.toFixed(2) + " s") };
    const steps = uPlot.paths.stepped({ align: 1 });
    const bars = uPlot.paths.bars({ align: 1, size: [1] });
    const line = (label, name) => ({ label, stroke: colour(name), width: 1.5, paths: steps, points: { show: false } });
    const bar = (label) => ({ label, stroke: colour("bad"), fill: colour("bad"), width: 0, paths: bars, points: { show: false } });
    const dots = (label, name) => ({
      ...{ label, stroke: colour(name), paths: () => null, points: { show: true, size: 6, fill: colour(name) } },
      value: (_, value) => (value === null ? "" : value.toFixed(3) + " ms"),
    });
    const series =
      kind === "rate"
        ? [time, line("requests sent", "request"), line("replies sent", "reply"), bar("requests missing"), bar("replies missing")]
        : [time, dots("request", "request"), dots("reply", "reply")];
    const seconds = { ...axis, values: (_, values) => values.map((value) => value + " s") };
    const level = { ...axis, size: 66, values: (_, values) => values.map((value) => (kind === "rate" ? value : value + " ms")) };
    const range = (_, least, most) => [0, most > 0 ? most * 1.05 : 1];
    const span = (_, least, most) => [least, most > least ? most : least + 1];
    return { width, height: 200, scales: { x: { time: false, range: span }, y: { range } }, axes: [seconds, level], series, cursor: { y: false } };
  };
  const draw = (chart) => {
    chart.plot?.destroy();
    chart.width = chart.figure.clientWidth;
    chart.plot = chart.width < 80 ? null : new uPlot(optionsOf(chart.figure.dataset.kind, chart.width), chart.data, chart.figure);
    chart.figure.classList.toggle("drawn", chart.plot !== null);
  };
  const watch = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = charts.find(({ figure }) => figure === target);
      if (chart !== undefined && chart.width !== target.clientWidth) draw(chart);
    }
  });
  for (const figure of document.querySelectorAll("figure.chart")) {
    const chart = { figure, data: read(figure), plot: null, width: 0 };
    charts.push(chart);
    draw(chart);
    watch.observe(figure);
  }
  dark.addEventListener("change", () => charts.forEach(draw));
})();`;
