import { DOCTOR_TOOLS } from "./script.js";
import { parseSnapshot } from "../linux/snapshot.js";

type DoctorTool = (typeof DOCTOR_TOOLS)[number];

/** What the one command on a node told. Hostile input: what is no value of its kind counts as absent. */
export interface NodeLook {
  readonly node: string;
  readonly uid: number | null;
  readonly kernel: string | null;
  readonly paths: Readonly<Partial<Record<DoctorTool, string>>>;
  /** Sockets of container runtimes that are there. */
  readonly sockets: readonly string[];
  /** crictl's exit code when it was asked for the pods; null: there is none. */
  readonly crictlExit: number | null;
  readonly crictlError: string;
  /** Lines of `tcpdump --version`. */
  readonly tcpdump: readonly string[];
  readonly tracefs: string | null;
  readonly hasDropReasons: boolean;
  readonly conntrack: { readonly count: number | null; readonly max: number | null };
  readonly isWorkDirWritable: boolean;
  readonly freeBytes: number | null;
  /** Node's clock less ours, by the middle of the round trip; and how far it may be off. */
  readonly clockOffsetMs: number | null;
  readonly clockErrorMs: number;
  readonly pods: readonly SeenPod[];
  /** `ip -d -j address show` and `ip -j route show`. */
  readonly links: string;
  readonly routes: string;
}

export interface SeenPod {
  readonly namespace: string;
  readonly name: string;
  readonly pid: number | null;
  /** As `net:[4026531840]`; null: it cannot be seen. */
  readonly netns: string | null;
  /** The pod's is the node's own. */
  readonly isHostNetwork: boolean;
  /** crictl lists it. */
  readonly isListed: boolean;
}

const MAX_LINES = 500;
const MAX_CHARS = 300;
const NETNS = /^net:\[[0-9]{1,20}\]$/;

export function parseLook(
  text: string,
  asked: { readonly node: string; readonly sentAtMs: number; readonly receivedAtMs: number },
): NodeLook {
  const { head, sections } = parseSnapshot(text);
  const lines = head
    .split("\n")
    .slice(0, MAX_LINES)
    .map((line) => line.slice(0, MAX_CHARS).split(" "));
  const of = (key: string): string[][] => lines.filter(([first]) => first === key).map(([, ...rest]) => rest);
  const one = (key: string): string | null => of(key)[0]?.join(" ").trim() || null;
  const conntrack = new Map(of("conntrack").map(([name = "", value]) => [name, numberOf(value)]));
  const clock = one("clock");
  const clockMs = /^[0-9]{1,12}(\.[0-9]+)?/.exec(clock ?? "")?.[0];
  const middleMs = (asked.sentAtMs + asked.receivedAtMs) / 2;
  // busybox's date has whole seconds, which it leaves the %N behind.
  const isWhole = clockMs !== undefined && !clockMs.includes(".");
  const host = one("hostNetns");
  const freeKiB = numberOf(one("freeKiB"));
  return {
    node: asked.node,
    uid: numberOf(one("uid")),
    kernel: one("kernel"),
    paths: Object.fromEntries(
      of("path").flatMap(([tool = "", ...rest]) => {
        const known = DOCTOR_TOOLS.find((each) => each === tool);
        return known === undefined ? [] : [[known, rest.join(" ")]];
      }),
    ),
    sockets: of("socket").map((words) => words.join(" ")),
    crictlExit: numberOf(one("crictl")),
    crictlError: one("crictlError") ?? "",
    tcpdump: of("tcpdump").map((words) => words.join(" ")),
    tracefs: one("tracefs"),
    hasDropReasons: one("dropReasons") === "yes",
    conntrack: { count: conntrack.get("count") ?? null, max: conntrack.get("max") ?? null },
    isWorkDirWritable: one("writable") !== null,
    freeBytes: freeKiB === null ? null : freeKiB * 1024,
    clockOffsetMs:
      clockMs === undefined ? null : Math.round(Number(clockMs) * 1000 + (isWhole ? 500 : 0) - middleMs),
    clockErrorMs: Math.ceil((asked.receivedAtMs - asked.sentAtMs) / 2) + (isWhole ? 500 : 0),
    pods: of("pod").map(([namespace = "", name = "", pid = "", netns = "", seen = ""]) => ({
      namespace,
      name,
      pid: numberOf(pid),
      netns: NETNS.test(netns) ? netns : null,
      isHostNetwork: NETNS.test(netns) && netns === host,
      isListed: seen === "yes",
    })),
    links: sections.get("links")?.stdout ?? "",
    routes: sections.get("routes")?.stdout ?? "",
  };
}

function numberOf(text: string | null | undefined): number | null {
  return /^[0-9]{1,15}$/.test(text ?? "") ? Number(text) : null;
}

/** `tcpdump version 4.99.3`: [4, 99]; null where it does not say. */
export function tcpdumpVersion(lines: readonly string[]): readonly [number, number] | null {
  const match = /tcpdump version ([0-9]{1,4})\.([0-9]{1,4})/.exec(lines.join("\n"));
  return match === null ? null : [Number(match[1]), Number(match[2])];
}
