import { parseNstat, parseSnmp } from "../linux/counters.js";
import type { StateKind, StateRecord } from "../model/evidence.js";

/** A network namespace on a node: its own, or a pod's. */
export interface Netns {
  readonly node: string;
  readonly pod: string | null;
}

/** One look with its text. */
export interface Reading {
  readonly record: StateRecord;
  readonly text: string;
}

/** Looks at nodes, and where their texts are. */
export interface Looks {
  readonly state: readonly StateRecord[];
  /** By a record's file; undefined where it is not there. */
  readText(path: string): string | undefined;
}

/** Reads the nodes' state for detectors and checks, and remembers what was read. */
export class StateReader {
  readonly #input: Looks;
  readonly #read = new Set<string>();

  constructor(input: Looks) {
    this.#input = input;
  }

  /** What was read, for people. */
  get lookedAt(): string[] {
    return [...this.#read].sort();
  }

  /** Looks of one kind that succeeded; with `failed`, those that did not too. */
  readings(
    at: Netns,
    kind: StateKind,
    options: { phase?: "before" | "after"; failed?: boolean } = {},
  ): Reading[] {
    const { phase = "after", failed = false } = options;
    return this.#input.state.flatMap((record) => {
      const pod = record.netns === "host" ? null : record.netns.pod;
      if (record.node !== at.node || pod !== at.pod || record.kind !== kind || record.phase !== phase)
        return [];
      const text = record.exitCode === 0 ? this.#input.readText(record.file) : failed ? "" : undefined;
      if (text === undefined) return [];
      this.#read.add(`${describeNetns(at)}: ${commandOf(record).join(" ")}`);
      return [{ record, text }];
    });
  }

  /** The look of a kind at one device. */
  ofDevice(at: Netns, kind: StateKind, device: string): Reading | undefined {
    return this.readings(at, kind).find(({ record }) => record.argv.at(-1) === device);
  }

  /** By how much a kernel counter grew over the run; null where it was not read twice. */
  growth(at: Netns, counter: string): number | null {
    const before = this.#counters(at, "before").get(counter);
    const after = this.#counters(at, "after").get(counter);
    return before === undefined || after === undefined ? null : after - before;
  }

  #counters(at: Netns, phase: "before" | "after"): Map<string, number> {
    const nstat = this.readings(at, "nstat", { phase })[0];
    if (nstat !== undefined) return parseNstat(nstat.text);
    const snmp = this.readings(at, "snmp", { phase })[0];
    return snmp === undefined ? new Map<string, number>() : parseSnmp(snmp.text);
  }
}

export function describeNetns(at: Netns): string {
  return at.pod === null ? at.node : `inside pod ${at.pod} on ${at.node}`;
}

/** What ran, without what took it into a pod's network namespace, and a script by its name. */
export function commandOf({ argv }: StateRecord): readonly string[] {
  const bare = argv[0] === "nsenter" ? argv.slice(argv[2] === "--" ? 3 : 2) : argv;
  return bare[0] === "sh" ? bare.slice(3) : bare;
}
