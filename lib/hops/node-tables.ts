import { asHopbookError } from "../errors.js";
import { parseFdb, type FdbEntry } from "../linux/fdb.js";
import { parseNamespaces, type NamedNamespace } from "../linux/namespaces.js";
import type { Argv } from "../model/access.js";
import type { GuardedAccess } from "../model/guarded-access.js";
import { Looks } from "./looks.js";

/** What a node has besides its devices and routes; a text says why it could not be read. */
export interface NodeTables {
  /** Of all its bridges. */
  readonly fdb: readonly FdbEntry[] | string;
  readonly namespaces: readonly NamedNamespace[] | string;
}

const FDB: Argv = ["bridge", "-j", "fdb", "show"];
const NAMESPACES: Argv = ["ip", "-j", "netns", "list"];

/** Reads them in one round trip. Rejects only where the run is over, or may not read. */
export async function readNodeTables(
  access: GuardedAccess,
  signal: AbortSignal | undefined,
): Promise<NodeTables> {
  const looks = await Looks.take({ access, netns: { kind: "host" }, signal }, [FDB, NAMESPACES]);
  const [fdb, namespaces] = await Promise.all([
    orWhy(async () => parseFdb(await looks.json(FDB, "read the bridges' tables"))),
    orWhy(async () => parseNamespaces(await looks.json(NAMESPACES, "list the network namespaces"))),
  ]);
  return { fdb, namespaces };
}

/** What is read, or why it cannot be, as one method of several. */
export async function orWhy<T>(read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "INTERRUPTED" || known.code === "PERMISSION_DENIED") throw known;
    return known.message;
  }
}
