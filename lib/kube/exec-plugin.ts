import type { KubeConfig, User } from "@kubernetes/client-node";
import { HopbookError, messageOf } from "../errors.js";
import type { CredentialSource, PluginCredentials } from "./exec-credentials.js";

/** A plugin that asks somebody to log in elsewhere needs longer; it can be run beforehand, and keeps what it got. */
const PLUGIN_TIMEOUT_MS = 4000;
const MAX_SAID_CHARS = 1000;

interface Starter extends CredentialSource {
  execFn?: (command: string, args: readonly string[], options: object) => unknown;
}

const startersOf = (config: KubeConfig): readonly Starter[] =>
  (config as unknown as { authenticators?: readonly Starter[] }).authenticators ?? [];

/**
 * Bounds the programs that a kubeconfig names for credentials: one that hangs would hold the run and its end. What one
 * gave is kept until it is over.
 */
export function boundExecPlugins(config: KubeConfig, credentials: PluginCredentials): KubeConfig {
  for (const each of startersOf(config)) {
    const start = each.execFn;
    if (typeof start !== "function") continue;
    each.execFn = (command, args, options) =>
      start(command, args, {
        ...options,
        ...{ timeout: PLUGIN_TIMEOUT_MS, killSignal: "SIGKILL" },
        // What it would ask for cannot be answered: stdin is the run's own.
        stdio: ["ignore", "pipe", "pipe"],
      });
    credentials.keep(each);
  }
  return config;
}

/** The server took what a plugin gave for nothing: it is asked anew. */
export function forgetPluginCredential(config: KubeConfig, credentials: PluginCredentials): void {
  const user: User | null = config.getCurrentUser();
  if (user !== null) for (const each of startersOf(config)) credentials.forget(each, user);
}

/** What came of a plugin that gave no credentials: its own words, which the library gives as the error's message. */
export function pluginError(config: KubeConfig, error: unknown): HopbookError {
  const command = (config.getCurrentUser()?.exec as { command?: string } | undefined)?.command;
  const said = messageOf(error).trim().slice(-MAX_SAID_CHARS);
  const why =
    command === undefined
      ? said
      : `${command} gave none${said === "" ? ` within ${PLUGIN_TIMEOUT_MS / 1000} s` : `: ${said}`}`;
  return new HopbookError("KUBE_UNAUTHORISED", `Cannot get the kubeconfig's credentials: ${why}`, {
    hint: "See whether kubectl auth whoami works with this kubeconfig",
  });
}
