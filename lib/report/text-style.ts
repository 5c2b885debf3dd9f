import type { CheckStatus, VerdictStatus } from "../model/findings.js";
import { visible } from "./escape.js";

export interface TextOptions {
  readonly color: boolean;
  /** Columns of the terminal: 120 at most are used. Words are wrapped to it; the path itself needs 52. */
  readonly width: number;
  /** false: plain ASCII. */
  readonly unicode: boolean;
}

export type Paint = "red" | "green" | "yellow" | "cyan" | "dim" | "bold" | "redBold" | "badge";

const CODES: Readonly<Record<Paint, string>> = {
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
  dim: "2",
  bold: "1",
  redBold: "1;31",
  badge: "1;7",
};

const UNICODE_GLYPHS = {
  seen: "●",
  missing: "○",
  link: "│",
  gap: "┊",
  cross: "✖",
  rule: "─",
  heavy: "━",
  down: "↓",
  up: "↑",
  none: "·",
  right: "→",
  bullet: "•",
  more: "…",
  ok: "✔",
  warn: "▲",
};

const ASCII_GLYPHS: typeof UNICODE_GLYPHS = {
  seen: "*",
  missing: "o",
  link: "|",
  gap: ":",
  cross: "X",
  rule: "-",
  heavy: "=",
  down: "v",
  up: "^",
  none: ".",
  right: "->",
  bullet: "-",
  more: "..",
  ok: "+",
  warn: "!",
};

/** How one terminal shows things. */
export interface TextStyle {
  readonly width: number;
  readonly glyphs: typeof UNICODE_GLYPHS;
  /** Text of others (or our own) made visible for this terminal. */
  show(text: string): string;
  /** Colours what is visible already. */
  paint(text: string, paint: Paint): string;
}

export function createTextStyle(options: TextOptions): TextStyle {
  return {
    width: Math.min(120, Math.max(40, Math.floor(options.width))),
    glyphs: options.unicode ? UNICODE_GLYPHS : ASCII_GLYPHS,
    show: (text) => visible(text, { ascii: !options.unicode }),
    paint: (text, paint) => (options.color ? `\u001b[${CODES[paint]}m${text}\u001b[0m` : text),
  };
}

export const STATUS_PAINT: Readonly<Record<VerdictStatus, Paint>> = {
  delivered: "green",
  lost: "redBold",
  rejected: "redBold",
  unanswered: "yellow",
  inconclusive: "yellow",
};

export const CHECK_PAINT: Readonly<Record<CheckStatus, Paint>> = {
  pass: "green",
  warn: "yellow",
  fail: "redBold",
  skipped: "dim",
  incomplete: "yellow",
};
