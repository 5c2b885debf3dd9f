import type { FlowDetector, Said } from "./detector.js";
import type { ConnectionFacts, FlowFacts } from "./facts.js";
import { count, duration, firstOf, share } from "./wording.js";

/** Linux keeps a closed connection's ports for a minute (TIME_WAIT). */
const TIME_WAIT_US = 60_000_000;

/** A client's port that is used again so soon that the server, or a NAT between, still holds the connection before. */
export const portReuse: FlowDetector = {
  kinds: {
    "port-reused-too-soon": {
      title: "Connections fail whose port was used by another shortly before",
      reference: "RFC 6191",
    },
  },
  detect: detectReuse,
};

function detectReuse({ connections }: FlowFacts): readonly Said[] {
  const last = new Map<number, ConnectionFacts>();
  const reused: { readonly gapUs: number; readonly connection: ConnectionFacts }[] = [];
  for (const connection of connections.toSorted((a, b) => a.firstUs - b.firstUs)) {
    const { clientPort, firstUs } = connection;
    if (clientPort === null) continue;
    const before = last.get(clientPort);
    if (before !== undefined && firstUs - before.lastUs < TIME_WAIT_US)
      reused.push({ connection, gapUs: Math.max(0, firstUs - before.lastUs) });
    last.set(clientPort, connection);
  }
  const failed = reused.filter(({ connection }) => !connection.established);
  if (failed.length === 0) return [];
  const ports = [...new Set(failed.map(({ connection }) => connection.clientPort))].slice(0, 8);
  return [
    {
      code: "port-reused-too-soon",
      severity: "warn",
      summary: `${share(failed.length, reused.length, "connection")} that used a port again within a minute did not come about`,
      evidence: [
        `ports ${ports.join(", ")}`,
        `the connection before had ended ${duration(Math.min(...failed.map(({ gapUs }) => gapUs)))} before, at the least`,
        `${count(connections.length, "connection")} were looked at`,
      ],
      packets: firstOf(...failed.map(({ connection }) => connection.reset?.packets ?? [])),
      next: [
        "Look for a NAT with few ports (conntrack -S: clash, search_restart), for fixed client ports, and for tcp_tw_reuse with time stamps off.",
      ],
    },
  ];
}
