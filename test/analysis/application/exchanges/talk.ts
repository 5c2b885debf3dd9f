import { Exchanges } from "../../../../lib/analysis/application/exchanges/exchanges.js";
import { dissectFrame } from "../../../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../../../lib/analysis/dissect/packet.js";
import type { ExchangeFinding } from "../../../../lib/model/findings.js";
import { NO_OPENERS } from "../../../../lib/wire/open.js";
import { ethernet, icmp, ip, pcap, tcp, udp } from "../../helpers/packets.js";

const NONE = Buffer.alloc(0);
const [LEFT, RIGHT] = ["10.0.0.1", "10.0.0.2"];
const SECOND_US = 1_000_000;

export type Who = "client" | "server";

/** A conversation, built packet by packet, that is fed to Exchanges; `pcap` has the same packets. */
export class Talk {
  nowUs = 1_000 * SECOND_US;
  private readonly exchanges = new Exchanges();
  private readonly records: { timeUs: number; bytes: Uint8Array }[] = [];
  private readonly packet = new Packet();

  constructor(private readonly ends: readonly [string, string] = [LEFT, RIGHT]) {}

  wait(ms: number): this {
    this.nowUs += ms * 1000;
    return this;
  }

  frame(who: Who, bytes: Uint8Array): this {
    const frame = { at: 0, capturedBytes: bytes.length, linktype: 1 };
    dissectFrame(bytes, frame, { tunnels: NO_OPENERS }, this.packet);
    this.exchanges.note(this.packet, bytes, who === "client" ? 0 : 1, this.nowUs);
    this.records.push({ timeUs: this.nowUs, bytes });
    return this;
  }

  ip(who: Who, protocol: number, payload: Uint8Array): this {
    const [source, destination] = who === "client" ? this.ends : [this.ends[1], this.ends[0]];
    return this.frame(who, ethernet(ip({ source, destination, protocol }, payload)));
  }

  udp(who: Who, ports: { client: number; server: number }, payload: Uint8Array = NONE): this {
    const [from, to] = who === "client" ? [ports.client, ports.server] : [ports.server, ports.client];
    return this.ip(who, 17, udp(from, to, payload));
  }

  icmp(who: Who, type: number, seq: number): this {
    return this.ip(who, 1, icmp(type, 0, { id: 9, seq }));
  }

  /** What is said of it at `afterMs` behind the last packet. */
  end(afterMs = 5_000, answerDue = false): readonly ExchangeFinding[] {
    return this.exchanges.finish(this.nowUs + afterMs * 1000, answerDue);
  }

  get pcap(): Buffer {
    return pcap(this.records);
  }
}

/** One TCP connection of a talk, with the sequence numbers that are due. */
export class Stream {
  readonly next = { client: 100, server: 5000 };

  constructor(
    private readonly talk: Talk,
    private readonly ports: { readonly client: number; readonly server: number },
  ) {}

  segment(who: Who, flags: string, payload: Uint8Array | string = NONE): this {
    const body = Buffer.from(payload);
    this.raw(who, { flags, seq: this.next[who], payload: body });
    this.next[who] += body.length + (/[SF]/.test(flags) ? 1 : 0);
    return this;
  }

  /** Of any sequence number; moves nothing on. */
  raw(who: Who, o: { flags: string; seq: number; ack?: number; payload?: Uint8Array }): this {
    const { client, server } = this.ports;
    const [sourcePort, destinationPort] = who === "client" ? [client, server] : [server, client];
    const ack = o.ack ?? this.next[who === "client" ? "server" : "client"];
    const { flags, seq, payload } = o;
    const numbers = { sourcePort, destinationPort, seq, flags };
    this.talk.ip(who, 6, tcp({ ...numbers, ack: flags.includes(".") ? ack : 0 }, payload));
    return this;
  }

  wait(ms: number): this {
    this.talk.wait(ms);
    return this;
  }

  open(tookMs = 2): this {
    return this.segment("client", "S").wait(tookMs).segment("server", "S.").segment("client", ".");
  }

  /** A message and its acknowledgement. */
  say(who: Who, payload: Uint8Array | string): this {
    return this.segment(who, "P.", payload).segment(who === "client" ? "server" : "client", ".");
  }

  close(): this {
    return this.segment("client", "F.").segment("server", "F.").segment("client", ".");
  }
}

/** `kind protocol outcome × count`, with the median time. */
export const lines = (findings: readonly ExchangeFinding[]): readonly string[] =>
  findings.map(({ kind, protocol, outcome, count, tookMs }) => {
    const took = tookMs === null ? "" : ` in ${tookMs.median} ms`;
    return `${kind} ${protocol} ${outcome} × ${count}${took}`;
  });
