import type { FlowFinding } from "../../model/findings.js";
import { sayBreak } from "../shared/words.js";

interface Way {
  readonly from: string;
  readonly to: string;
  readonly ok: boolean;
  /** "0.4 ms"; of what is not well what and where. */
  readonly said: string;
}

export interface NodesVerdict {
  readonly code: "ok" | "unreachable" | "large-lost" | "tunnel-lost" | "lossy" | "not-known";
  readonly summary: string;
  readonly ways: readonly Way[];
}

type Judged = Way & { readonly code: NodesVerdict["code"] };

const WORST = ["unreachable", "tunnel-lost", "large-lost", "lossy", "not-known", "ok"] as const;

/** Every way between nodes: reached at all, large packets, the tunnels' ports. */
export function judgeNodes(flows: readonly FlowFinding[]): NodesVerdict {
  const ways = new Map<string, FlowFinding[]>();
  for (const flow of flows) {
    const key = `${flow.from.node ?? flow.from.ip} → ${flow.to.node ?? flow.to.ip}`;
    ways.set(key, [...(ways.get(key) ?? []), flow]);
  }
  const judged = [...ways.values()].map(judgeWay);
  const code = WORST.find((one) => judged.some((way) => way.code === one)) ?? "not-known";
  const bad = judged.filter(({ ok }) => !ok);
  const names = new Set(judged.flatMap(({ from, to }) => [from, to]));
  const head = `${names.size} nodes, ${judged.length} ways, ${bad.length === 0 ? "nothing is lost between their devices" : `${bad.length} not well`}`;
  const said = (bad.length === 0 ? judged : bad)
    .slice(0, 12)
    .map((way) => `${way.from} → ${way.to} ${way.said}`);
  const ways_ = judged.map(({ from, to, ok, said: words }) => ({ from, to, ok, said: words }));
  // A filter behind a device, and the tunnel itself, are passed by nothing that was sent here.
  const isUntried = code === "ok" && flows.some(({ probe }) => probe === "udp");
  const untried = isUntried
    ? ["what a node does with a tunnel's packets was not tried: trace-path between pods does"]
    : [];
  return { code, summary: [head, ...said, ...untried].join("; "), ways: ways_ };
}

function judgeWay(flows: readonly FlowFinding[]): Judged {
  const [first] = flows;
  const base = { from: first?.from.node ?? first?.from.ip ?? "", to: first?.to.node ?? first?.to.ip ?? "" };
  const small = flows.find(({ probe }) => probe === "ping");
  const large = flows.find(({ probe }) => probe === "ping-large");
  const tunnels = flows.filter(({ probe }) => probe === "udp");
  const say = (code: Judged["code"], said: string): Judged => ({ ...base, code, ok: code === "ok", said });
  if (small === undefined) return say("not-known", "was not tried");
  const undecided = flows.find(({ verdict }) => verdict.status === "inconclusive");
  if (undecided !== undefined) {
    const [why = "the evidence does not decide it"] = undecided.verdict.caveats;
    return say("not-known", `is not known (${undecided.probe ?? undecided.protocol}): ${why}`);
  }
  if (small.verdict.status !== "delivered") {
    const { lost } = small.verdict;
    const isLossy = small.verdict.status === "lost" && lost.packets < lost.of;
    return isLossy
      ? say("lossy", `loses ${lost.packets} of ${lost.of} packets${sayBreak(small)}`)
      : say("unreachable", `is ${small.verdict.status}${sayBreak(small)}`);
  }
  // A tunnel takes what is no packet of its own without a word: that it arrived is all there is to know.
  const cut = tunnels.find(({ verdict }) => verdict.status === "lost" || verdict.status === "rejected");
  if (cut !== undefined) {
    const what =
      cut.verdict.status === "rejected" ? "is refused: no tunnel ends there" : `is lost${sayBreak(cut)}`;
    return say("tunnel-lost", `UDP port ${cut.to.port ?? ""} ${what}`);
  }
  if (large !== undefined && large.verdict.status !== "delivered") {
    return say("large-lost", `the largest packets are ${large.verdict.status}${sayBreak(large)}`);
  }
  const took = small.exchanges?.find(({ tookMs }) => tookMs !== null)?.tookMs?.median;
  const more = [
    large === undefined ? [] : ["the largest packets"],
    tunnels.map(({ to }) => `UDP ${to.port ?? ""} as far as the device`),
  ].flat();
  return say(
    "ok",
    `${took === undefined ? "passes" : `${took.toFixed(1)} ms`}${more.length === 0 ? "" : `, also ${more.join(", ")}`}`,
  );
}
