import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { CrictlOptions } from "./crictl.js";
import { runOnNode } from "../run.js";
import { canonicalIp } from "../../linux/address.js";
import { asList, asRecord, fieldOf, parseJson, textOf } from "../../linux/json.js";
import { isInterfaceName } from "../../linux/interface-name.js";

/** libcni's cache of the CNI's answers, for runtimes that do not show them: $1 is the sandbox's id. */
export const CNI_CACHE_SCRIPT = `for file in /var/lib/cni/results/*-"$1"-*; do
  if [ -f "$file" ]; then printf '\\036'; cat "$file"; fi
done
`;

/** What libcni kept of a CNI's answer. */
export interface CniResult {
  readonly sandboxId: string | null;
  /** `io.kubernetes.pod.uid`, where the runtime told the CNI. */
  readonly podUid: string | null;
  /** In the pod. */
  readonly ifName: string | null;
  readonly hostInterfaces: readonly string[];
  readonly ips: readonly string[];
}

/** The results kept for one sandbox: one a network, and one for the loopback. */
export async function readCniCache(
  access: GuardedAccess,
  sandboxId: string,
  options: CrictlOptions,
): Promise<CniResult[]> {
  const argv: Argv = ["sh", "-c", CNI_CACHE_SCRIPT, "hopbook-cni-cache", sandboxId];
  const doing = "read the CNI's cached result";
  const result = await runOnNode(access, argv, { action: "runtime/inspect", doing, signal: options.signal });
  return result.stdout.toString("utf8").split("\u001e").slice(1).map(parseCniCache);
}

/** A file of /var/lib/cni/results, whatever it is; what it does not say is null or empty. */
export function parseCniCache(text: string): CniResult {
  const value = parseJson(text);
  const argument = asList(fieldOf(value, "cniArgs")).find((pair) => asList(pair)[0] === "K8S_POD_UID");
  const uid = asList(argument)[1];
  const ifName = textOf(value, "ifName");
  return {
    sandboxId: textOf(value, "containerId"),
    podUid: typeof uid === "string" ? uid : null,
    ifName,
    hostInterfaces: hostInterfaces(fieldOf(value, "result", "interfaces")),
    ips: ifName === "lo" ? [] : cniAddresses(fieldOf(value, "result", "ips")),
  };
}

/**
 * Interfaces of a CNI result without a sandbox: containerd's map by name, or the CNI specification's list. Of a CNI that tells no
 * interface of its addresses containerd makes one up, `eth0`, which is the pod's and no device of the host's (go-cni's result.go).
 */
export function hostInterfaces(interfaces: unknown): string[] {
  const entries: [string | null, unknown][] = Array.isArray(interfaces)
    ? (interfaces as unknown[]).map((entry) => [textOf(entry, "name"), fieldOf(entry, "sandbox")])
    : Object.entries(asRecord(interfaces))
        .filter(([, entry]) => asList(fieldOf(entry, "IPConfigs")).length === 0)
        .map(([name, entry]) => [name, fieldOf(entry, "Sandbox")]);
  return entries
    .filter(([, sandbox]) => sandbox === undefined || sandbox === "")
    .map(([name]) => name)
    .filter((name): name is string => name !== null && isInterfaceName(name));
}

/** `ips` of a CNI result, `ADDRESS/BITS` each. */
function cniAddresses(ips: unknown): string[] {
  return distinctAddresses(asList(ips).map((entry) => textOf(entry, "address")?.split("/")[0] ?? null));
}

/** Those of the texts that are addresses, in one spelling, each once. */
export function distinctAddresses(texts: readonly (string | null)[]): string[] {
  const all = texts.map((ip) => (ip === null ? undefined : canonicalIp(ip)));
  return [...new Set(all.filter((ip): ip is string => ip !== undefined))];
}
