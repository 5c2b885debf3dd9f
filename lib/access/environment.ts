import { ownerHash, runLabel } from "../kube/lease.js";
import type { Lease } from "../model/kube.js";
import { BARE_ENV, SYSTEM_PATH } from "../process/environment.js";

/**
 * The environment of what runs on a node. Whose it is stands in it, since that is what `reap` can still read of a
 * process whose client is gone.
 */
export function buildNodeEnv(lease: Lease | undefined): Record<string, string> {
  return { ...BARE_ENV, ...marksOf(lease) };
}

/** The same as words for env(1). */
export function buildEnvWords(lease: Lease | undefined): string[] {
  return spell(buildNodeEnv(lease));
}

/** Of those only what says whose it is, for a way in that sets the rest itself. */
export function buildMarkWords(lease: Lease): string[] {
  return spell(marksOf(lease));
}

function marksOf(lease: Lease | undefined): Record<string, string> {
  if (lease === undefined) return {};
  return { HOPBOOK_RUN: runLabel(lease.runId), HOPBOOK_OWNER: ownerHash(lease.owner) };
}

function spell(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

/** What ssh itself needs of the operator's environment: its keys, its agent, its tickets. */
const SSH_KEEPS = ["HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "KRB5CCNAME"] as const;

/** The environment of the local ssh. Its own PATH comes first, so that an ssh elsewhere is found as well. */
export function buildSshEnv(from: NodeJS.ProcessEnv): Record<string, string> {
  const kept = SSH_KEEPS.flatMap((name) => {
    const value = from[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), PATH: from["PATH"] ?? SYSTEM_PATH, LC_ALL: "C", SHELL: "/bin/sh" };
}
