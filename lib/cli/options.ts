import { InvalidArgumentError, Option, type Command } from "commander";
import type { GrantFlags } from "../api/permissions.js";
import type { KubeChoice } from "../api/run.js";
import { PERMISSION_SCOPES } from "../api/permissions.js";
import { HopbookError } from "../errors.js";
import { ALL_VIAS, type Via } from "../model/access.js";
import { parseDuration } from "../model/units.js";

/** Options that several commands share, under the same names and with the same words. */

export function addClusterOptions(command: Command): Command {
  const add = (flags: string, text: string): Command =>
    command.addOption(new Option(flags, text).helpGroup("Cluster:"));
  add("--cluster <FILE|NAME>", "cluster profile; without it ./hopbook.yaml, else the current kube context");
  add("--context <NAME>", "a context of the kubeconfig in place of a cluster profile");
  add("--kubeconfig <FILE>", "kubeconfig; without it KUBECONFIG, else ~/.kube/config");
  return add("-n, --namespace <NAME>", "of what is named without one; without it the context's");
}

/** For what enters nodes: what is made in the cluster for that. */
export function addEntryOptions(command: Command): Command {
  const text = "debug pods stay this long, such as 10m, for the next run";
  return addImageOption(command).addOption(new Option("--keep-warm <TIME>", text).helpGroup("Cluster:"));
}

/** How nodes and pods are entered, where that is not to be chosen by what the user may do. */
export function addViaOption(command: Command): Command {
  const text = "how nodes and pods are entered, in place of the profile's access.via";
  return command.addOption(
    new Option("--via <WAY>", text).choices(["auto", ...ALL_VIAS]).helpGroup("Cluster:"),
  );
}

/** The same for what only looks for pods that are there, and makes one where they are gone. */
export function addImageOption(command: Command): Command {
  const text = "with tcpdump, for pods that are made; without it the profile's images.tools";
  return addViaOption(command).addOption(new Option("--image <IMAGE>", text).helpGroup("Cluster:"));
}

export function addPermissionOptions(command: Command): Command {
  const add = (flags: string, text: string): Option => {
    const option = new Option(flags, text).helpGroup("Permissions:");
    command.addOption(option);
    return option;
  };
  add("-y, --yes", "grant exactly what the runbook declares, and do not ask");
  add("-A, --allow-all", "grant everything that the runbook declares");
  add(
    "-P, --permission-profile <FILE|NAME>",
    "grant and deny what this file says; may be given again",
  ).argParser(collect);
  for (const { name, value, text } of PERMISSION_SCOPES) {
    const flags = [
      add(`--allow-${name} ${value}`.trim(), `grant ${text}`),
      add(`--deny-${name} ${value}`.trim(), `refuse ${text}; a refusal wins`),
    ];
    if (value !== "") for (const flag of flags) flag.argParser(collect);
  }
  return command;
}

/** Of a flag that may be given again all values; one that stands alone means all, whatever else is said of it. */
export function collect(value: string, previous: unknown): true | string[] {
  if (previous === true) return true;
  return [...(Array.isArray(previous) ? (previous as string[]) : []), value];
}

export function addOutputOption(command: Command): Command {
  return command.addOption(
    new Option("-o, --output <FORMAT>", "what stdout gets").choices(["text", "json"]).default("text"),
  );
}

/** Of a run, whose packets can be had while it goes on. */
export function addRunOutputOption(command: Command): Command {
  const text =
    "what stdout gets: text or json; - for all packets as they come, one pcapng stream of all points, or a FILE.pcapng for them";
  return command.addOption(
    new Option("-o, --output <FORMAT>", text).default("text").argParser(checkRunOutput),
  );
}

/** What findings are printed as, and where packets go. */
export function readRunOutput(output: string | undefined): {
  readonly output: "text" | "json";
  readonly packets: string | null;
} {
  if (output === undefined || output === "text" || output === "json") {
    return { output: output ?? "text", packets: null };
  }
  return { output: "text", packets: output };
}

function checkRunOutput(value: string): string {
  if (["text", "json", "-"].includes(value) || value.endsWith(".pcapng")) return value;
  throw new InvalidArgumentError("It is text, json, - or the name of a file that ends in .pcapng.");
}

/** Which cluster was meant, for the library. */
export function clusterOf(flags: CommonOptions): {
  readonly cluster: string | undefined;
  readonly kube: KubeChoice;
} {
  const { cluster, context, kubeconfig, namespace, image, via, keepWarm } = flags;
  const entry = { image, via, ...(keepWarm === undefined ? {} : { keepWarmMs: readKeepWarm(keepWarm) }) };
  return { cluster, kube: { context, kubeconfig, namespace, ...entry } };
}

function readKeepWarm(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new HopbookError("USAGE", `Cannot take --keep-warm ${JSON.stringify(text)}: it is no duration`, {
    hint: "Write it as 30s, 10m or 1h",
  });
}

export interface CommonOptions {
  readonly cluster?: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly namespace?: string;
  readonly image?: string;
  readonly via?: Via | "auto";
  readonly keepWarm?: string;
  readonly output?: "text" | "json";
}

/** The permission flags as they were given. */
export type PermissionOptions = GrantFlags;
