import { describeDeclared } from "../authority/authority.js";
import { loadNamedRunbook } from "../catalogue/named-runbook.js";
import { runbookDirs } from "../catalogue/places.js";
import { suggest } from "../catalogue/suggest.js";
import { HopbookError } from "../errors.js";
import { listRunbooks, type InputSpec, type Runbook, type Symptom } from "../runbook/index.js";
import { openProfile, openProfileIfAny, type ClusterChoice } from "../session/cluster-profile.js";
import { STEP_KINDS } from "../steps/registry.js";

export interface CatalogueEntry {
  readonly name: string;
  /** Of a broken runbook: why it is broken. */
  readonly title: string;
  readonly file: string;
  readonly valid: boolean;
  /** What a person sees who needs it. */
  readonly symptoms: readonly Symptom[];
}

/** `cluster`: whose own runbooks stand in front of the others. */
export async function listCatalogue(
  cwd = process.cwd(),
  choice: Omit<ClusterChoice, "cwd"> = {},
): Promise<readonly CatalogueEntry[]> {
  const entries = await readCatalogue(cwd, choice);
  return entries.map(({ name, file, runbook, error }) => ({
    name,
    file,
    title: runbook?.metadata.title ?? `broken: ${error?.message ?? "unknown"}`,
    valid: runbook !== null,
    symptoms: runbook?.metadata.symptoms ?? [],
  }));
}

async function readCatalogue(
  cwd = process.cwd(),
  choice: Omit<ClusterChoice, "cwd">,
): ReturnType<typeof listRunbooks> {
  // Those of ./hopbook.yaml are the ones beside it, which are listed in any case.
  const isNamed = choice.cluster !== undefined;
  const dir = isNamed
    ? (await openProfile({ ...choice, cwd, isClusterNamed: true })).dirs.runbooks
    : undefined;
  return listRunbooks(runbookDirs(cwd, dir));
}

export interface Suggestion {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  /** What is seen, and the phrase by which it was found. */
  readonly symptom: string;
  readonly phrase: string;
  readonly example: string;
}

/**
 * Which runbooks fit an error's text or a person's words, the best first, three at most; none where nothing fits.
 * `cluster`: whose own runbooks are looked at as well. Throws USAGE for a text without a word.
 */
export async function suggestRunbooks(
  text: string,
  cwd = process.cwd(),
  choice: Omit<ClusterChoice, "cwd"> = {},
): Promise<readonly Suggestion[]> {
  if (!/[a-z]/i.test(text)) {
    throw new HopbookError("USAGE", "Cannot look for a runbook: the text has no words", {
      hint: 'Say what is seen: hopbook suggest "connection reset by peer"',
    });
  }
  const entries = await readCatalogue(cwd, choice);
  const usable = entries.flatMap(({ name, file, runbook }) =>
    runbook === null ? [] : [{ name, file, runbook, symptoms: runbook.metadata.symptoms ?? [] }],
  );
  return suggest(text, usable).map(({ of: { name, file, runbook }, symptom, phrase }) => ({
    ...{ name, title: runbook.metadata.title, file },
    ...{ symptom, phrase, example: exampleOf(runbook) },
  }));
}

export interface RunbookDescription {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly file: string;
  readonly symptoms: readonly Symptom[];
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** One line each. */
  readonly permissions: readonly string[];
  readonly steps: readonly {
    readonly id: string;
    readonly title: string;
    readonly uses: string;
    readonly phase: "discovery" | "action";
  }[];
  readonly checks: readonly { readonly id: string; readonly title: string }[];
  readonly example: string;
}

/** `cluster`: whose overlays are laid over it, as in ClusterChoice. */
export async function describeRunbook(
  nameOrFile: string,
  cwd = process.cwd(),
  choice: Omit<ClusterChoice, "cwd"> = {},
): Promise<RunbookDescription> {
  const profile = await openProfileIfAny({ ...choice, cwd, isClusterNamed: true });
  const runbook = await loadNamedRunbook(nameOrFile, cwd, { cluster: profile });
  return {
    name: runbook.metadata.name,
    title: runbook.metadata.title,
    description: runbook.metadata.description ?? "",
    file: runbook.document.file,
    symptoms: runbook.metadata.symptoms ?? [],
    inputs: runbook.inputs,
    permissions: describeDeclared(runbook.permissions),
    steps: [...runbook.steps, ...runbook.finally].map((step) => {
      const kind = STEP_KINDS.get(step.uses);
      return {
        id: step.id,
        title: step.name ?? kind?.title ?? step.uses,
        uses: step.uses,
        phase: kind?.phase ?? "action",
      };
    }),
    checks: runbook.checks.map((check) => ({ id: check.id, title: check.title ?? check.id })),
    example: exampleOf(runbook),
  };
}

function exampleOf(runbook: Runbook): string {
  const required = Object.entries(runbook.inputs).filter(([, input]) => input.required === true);
  const values: Record<string, string> = { from: "shop/client", to: "shop/web:8080" };
  const flags = required.map(
    ([name, input]) =>
      `--${toKebab(name)} ${writtenAddress(input) ?? values[name] ?? exampleValue(name, input)}`,
  );
  return ["hopbook run", runbook.metadata.name, ...flags].join(" ");
}

/** ARRAY would tell nobody what to write: of a list one item is given by its flag. */
/** An address that the input's own description gives as an example: an end of another kind would not do there. */
function writtenAddress({ description = "" }: InputSpec): string | undefined {
  return /\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}:[0-9]+\b/.exec(description)?.[0];
}

function exampleValue(name: string, { type, enum: values }: InputSpec): string {
  const [first] = values ?? [];
  if (typeof first === "string") return first;
  return type === "array" ? toKebab(name).toUpperCase() : type.toUpperCase();
}

/** Flags are written with dashes: `dnsName` is `--dns-name`. */
function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
