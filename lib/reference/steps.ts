import type { StepKind } from "../model/steps.js";
import { STEP_KINDS } from "../steps/registry.js";
import { code, describeDefault, describeType, HEAD, prose, table, type Schema } from "./markdown.js";

/** docs/steps.md: every kind of step with what it takes and gives. */
export function stepsPage(): string {
  const kinds = [...STEP_KINDS.values()];
  return [
    HEAD,
    "",
    "# Step kinds",
    "",
    "What stands behind `uses:`. `run:` is the kind `command/run` and `script:` is `script/run`, written shorter; what",
    "all steps share (`if`, `needs`, `strategy`, `background`, `retry`, …) is in [runbook.md](runbook.md#step).",
    "",
    ...table(
      ["kind", ""],
      kinds.map(({ name, title }) => [`[${code(name)}](#${anchor(name)})`, title]),
    ),
    ...kinds.map(describeKind),
  ].join("\n");
}

function describeKind(kind: StepKind): string {
  const isDiscovery = kind.phase === "discovery";
  const actions = kind.actions.map(code).join(", ");
  return [
    `## ${kind.name}`,
    "",
    `${kind.title}. ${prose(kind.description)}`,
    "",
    isDiscovery ? "Runs while the plan is made; only reads." : "Runs after the plan was agreed to.",
    "",
    `${kind.actions.length === 0 ? "Needs no permission of its own." : `Needs permission for ${actions}.`}${foundBefore(kind)}`,
    "",
    ...keys("with", kind.inputSchema, true),
    ...keys("output", kind.outputSchema, false),
    ...exampleOf(kind),
    "",
  ].join("\n");
}

/** What a step that does things after the plan was agreed to asks for before that. */
function foundBefore({ actions, planActions = [] }: StepKind): string {
  const more = planActions.filter((action) => !actions.includes(action));
  if (more.length === 0) return "";
  return ` Where it finds pods or points by itself, which it does while the plan is made, also for ${more.map(code).join(", ")}.`;
}

function keys(what: string, schema: Schema, isInput: boolean): string[] {
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) return [];
  const required = new Set(schema.required ?? []);
  const text = ({ title, description }: Schema): string => prose(title ?? description ?? "");
  if (!isInput)
    return table(
      [code(what), "is", ""],
      properties.map(([name, one]) => [code(name), describeType(one), text(one)]),
    );
  const rows = properties.map(([name, one]) => [
    code(name),
    describeType(one),
    describeDefault(one, required.has(name)),
    text(one),
  ]);
  return table([code(what), "takes", "default", ""], rows);
}

function exampleOf({ name, example }: StepKind): string[] {
  const values = Object.entries(example).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  const inputs = values.length === 0 ? [] : ["with:", ...values];
  return ["```yaml", `uses: ${name}`, ...inputs, "```"];
}

function anchor(name: string): string {
  return name.replace("/", "");
}
