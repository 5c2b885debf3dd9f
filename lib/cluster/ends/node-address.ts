import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { runOnNode } from "../run.js";
import type { Family } from "../../linux/address.js";
import { parseRouteAnswer } from "../../linux/routes.js";

/** Documentation's (RFC 5737, RFC 3849): nothing is there, so the lookup shows the default route. Nothing is sent. */
export const NOWHERE: Readonly<Record<Family, string>> = { 4: "192.0.2.1", 6: "2001:db8::1" };

/**
 * The address a node uses towards the world, for profiles that name the node by a host name: of IPv4 before IPv6. Throws
 * TARGET_NOT_FOUND where no default route names one.
 */
export async function askNodeAddress(access: GuardedAccess, signal?: AbortSignal): Promise<string> {
  for (const family of [4, 6] as const) {
    const ip = await askSource(access, NOWHERE[family], signal);
    if (ip !== null) return ip;
  }
  throw new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot tell the address of ${access.node}: its default route names none`,
    {
      where: { node: access.node, argv: askWay(NOWHERE[4]) },
      hint: "write the node's IP address into the profile",
    },
  );
}

/** The address by which a node sends to another one; null where it has no route there. */
export async function askSource(
  access: GuardedAccess,
  dst: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const options = { action: "node/read", doing: "ask for the node's address", signal };
  const { exitCode, stdout } = await runOnNode(access, askWay(dst), options);
  return exitCode === 0 ? (parseRouteAnswer(stdout.toString("utf8"))?.source ?? null) : null;
}

function askWay(dst: string): Argv {
  return ["ip", "-j", "route", "get", dst];
}
