import { PERMISSION_REFERENCE } from "./permission-reference.js";
import { code, HEAD, prose, table } from "./markdown.js";

/** docs/permissions.md: scopes and their flags, named actions and what they let run, and what all of it cannot stop. */
export function permissionsPage(): string {
  const { scopes, actions, rules, limits } = PERMISSION_REFERENCE;
  return [
    HEAD,
    "",
    "# Permissions",
    "",
    "Nothing is allowed that is not declared by the runbook **and** granted by the operator, and a denial wins:",
    "effective = declared ∩ granted − denied. Granted is what the flags say, what a permission profile says (`-P`), or",
    "what a person answers on the terminal, once, before the first step. Without a terminal nobody is asked: the run ends",
    "with exit code 4 and the exact flags that are missing. Every command passes one guard that looks at its arguments,",
    "and every decision is in the run's transcript.",
    "",
    "`--yes` grants exactly what the runbook declares. `hopbook show RUNBOOK` lists what it",
    "declares, `hopbook plan` what it would do.",
    "",
    "## Scopes",
    "",
    ...table(
      ["scope", "grants or refuses", "flags", "example"],
      scopes.map(({ name, text, allow, deny, example }) => [
        code(name),
        prose(text),
        `${code(allow)}, ${code(deny)}`,
        code(example),
      ]),
    ),
    "## Rules",
    "",
    ...rules.map((rule) => `- ${prose(rule)}`),
    "",
    "## Actions",
    "",
    "What `--allow-exec` takes, and `permissions.exec` of a runbook. Each stands for commands of a known form; another",
    "argument than these is refused.",
    "",
    ...actions.flatMap(({ name, summary, needs, entersNetns, commands }) => {
      const marks = [
        ...(needs === null ? [] : [`needs the scope ${code(needs)} as well`]),
        ...(entersNetns ? ["may enter a pod's network namespace"] : []),
      ];
      const more = marks.length === 0 ? "" : ` (${marks.join("; ")})`;
      const list = commands.length === 0 ? [] : ["```text", ...commands, "```", ""];
      return [`### ${name}`, "", `${prose(summary)}${more}.`, "", ...list];
    }),
    "## What permissions cannot stop",
    "",
    ...limits.map((limit) => `- ${prose(limit)}`),
    "",
  ].join("\n");
}
