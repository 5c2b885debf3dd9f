import { bracketIp } from "../../linux/endpoint.js";
import type { FindingsEnd, FlowFinding, HopFinding } from "../../model/findings.js";
import { sayBreak, sayHop } from "../shared/words.js";

type WayCode = "ok" | "lost" | "refused" | "silent" | "not-known";

interface Way {
  readonly from: string;
  readonly to: string;
  readonly code: WayCode;
  readonly said: string;
}

export interface WaysVerdict {
  readonly code: WayCode;
  readonly summary: string;
  readonly ways: readonly Way[];
  /** Files with what each place showed, in the order of the ways. */
  readonly captures: readonly string[];
  /** One packet and its answer at each place, with the time since the flow's first packet; empty: none was seen throughout. */
  readonly followed: readonly string[];
}

const WORST = ["lost", "refused", "silent", "not-known"] as const;
const MAX_SAID = 12;

/** Which of several pods get through to a Service, and one packet followed through all captures of its way. */
export function judgeWays(flows: readonly FlowFinding[]): WaysVerdict {
  const tried = flows.filter(({ probe }) => probe !== null);
  const ways = tried.map(judgeWay);
  const hops = tried.flatMap((flow) => [...flow.hops, ...(flow.replyHops ?? [])]);
  const captures = [...new Set(hops.map(({ pcap }) => pcap))];
  const nodes = new Set(hops.map(({ node }) => node));
  const bad = ways.filter(({ code }) => code !== "ok");
  const code =
    WORST.find((one) => bad.some((way) => way.code === one)) ?? (ways.length > 0 ? "ok" : "not-known");
  const head = `${captures.length} captures on ${nodes.size} nodes: ${ways.length - bad.length} of ${ways.length} ways are well`;
  const said = (bad.length === 0 ? ways : bad)
    .slice(0, MAX_SAID)
    .map((way) => `${way.from} → ${way.to} ${way.said}`);
  return { code, summary: [head, ...said].join("; "), ways, captures, followed: followOne(tried) };
}

function judgeWay(flow: FlowFinding): Way {
  const { status, caveats, rejectedBy, lost } = flow.verdict;
  const way = { from: nameOf(flow.from), to: nameOf(flow.to) };
  switch (status) {
    case "delivered":
      return { ...way, code: "ok", said: "is answered" };
    case "lost":
      return { ...way, code: "lost", said: `loses ${lost.packets} of ${lost.of} packets${sayBreak(flow)}` };
    case "rejected":
      return {
        ...{ ...way, code: "refused" },
        said: `is refused${rejectedBy === null ? "" : ` by ${rejectedBy.ip} (${rejectedBy.how})`}`,
      };
    case "unanswered":
      return {
        ...way,
        code: "silent",
        said: "is not answered: the requests passed every place that was captured",
      };
    case "inconclusive":
      return { ...way, code: "not-known", said: `is not known: ${caveats[0] ?? "nothing was seen of it"}` };
  }
}

/** Of the first flow that has one: a request that every place showed, and the answer that follows. */
function followOne(flows: readonly FlowFinding[]): readonly string[] {
  for (const flow of flows) {
    const at = flow.timeline.findIndex(
      ({ direction, seenAtUs }) => direction === "request" && isWhole(seenAtUs, flow.hops),
    );
    const request = flow.timeline[at];
    if (request === undefined) continue;
    const reply = flow.timeline
      .slice(at + 1)
      .find(({ direction, seenAtUs }) => direction === "reply" && isWhole(seenAtUs, flow.hops));
    return [request, ...(reply === undefined ? [] : [reply])].map(({ direction, summary, seenAtUs }) => {
      const places = flow.hops.map((hop, index) => ({ hop, us: seenAtUs[index] ?? 0 }));
      const ordered = direction === "request" ? places : places.toReversed();
      return `${summary}: ${ordered.map(({ hop, us }) => `${sayHop(hop)} ${us.toFixed(0)} µs`).join(", ")}`;
    });
  }
  return [];
}

function isWhole(seenAtUs: readonly (number | null)[], hops: readonly HopFinding[]): boolean {
  return hops.length > 0 && hops.every((_, index) => typeof seenAtUs[index] === "number");
}

function nameOf({ pod, node, ip, port, service }: FindingsEnd): string {
  const own = pod ?? (node === null ? ip : `node/${node}`);
  if (port === null) return own;
  if (pod !== null && service?.clusterIp.ip === ip) return `${pod} (by ${bracketIp(ip)}:${port})`;
  return pod === null ? `${bracketIp(ip)}:${port}` : `${pod}:${port}`;
}
