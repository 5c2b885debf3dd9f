import type { FlowFinding } from "../../model/findings.js";
import type { Flow, Hop } from "../../model/hops.js";
import { sayHop } from "../shared/words.js";

/** What one way between two ends carries. */
interface WaySizes {
  readonly from: string;
  readonly to: string;
  /** IP packets in bytes; null: not even the smallest. */
  readonly largestBytes: number | null;
  /** The smallest that did not get through; null: all did. */
  readonly smallestLostBytes: number | null;
  /** What the devices say that the way carries: the smallest MTU of those that show packets as they are. */
  readonly deviceBytes: number | null;
  readonly summary: string;
}

export interface SizesVerdict {
  /** ok: as large as the sender's own device lets out. */
  readonly code: "ok" | "mtu-hole" | "mtu-device" | "nothing-passes" | "not-known";
  readonly summary: string;
  readonly ways: readonly WaySizes[];
}

type Judged = WaySizes & { readonly code: SizesVerdict["code"] };

const WORST = ["nothing-passes", "mtu-hole", "mtu-device", "not-known", "ok"] as const;

/** The largest packet of each way, against what the devices on it say. */
export function judgeSizes(flows: readonly Flow[], followed: readonly FlowFinding[]): SizesVerdict {
  const found = new Map(followed.map((flow) => [flow.id, flow]));
  const ways = new Map<string, { readonly flow: Flow; readonly finding: FlowFinding }[]>();
  for (const flow of flows) {
    const finding = found.get(flow.id);
    if (flow.sizeBytes === undefined || finding === undefined) continue;
    const key = `${flow.path.from.text} to ${flow.path.to.text}`;
    ways.set(key, [...(ways.get(key) ?? []), { flow, finding }]);
  }
  const judged = [...ways.values()].map(judgeWay);
  const code = WORST.find((one) => judged.some((way) => way.code === one)) ?? "not-known";
  const summary = judged.map((way) => way.summary).join("; ") || "No packet of a known size was sent";
  return { code, summary, ways: judged.map(({ code: _, ...way }) => way) };
}

function judgeWay(sized: readonly { readonly flow: Flow; readonly finding: FlowFinding }[]): Judged {
  const ordered = sized.toSorted((one, other) => (one.flow.sizeBytes ?? 0) - (other.flow.sizeBytes ?? 0));
  const passed = ordered.filter(({ finding }) => passes(finding));
  const failed = ordered.find(({ finding }) => passes(finding) === false);
  const { from, to, hops = [] } = ordered[0]?.flow.path ?? { from: { text: "" }, to: { text: "" } };
  const largestBytes = passed.at(-1)?.flow.sizeBytes ?? null;
  const smallestLostBytes = failed?.flow.sizeBytes ?? null;
  const narrow = narrowest(hops);
  const deviceBytes = narrow?.mtuBytes ?? null;
  const base = { from: from.text, to: to.text, largestBytes, smallestLostBytes, deviceBytes };
  const way = `${from.text} to ${to.text}`;
  const said =
    narrow === null ? "no device says what it carries" : `the devices say ${deviceBytes} (${sayHop(narrow)})`;
  if (failed === undefined && largestBytes === null) {
    return { ...base, code: "not-known", summary: `${way}: the evidence does not decide which sizes pass` };
  }
  if (failed === undefined) {
    return { ...base, code: "ok", summary: `${way}: ${largestBytes} bytes pass, all that is sent; ${said}` };
  }
  const where = whereOf(failed.finding);
  if (largestBytes === null) {
    return {
      ...base,
      code: "nothing-passes",
      summary: `${way}: ${smallestLostBytes} bytes do not pass, nor what is larger${where}`,
    };
  }
  const isTold = deviceBytes !== null && (smallestLostBytes ?? 0) > deviceBytes;
  const code = passed.some(({ flow }) => (flow.sizeBytes ?? 0) > (smallestLostBytes ?? 0))
    ? "not-known"
    : isTold
      ? "mtu-device"
      : "mtu-hole";
  return {
    ...base,
    code,
    summary: `${way}: ${largestBytes} bytes pass, ${smallestLostBytes} do not${where}; ${said}`,
  };
}

/** Whether packets of that size pass; null: nobody can tell. Where one passed, what was lost beside it was not too large. */
function passes({ verdict: { status, lost } }: FlowFinding): boolean | null {
  if (status === "delivered") return true;
  if (status === "lost") return lost.packets < lost.of;
  return status === "rejected" ? false : null;
}

/** Of the hops whose packets wear no tunnel's header; those that do say what passes with it. */
function narrowest(hops: readonly Hop[]): Hop | null {
  const bare = hops.filter(
    ({ encapsulation, mtuBytes }) => encapsulation.kind === "none" && mtuBytes !== null,
  );
  return bare.toSorted((one, other) => (one.mtuBytes ?? 0) - (other.mtuBytes ?? 0))[0] ?? null;
}

function whereOf({
  verdict: { status, direction, lastSeen, firstMissing, rejectedBy },
}: FlowFinding): string {
  if (rejectedBy !== null) return `: ${rejectedBy.ip} says ${rejectedBy.how}`;
  if (lastSeen === null || firstMissing === null) return ` (${status})`;
  const what = direction === "reply" ? "the answers are" : "they are";
  return `: ${what} lost between ${sayHop(lastSeen)} and ${sayHop(firstMissing)}`;
}
