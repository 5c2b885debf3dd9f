import { loadProfile } from "../cluster/index.js";
import { assertValid, readOverlay, type SourceDocument } from "../document/index.js";
import { findNamed, resolveRunbook, type Runbook } from "../runbook/index.js";
import { STEP_KINDS } from "../steps/registry.js";
import { runbookDirs } from "./places.js";
import { checkScripts } from "./scripts.js";
import { readCases } from "./test-file.js";

export interface CheckContext {
  readonly cwd: string;
  /** Throws DOCUMENT_INVALID for what a run would refuse. Given by the composition: permissions are judged later. */
  readonly checkRunbook?: ((runbook: Runbook) => void) | undefined;
}

/** A kind of document that hopbook reads, by what stands behind `kind:`. */
export interface DocumentKind {
  /** For people: "valid runbook". */
  readonly title: string;
  /** Throws DOCUMENT_INVALID with every problem that can be known without a cluster. */
  check(document: SourceDocument, context: CheckContext): unknown;
}

/** Every kind that `hopbook check` knows; a new one is an entry here. */
export const DOCUMENT_KINDS: Readonly<Record<string, DocumentKind>> = {
  Runbook: {
    title: "runbook",
    check: async (document, { cwd, checkRunbook }) => {
      const findBases = (name: string): Promise<string[]> => findNamed(name, runbookDirs(cwd));
      const runbook = await resolveRunbook(document, { findBases, kinds: STEP_KINDS.values() });
      await checkScripts(runbook);
      checkRunbook?.(runbook);
    },
  },
  RunbookOverlay: { title: "overlay", check: readOverlay },
  ClusterProfile: { title: "cluster profile", check: ({ file }) => loadProfile(file) },
  HopRecipe: { title: "hop recipe", check: (document) => assertValid(document, "hop-recipe") },
  CniEvidence: { title: "CNI evidence", check: (document) => assertValid(document, "cni-evidence") },
  Naming: { title: "naming", check: (document) => assertValid(document, "naming") },
  NextSteps: { title: "next steps", check: (document) => assertValid(document, "next-steps") },
  RunbookTest: { title: "runbook test", check: readCases },
  PermissionProfile: {
    title: "permission profile",
    check: (document) => assertValid(document, "permission-profile"),
  },
};
