import { HopbookError } from "../errors.js";
import type { ClusterProfile } from "../model/cluster.js";
import { questions, visible, type Declared, type QuestionGroup } from "../permissions/index.js";
import type { Runbook } from "../runbook/index.js";
import type { ForeseenStep } from "./foresee.js";

/** All that a run asks for, at once, before its first step. All text is safe to print. */
export interface PermissionQuestion {
  /** Which runbook, on which cluster. */
  readonly title: string;
  readonly groups: readonly QuestionGroup[];
  /** What this run will do, as far as its inputs say, a line a step. */
  readonly steps: readonly string[];
  readonly notes: readonly string[];
}

/** Asks the person; true only where every group was agreed to. */
export type Confirm = (question: PermissionQuestion) => Promise<boolean>;

interface AskOptions {
  readonly runbook: Pick<Runbook, "metadata">;
  readonly profile: ClusterProfile;
  readonly confirm: Confirm | undefined;
  readonly wanted: Declared;
  readonly missing: readonly string[];
  readonly steps: readonly ForeseenStep[];
  readonly notes: readonly string[];
  /** No run is asked for, but some of its actions alone: `wanted` is all that --yes grants. */
  readonly isNarrowed: boolean;
}

/**
 * Asks once for all that is declared. Throws PERMISSION_DENIED where nobody can be asked, with the exact flags, and
 * where any part of it was refused: a run with a hole in it is not what was asked for.
 */
export async function askPermission(options: AskOptions): Promise<void> {
  const { confirm, missing, notes } = options;
  const { name } = options.runbook.metadata;
  const question = questionOf(options);
  if (confirm === undefined) {
    const asked = question.groups.flatMap(({ head, lines }) => [...head, ...lines]);
    throw new HopbookError("PERMISSION_DENIED", `Cannot run ${name}: permissions are missing`, {
      detail: [question.title, ...asked, ...notes, "missing:", ...missing.map((flag) => `  ${flag}`)].join(
        "\n",
      ),
      hint: `Grant exactly this: ${missing.join(" ")}; or ${sayAll(options)}: --yes`,
      missingFlags: missing,
    });
  }
  if (await confirm(question)) return;
  throw new HopbookError("PERMISSION_DENIED", `Cannot run ${name}: the answer was no`, {
    hint: "No node was touched",
  });
}

function sayAll({ isNarrowed, wanted, runbook }: AskOptions): string {
  if (!isNarrowed) return "all that the runbook declares";
  return `all that ${visible(runbook.metadata.name)} asks for here, ${wanted.exec.join(", ")}`;
}

function questionOf({ runbook, profile, wanted, steps, notes }: AskOptions): PermissionQuestion {
  const nodes = profile.nodes.map(({ name, address, access }) => ({ name, address, via: access.via }));
  const groups = questions(wanted, nodes);
  return {
    title: `${visible(runbook.metadata.name)} on cluster ${visible(profile.name)}${describeApi(profile)}`,
    groups: groups.length > 0 ? groups : [NOTHING],
    steps: steps.map(describeStep),
    notes: notes.map((note) => visible(note)),
  };
}

/** Whose rights it is done with, and where: a context's name alone may be the same on every machine. */
function describeApi({ api }: ClusterProfile): string {
  if (api === undefined) return "";
  return visible(` (context ${api.context}, server ${api.server}, user ${api.user})`, { maxChars: 400 });
}

const NOTHING: QuestionGroup = {
  head: ["It may not enter any of the cluster's nodes."],
  lines: [],
  details: [],
  changes: false,
};

const WANTED: Readonly<Record<ForeseenStep["wanted"], string>> = {
  yes: "",
  no: "left out: ",
  maybe: "perhaps: ",
};

function describeStep({ id, uses, argv, wanted, values }: ForeseenStep): string {
  const known = Object.entries(values).map(([key, value]) => `${key} ${String(value)}`);
  const what = argv === null ? known.join(", ") : JSON.stringify(argv);
  return visible(`${WANTED[wanted]}${id}: ${uses}${what === "" ? "" : ` (${what})`}`, { maxChars: 300 });
}
