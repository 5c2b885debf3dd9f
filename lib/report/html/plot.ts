import { element, label, line, picture } from "./svg.js";

/** Static plots: what a page shows where no JavaScript runs, and on paper. Values are in the plot's own units, from 0. */

const WIDTH = 560;
const HEIGHT = 190;
const LEFT = 52;
const RIGHT = 12;
const TOP = 12;
const BOTTOM = 28;

export interface PlotScale {
  /** The greatest x, seconds. */
  readonly right: number;
  /** The greatest y. */
  readonly top: number;
  /** Of y. */
  readonly unit: string;
}

interface Series {
  readonly scale: PlotScale;
  readonly className: string;
}

/** A whole plot around what is drawn in it. */
export function drawPlot(
  options: { readonly id: string; readonly title: string; readonly told: string; readonly scale: PlotScale },
  body: string,
): string {
  const { id, title, told, scale } = options;
  const ticks = [0, 0.5, 1];
  const levels = ticks.map((part) => {
    const y = yOf(part * scale.top, scale);
    const text = `${shorten(part * scale.top)}${scale.unit === "" ? "" : ` ${scale.unit}`}`;
    return (
      line({ x: LEFT, y }, { x: WIDTH - RIGHT, y }, "grid") +
      label(text, { x: LEFT - 6, y: y + 4, class: "tick left" })
    );
  });
  const moments = ticks.map((part) =>
    label(`${shorten(part * scale.right)} s`, {
      x: xOf(part * scale.right, scale),
      y: HEIGHT - 8,
      class: part === 1 ? "tick last" : "tick",
    }),
  );
  const size = { width: WIDTH, height: HEIGHT, className: "plot" };
  return picture({ id, title, description: told, ...size }, [...levels, ...moments, body].join(""));
}

/** Steps: each value holds for `widthX`. */
export function drawLine(
  times: readonly number[],
  values: readonly number[],
  { scale, className, widthX }: Series & { readonly widthX: number },
): string {
  const steps = times.map((time, index) => {
    const y = round(yOf(values[index] ?? 0, scale));
    return `${index === 0 ? "M" : "L"}${round(xOf(time, scale))} ${y}H${round(xOf(time + widthX, scale))}`;
  });
  return element("path", { d: steps.join(""), class: `series ${className}` });
}

/** A bar from the ground for each value over 0. */
export function drawBars(
  times: readonly number[],
  values: readonly number[],
  { scale, className, widthX }: Series & { readonly widthX: number },
): string {
  const bars = times.flatMap((time, index) => {
    const value = values[index] ?? 0;
    if (!(value > 0)) return [];
    const left = round(xOf(time, scale));
    const width = round(Math.max(1.5, xOf(time + widthX, scale) - xOf(time, scale) - 0.5));
    return [`M${left} ${yOf(0, scale)}V${round(yOf(value, scale))}h${width}V${yOf(0, scale)}Z`];
  });
  return bars.length === 0 ? "" : element("path", { d: bars.join(""), class: `bars ${className}` });
}

export function drawDots(
  times: readonly number[],
  values: readonly (number | null)[],
  { scale, className }: Series,
): string {
  const dots = times.map((time, index) => {
    const value = values[index];
    if (value === null || value === undefined) return "";
    return element("circle", {
      cx: xOf(time, scale),
      cy: yOf(value, scale),
      r: 3,
      class: `dot ${className}`,
    });
  });
  return dots.join("");
}

function xOf(value: number, { right }: PlotScale): number {
  return LEFT + (value / right) * (WIDTH - LEFT - RIGHT);
}

function yOf(value: number, { top }: PlotScale): number {
  return HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function shorten(value: number): string {
  if (value >= 10_000) return `${Math.round(value / 1000)}k`;
  return String(value >= 100 ? Math.round(value) : Math.round(value * 100) / 100);
}
