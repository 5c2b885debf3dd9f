import { HopbookError } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { PlannedCommand, StepContext } from "../../model/steps.js";
import { findPlace } from "../command-place.js";
import type { TriggerSource } from "./types.js";

export interface CounterTrigger {
  readonly on: string;
  /** As nstat(8) names it: TcpExtListenDrops, TcpOutRsts; of an interface as /proc/net/dev has it: rxDropped. */
  readonly name: string;
  /** Whose counter it is; absent: that of the network as a whole. */
  readonly interface?: string;
  /** Fires when it has grown by at least this. Default 1. */
  readonly by?: number;
}

const READ_MS = 10_000;
const FILES = ["/proc/net/netstat", "/proc/net/snmp"] as const;
const DEVICES = "/proc/net/dev";
/** Columns of /proc/net/dev (proc(5)), received ones first. */
const COLUMNS = ["Bytes", "Packets", "Errors", "Dropped", "Fifo", "Frame", "Compressed", "Multicast"];
const DEVICE_COUNTERS: readonly string[] = [
  ...COLUMNS.map((name) => `rx${name}`),
  ...COLUMNS.with(5, "Collisions")
    .with(6, "Carrier")
    .with(7, "Compressed")
    .map((name) => `tx${name}`),
];

/** Reads a counter of a node's or pod's network again and again until it has grown. */
export async function planCounterTrigger(
  { on, name: ownName, interface: device, by = 1 }: CounterTrigger,
  context: StepContext,
  everyMs: number,
): Promise<TriggerSource> {
  const { node, enter, reads } = await findPlace(on, context);
  const name = device === undefined ? ownName : `${device}.${ownName}`;
  const words: Argv = device === undefined ? ["cat", ...FILES] : ["cat", DEVICES];
  const argv: Argv = enter === null ? words : ["nsenter", `--net=${enter}`, "--", ...words];
  const command: PlannedCommand = {
    ...{ node, argv, effect: "read" as const },
    action: enter === null ? "node/read" : "netns/read",
  };
  return {
    commands: [...reads, command],
    note: `waits until ${name} of ${on} has grown by ${by}`,
    async wait(run, { signal, armed }) {
      const first = await readCounter(command, { name, on }, { context: run, signal });
      armed();
      for (;;) {
        await run.clock.sleep(everyMs, signal);
        const now = await readCounter(command, { name, on }, { context: run, signal });
        if (now - first >= by) {
          return { by: "counter", what: `${name} of ${on} grew from ${first} to ${now}`, node };
        }
      }
    },
  };
}

async function readCounter(
  { node, argv, action }: PlannedCommand,
  { name, on }: { readonly name: string; readonly on: string },
  { context, signal }: { readonly context: StepContext; readonly signal: AbortSignal },
): Promise<number> {
  const access = context.accesses.get(node);
  if (access === undefined) {
    throw (
      context.unreachable.get(node) ??
      new HopbookError("NODE_UNREACHABLE", `Cannot read counters of ${on}: ${node} is not open`)
    );
  }
  const { stdout } = await access.exec(argv, { action, timeoutMs: READ_MS, signal });
  signal.throwIfAborted();
  const value = findCounter(stdout.toString("utf8"), name);
  if (value !== null) return value;
  throw new HopbookError("INPUT_INVALID", `Cannot wait for ${name} of ${on}: there is no such counter`, {
    where: { node },
    hint: `Name it as nstat does: TcpExtListenDrops, UdpRcvbufErrors; of an interface: ${DEVICE_COUNTERS.join(", ")}`,
  });
}

/** Of /proc/net/dev: `INTERFACE.rxDropped`; of /proc/net/netstat and snmp: a line of names and one of values, each after `PROTOCOL:` (proc(5)). */
export function findCounter(text: string, name: string): number | null {
  const dot = name.lastIndexOf(".");
  if (dot > 0) {
    const own = text.split("\n").find((line) => line.trimStart().startsWith(`${name.slice(0, dot)}:`));
    const values =
      own
        ?.slice(own.indexOf(":") + 1)
        .trim()
        .split(/\s+/) ?? [];
    const value = values[DEVICE_COUNTERS.indexOf(name.slice(dot + 1))];
    return value !== undefined && /^[0-9]+$/.test(value) ? Number(value) : null;
  }
  const lines = text.split("\n").map((line) => line.split(" "));
  for (const [index, [protocol = "", ...names]] of lines.entries()) {
    const prefix = protocol.replace(/:$/, "");
    const place = names.findIndex((each) => `${prefix}${each}` === name);
    const [next, ...values] = lines[index + 1] ?? [];
    if (place >= 0 && next === protocol && /^[0-9]+$/.test(values[place] ?? "")) return Number(values[place]);
  }
  return null;
}
