import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { RUNBOOK_DIR } from "../catalogue/places.js";
import { describeRunbook, type RunbookDescription } from "./describe.js";
import { code, HEAD, prose, table } from "./markdown.js";

/** runbooks/NAME.md: a runbook of the catalogue for those who choose one. `cwd` is a folder without a profile. */
export async function runbookPages(names: readonly string[], cwd: string): Promise<Record<string, string>> {
  const pages = names.map(async (name) => {
    const page = renderRunbook(await describeRunbook(name, cwd), await readSession(name));
    return [`runbooks/${name}.md`, page] as const;
  });
  return Object.fromEntries(await Promise.all(pages));
}

/** What a run of it printed in the lab, with the commands before it; null where none is kept. */
async function readSession(name: string): Promise<string | null> {
  try {
    return await readFile(join(RUNBOOK_DIR, "sessions", `${name}.txt`), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function renderRunbook(runbook: RunbookDescription, session: string | null): string {
  const inputs = Object.entries(runbook.inputs).map(([name, input]) => {
    const values = (input.enum ?? input.items?.enum ?? []).map((value) => code(String(value)));
    const fallback = input.default === undefined ? "" : code(JSON.stringify(input.default));
    return [
      code(name),
      values.length > 0 ? values.join(", ") : input.type,
      input.required === true ? "required" : fallback,
      prose(input.description ?? ""),
    ];
  });
  return [
    HEAD,
    "",
    `# ${runbook.name}`,
    "",
    `${runbook.title}.`,
    "",
    prose(runbook.description.trim()),
    "",
    "```",
    runbook.example,
    "```",
    "",
    ...whenOf(runbook),
    ...(session === null ? [] : ["## A run", "", "In the lab:", "", "```text", session.trimEnd(), "```", ""]),
    "## Inputs",
    "",
    ...(inputs.length === 0 ? ["None.", ""] : table(["input", "takes", "default", ""], inputs)),
    "## Permissions it declares",
    "",
    "```text",
    ...runbook.permissions,
    "```",
    "",
    "## Steps",
    "",
    ...table(
      ["step", "kind", "", ""],
      runbook.steps.map(({ id, title, uses, phase }) => [
        code(id),
        code(uses),
        title,
        phase === "discovery" ? "while planning" : "",
      ]),
    ),
    ...(runbook.checks.length === 0
      ? []
      : [
          "## Checks",
          "",
          ...table(
            ["check", ""],
            runbook.checks.map(({ id, title }) => [code(id), title]),
          ),
        ]),
  ].join("\n");
}

/** What is seen by whom it helps. */
function whenOf({ symptoms }: RunbookDescription): string[] {
  if (symptoms.length === 0) return [];
  const lines = symptoms.map(
    ({ when, says }) => `- **${prose(when)}**: ${says.map((phrase) => prose(phrase)).join(", ")}`,
  );
  return ["## When", "", ...lines, ""];
}
