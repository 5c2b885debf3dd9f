import { EXPRESSION_REFERENCE } from "../runbook/index.js";
import { code, HEAD, prose, table } from "./markdown.js";

/** docs/expressions.md: what stands between `${{` and `}}`. */
export function expressionsPage(): string {
  const { variables, functions, macros, operators, notes, differences } = EXPRESSION_REFERENCE;
  const rows = (entries: typeof functions): string[][] =>
    entries.map(({ signature, means, example: [text, value] }) => [
      code(signature),
      prose(means),
      `${code(text)} is ${code(JSON.stringify(value))}`,
    ]);
  return [
    HEAD,
    "",
    "# Expressions",
    "",
    "`${{ … }}` holds an expression in [CEL](https://cel.dev), with the extensions that it has in Kubernetes. It is checked",
    "before the run, against the types of the inputs and of the step kinds' outputs: `hopbook check` points at a name that",
    "is not there and at a type that does not fit.",
    "",
    "## What there is to refer to",
    "",
    ...table(
      ["", "is", "where"],
      variables.map(({ signature, means, where }) => [code(signature), prose(means), where]),
    ),
    "## Operators",
    "",
    ...table(["", "gives", "example"], rows(operators)),
    "## Functions",
    "",
    ...table(["", "gives", "example"], rows(functions)),
    "## Macros",
    "",
    "They bind a name for a part of the expression.",
    "",
    ...table(["", "gives", "example"], rows(macros)),
    "## Notes",
    "",
    ...notes.map((note) => `- ${prose(note)}`),
    "",
    "## Differences from Kubernetes' CEL",
    "",
    "The cases of CEL's specification are tests of hopbook's: what they show to be different is in this list, or the tests",
    "fail.",
    "",
    ...differences.map((difference) => `- ${prose(difference)}`),
    "",
  ].join("\n");
}
