import { isNamed } from "../certificate.js";
import { readTls, type TlsAlert, type TlsMessage } from "../tls.js";
import type { ClientHello } from "../tls-hello.js";
import { nameAlert, nameVersion } from "../tls-words.js";
import type { Application, ApplicationContext, Payload } from "./application.js";
import { CLIENT, GRACE_US, SIDE_NAMES, type Side } from "./sides.js";

/** close_notify and user_canceled end a connection in order. */
const ORDERLY = [0, 90];

/** TLS on one connection, as far as it is in plain. */
export class TlsExchange implements Application {
  private hello: {
    readonly words: string;
    readonly serverName: string | null;
    readonly askedUs: number;
  } | null = null;
  private isAnswered = false;
  private readonly isEncrypted: [boolean, boolean] = [false, false];
  private readonly last: [string | null, string | null] = [null, null];

  constructor(private readonly context: ApplicationContext) {}

  note(side: Side, { bytes, at, end, timeUs }: Payload): void {
    if (this.isEncrypted[side]) {
      this.last[side] = `${SIDE_NAMES[side]}'s encrypted data`;
      return;
    }
    for (const message of readTls(bytes, at, end)) this.take(side, message, timeUs);
  }

  lastOf(side: Side): string | null {
    return this.last[side];
  }

  close(untilUs: number): void {
    const { hello } = this;
    if (hello === null || this.isAnswered || untilUs - hello.askedUs <= GRACE_US) return;
    this.add(`no answer to the ClientHello${hello.words}`, "none", null);
  }

  private take(side: Side, message: TlsMessage, timeUs: number): void {
    if (message.kind === "changed") this.isEncrypted[side] = true;
    else if (message.kind === "alert") this.alert(side, message, timeUs);
    else if (message.kind === "clientHello") {
      if (side !== CLIENT) return;
      this.last[side] = "TLS ClientHello";
      this.hello ??= { words: describe(message), serverName: message.serverName, askedUs: timeUs };
    } else if (message.kind === "serverHello") {
      this.last[side] = "TLS ServerHello";
      // One that asks for another hello is the first word, and not yet the answer.
      if (message.isRetry || this.isAnswered) return;
      this.isAnswered = true;
      this.add(`${nameVersion(message.version)}${this.words}`, "ok", this.since(timeUs));
    } else if (message.names.length > 0 && side !== CLIENT) this.certificate(message.names);
  }

  private alert(side: Side, { description, isFatal }: TlsAlert, timeUs: number): void {
    const words = `alert ${nameAlert(description)} by ${SIDE_NAMES[side]}`;
    this.last[side] = `TLS ${words}`;
    this.isAnswered = true;
    if (ORDERLY.includes(description)) return;
    this.add(`${words}${this.words}`, isFatal ? "error" : "ok", this.since(timeUs));
  }

  private certificate(names: readonly string[]): void {
    const wanted = this.hello?.serverName ?? null;
    const isOther = wanted !== null && !isNamed(wanted, names);
    const outcome = `certificate for ${names.join(", ")}${isOther ? `, and not for ${wanted}` : ""}`;
    this.add(outcome, isOther ? "error" : "ok", null);
  }

  private get words(): string {
    return this.hello?.words ?? "";
  }

  private since(timeUs: number): number | null {
    return this.hello === null ? null : timeUs - this.hello.askedUs;
  }

  private add(outcome: string, kind: "ok" | "error" | "none", tookUs: number | null): void {
    this.context.outcomes.add({ protocol: "tls", outcome, kind }, tookUs);
  }
}

function describe({ serverName, protocols }: ClientHello): string {
  const offered = protocols.length === 0 ? "" : `, offering ${protocols.join(", ")}`;
  return (serverName === null ? "" : ` for ${serverName}`) + offered;
}
