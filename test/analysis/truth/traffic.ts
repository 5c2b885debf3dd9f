import { Agenda } from "./clock.js";
import { encodeDnsAnswer, encodeDnsQuestion } from "./dns.js";
import { countSegments, type Body, type Frame } from "./frame.js";
import { joinFragments } from "./fragments.js";
import { Network } from "./network.js";
import { Random } from "./random.js";
import type { FlowPlan, Scenario } from "./scenario.js";
import { TcpEnd } from "./tcp-end.js";

const THINK_US = 300;
const KEEP_ALIVE_US = 700_000;

export interface FlowEnd {
  /** Frames that each end has sent and the other one has got. */
  readonly requests: { sent: number; arrived: number };
  readonly replies: { sent: number; arrived: number };
}

export interface Played {
  readonly network: Network;
  readonly ends: readonly FlowEnd[];
}

/** Lets the ends of all flows talk to each other over the network. */
export function play(scenario: Scenario): Played {
  const network = new Network(scenario);
  const agenda = new Agenda();
  const ends = scenario.flows.map((plan, flow) => {
    const talk = new Talk({ scenario, network, agenda, plan, flow });
    talk.begin();
    return talk.end;
  });
  agenda.run();
  return { network, ends };
}

interface TalkOptions {
  readonly scenario: Scenario;
  readonly network: Network;
  readonly agenda: Agenda;
  readonly plan: FlowPlan;
  readonly flow: number;
}

type Handler = (frame: Frame) => void;

/** One flow's ends. */
class Talk {
  readonly #options: TalkOptions;
  readonly #random: Random;
  readonly #freeUs = new Map<string, number>();
  readonly #ids = { request: 0, reply: 0 };
  readonly end: FlowEnd = { requests: { sent: 0, arrived: 0 }, replies: { sent: 0, arrived: 0 } };

  constructor(options: TalkOptions) {
    this.#options = options;
    this.#random = new Random(options.scenario.seed * 31 + options.flow);
    this.#ids = { request: this.#random.integer(0, 65_000), reply: this.#random.integer(0, 65_000) };
  }

  begin(): void {
    const { plan, agenda } = this.#options;
    for (let connection = 0; connection < plan.connections; connection++) {
      const atUs = (plan.startMs + connection * plan.gapMs) * 1000 + connection * 700;
      agenda.at(atUs, () => {
        if (plan.kind === "tcp") this.#connect(connection);
        else this.#ask(connection);
      });
    }
  }

