import t from "tap";
import { planPoints } from "../../lib/capture/plan.js";
import { parseRing, ringBytes, shrinkRing } from "../../lib/capture/ring.js";
import type { CapturePoint } from "../../lib/model/points.js";

t.test("a ring as it is written", async (t) => {
  t.strictSame(
    parseRing("10x100MiB"),
    { files: 10, megabytes: 104, freezes: 0 },
    "tcpdump counts in 10^6 bytes",
  );
  t.strictSame(parseRing("2x1MB"), { files: 2, megabytes: 1, freezes: 0 });
  t.strictSame(parseRing("100x2GB"), { files: 100, megabytes: 2000, freezes: 0 });
  const bad = [
    "",
    "10",
    "x",
    "1x100MiB",
    "101x1MB",
    "10x",
    "10x100",
    "10x999kB",
    "10x2GiB",
    "-1x1MB",
    "10x1MB;id",
  ];
  for (const text of bad) t.throws(() => parseRing(text), { code: "INPUT_INVALID", hint: /10x100MiB/ }, text);
});

t.test("a smaller one fits into its part of the room, as far as a ring can", async (t) => {
  const shrunk = (text: string, parts: number): string => {
    const { files, megabytes } = shrinkRing(parseRing(text), parts);
    return `${String(files)}x${String(megabytes)}`;
  };
  t.equal(shrunk("10x100MB", 16), "10x6");
  t.equal(shrunk("10x100MB", 4), "10x25");
  t.equal(shrunk("10x2MB", 4), "5x1", "fewer files where they would be too small");
  t.equal(shrunk("2x1MB", 16), "2x1");
  t.equal(shrunk("100x1MB", 16), "6x1");
  t.equal(shrinkRing(parseRing("10x100MB", 3), 16).freezes, 3);
  t.equal(shrunk("10x100MB", 1), "10x100");
});

t.test("a node's room is that of all its rings, and of one file twice", async (t) => {
  const ring = parseRing("10x100MB");
  t.equal(ringBytes(ring, 3), 3_100_000_000);
  t.equal(ringBytes(parseRing("10x100MB", 2), 3), 9_100_000_000, "what is kept twice beside it");
  const point = (name: string): CapturePoint => ({
    ...{ id: `node-a.point.${name}`, node: "node-a", role: "nic", interface: name, netns: { kind: "host" } },
    ...{ mtuBytes: null, encapsulation: { kind: "none" }, evidence: [], pod: null, ips: [] },
    ...{ name: `${name}@node-a`, filter: "udp port 53" },
  });
  const options = {
    ...{ runId: "0123456789ab", workDir: "/var/tmp", maxSeconds: 60, maxBytes: 1, minFreeBytes: 1024 },
    ...{ sshConnections: {}, ring },
  };
  const [plan] = planPoints([point("eth0"), point("eth1")], options);
  t.equal(plan?.maxBytes, 2_100_000_000);
  t.strictSame(plan?.ring, ring);
  t.strictSame(plan?.argv.slice(9, 12), ["8192", "10", "100"].with(0, "4096"));
  const [first] = plan?.hops ?? [];
  t.match(first?.argv.join(" "), /--immediate-mode -C 100 -W 10 -i eth0/);
  t.equal(first?.isImmediate, true);
  const podFolders = { "node-a": { workDir: "/tmp", freeBytes: 20_000_000 } };
  const small = planPoints([point("eth0")], { ...options, podFolders })[0];
  t.equal(
    small?.maxBytes,
    1_100_000_000,
    "it is not cut to what is there: it would end where it should go round",
  );
});
