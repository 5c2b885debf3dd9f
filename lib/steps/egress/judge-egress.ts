import { formatAddress } from "../../linux/endpoint.js";
import type { FlowFinding, RewriteFinding } from "../../model/findings.js";
import { sayBreak, sayRefusal } from "../shared/words.js";

type WayCode = "ok" | "no-service" | "not-left" | "no-answer" | "refused" | "reply-lost" | "not-known";

interface EgressWay {
  readonly to: string;
  readonly code: WayCode;
  /** The last place within the cluster that showed its packets: `node-a eth0`; null: none did. */
  readonly leftBy: string | null;
  /** The address under which they left: the node's where it was translated; null: none left. */
  readonly leftAs: string | null;
  readonly said: string;
}

export interface EgressVerdict {
  readonly code: WayCode;
  readonly summary: string;
  readonly ways: readonly EgressWay[];
}

const WORST = ["no-service", "not-left", "reply-lost", "refused", "no-answer", "not-known"] as const;

/** By which device, and as whom, what was sent to the outside left the cluster, and what came back. */
export function judgeEgress(flows: readonly FlowFinding[]): EgressVerdict {
  const ways = flows.filter(({ probe }) => probe !== null).map(judgeWay);
  const code =
    WORST.find((one) => ways.some((way) => way.code === one)) ?? (ways.length > 0 ? "ok" : "not-known");
  const summary = ways.length === 0 ? "nothing was sent" : ways.map(({ said }) => said).join("; ");
  return { code, summary, ways };
}

function judgeWay(flow: FlowFinding): EgressWay {
  const { verdict, probe } = flow;
  const to = formatAddress({ ip: flow.to.ip, port: flow.to.port });
  const name = `${flow.from.pod ?? flow.from.node ?? flow.from.ip} → ${to} (${probe ?? flow.protocol})`;
  const nic = flow.hops.at(-1);
  const left = nic !== undefined && nic.request.packets > 0;
  const source = sourceOf(flow);
  const place = left ? `${nic.node} ${nic.interface}` : null;
  const way = { to, leftBy: place, leftAs: left ? source.is : null };
  const as = source.rewrite === null ? `with its own address ${source.is}` : `as ${source.is}`;
  const out = place === null ? "" : `left by ${place} ${as}`;
  const say = (code: WayCode, said: string): EgressWay => ({ ...way, code, said: `${name} ${said}` });
  if (flow.to.pod !== null || flow.to.node !== null)
    return say("not-known", "is in the cluster, and does not leave it");
  // An address that nobody has leads nowhere: what became of its packets is no matter of the outside.
  if (verdict.cause?.code === "no-service")
    return say(
      "no-service",
      `is an address of Services that no Service has: ${out === "" ? "its packets go nowhere" : `its packets ${out}, where nobody answers to it`}`,
    );
  switch (verdict.status) {
    case "inconclusive":
      return say("not-known", `is not known: ${verdict.caveats[0] ?? "nothing was seen of it"}`);
    case "delivered":
      return say("ok", `${out} and was answered${tookOf(flow)}`);
    case "rejected":
      return say(
        "refused",
        `${out === "" ? "did not leave, and" : `${out} and`} was refused${sayRefusal(flow)}`,
      );
    case "unanswered":
      // The last place did show answers: they ended behind it, on the way in.
      return (nic?.reply.packets ?? 0) > 0
        ? say("reply-lost", `${out}, and what came back there got no further`)
        : say("no-answer", `${out}, and nothing came back${source.rewrite === null ? sayOwn(flow) : ""}`);
    case "lost":
      return verdict.direction === "reply"
        ? say("reply-lost", `${out}, and what came back was lost${sayBreak(flow)}`)
        : say("not-left", `did not leave: lost${sayBreak(flow)}`);
  }
}

/** What the last place of the way shows as source. */
function sourceOf({ rewrites = [], from }: FlowFinding): {
  readonly is: string;
  readonly rewrite: RewriteFinding | null;
} {
  const own = rewrites.filter(({ direction, source }) => direction === "request" && source.was !== source.is);
  const rewrite = own.at(-1) ?? null;
  return { is: rewrite?.source.is ?? from.ip, rewrite };
}

function sayOwn({ from }: FlowFinding): string {
  return from.pod === null
    ? ""
    : `: nothing put a node's address in the place of the pod's, to which the outside most likely has no way back`;
}

function tookOf({ exchanges = [] }: FlowFinding): string {
  const took = exchanges.find(({ tookMs }) => tookMs !== null)?.tookMs?.median;
  return took === undefined ? "" : ` within ${took.toFixed(1)} ms`;
}
