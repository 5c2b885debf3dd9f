import { Option, type Command } from "commander";

/** Options that several commands share, under the same names and with the same words. */

export function addClusterOptions(command: Command): Command {
  return command.addOption(
    new Option("--cluster <FILE|NAME>", "cluster profile; without it ./hopbook.yaml").helpGroup("Cluster:"),
  );
}

export function addPermissionOptions(command: Command): Command {
  const add = (flags: string, text: string): void => {
    command.addOption(new Option(flags, text).helpGroup("Permissions:"));
  };
  add("-y, --yes", "grant exactly what the runbook declares, and do not ask");
  add("-A, --allow-all", "grant everything");
  for (const [scope, value, text] of PERMISSION_SCOPES) {
    add(`--allow-${scope} ${value}`, `grant ${text}`);
    add(`--deny-${scope} ${value}`, `refuse ${text}; a refusal wins`);
  }
  return command;
}

const PERMISSION_SCOPES = [
  ["node", "<NAMES>", "logging in to these nodes (comma-separated)"],
  ["exec", "<ACTIONS>", "these named actions, such as runtime/pods,node/read"],
  ["capture", "[LIMITS]", "captures"],
  ["traffic", "[PROBES]", "making this traffic, such as ping,http"],
] as const;

export function addOutputOption(command: Command): Command {
  return command.addOption(
    new Option("-o, --output <FORMAT>", "what stdout gets").choices(["text", "json"]).default("text"),
  );
}

export interface CommonOptions {
  readonly cluster?: string;
  readonly output?: "text" | "json";
}

/** The permission flags as they were given: list values split, `true` where a flag stands alone. */
export interface PermissionOptions {
  readonly yes?: boolean;
  readonly allowAll?: boolean;
  readonly allowNode?: string;
  readonly denyNode?: string;
  readonly allowExec?: string;
  readonly denyExec?: string;
  readonly allowCapture?: string | true;
  readonly denyCapture?: string | true;
  readonly allowTraffic?: string | true;
  readonly denyTraffic?: string | true;
}
