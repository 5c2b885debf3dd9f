import { linesOf, wordsOf } from "./lines.js";

/** A socket of `ss -Hntu` with any of `-a`, `-l`, `-p`, `-e`: ss(8). */
export interface Socket {
  readonly protocol: "tcp" | "udp";
  /** LISTEN, UNCONN, ESTAB, TIME-WAIT… */
  readonly state: string;
  readonly receiveQueue: number;
  readonly sendQueue: number;
  /** As printed: `*`, `0.0.0.0`, `[::1]`, `10.0.0.1%eth0`. */
  readonly address: string;
  readonly port: number;
  readonly peerAddress: string;
  /** null: `*`. */
  readonly peerPort: number | null;
}

/** Sockets of other families, and lines that are cut, are passed over. */
export function parseSockets(text: string): Socket[] {
  return linesOf(text).flatMap((line): Socket[] => {
    const [protocol, state = "", received = "", sent = "", local = "", peer = "*:*"] = wordsOf(line);
    const { address, port } = splitPort(local);
    const far = splitPort(peer);
    if (protocol !== "tcp" && protocol !== "udp") return [];
    if (!isCount(received) || !isCount(sent) || port === null) return [];
    const queues = { receiveQueue: Number(received), sendQueue: Number(sent) };
    return [{ protocol, state, ...queues, address, port, peerAddress: far.address, peerPort: far.port }];
  });
}

function splitPort(text: string): { readonly address: string; readonly port: number | null } {
  const at = text.lastIndexOf(":");
  const port = text.slice(at + 1);
  return { address: text.slice(0, Math.max(0, at)), port: at >= 0 && isCount(port) ? Number(port) : null };
}

function isCount(text: string): boolean {
  return /^[0-9]{1,15}$/.test(text);
}
