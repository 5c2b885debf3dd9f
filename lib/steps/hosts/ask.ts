import { asHopbookError } from "../../errors.js";
import { canonicalIp } from "../../linux/address.js";
import type { NetnsRef } from "../../model/cluster.js";
import type { StepContext } from "../../model/steps.js";
import { tagOf } from "../../model/traffic.js";
import { findName, planNames, readNames, searchWalk, type NameAnswer } from "../../traffic/index.js";
import { probeTagOf } from "../shared/probing.js";
import type { ResolvingPlace } from "./places.js";

/** What a host's name leads to. */
export interface ResolvedHost {
  readonly host: string;
  readonly addresses: readonly string[];
  /** The whole names that have them. */
  readonly names: readonly string[];
  /** Who was asked for them: `ns/pod by 10.96.0.10`. */
  readonly by: readonly string[];
  /** There may be more addresses: an answer was cut, or did not come. */
  readonly partial: boolean;
  /** Why a place knows none; empty: each has one. */
  readonly failures: readonly string[];
}

interface How {
  readonly waitMs: number;
}

const TYPES = ["A", "AAAA"] as const;
/** A cluster's domain makes five. */
const MOST_NAMES = 8;

/**
 * Asks for hosts from all places, by each one's servers in their order until one knows; where none of them answers in the pod's
 * network, from the node's. An address is its own answer. Throws PERMISSION_DENIED, and INPUT_INVALID for what is no name.
 */
export async function resolveHosts(
  hosts: readonly string[],
  { places, waitMs }: How & { readonly places: readonly ResolvingPlace[] },
  context: Pick<StepContext, "runId" | "signal">,
): Promise<readonly ResolvedHost[]> {
  const resolved: ResolvedHost[] = [];
  for (const host of hosts) {
    const ip = canonicalIp(host);
    if (ip !== undefined) {
      resolved.push({ host, addresses: [ip], names: [], by: [], partial: false, failures: [] });
      continue;
    }
    const said = await Promise.all(places.map((place) => askPlace(host, { place, waitMs, context })));
    const found = said.flatMap((each) => (typeof each === "string" ? [] : [each]));
    resolved.push({
      host,
      addresses: [...new Set(found.flatMap(({ addresses }) => addresses))].toSorted(),
      names: [...new Set(found.map(({ name }) => name))],
      by: [...new Set(found.map(({ by }) => by))],
      partial: found.some(({ partial }) => partial),
      failures: said.flatMap((each) => (typeof each === "string" ? [each] : [])),
    });
  }
  return resolved;
}

interface Found {
  readonly name: string;
  readonly addresses: readonly string[];
  readonly partial: boolean;
  readonly by: string;
}

interface AskingPlace extends How {
  readonly place: ResolvingPlace;
  readonly context: Pick<StepContext, "runId" | "signal">;
}

/** Text: why there is none. */
async function askPlace(host: string, { place, waitMs, context }: AskingPlace): Promise<Found | string> {
  const { name: from, netns, config } = place;
  const walk = searchWalk(host, config, MOST_NAMES);
  const ways: { readonly netns: NetnsRef; readonly where: string }[] = [{ netns, where: from }];
  if (netns.kind === "path")
    ways.push({ netns: { kind: "host" }, where: `${place.access.node}, for ${from},` });
  let hasFailed = false;
  for (const way of ways) {
    for (const server of config.nameservers) {
      const asked = { place, netns: way.netns, server, walk, waitMs, context };
      const first = await ask({ ...asked, hasRoom: false });
      if (typeof first === "string") return `${from}: ${first}`;
      const again = first.some(({ answer }) => answer?.truncated === true);
      const second = again ? await ask({ ...asked, hasRoom: true }) : first;
      const answers = typeof second === "string" ? first : better(first, second);
      const found = findName(walk, answers);
      if (found === null) return `${from}: ${server} knows no address of ${walk.join(", ")}`;
      if (found !== undefined) return { ...found, by: `${way.where} by ${server}` };
      hasFailed ||= answers.some(({ answer }) => answer !== null);
    }
  }
  // A server's own failure is an answer, and tells nothing of the name.
  return `${from}: no answer${hasFailed ? " that tells" : ""} from ${config.nameservers.join(", ")}`;
}

interface Asking extends AskingPlace {
  readonly netns: NetnsRef;
  readonly server: string;
  readonly walk: readonly string[];
  readonly hasRoom: boolean;
}

/** What fails is no answer; text: nothing there can ask. */
async function ask(asking: Asking): Promise<NameAnswer[] | string> {
  const { place, netns, server, walk, waitMs, hasRoom, context } = asking;
  const queries = walk.flatMap((name) => TYPES.map((type) => ({ name, type })));
  const tagHex = tagOf(probeTagOf(context.runId), "names");
  const { argv, timeoutMs } = planNames({ netns, server, queries, waitMs, tagHex, hasRoom });
  let said = "";
  try {
    const options = { action: "pod/names", timeoutMs, signal: context.signal };
    said = (await place.access.exec(argv, options)).stdout.toString("utf8");
  } catch (error) {
    const known = asHopbookError(error);
    if (known.code === "PERMISSION_DENIED" || known.code === "INTERRUPTED") throw known;
  }
  context.signal.throwIfAborted();
  const missing = /^missing ([a-z]{1,20})$/m.exec(said)?.[1];
  if (missing !== undefined) return `there is no ${missing} on ${place.access.node} to ask with`;
  return readNames(said, { queries, tagHex });
}

/** Of each query the answer that has all, where one of them has; a server that does not know of longer ones refuses. */
function better(first: readonly NameAnswer[], second: readonly NameAnswer[]): NameAnswer[] {
  return first.map((one, index) => {
    const other = second[index];
    return other?.answer != null && other.answer.rcode === one.answer?.rcode ? other : one;
  });
}
