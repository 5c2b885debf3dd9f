import { ipVersion } from "../../../linux/address.js";
import { describeNetns } from "../../../readings/reader.js";
import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { weighGrowth } from "../growth.js";

/** What came all the way to the pod, and found the server's own queue full. */
export const backlog: Detector = {
  causes: {
    "accept-queue-full": { title: "The server does not accept its connections as fast as they come" },
    "socket-buffer-full": {
      title: "The server does not read as fast as packets come",
      reasons: ["SOCKET_RCVBUFF", "PROTO_MEM"],
      alone: "the buffer of the server's socket was full",
    },
    "cpu-backlog-full": {
      title: "The node's processor does not handle packets as fast as they come",
      reasons: ["CPU_BACKLOG"],
      alone: "the processor's backlog of packets was full (net.core.netdev_max_backlog)",
    },
  },
  detect: detectBacklog,
};

const SOCKET_COUNTERS = { 4: "UdpRcvbufErrors", 6: "Udp6RcvbufErrors" } as const;

function detectBacklog(given: DetectorInput): readonly Candidate[] {
  const { input, spot, state } = given;
  const { protocol } = input.flow;
  const at = spot.netns;
  if (at === null || spot.kind !== "pod-in" || input.status !== "unanswered" || protocol === "icmp")
    return [];
  const [code, counter, what] =
    protocol === "tcp"
      ? ([
          "accept-queue-full",
          "TcpExtListenOverflows",
          "its queue of connections to accept was full",
        ] as const)
      : ([
          "socket-buffer-full",
          SOCKET_COUNTERS[ipVersion(spot.target.ip)],
          "the buffer of its socket was full",
        ] as const);
  const weight = weighGrowth(state.growth(at, counter) ?? 0, given, {
    code,
    counts: (other) => other.input.flow.protocol === protocol,
    isOwn: true,
  });
  if (weight === null) return [];
  const counted = `${describeNetns(at)}: ${counter} ${weight.text}`;
  const summary = weight.strength === 0 ? counted : `${describeNetns(at)}: the server is behind: ${what}`;
  return [{ code, summary, evidence: [counted], strength: weight.strength }];
}
