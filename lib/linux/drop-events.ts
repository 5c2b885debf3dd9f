import { linesOf } from "./lines.js";

/** A packet that the kernel freed without delivering it. */
export interface DropEvent {
  /** Seconds by the trace's clock. */
  readonly atSec: number;
  readonly protocol: number;
  /** The kernel function, without its offset. */
  readonly location: string;
  /** NOT_SPECIFIED where the kernel is older than 5.17 or does not say. */
  readonly reason: string;
  /** Device and length (bytes, without the link header) where the same buffer was received just before. */
  readonly device: string | null;
  readonly bytes: number | null;
}

/** Ends of ordinary life, and no loss (sockets that close, data that came twice). */
const NO_LOSS = new Set(["QUEUE_PURGE", "TCP_OLD_DATA", "TCP_ABORT_ON_DATA", "SOCKET_CLOSE", "CONSUMED"]);
const RECEIVED_BEFORE_SEC = 0.001;

/** tracefs text with the events kfree_skb and netif_receive_skb; other lines are passed over. */
export function parseTrace(text: string): DropEvent[] {
  const received = new Map<string, { atSec: number; device: string; bytes: number }>();
  const drops: DropEvent[] = [];
  for (const line of linesOf(text)) {
    const event = /\s(\d{1,15}\.\d{1,9}): (kfree_skb|netif_receive_skb): (.*)$/.exec(line);
    if (event === null) continue;
    const [, time = "", name = "", rest = ""] = event;
    const atSec = Number(time);
    const skb = /skbaddr=(\S+)/.exec(rest)?.[1] ?? "";
    if (name === "netif_receive_skb") {
      const device = /dev=(\S+)/.exec(rest)?.[1];
      const bytes = /len=(\d+)/.exec(rest)?.[1];
      if (device !== undefined && bytes !== undefined)
        received.set(skb, { atSec, device, bytes: Number(bytes) });
      continue;
    }
    const location = /location=([A-Za-z0-9_.]+)/.exec(rest)?.[1] ?? "unknown";
    const reason = /reason: (\w+)/.exec(rest)?.[1] ?? "NOT_SPECIFIED";
    // IPv6 multicast that nobody joined ends here all the time.
    if (NO_LOSS.has(reason) || location.startsWith("ip6_mc_")) continue;
    const protocol = Number(/protocol=(\d+)/.exec(rest)?.[1] ?? 0);
    const last = received.get(skb);
    const fresh = last !== undefined && atSec - last.atSec <= RECEIVED_BEFORE_SEC ? last : null;
    received.delete(skb);
    drops.push({
      atSec,
      protocol,
      location,
      reason,
      device: fresh?.device ?? null,
      bytes: fresh?.bytes ?? null,
    });
  }
  return drops;
}
