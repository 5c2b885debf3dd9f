import { uint16 } from "../../dissect/bytes.js";
import { readDnsOverTcp } from "../dns.js";
import type { Application, Payload } from "./application.js";
import type { Questions } from "./questions.js";
import type { Side } from "./sides.js";

const MOST_MESSAGES = 16;

/** DNS over one TCP connection (RFC 7766): messages one behind the other, each with its length. */
export class DnsStream implements Application {
  /** Bytes that are left of each side's last message. */
  private readonly left: [number, number] = [0, 0];

  constructor(
    private readonly questions: Questions,
    private readonly clientPort: number,
  ) {}

  note(side: Side, { bytes, at, end, length, timeUs }: Payload): void {
    const skipped = Math.min(this.left[side], length);
    this.left[side] -= skipped;
    let here = at + skipped;
    for (let count = 0; count < MOST_MESSAGES && here + 2 <= end; count++) {
      const message = readDnsOverTcp(bytes, here, end);
      if (message !== null) this.questions.note(message, { side, clientPort: this.clientPort }, timeUs);
      here += 2 + uint16(bytes, here);
    }
    this.left[side] += Math.max(0, here - at - length);
  }

  lastOf(): null {
    return null;
  }

  /** Its questions are the flow's. */
  close(): void {
    return;
  }
}
