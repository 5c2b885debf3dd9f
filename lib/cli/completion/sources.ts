import { LAB_TOPOLOGIES } from "../../api/topologies.js";
import type { Option } from "commander";
import type * as Completion from "../../api/completion.js";
import type { Candidate, NamedCluster, Surroundings } from "../../api/completion.js";
import { valuesOf, type InputFlag } from "../runbook-flags.js";

/** Where the words for a place of the command line come from. */
export interface Source {
  suggest(where: Surroundings & { readonly named: NamedCluster }): Promise<readonly Candidate[]>;
  /** The shell completes paths as well. */
  readonly paths?: "files" | "dirs";
  /** Several values stand in one word, with commas. */
  readonly list?: boolean;
}

const api = (): Promise<typeof Completion> => import("../../api/completion.js");
const nothing = (): Promise<readonly Candidate[]> => Promise.resolve([]);
const words = (values: readonly string[]): Source => ({
  suggest: () => Promise.resolve(values.map((value) => ({ value }))),
});

const NONE: Source = { suggest: nothing };
const FILES: Source = { suggest: nothing, paths: "files" };
const DIRS: Source = { suggest: nothing, paths: "dirs" };
const RUNBOOKS: Source = { suggest: async (where) => (await api()).suggestRunbooks(where), paths: "files" };
const RUN_FOLDERS: Source = {
  suggest: async (where) => (await api()).suggestRunFolders(where),
  paths: "dirs",
};
const ENDS: Source = { suggest: async (where) => (await api()).suggestEnds(where.named, where) };
const CONTEXTS: Source = {
  suggest: async (where) => (await api()).suggestContexts(where.named, where),
};
const NAMESPACES: Source = {
  suggest: async (where) => (await api()).suggestNamespaces(where.named, where),
};
const PROFILES: Source = { suggest: async (where) => (await api()).suggestProfiles(where), paths: "files" };
const SCHEMAS: Source = { suggest: async () => (await api()).suggestSchemas() };
const FAULTS: Source = {
  suggest: async () => {
    const { listFaults } = await import("../../api/lab.js");
    return listFaults().map(({ name, title }) => ({ value: name, description: title }));
  },
};

/** By the name that a command gives its argument. */
const POSITIONALS: Readonly<Record<string, Source>> = {
  runbook: RUNBOOKS,
  "run folder": RUN_FOLDERS,
  "folder|pcap": { ...RUN_FOLDERS, paths: "files" },
  from: ENDS,
  fault: FAULTS,
  "on|off": words(["on", "off"]),
  topology: words(Object.keys(LAB_TOPOLOGIES)),
  schema: SCHEMAS,
  shell: words(["bash", "zsh", "fish"]),
};

export function positionalSource(name: string): Source {
  return POSITIONALS[name] ?? (/file|path|plan/.test(name) ? FILES : /folder|dir/.test(name) ? DIRS : NONE);
}

/** Inputs that name an end of a path, by the words that runbooks use for them. */
const END_FLAGS = ["from", "to", "backend", "pod", "on"];

/** Of an option's value; `input` is the runbook's input behind the flag, where it is one. */
export function valueSource(option: Option, input: InputFlag | undefined): Source {
  const name = option.attributeName();
  const values = option.argChoices ?? (input === undefined ? [] : valuesOf(input));
  if (values.length > 0) return { ...words(values), list: input?.type === "array" };
  if (END_FLAGS.includes(name)) return ENDS;
  if (name === "cluster") return PROFILES;
  if (name === "context") return CONTEXTS;
  if (name === "namespace") return NAMESPACES;
  const placeholder =
    /<(.+)>|\[(.+)\]/
      .exec(option.flags)
      ?.slice(1)
      .find((part) => part !== undefined) ?? "";
  if (/^DIR/.test(placeholder)) return DIRS;
  return /FILE|PROFILE|PLAN/.test(placeholder) ? FILES : NONE;
}
