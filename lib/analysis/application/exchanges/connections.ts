import type { Packet } from "../../dissect/packet.js";
import { TCP } from "../../dissect/tcp.js";
import { isDnsPort } from "../dns.js";
import { readHttpRequest, readHttpStatus } from "../http.js";
import { isTls } from "../tls.js";
import type { Application, Payload } from "./application.js";
import { BoundedMap } from "./bounded-map.js";
import { Connection, type Protocols } from "./connection.js";
import { DnsStream } from "./dns-stream.js";
import { HttpExchange } from "./http-exchange.js";
import type { Outcomes } from "./outcomes.js";
import type { Questions } from "./questions.js";
import { CLIENT, type Side } from "./sides.js";
import { SmallMap } from "./small-map.js";
import { TlsExchange } from "./tls-exchange.js";

const MOST_OPEN = 1024;
const MOST_OVER = 256;

const forget = (): void => undefined;

/** A flow's TCP connections, by the client's port. */
export class Connections implements Protocols {
  private nowUs = 0;
  private serverPort = 0;
  private readonly open = new SmallMap<number, Connection>();
  /** Ports whose connection is over: what still comes of it opens no new one. */
  private over: BoundedMap<number, Connection> | null = null;

  constructor(
    private readonly outcomes: Outcomes,
    private readonly asking: { askedQuestions(): Questions },
  ) {}

  note(packet: Packet, bytes: Uint8Array, at: { readonly side: Side; readonly timeUs: number }): void {
    const isClient = at.side === CLIENT;
    const clientPort = isClient ? packet.sourcePort : packet.destinationPort;
    this.nowUs = at.timeUs;
    this.serverPort = isClient ? packet.destinationPort : packet.sourcePort;
    const opens = isClient && (packet.tcpFlags & (TCP.syn | TCP.ack)) === TCP.syn;
    const connection = this.connectionOf(clientPort, opens ? packet : null);
    if (connection === null) return;
    connection.note(packet, bytes, at);
    if (!connection.isOver) return;
    this.end(clientPort, connection);
  }

  finish(untilUs: number): void {
    for (const connection of this.open.values()) connection.judge(untilUs);
  }

  private connectionOf(clientPort: number, opening: Packet | null): Connection | null {
    const known = this.open.get(clientPort);
    const isNew = opening !== null && known?.isOther(opening) === true;
    if (known !== undefined && !isNew) return known;
    if (known !== undefined) this.end(clientPort, known);
    // A SYN that comes again after it was reset is of the same attempt.
    const over = this.over?.get(clientPort);
    if (over !== undefined && (opening === null || !over.isOther(opening))) return null;
    const fresh = new Connection(this.outcomes, clientPort, this);
    this.over?.delete(clientPort);
    if (this.open.size >= MOST_OPEN) this.giveUpOldest();
    this.open.set(clientPort, fresh);
    return fresh;
  }

  recognise(clientPort: number, side: Side, { bytes, at, end }: Payload): Application | null {
    const context = { outcomes: this.outcomes, clientPort };
    if (isDnsPort(this.serverPort)) return new DnsStream(this.asking.askedQuestions(), clientPort);
    if (isTls(bytes, at, end)) return new TlsExchange(context);
    const read = side === CLIENT ? readHttpRequest : readHttpStatus;
    return read(bytes, at, end) === null ? null : new HttpExchange(context);
  }

  private giveUpOldest(): void {
    const [port, oldest] = this.open.first()!;
    oldest.judge(this.nowUs);
    this.open.delete(port);
  }

  private end(clientPort: number, connection: Connection): void {
    connection.judge(this.nowUs);
    this.open.delete(clientPort);
    this.over ??= new BoundedMap(MOST_OVER, forget);
    this.over.set(clientPort, connection);
  }
}
