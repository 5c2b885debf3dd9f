import { HopbookError } from "../errors.js";
import type {
  DetectorFinding,
  Findings,
  FlowFinding,
  HopFinding,
  HopRef,
  Verdict,
} from "../model/findings.js";

/** Where captures of a path were made, by the names of their files. */

const ENDING = /(?:\.(?:pcap|pcapng|cap))?(?:\.(?:gz|zst))?$/;

export interface HopName {
  readonly node: string | null;
  readonly interface: string | null;
}

/**
 * What the names of `files` say, by the pattern: in it `node` and `iface` stand for names, `*` for anything within a
 * folder, an ending for any of captures. null: the name does not say it, or is left to the file's own. Throws USAGE where a
 * given pattern is none, or does not fit a file.
 */
export function nameFiles(files: readonly string[], pattern: string | undefined): readonly HopName[] {
  if (pattern === undefined) return files.map(nameAsUsual);
  const words = splitPattern(pattern);
  return files.map((file) => {
    const found = matchName(words, file);
    if (found === null) {
      throw new HopbookError("USAGE", `Cannot name the hop of ${file}: it does not fit --name ${pattern}`, {
        hint: "Write the pattern as the files are called, node and iface where those names stand: node.iface.pcap, *-iface@node.pcap",
      });
    }
    return { node: found.get("node") ?? null, interface: found.get("iface") ?? null };
  });
}

/** The node alone: the file's own name says the rest, and stays what programs find the hop by. */
function nameAsUsual(file: string): HopName {
  const parts = file.split("/");
  const stem = (parts.at(-1) ?? "").replace(ENDING, "");
  const [node, ...rest] = stem.split(".");
  if (node !== undefined && node !== "" && rest.join("") !== "") return { node, interface: null };
  const folder = parts.at(-2);
  const isName = folder !== undefined && !["", ".", ".."].includes(folder);
  return { node: isName ? folder : null, interface: null };
}

/** Literal words, with `node`, `iface` and `*` between each two of them. */
function splitPattern(pattern: string): readonly string[] {
  const words = pattern.replace(ENDING, "").split(/(node|iface|\*)/);
  const names = words.filter((word) => word === "node" || word === "iface");
  // Nothing tells where the one name ends and the other begins.
  const touching = words.slice(1, -1).includes("");
  if (names.length === 0 || new Set(names).size < names.length || touching) {
    throw new HopbookError("USAGE", `Cannot take --name ${JSON.stringify(pattern)}: it names no hop`, {
      hint: "Put node and iface in it, each once, with something between them: node.iface.pcap, iface@node.pcap, run-*/node/iface.pcap",
    });
  }
  return words;
}

/** What stands for each name; null where the file is called otherwise. Each name ends where the next word is found first. */
function matchName(words: readonly string[], file: string): ReadonlyMap<string, string> | null {
  const depth = words.join("").split("/").length;
  const text = file.replace(ENDING, "").split("/").slice(-depth).join("/");
  const [first = "", ...others] = words;
  if (!text.startsWith(first)) return null;
  const found = new Map<string, string>();
  let at = first.length;
  for (let index = 0; index < others.length; index += 2) {
    const [name = "", next = ""] = others.slice(index, index + 2);
    const least = name === "*" ? at : at + 1;
    const isLast = index + 2 >= others.length;
    const end = isLast ? (text.endsWith(next) ? text.length - next.length : -1) : text.indexOf(next, least);
    const value = text.slice(at, end);
    if (end < least || value.includes("/")) return null;
    found.set(name, value);
    at = end + next.length;
  }
  return found;
}

/**
 * Findings of bare captures with their hops called so. Where two would be called the same, both stay as they were.
 * `names` are by the place of the file.
 */
export function renameHops(findings: Findings, names: readonly HopName[]): Findings {
  const renamed = new Map<string, Renaming>();
  for (const flow of findings.flows)
    for (const hop of [...flow.hops, ...(flow.replyHops ?? [])]) {
      const name = names[Number(/^file (\d+)$/.exec(hop.node)?.[1] ?? 0) - 1];
      if (name === undefined) continue;
      const now = { node: name.node ?? hop.node, interface: name.interface ?? hop.interface };
      renamed.set(keyOf(hop), { was: hop, now });
    }
  const taken = [...renamed.values()].map(({ now }) => keyOf(now));
  const isAmbiguous = new Set(taken).size < taken.length;
  return isAmbiguous
    ? findings
    : { ...findings, flows: findings.flows.map((flow) => renameFlow(flow, renamed)) };
}

/** A device of one file is a hop, too. */
type HopPlace = Pick<HopRef, "node" | "interface">;

interface Renaming {
  readonly was: HopPlace;
  readonly now: HopPlace;
}

type Renamed = ReadonlyMap<string, Renaming>;

function keyOf({ node, interface: device }: HopPlace): string {
  return JSON.stringify([node, device]);
}

function renameRejecter(by: Verdict["rejectedBy"], renamed: Renamed): Verdict["rejectedBy"] {
  if (by?.node === undefined || by.node === null) return by;
  const found = [...renamed.values()].find(({ was }) => was.node === by.node);
  return { ...by, node: found?.now.node ?? by.node };
}

function renameFlow(flow: FlowFinding, renamed: Renamed): FlowFinding {
  const ref = <T extends HopRef>(hop: T): T => ({ ...hop, ...renamed.get(keyOf(hop))?.now });
  const optional = (hop: HopRef | null): HopRef | null => (hop === null ? null : ref(hop));
  const places = [...renamed.values()];
  const told = places
    .map(({ was, now }) => {
      // A file's name says the node already; a device's does not.
      const isFile = places.every((other) => other.was === was || other.was.node !== was.node);
      const isKept = isFile && now.interface === was.interface;
      return [
        `${was.node} ${was.interface}`,
        isKept ? was.interface : `${now.node} ${now.interface}`,
      ] as const;
    })
    .sort(([a], [b]) => b.length - a.length);
  const nodes = new Map(places.map(({ was, now }) => [was.node, now.node]));
  // What is left speaks of a file's node by itself: its clock.
  const say = (text: string): string =>
    told
      .reduce((said, [was, now]) => said.replaceAll(was, now), text)
      .replaceAll(/\bfile \d+\b/g, (node) => nodes.get(node) ?? node);
  const { verdict, legs, rewrites, findings, replyHops } = flow;
  const { grounds } = verdict;
  const detected = (finding: DetectorFinding): DetectorFinding => ({
    ...finding,
    summary: say(finding.summary),
    evidence: finding.evidence.map(say),
    next: finding.next.map(say),
  });
  return {
    ...flow,
    hops: flow.hops.map((hop): HopFinding => ref(hop)),
    ...(replyHops === undefined ? {} : { replyHops: replyHops.map((hop): HopFinding => ref(hop)) }),
    verdict: {
      ...verdict,
      lastSeen: optional(verdict.lastSeen),
      firstMissing: optional(verdict.firstMissing),
      caveats: verdict.caveats.map(say),
      ...(grounds === undefined
        ? {}
        : { grounds: { for: grounds.for.map(say), against: grounds.against.map(say) } }),
      rejectedBy: renameRejecter(verdict.rejectedBy, renamed),
    },
    ...(legs === undefined
      ? {}
      : { legs: legs.map((leg) => ({ ...leg, from: ref(leg.from), to: ref(leg.to) })) }),
    ...(rewrites === undefined
      ? {}
      : { rewrites: rewrites.map((one) => ({ ...one, before: ref(one.before), after: ref(one.after) })) }),
    ...(findings === undefined ? {} : { findings: findings.map(detected) }),
  };
}
