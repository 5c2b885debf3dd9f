import { escapeMarkup } from "../escape.js";

/** Small builders of SVG text. Looks come from the style sheet's classes: the page's policy allows no style attributes. */

type Attributes = Readonly<Record<string, string | number>>;

/** An element; attribute values are escaped, `children` must be markup already. */
export function element(name: string, attributes: Attributes, children = ""): string {
  const list = Object.entries(attributes).map(([key, value]) => {
    const shown = typeof value === "number" ? formatNumber(value) : escapeMarkup(value);
    return ` ${key}="${shown}"`;
  });
  return children === "" ? `<${name}${list.join("")}/>` : `<${name}${list.join("")}>${children}</${name}>`;
}

/** A `<text>` whose words are escaped. */
export function label(text: string, attributes: Attributes): string {
  return element("text", attributes, escapeMarkup(text) || " ");
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export function line(from: Point, to: Point, className: string): string {
  return element("line", { x1: from.x, y1: from.y, x2: to.x, y2: to.y, class: className });
}

/** A line with an arrow head at `to`, for horizontal lanes: markers would need ids unique in the page. */
export function arrow(from: Point, to: Point, className: string): string {
  const direction = Math.sign(to.x - from.x);
  const back = to.x - direction * 7;
  const head = `${formatNumber(to.x)},${to.y} ${formatNumber(back)},${to.y - 4.5} ${formatNumber(back)},${to.y + 4.5}`;
  return (
    line(from, { x: back, y: to.y }, className) +
    element("polygon", { points: head, class: `${className}-head` })
  );
}

/** A cross in a disc: a packet's end. */
export function cross(at: Point, radius: number, className: string): string {
  const arm = radius * 0.42;
  return (
    element("circle", { cx: at.x, cy: at.y, r: radius, class: `${className}-disc` }) +
    line({ x: at.x - arm, y: at.y - arm }, { x: at.x + arm, y: at.y + arm }, `${className}-arm`) +
    line({ x: at.x - arm, y: at.y + arm }, { x: at.x + arm, y: at.y - arm }, `${className}-arm`)
  );
}

interface PictureOptions {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly className: string;
  /** Where the picture begins; what is above is cut off. Default 0. */
  readonly top?: number;
}

/** A whole picture that screen readers can name. `id` must be unique in the page. */
export function picture(options: PictureOptions, body: string): string {
  const { id, width, top = 0 } = options;
  const height = options.height - top;
  const names =
    element("title", { id: `${id}-title` }, escapeMarkup(options.title)) +
    element("desc", { id: `${id}-desc` }, escapeMarkup(options.description));
  return element(
    "svg",
    {
      viewBox: `0 ${top} ${Math.round(width)} ${Math.round(height)}`,
      width: Math.round(width),
      height: Math.round(height),
      role: "img",
      "aria-labelledby": `${id}-title ${id}-desc`,
      class: options.className,
    },
    names + body,
  );
}

function formatNumber(value: number): string {
  return String(Math.round(value * 100) / 100);
}
