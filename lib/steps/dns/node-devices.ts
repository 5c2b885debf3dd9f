import { runOnNode } from "../../cluster/index.js";
import { parseAddresses } from "../../linux/addresses.js";
import { fieldOf, parseJson, recordsOf, textOf } from "../../linux/json.js";
import type { GuardedAccess } from "../../model/guarded-access.js";

/** The node's devices by address; loopback's are each namespace's own. null: they could not be read. */
export async function readDevices(
  access: GuardedAccess | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string> | null> {
  if (access === null) return null;
  const argv = ["ip", "-j", "address", "show"] as const;
  const options = { action: "node/read", doing: "read the addresses", signal };
  const { exitCode, stdout } = await runOnNode(access, argv, options);
  const links = exitCode === 0 ? parseJson(stdout.toString("utf8")) : undefined;
  if (links === undefined) return null;
  const pairs = recordsOf(links).flatMap((link) => {
    const device = textOf(link, "ifname") ?? "";
    const own = parseAddresses(fieldOf(link, "addr_info")).filter(({ scope }) => scope !== "host");
    return own.map(({ ip }) => [ip, device] as const);
  });
  return new Map(pairs);
}
