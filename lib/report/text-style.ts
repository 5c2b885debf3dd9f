import type { CheckStatus, VerdictStatus } from "../model/findings.js";
import { makePaint, type Style } from "../text/paint.js";
import { visible } from "./escape.js";

export interface TextOptions {
  readonly color: boolean;
  /** Columns of the terminal: 120 at most are used. Words are wrapped to it; the path itself needs 52. */
  readonly width: number;
  /** false: plain ASCII. */
  readonly unicode: boolean;
}

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
  paint(text: string, style: Style): string;
}

export function createTextStyle(options: TextOptions): TextStyle {
  const paint = makePaint(options.color);
  return {
    width: Math.min(120, Math.max(40, Math.floor(options.width))),
    glyphs: options.unicode ? UNICODE_GLYPHS : ASCII_GLYPHS,
    show: (text) => visible(text, { ascii: !options.unicode }),
    paint: (text, style) => paint(style, text),
  };
}

/** Where packets end that should not. */
export const BROKEN: Style = ["red", "bold"];

export const STATUS_PAINT: Readonly<Record<VerdictStatus, Style>> = {
  delivered: "green",
  lost: BROKEN,
  rejected: BROKEN,
  unanswered: "yellow",
  inconclusive: "yellow",
};

export const CHECK_PAINT: Readonly<Record<CheckStatus, Style>> = {
  pass: "green",
  warn: "yellow",
  fail: BROKEN,
  skipped: "dim",
  incomplete: "yellow",
};
