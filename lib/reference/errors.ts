import { PROBLEM_RULES } from "../document/index.js";
import { ERROR_CODES, EXIT } from "../errors.js";
import { code, HEAD, prose, table } from "./markdown.js";

const EXITS: Readonly<Record<keyof typeof EXIT, string>> = {
  healthy: "Healthy: every check passed",
  internal: "A defect of hopbook itself",
  usage: "Usage, or a document that is not valid; nothing was touched",
  findings: "Findings of severity fail",
  permission: "A permission was refused",
  unreachable: "The target could not be reached",
  incomplete: "Incomplete: the evidence is partial, the reasons are listed",
  interrupted: "Interrupted, and cleaned up",
};

/** docs/errors.md: exit codes, error codes, and the rules that a document can break. */
export function errorsPage(): string {
  const exits = Object.entries(EXIT) as [keyof typeof EXIT, number][];
  const codes = Object.entries(ERROR_CODES);
  return [
    HEAD,
    "",
    "# Errors",
    "",
    "## Exit codes",
    "",
    ...table(
      ["exit code", ""],
      exits.map(([name, exit]) => [String(exit), EXITS[name]]),
    ),
    "## Codes",
    "",
    "An error says what could not be done, where, why, and what to do. With `--output json` it is one object on stdout:",
    "`{apiVersion, kind: Error, code, exitCode, message, where, detail, hint}`; a library gets it as a `HopbookError`.",
    "",
    ...table(
      ["code", "exit code", "means"],
      codes.map(([name, { exit, means }]) => [code(name), String(exit), means]),
    ),
    "## Problems of documents",
    "",
    "`hopbook check` says all that is wrong with a file at once, each problem with line, column, the line itself and a",
    "caret. `--output json` has them as `files[].problems[]`: `{line, column, endColumn?, message, suggestion?, rule}`,",
    "which count from 1 in UTF-16 code units; `--output sarif` as SARIF 2.1.0 for code hosts.",
    "",
    ...table(
      ["rule", "means"],
      PROBLEM_RULES.map(({ id, means }) => [code(id), prose(means)]),
    ),
  ].join("\n");
}
