import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

import { PERMISSION_SCOPES } from "../api/permissions.js";
import { quoteShellWord } from "../model/shell-word.js";
import { visible } from "../model/visible.js";
import type { CommonOptions, PermissionOptions } from "./options.js";
import type { Terminal } from "./terminal.js";

/** What a command was given that the next one needs as well. */
export type CarriedFlags = CommonOptions & PermissionOptions & { readonly out?: string };

/** Which of them: a plan names its cluster itself, and a command about files on this machine has none. */
interface Carried {
  readonly flags: CarriedFlags;
  readonly carry: readonly ("cluster" | "kubeconfig" | "entry" | "permissions" | "out")[];
}

/**
 * A command for a person to copy: it does as printed, from this folder and from any other one, in a POSIX shell. Files
 * are named by their absolute paths, and what the printing command was told of the cluster is said again.
 */
export function nextCommand(terminal: Terminal, words: readonly string[], carried?: Carried): string {
  const flags = carried === undefined ? [] : flagsOf(carried);
  const all = [...words, ...flags].map((word) => quoteShellWord(visible(word)));
  return [terminal.programName ?? "hopbook", ...all].join(" ");
}

function flagsOf({ flags, carry }: Carried): string[] {
  const wants = (what: Carried["carry"][number]): boolean => carry.includes(what);
  return [
    ...(wants("cluster") ? clusterFlags(flags) : []),
    ...(wants("kubeconfig") || wants("cluster") ? named("--kubeconfig", absolute(flags.kubeconfig)) : []),
    ...(wants("cluster") || wants("entry") ? named("--via", flags.via) : []),
    ...(wants("entry") ? [...named("--image", flags.image), ...named("--keep-warm", flags.keepWarm)] : []),
    ...(wants("out") ? named("--out", resolve(flags.out ?? "artifacts")) : []),
    ...(wants("permissions") ? permissionFlags(flags) : []),
  ];
}

function clusterFlags({ cluster, context, namespace }: CarriedFlags): string[] {
  const isImplied = cluster === undefined && context === undefined && existsSync("hopbook.yaml");
  const file = isImplied ? resolve("hopbook.yaml") : cluster === undefined ? undefined : locate(cluster);
  return [...named("--cluster", file), ...named("--context", context), ...named("--namespace", namespace)];
}

/** A profile's name is looked for among the operator's own first; else it is a file or a folder, seen from here. */
function locate(cluster: string): string {
  const folder = join(homedir(), ".config", "hopbook", "clusters");
  const isName = [`${cluster}.yaml`, `${cluster}.yml`, join(cluster, "hopbook.yaml")].some((file) =>
    existsSync(join(folder, file)),
  );
  return isName && !cluster.includes("/") ? cluster : resolve(cluster);
}

function permissionFlags(flags: CarriedFlags): string[] {
  const scopes = PERMISSION_SCOPES.flatMap(({ name }) =>
    (["allow", "deny"] as const).flatMap((effect) => {
      const key = `${effect}${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
      const given = (flags as Readonly<Record<string, unknown>>)[key];
      const values = Array.isArray(given) ? (given as readonly string[]) : given === true ? [null] : [];
      return values.map((value) => `--${effect}-${name}${value === null ? "" : `=${value}`}`);
    }),
  );
  return [
    ...(flags.permissionProfile ?? []).flatMap((name) => ["-P", existsSync(name) ? resolve(name) : name]),
    ...scopes,
    ...(flags.yes === true ? ["--yes"] : []),
    ...(flags.allowAll === true ? ["--allow-all"] : []),
  ];
}

function absolute(file: string | undefined): string | undefined {
  return file === undefined ? undefined : resolve(file);
}

function named(flag: string, value: string | undefined): string[] {
  return value === undefined ? [] : [flag, value];
}
