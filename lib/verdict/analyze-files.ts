import { analyzePcaps, findFileOrder, type KnownBeside } from "../analysis/index.js";
import { HopbookError } from "../errors.js";
import { parseAddress, parsePort } from "../linux/endpoint.js";
import type { Findings } from "../model/findings.js";
import type { Protocol } from "../model/traffic.js";
import { loadNextSteps } from "../catalogue/next-steps.js";
import { addNextSteps } from "./next-steps.js";
import { readLinks } from "./read-links.js";
import { nameFiles, renameHops, type HopName } from "./name-hops.js";

const REORDERED =
  "The captures were not given in the order in which packets pass them; they were put in order by TTL and time";

/** Which flows of captures are wanted, and how their hops are called: text as on a command line. */
export interface AnalyzeFilesOptions {
  /** An address of the client. */
  readonly from?: string | undefined;
  /** An address of the server, with a port or without. */
  readonly to?: string | undefined;
  /** The server's. */
  readonly port?: string | undefined;
  readonly protocol?: Protocol | undefined;
  /** How the files are called (lib/verdict/name-hops.ts). Default: `node.iface.pcap`. */
  readonly name?: string | undefined;
  /** Files with what `ip -j link` printed: one for all captures, or one a capture, for the names of their devices. */
  readonly links?: readonly string[] | undefined;
}

/** What was collected beside the captures. */
interface Beside {
  readonly known?: KnownBeside;
}

/**
 * All flows of captures of one path, the worst first. Throws USAGE where an option is not what it should be or no flow
 * fits, FILE_UNREADABLE and EVIDENCE_INVALID where a file is no capture.
 */
export async function analyzePcapFiles(
  files: readonly string[],
  { from, to, port, protocol, name, links = [], known }: AnalyzeFilesOptions & Beside = {},
): Promise<Findings> {
  const given = nameFiles(files, name);
  const server = to === undefined ? null : readAddress("--to", to);
  const client = from === undefined ? null : readAddress("--from", from);
  if (client !== null && client.port !== null)
    throw wrong("--from", from ?? "", "a client's port is another one each time");
  const own = port === undefined ? null : readPort(port);
  if (own !== null && server?.port !== null && server?.port !== undefined && server.port !== own)
    throw wrong("--port", port ?? "", `--to says ${server.port}`);
  const wanted = server?.port ?? own;
  const devices = await readLinks(links, files.length);
  const order = orderFiles(files, given);
  const sorted = sortBy(order, files);
  const findings = await analyzePcaps(sorted, {
    ...(client === null ? {} : { from: client.ip }),
    ...(server === null ? {} : { to: server.ip }),
    ...(wanted === null ? {} : { port: wanted }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(known === undefined ? {} : { known: { ...known, places: sortBy(order, known.places) } }),
    ...(devices.length < 2 ? { links: devices } : { links: sortBy(order, devices) }),
  });
  const named = renameHops(findings, sortBy(order, given));
  const told = addNextSteps(named, await loadNextSteps());
  return order === null ? told : withCaveat(told, REORDERED);
}

/**
 * Places in `files` in the order of the path; null: as given. Those that show no packet by which they could be told stand
 * behind the others of their node, else last.
 */
function orderFiles(files: readonly string[], names: readonly HopName[]): readonly number[] | null {
  const found = findFileOrder(files);
  if (found === null) return null;
  const order = [...found.placed];
  for (const file of found.unplaced) {
    const node = names[file]?.node ?? null;
    const last = node === null ? -1 : order.findLastIndex((other) => names[other]?.node === node);
    order.splice(last < 0 ? order.length : last + 1, 0, file);
  }
  return order;
}

const sortBy = <T>(order: readonly number[] | null, items: readonly T[]): readonly T[] =>
  order?.flatMap((index) => items.slice(index, index + 1)) ?? items;

/** The same, with a caveat in each verdict. */
export function withCaveat(findings: Findings, caveat: string): Findings {
  const flows = findings.flows.map((flow) => ({
    ...flow,
    verdict: { ...flow.verdict, caveats: [...flow.verdict.caveats, caveat] },
  }));
  return { ...findings, flows };
}

function readAddress(flag: string, text: string): { readonly ip: string; readonly port: number | null } {
  const found = parseAddress(text);
  if (found === undefined) throw wrong(flag, text, "it is no address; captures know no names");
  return found;
}

function readPort(text: string): number {
  const port = parsePort(text);
  if (port === undefined) throw wrong("--port", text, "it is no port");
  return port;
}

function wrong(flag: string, value: string, why: string): HopbookError {
  return new HopbookError("USAGE", `Cannot take ${flag} ${JSON.stringify(value)}: ${why}`, {
    hint: "Write them as --from 10.0.0.1 --to 10.0.0.2:80, or --to [fd00::2]:80; without them all flows are shown",
  });
}
