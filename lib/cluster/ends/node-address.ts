import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import { readJsonText } from "../run.js";
import { parseRouteAnswer } from "../../linux/routes.js";

/** TEST-NET-1 (RFC 5737): nothing is there, so the lookup shows the default route. Nothing is sent. */
const NOWHERE = "192.0.2.1";

/** The address a node uses towards the world, for profiles that name the node by a host name. */
export async function askNodeAddress(access: GuardedAccess, signal?: AbortSignal): Promise<string> {
  const argv: Argv = ["ip", "-j", "route", "get", NOWHERE];
  const options = { action: "node/read", doing: "ask for the node's address", signal };
  const ip = parseRouteAnswer(await readJsonText(access, argv, options))?.source ?? null;
  if (ip !== null) return ip;
  throw new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot tell the address of ${access.node}: its default route names none`,
    {
      where: { node: access.node, argv },
      hint: "write the node's IP address into the profile",
    },
  );
}