  /** Sends frames of one direction, and hands each that arrives to the other end. */
  #send(
    bodies: readonly Body[],
    from: { connection: number; isRequest: boolean },
    handle: Handler,
    hearTooBig: (ipBytes: number) => void = () => undefined,
  ): void {
    const { network, agenda, plan, flow, scenario } = this.#options;
    const side = from.isRequest ? "request" : "reply";
    const count = from.isRequest ? this.end.requests : this.end.replies;
    const frames = bodies.map((body): Frame => {
      const ipId = plan.ipId === "zero" ? 0 : this.#ids[side] & 0xffff;
      this.#ids[side] += body.kind === "tcp" ? countSegments(body.segment, scenario.mssBytes) : 1;
      return { flow, ...from, backend: from.connection % plan.backends.length, ipId, body };
    });
    count.sent += frames.length;
    for (const { frame, atUs } of joinFragments(network.carry(frames, this.#leave(from, frames)))) {
      agenda.at(atUs + 5, () => {
        count.arrived += 1;
        handle(frame);
      });
    }
    for (const { frame, atUs } of network.tooBig.splice(0)) {
      const { body } = frame;
      if (body.kind === "too big") agenda.at(atUs, () => hearTooBig(body.bytes));
    }
  }

  /** When frames leave: behind those that their sender has sent before, where it matters which came first. */
  #leave(
    { connection, isRequest }: { connection: number; isRequest: boolean },
    frames: readonly Frame[],
  ): number {
    const { agenda, scenario } = this.#options;
    if (scenario.odd?.pathMtu === undefined) return agenda.nowUs;
    const key = `${connection} ${isRequest}`;
    const atUs = Math.max(agenda.nowUs, this.#freeUs.get(key) ?? 0);
    this.#freeUs.set(key, atUs + frames.length);
    return atUs;
  }

  /** Pings and datagrams, and what comes back. */
  #ask(connection: number): void {
    const { plan, agenda } = this.#options;
    for (let index = 0; index < plan.messages; index++) {
      agenda.at(agenda.nowUs + index * plan.gapMs * 1000, () => {
        const number = connection * 1000 + index;
        this.#send([this.#question(number)], { connection, isRequest: true }, (frame) =>
          this.#answer(frame, { connection, number }),
        );
      });
    }
  }

  #question(number: number): Body {
    const { plan, flow } = this.#options;
    if (plan.kind === "dns") return { kind: "udp", payload: encodeDnsQuestion(dnsId(flow, number)) };
    const payload = fill(plan.requestBytes, plan.alike ? 0 : flow * 5000 + number + 1);
    return plan.kind === "ping" ? { kind: "echo", seq: number + 1, payload } : { kind: "udp", payload };
  }

  #answer(question: Frame, { connection, number }: { connection: number; number: number }): void {
    const { plan, agenda, flow } = this.#options;
    if (plan.server === "silent") return;
    const { body } = question;
    const answer = (): Body => {
      if (plan.server === "refuses") return { kind: "refusal", about: question };
      if (body.kind === "echo") return body;
      if (plan.kind === "dns") return { kind: "udp", payload: encodeDnsAnswer(dnsId(flow, number)) };
      return {
        kind: "udp",
        payload: fill(plan.responseBytes, plan.alike ? 0 : 77_000 + flow * 5000 + number),
      };
    };
    agenda.at(agenda.nowUs + THINK_US, () =>
      this.#send([answer()], { connection, isRequest: false }, () => undefined),
    );
  }

  #connect(connection: number): void {
    const { plan, agenda, scenario } = this.#options;
    const { mssBytes, real } = scenario;
    const { againBytes = mssBytes, keepAlives = 0, keepAliveBytes = 0 } = real ?? {};
    const answersProbes = keepAlives > 0;
    const { fastOpen, sacks = false } = scenario.odd ?? {};
    const common = { agenda, mssBytes, burst: plan.burst, againBytes, answersProbes, saysSacks: sacks };
    const shrink = (end: () => TcpEnd) => (ipBytes: number) =>
      end().shrink(ipBytes - (scenario.v6 ? 72 : 52));
    let hasAnswered = false;
    const server = new TcpEnd({
      ...common,
      opensFast: fastOpen === "accepted",
      stampOffsetMs: 77_000_000,
      send: (segments) =>
        this.#send(
          segments.map((segment) => ({ kind: "tcp", segment })),
          { connection, isRequest: false },
          ({ body }) => body.kind === "tcp" && client.receive(body.segment),
          shrink(() => server),
        ),
      onProgress: (end) => {
        if (hasAnswered || !end.isEstablished || end.receivedBytes < plan.requestBytes) return;
        hasAnswered = true;
        agenda.at(agenda.nowUs + THINK_US, () => {
          end.give(plan.responseBytes);
          for (let time = 1; time <= keepAlives; time++)
            agenda.at(agenda.nowUs + time * KEEP_ALIVE_US, () => end.keepAlive(keepAliveBytes));
          if (keepAlives === 0) end.close();
          else agenda.at(agenda.nowUs + (keepAlives + 1) * KEEP_ALIVE_US, () => end.close());
        });
      },
    });
    let hasAsked = fastOpen !== undefined;
    const client = new TcpEnd({
      ...common,
      opensFast: fastOpen !== undefined,
      stampOffsetMs: 11_000_000,
      send: (segments) =>
        this.#send(
          segments.map((segment) => ({ kind: "tcp", segment })),
          { connection, isRequest: true },
          ({ body }) => body.kind === "tcp" && this.#serve(server, body, connection),
          shrink(() => client),
        ),
      onProgress: (end) => {
        if (end.isEstablished && !hasAsked) {
          hasAsked = true;
          agenda.at(agenda.nowUs + 50, () => end.give(plan.requestBytes));
        }
        if (end.peerIsDone) agenda.at(agenda.nowUs + 50, () => end.close());
      },
    });
    if (hasAsked) client.give(plan.requestBytes);
    client.open();
  }

  #serve(server: TcpEnd, { segment }: Extract<Body, { kind: "tcp" }>, connection: number): void {
    const { plan } = this.#options;
    if (plan.server === "silent") return;
    if (plan.server === "answers") return server.receive(segment);
    const reset = {
      seq: 0,
      length: 0,
      ack: segment.seq + segment.length + 1,
      flags: "R.",
      stampMs: 0,
      echoMs: 0,
    };
    this.#send([{ kind: "tcp", segment: reset }], { connection, isRequest: false }, () => undefined);
  }
}

/** Each question's own: those of a connection count from its thousands. */
const dnsId = (flow: number, number: number): number =>
  flow * 13_000 + Math.floor(number / 1000) * 400 + (number % 1000);

function fill(bytes: number, number: number): Uint8Array {
  const payload = new Uint8Array(bytes).fill(0x40 + (number & 0x1f));
  for (let index = 0; index < 4 && index < bytes; index++) payload[index] = (number >> (index * 8)) & 0xff;
  return payload;
}
