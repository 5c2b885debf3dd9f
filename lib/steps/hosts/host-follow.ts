import pMap from "p-map";
import { asHopbookError } from "../../errors.js";
import type { StepContext, StepKind } from "../../model/steps.js";
import { formatDuration } from "../../model/units.js";
import { CAPTURE_ACTIONS } from "../capture-session.js";
import { joiningOf, say } from "../join/join-points.js";
import { durationSchema, NOT_YET, sizeSchema, toBytes, toMs } from "../schema.js";
import { heldCaptures } from "../shared/freeze.js";
import { resolveHosts } from "./ask.js";
import { captureAddresses } from "./capture-addresses.js";
import { filterOfHosts, MOST_ADDRESSES } from "./filter.js";
import { HOST_ACTIONS } from "./host-resolve.js";
import { findResolvingPlaces, type HostsFrom } from "./places.js";
import { baseFilterSchema, fromNodesSchema, fromPodsSchema, hostsSchema } from "./schema.js";

interface Input extends HostsFrom {
  readonly capture: string;
  readonly hosts: readonly string[];
  readonly addresses: readonly string[];
  readonly filter?: string;
  readonly every?: string | number;
  readonly wait?: string | number;
  readonly maxBytes?: string | number;
}

interface Output {
  /** Those that came since. */
  readonly addresses: readonly string[];
}

const LEAST_MS = 5_000;
const NODES_AT_ONCE = 16;

export const hostFollow: StepKind<Input, Output> = {
  name: "host/follow",
  title: "Capture hosts' new addresses",
  description:
    "While captures at points go on, asks again and again for the addresses of names, as host/resolve does, and captures those that are new " +
    "at the same points, in files of their own that end with the others; pods that join later are captured with all of them. Made for " +
    "`background: true`; it ends when the captures end. Beside rings they are smaller rings. Not in runs that go on without their client.",
  phase: "action",
  plansCommands: false,
  detach: "before",
  actions: [
    "runtime/pods",
    "runtime/inspect",
    "node/read",
    "netns/read",
    ...HOST_ACTIONS,
    ...CAPTURE_ACTIONS,
  ],
  planActions: [],
  inputSchema: {
    type: "object",
    required: ["capture", "hosts", "addresses"],
    additionalProperties: false,
    properties: {
      capture: { type: "string", title: "From capture/start; `captures` for those of capture/watch" },
      hosts: hostsSchema,
      addresses: {
        type: "array",
        maxItems: MOST_ADDRESSES,
        items: { type: "string", pattern: "^[0-9A-Fa-f:.]{2,45}$" },
        title: "Those that are captured already, as host/resolve gives them",
      },
      pods: fromPodsSchema,
      nodes: fromNodesSchema,
      filter: baseFilterSchema,
      every: { ...durationSchema, default: "30s", title: "How often is asked, at most every 5 seconds" },
      wait: { ...durationSchema, default: "2s", title: "How long to wait for each server's answers" },
      maxBytes: {
        ...sizeSchema,
        default: "64MiB",
        title: "Of one node, all that is captured there since together",
      },
    },
  },
  outputSchema: { type: "object", properties: { addresses: { type: "array", items: { type: "string" } } } },
  example: { capture: "captures", hosts: ["web"], pods: ["shop/client"], addresses: ["10.96.0.20"] },
  plan({ hosts, every = "30s", filter = "" }) {
    const what = filter === "" ? "" : ` that fit ${JSON.stringify(filter)}`;
    const note = `asks every ${formatDuration(everyMs(every))} for ${hosts.join(", ")}, and captures packets of new addresses${what}`;
    return Promise.resolve({ commands: [], outputs: NOT_YET, notes: [note] });
  },
  async run(input, context) {
    const held = heldCaptures(input.capture, context);
    const joining = joiningOf(held, toBytes(input.maxBytes ?? "64MiB"));
    if (context.detach !== undefined || joining === null) {
      const why =
        joining === null ? "the captures are of flows, not at points" : "nobody asks without the client";
      context.note("warn", `new addresses are not captured: ${why}`);
      return { addresses: [] };
    }
    const end = AbortSignal.any([context.signal, context.cancelled, held.ending]);
    const untilMs = context.clock.nowMs() + joining.begun.maxMs;
    const known = new Set(input.addresses);
    const asking = new Asking(input, context);
    let isFull = false;
    const leftMs = (): number => untilMs - context.clock.nowMs();
    while (!end.aborted && leftMs() > 0) {
      const waitMs = Math.min(everyMs(input.every ?? "30s"), Math.max(1, leftMs()));
      await context.clock.sleep(waitMs, end).catch((error: unknown) => {
        if (!end.aborted) throw error;
      });
      if (end.aborted || leftMs() <= 0) break;
      const all = (await asking.ask(end)).filter((ip) => !known.has(ip));
      const fresh = all.slice(0, MOST_ADDRESSES - known.size);
      if (all.length > fresh.length && !isFull) {
        isFull = true;
        const text = `${all.slice(fresh.length).join(", ")} came, and no more than ${MOST_ADDRESSES} addresses are captured`;
        await say({ kind: "left-out", text }, context);
      }
      if (fresh.length === 0) continue;
      const before = [...known];
      for (const ip of fresh) known.add(ip);
      held.filter = filterOfHosts([...known], input.filter ?? "");
      const nodes = [...new Set(held.departures?.points.map(({ node }) => node))];
      const results = await pMap(
        nodes,
        async (node) => {
          const own = { fresh, before, filter: input.filter ?? "" };
          return captureAddresses(node, own, { joining, context }).catch((error: unknown) => {
            if (end.aborted) return false;
            const { code, message } = asHopbookError(error);
            if (code === "INTERRUPTED") throw error;
            return `${node}: ${message}`;
          });
        },
        { concurrency: NODES_AT_ONCE },
      );
      const failures = results.filter((result) => typeof result === "string");
      if (results.includes(true))
        await say(
          {
            kind: "joined",
            text: `${input.hosts.join(", ")} is ${fresh.join(", ")} as well, captured from now on`,
          },
          context,
        );
      if (failures.length > 0)
        await say(
          {
            kind: "left-out",
            text: `${fresh.join(", ")} came, and is not captured on ${failures.join("; ")}`,
          },
          context,
        );
    }
    context.signal.throwIfAborted();
    return { addresses: [...known].slice(input.addresses.length) };
  },
};

