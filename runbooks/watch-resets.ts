import { defineScript } from "hopbook/script";

/** What is known of a connection until it is reset. */
interface Connection {
  /** Messages of each side that asked (the one that sent first) and that answered. */
  readonly messages: [asked: number, answered: number];
  readonly asker: string;
  last: { readonly from: string; readonly bytes: number; readonly at: string; readonly frame: number } | null;
  isClosing: boolean;
  isOpen: boolean;
}

interface Reset {
  readonly hop: string;
  readonly at: string;
  readonly by: string;
  readonly of: string;
  readonly frame: number;
  readonly after: string;
}

/** So many connections are remembered at once; the oldest are forgotten. */
const MOST_CONNECTIONS = 100_000;
const MOST_RESETS = 1000;

/** TCP resets of connections that were open or being opened, in the captures of this run: by whom, and after which message. */
export default defineScript(async (hb) => {
  const resets: Reset[] = [];
  // One connection may be seen at several points.
  let [connections, total] = [0, 0];
  for (const capture of await hb.captures.list()) {
    const known = new Map<string, Connection>();
    let [seen, reset] = [0, 0];
    for await (const packet of capture.packets()) {
      if (packet.protocol !== "tcp") continue;
      const from = `${packet.source}:${packet.sourcePort}`;
      const to = `${packet.destination}:${packet.destinationPort}`;
      const key = from < to ? `${from} ${to}` : `${to} ${from}`;
      const opens = packet.flags.includes("SYN") && !packet.flags.includes("ACK");
      let connection = known.get(key);
      if (connection === undefined || (opens && connection.isOpen)) {
        if (packet.flags.includes("RST")) continue;
        connection = { messages: [0, 0], asker: from, last: null, isClosing: false, isOpen: false };
        known.set(key, connection);
        seen += 1;
        const [oldest] = known.keys();
        if (known.size > MOST_CONNECTIONS && oldest !== undefined) known.delete(oldest);
      }
      if (packet.flags.includes("FIN")) connection.isClosing = true;
      if (!packet.flags.includes("SYN")) connection.isOpen = true;
      const bytes = Number(/ len ([0-9]+)/.exec(packet.summary)?.[1] ?? 0);
      if (packet.flags.includes("RST")) {
        known.delete(key);
        if (connection.isClosing) continue;
        reset += 1;
        if (resets.length >= MOST_RESETS) continue;
        const { at, frame } = packet;
        resets.push({ hop: capture.hopId, at, frame, by: from, of: to, after: describe(connection, at) });
      } else if (bytes > 0) {
        connection.messages[from === connection.asker ? 0 : 1] += 1;
        connection.last = { from, bytes, at: packet.at, frame: packet.frame };
      }
    }
    connections = Math.max(connections, seen);
    total = Math.max(total, reset);
  }
  const file = await hb.artifacts.writeJson("resets.json", { resets });
  for (const { by, of, after, hop, frame } of resets.slice(0, 10))
    hb.log(`${by} reset the connection with ${of} ${after} (frame ${frame} at ${hop})`);
  const [first] = resets;
  const what =
    first === undefined ? "" : `: ${first.by} reset the connection with ${first.of} ${first.after}`;
  return {
    ...{ total, connections, file, resets: resets.slice(0, 10) },
    summary: `${total} resets of ${connections} connections that were seen${what}`,
  };
});

/** The last message before a reset, in words. */
function describe({ last, messages, asker }: Connection, at: string): string {
  if (last === null) return "before any message";
  const ms = Date.parse(at) - Date.parse(last.at);
  const [asked, answered] = messages;
  const side = last.from === asker ? "the client" : "the server";
  const count = last.from === asker ? asked : answered;
  return `${ms} ms after ${side}'s message ${count} (${last.bytes} bytes, frame ${last.frame}), when the server had sent ${answered}`;
}
