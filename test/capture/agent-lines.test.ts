import t from "tap";
import { parseAgentLine, startError, type AgentLine } from "../../lib/capture/agent-lines.js";
import { fc } from "../fixtures/property.js";

t.test("each line that the agent says", (t) => {
  const closed = { type: "closed", hopId: "a.lo", atSec: 1700000000.5, sizeBytes: 4096, sinceSec: null };
  const cases: [string, AgentLine | null][] = [
    ["listening a.lo 1700000000.25", { type: "listening", hopId: "a.lo", atSec: 1700000000.25 }],
    ["listening a.lo -", { type: "listening", hopId: "a.lo", atSec: null }],
    [
      "failed a.lo tcpdump: eth9: No such device",
      { type: "failed", hopId: "a.lo", why: "tcpdump: eth9: No such device" },
    ],
    ["error tool tcpdump", { type: "error", code: "tool", why: "tcpdump" }],
    ["error disk 10 20", { type: "error", code: "disk", why: "10 20" }],
    ["ready", { type: "ready" }],
    [
      "ended a.lo 1700000000.5 size limit",
      { type: "ended", hopId: "a.lo", atSec: 1700000000.5, why: "size limit" },
    ],
    ["bye lease", { type: "bye", why: "lease" }],
    ["bye", { type: "bye", why: "" }],
    [
      "closed a.lo 1700000000.5 40 41 1 0 4096",
      { ...closed, captured: 40, received: 41, droppedByKernel: 1, droppedByInterface: 0 } as AgentLine,
    ],
    [
      "closed a.lo 1700000000.5 40 40 0 - 4096",
      { ...closed, captured: 40, received: 40, droppedByKernel: 0, droppedByInterface: null } as AgentLine,
    ],
    [
      "closed a.lo 1700000000.5 40 40 0 0 4096 1700000000.250000",
      {
        ...closed,
        ...{ captured: 40, received: 40, droppedByKernel: 0, droppedByInterface: 0, sinceSec: 1700000000.25 },
      } as AgentLine,
    ],
    [
      "closed a.lo",
      {
        ...{ type: "closed", hopId: "a.lo", atSec: null, captured: null, received: null },
        ...{ droppedByKernel: null, droppedByInterface: null, sizeBytes: 0, sinceSec: null },
      },
    ],
    ["frozen 2 1700000000.5 3", { type: "frozen", number: 2, atSec: 1700000000.5, files: 3 }],
    ["frozen x - x", { type: "frozen", number: 0, atSec: null, files: 0 }],
    ["stopped", { type: "stopped" }],
    ["removed", { type: "removed" }],
    ["Authorized use only!", null],
    ["", null],
    ["readyish", null],
    [" ready", null],
  ];
  for (const [text, expected] of cases) t.same(parseAgentLine(text), expected, JSON.stringify(text));
  t.end();
});

t.test("numbers that are none become null, whatever stands there", (t) => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 8 }), (words) => {
      const line = parseAgentLine(["closed", "a", ...words].join(" "));
      if (line?.type !== "closed") return false;
      const { atSec, captured, received, droppedByKernel, droppedByInterface, sizeBytes } = line;
      return (
        [atSec, captured, received, droppedByKernel, droppedByInterface].every(
          (value) => value === null || (Number.isFinite(value) && value >= 0),
        ) && sizeBytes >= 0
      );
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => void parseAgentLine(text)));
  t.end();
});

t.test("why it did not start, and what to do", (t) => {
  const error = (code: string, why: string) => startError("node-a", { type: "error", code, why });
  t.match(error("tool", "tcpdump"), {
    code: "TOOL_MISSING",
    message: "Cannot capture on node-a: it has no tcpdump",
    hint: "Install tcpdump on the node, or in the image with its tools",
    where: { node: "node-a" },
  });
  t.match(error("disk", "2048 20480"), {
    code: "NODE_DISK_FULL",
    message: "Cannot capture on node-a: 2.0 MiB are free, 20.0 MiB have to be",
    hint: /workDir.*maxBytes/,
  });
  t.match(error("disk", ""), { code: "NODE_DISK_FULL" });
  t.match(error("netns", "node-a.pod.eth0 /run/netns/x"), {
    code: "CAPTURE_FAILED",
    hint: /pod still there/,
  });
  t.match(error("dir", "/nowhere/x"), {
    code: "CAPTURE_FAILED",
    message: /dir \/nowhere\/x/,
    hint: /workDir/,
  });
  const failed = (why: string) => startError("node-a", { type: "failed", hopId: "node-a.nic.eth0", why });
  t.match(failed("tcpdump: eth0: No such device exists"), {
    code: "CAPTURE_FAILED",
    message: "Cannot capture at node-a.nic.eth0: tcpdump: eth0: No such device exists",
    hint: /is the pod still there/,
  });
  t.match(failed(""), { message: /tcpdump said nothing/, hint: /hopbook plan/ });
  t.end();
});
