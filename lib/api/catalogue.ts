import { join } from "node:path";
import { assertValid, readDocument } from "../document/index.js";
import { asHopbookError, HopbookError, type ErrorCode, type ErrorPlace } from "../errors.js";
import {
  checkRunbook,
  findRunbook,
  listRunbooks,
  loadRunbook,
  type InputSpec,
  type Runbook,
} from "../runbook/index.js";
import { describeDeclared } from "./authority.js";
import { STEP_KINDS } from "../steps/registry.js";
import { loadProfile } from "../cluster/index.js";
import { RUNBOOK_DIR } from "./places.js";

/** Where runbooks are looked for: beside the person first, then those that come with hopbook. */
export function runbookDirs(cwd: string): string[] {
  return [join(cwd, "runbooks"), RUNBOOK_DIR];
}

/** Loads a runbook by name or file and checks it against the step kinds there are. */
export async function loadNamedRunbook(nameOrFile: string, cwd: string): Promise<Runbook> {
  const runbook = await loadRunbook(await findRunbook(nameOrFile, runbookDirs(cwd)));
  checkRunbook(runbook, [...STEP_KINDS.values()]);
  return runbook;
}

export interface CatalogueEntry {
  readonly name: string;
  /** Of a broken runbook: why it is broken. */
  readonly title: string;
  readonly file: string;
  readonly valid: boolean;
}

export async function listCatalogue(cwd: string): Promise<readonly CatalogueEntry[]> {
  const entries = await listRunbooks(runbookDirs(cwd));
  return entries.map(({ name, file, runbook, error }) => ({
    name,
    file,
    title: runbook?.metadata.title ?? `broken: ${error?.message ?? "unknown"}`,
    valid: runbook !== null,
  }));
}

export interface RunbookDescription {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly file: string;
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

export async function describeRunbook(nameOrFile: string, cwd: string): Promise<RunbookDescription> {
  const runbook = await loadNamedRunbook(nameOrFile, cwd);
  return {
    name: runbook.metadata.name,
    title: runbook.metadata.title,
    description: runbook.metadata.description ?? "",
    file: runbook.document.file,
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
    ([name, input]) => `--${toKebab(name)} ${values[name] ?? input.type.toUpperCase()}`,
  );
  return ["hopbook run", runbook.metadata.name, ...flags].join(" ");
}

/** Flags are written with dashes: `dnsName` is `--dns-name`. */
function toKebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export interface FileFault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly where: ErrorPlace | null;
  readonly detail: string | null;
  readonly hint: string | null;
}

export interface CheckedFile {
  readonly file: string;
  readonly kind: string;
  /** null: the file is valid. */
  readonly error: FileFault | null;
}

/** Validates runbooks, hop recipes and cluster profiles, by their `kind`. One bad file does not end it. */
export async function checkFiles(files: readonly string[]): Promise<readonly CheckedFile[]> {
  const results: CheckedFile[] = [];
  for (const file of files) {
    try {
      results.push({ file, kind: await checkFile(file), error: null });
    } catch (error) {
      const known = asHopbookError(error);
      if (known.code === "INTERNAL") throw known;
      results.push({
        file,
        kind: "unknown",
        error: {
          code: known.code,
          message: known.message,
          where: known.where ?? null,
          detail: known.detail ?? null,
          hint: known.hint ?? null,
        },
      });
    }
  }
  return results;
}

async function checkFile(file: string): Promise<string> {
  const document = await readDocument(file);
  const kind = (document.data as { kind?: unknown } | null)?.kind;
  switch (kind) {
    case "HopRecipe":
      assertValid(document, "hop-recipe");
      return "hop recipe";
    case "ClusterProfile":
      await loadProfile(file);
      return "cluster profile";
    case "Runbook":
    case undefined:
      checkRunbook(await loadRunbook(file), [...STEP_KINDS.values()]);
      return "runbook";
    default:
      throw new HopbookError(
        "DOCUMENT_INVALID",
        `Cannot check ${file}: its kind is ${JSON.stringify(kind)}`,
        {
          where: { file, ...document.locate(["kind"]) },
          hint: "kind is one of Runbook, HopRecipe, ClusterProfile",
        },
      );
  }
}
