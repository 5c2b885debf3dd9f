import type { HopbookError } from "../errors.js";
import { visible, visibleLines } from "../model/visible.js";
import { makePaint } from "../text/paint.js";
import type { Terminal } from "./terminal.js";

/**
 * What, where, why, what to do: in this order, a line or a block each. Text from nodes and files must not
 * steer the terminal: all of it is made visible, and only our own colours are put around it.
 */
export function renderError(error: HopbookError, terminal: Pick<Terminal, "color">): string {
  const paint = makePaint(terminal.color);
  const lines = [`${paint("red", `error[${error.code}]`)}: ${visibleLines(error.message)}`];
  const { where, detail } = error;
  if (where?.file !== undefined) {
    const position = [where.line, where.column].filter((part) => part !== undefined);
    lines.push(`  at ${visible([where.file, ...position].join(":"))}`);
  }
  if (where?.node !== undefined) lines.push(`  on ${visible(where.node)}`);
  if (where?.argv !== undefined && where.argv.length > 0) lines.push(`  running ${shorten(where.argv)}`);
  // Where only one thing is wrong, the message says it already.
  if (detail !== undefined && !error.message.includes(detail)) lines.push(indent(detail));
  if (error.hint !== undefined) lines.push(`${paint("cyan", "hint")}: ${visibleLines(error.hint)}`);
  if (error.code === "INTERNAL") {
    if (error.cause instanceof Error && error.cause.stack !== undefined)
      lines.push(indent(error.cause.stack));
    lines.push(
      `${paint("cyan", "hint")}: this is a defect of hopbook; please report it with the lines above`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** The machine's form of an error, for `--output json`. */
export function errorObject(error: HopbookError): Record<string, unknown> {
  return {
    apiVersion: "hopbook.dev/v1",
    kind: "Error",
    code: error.code,
    exitCode: error.exitCode,
    message: error.message,
    where: error.where ?? null,
    detail: error.detail ?? null,
    hint: error.hint ?? null,
  };
}

function indent(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => `  ${visible(line)}`)
    .join("\n");
}

/** A constant script is shown by its name: its text is in the plan. */
function shorten(argv: readonly string[]): string {
  return argv
    .map((word, index) =>
      word.includes("\n")
        ? `<script ${visible(argv[index + 1] ?? "")}>`
        : /^[A-Za-z0-9_@%+=:,./-]+$/.test(word)
          ? word
          : visible(JSON.stringify(word)),
    )
    .join(" ");
}
