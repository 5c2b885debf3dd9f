import { readHttpRequest, readHttpStatus } from "../http.js";
import type { Application, ApplicationContext, Payload } from "./application.js";
import { CLIENT, GRACE_US, type Side } from "./sides.js";

/** Requests of one connection that wait for their answers; more than this are not told. */
const MOST_PENDING = 32;
const LAST_INFORMATIONAL = 199;
const SWITCHING = 101;

/** HTTP/1 on one connection. */
export class HttpExchange implements Application {
  private readonly pending: { readonly words: string; readonly askedUs: number }[] = [];
  private readonly last: [string | null, string | null] = [null, null];

  constructor(private readonly context: ApplicationContext) {}

  note(side: Side, { bytes, at, end, timeUs }: Payload): void {
    if (side === CLIENT) {
      const request = readHttpRequest(bytes, at, end);
      if (request === null) return;
      const words = `${request.method} ${request.target}`;
      this.last[side] = words;
      if (this.pending.length < MOST_PENDING) this.pending.push({ words, askedUs: timeUs });
      return;
    }
    const status = readHttpStatus(bytes, at, end);
    if (status === null) return;
    const words = `HTTP ${status.code} ${status.reason}`.trimEnd();
    this.last[side] = words;
    if (status.code <= LAST_INFORMATIONAL && status.code !== SWITCHING) return;
    const asked = this.pending.shift();
    const kind = status.code < 400 ? "ok" : "error";
    const tookUs = asked === undefined ? null : timeUs - asked.askedUs;
    this.context.outcomes.add({ protocol: "http", outcome: words, kind }, tookUs);
  }

  lastOf(side: Side): string | null {
    return this.last[side];
  }

  close(untilUs: number): void {
    for (const { words, askedUs } of this.pending)
      if (untilUs - askedUs > GRACE_US)
        this.context.outcomes.add({ protocol: "http", outcome: `no answer to ${words}`, kind: "none" }, null);
  }
}
