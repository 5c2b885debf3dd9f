import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { runOnNode } from "../run.js";
import type { Family } from "../../linux/address.js";
import { parseRouteAnswer } from "../../linux/routes.js";

/** Documentation's (RFC 5737, RFC 3849): nothing is there, so the lookup shows the default route. Nothing is sent. */
const NOWHERE: Readonly<Record<Family, string>> = { 4: "192.0.2.1", 6: "2001:db8::1" };

/**
 * The address a node uses towards the world, for profiles that name the node by a host name: of IPv4 before IPv6. Throws
 * TARGET_NOT_FOUND where no default route names one.
 */
export async function askNodeAddress(access: GuardedAccess, signal?: AbortSignal): Promise<string> {
  const options = { action: "node/read", doing: "ask for the node's address", signal };
  for (const family of [4, 6] as const) {
    // A refusal (no such route) is an answer.
    const { exitCode, stdout } = await runOnNode(access, askWay(family), options);
    const ip = exitCode === 0 ? parseRouteAnswer(stdout.toString("utf8"))?.source : null;
    if (ip != null) return ip;
  }
  throw new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot tell the address of ${access.node}: its default route names none`,
    {
      where: { node: access.node, argv: askWay(4) },
      hint: "write the node's IP address into the profile",
    },
  );
}

function askWay(family: Family): Argv {
  return ["ip", "-j", "route", "get", NOWHERE[family]];
}