function everyMs(every: string | number): number {
  return Math.max(LEAST_MS, toMs(every));
}

/** Asks what cannot be answered again the next time, and says once that it could not. */
class Asking {
  readonly #input: Input;
  readonly #context: StepContext;
  #places: ReturnType<typeof findResolvingPlaces> | null = null;
  #isDeaf = false;

  constructor(input: Input, context: StepContext) {
    this.#input = input;
    this.#context = context;
  }

  async ask(end: AbortSignal): Promise<readonly string[]> {
    const { hosts, wait = "2s" } = this.#input;
    try {
      const places = await (this.#places ??= findResolvingPlaces(this.#input, this.#context));
      const found = await resolveHosts(hosts, { places, waitMs: toMs(wait) }, this.#context);
      const lost = found.filter(({ addresses }) => addresses.length === 0);
      this.#say(lost.flatMap(({ failures }) => failures).join("; "));
      return found.flatMap(({ addresses }) => addresses);
    } catch (error) {
      this.#places = null;
      if (end.aborted) return [];
      const known = asHopbookError(error);
      if (known.code === "INTERRUPTED" || known.code === "PERMISSION_DENIED") throw known;
      this.#say(known.message);
      return [];
    }
  }

  /** Empty: all was answered. */
  #say(why: string): void {
    if (why !== "" && !this.#isDeaf) this.#context.note("warn", `new addresses are not seen now: ${why}`);
    this.#isDeaf = why !== "";
  }
}
