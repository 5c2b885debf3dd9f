import { escapeMarkup } from "../report/escape.js";
import { measureColumns } from "../text/columns.js";

/** Pixels. */
const [CELL, LINE, SIZE, MARGIN, BAR] = [8, 18, 13, 20, 36];

/** What a colour's number is in the picture; 39 and 22 end them. */
const COLORS: Readonly<Record<string, string>> = {
  "31": "#ff7b72",
  "32": "#7ee787",
  "33": "#e3b341",
  "36": "#79c0ff",
};

interface Look {
  readonly color: string | null;
  readonly bold: boolean;
  readonly dim: boolean;
}

/**
 * A terminal's lines as SVG: dark in light and dark pages alike, each word at its own column, so that lines stand under
 * each other in whatever font there is. Escape sequences of colours, bold and dim are taken (ECMA-48 SGR).
 */
export function terminalPicture(lines: readonly string[], title: string): string {
  const rows = lines.map(splitLooks);
  const columns = Math.max(
    ...rows.map((row) => row.reduce((sum, { text }) => sum + measureColumns(text), 0)),
  );
  const [width, height] = [columns * CELL + 2 * MARGIN, lines.length * LINE + BAR + MARGIN];
  const texts = rows.map((row, index) => drawRow(row, BAR + (index + 1) * LINE - 4));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeMarkup(title)}</title>`,
    "<style>",
    `text { font: ${SIZE}px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre }`,
    ".b { font-weight: 700 } .d { fill: #8b949e }",
    ...Object.entries(COLORS).map(([name, color]) => `.c${name} { fill: ${color} }`),
    "</style>",
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...["#ff5f57", "#febc2e", "#28c840"].map(
      (color, index) => `<circle cx="${MARGIN + 6 + index * 18}" cy="19" r="5.5" fill="${color}"/>`,
    ),
    ...texts.filter((text) => text !== ""),
    "</svg>",
    "",
  ].join("\n");
}

function drawRow(row: readonly { readonly text: string; readonly look: Look }[], y: number): string {
  const parts: string[] = [];
  let column = 0;
  for (const { text, look } of row) {
    const names = [
      look.color === null ? [] : [`c${look.color}`],
      look.bold ? ["b"] : [],
      look.dim && look.color === null ? ["d"] : [],
    ].flat();
    const style = names.length === 0 ? "" : ` class="${names.join(" ")}"`;
    for (const [word] of text.matchAll(/ +|[!-~]+|[^ -~]+/g)) {
      const [cells, x] = [measureColumns(word), MARGIN + column * CELL];
      column += cells;
      if (word.startsWith(" ")) continue;
      parts.push(`<tspan x="${x}" textLength="${cells * CELL}"${style}>${escapeMarkup(word)}</tspan>`);
    }
  }
  return parts.length === 0 ? "" : `<text y="${y}">${parts.join("")}</text>`;
}

function splitLooks(line: string): { text: string; look: Look }[] {
  const row: { text: string; look: Look }[] = [];
  let look: Look = { color: null, bold: false, dim: false };
  // eslint-disable-next-line no-control-regex
  for (const [index, part] of line.split(/\x1b\[(\d+)m/).entries()) {
    if (index % 2 === 1) look = changeLook(look, part);
    else if (part !== "") row.push({ text: part, look });
  }
  return row;
}

function changeLook(look: Look, code: string): Look {
  if (code === "1") return { ...look, bold: true };
  if (code === "2") return { ...look, dim: true };
  if (code === "22") return { ...look, bold: false, dim: false };
  if (code === "39") return { ...look, color: null };
  return COLORS[code] === undefined ? look : { ...look, color: code };
}
