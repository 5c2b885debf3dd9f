import t from "tap";
import { recordAccess } from "../../lib/engine/recorder.js";
import type { CommandEntry } from "../../lib/model/transcript.js";
import { HopbookError } from "../../lib/errors.js";
import { fakeNode } from "../steps/samples.js";

const READ = { action: "node/read", timeoutMs: 1000 };

function setUp(answer?: Parameters<typeof fakeNode>[1]) {
  const records: CommandEntry[] = [];
  const node = fakeNode("node-a", answer);
  return { access: recordAccess(node.access, (entry) => records.push(entry)), records, node };
}

t.test("a command that went well is recorded with its sizes and without its words", async (t) => {
  const { access, records } = setUp(() => ({ stdout: Buffer.from("12345"), stderr: Buffer.from("warn") }));
  const result = await access.exec(["ip", "link"], READ);
  t.equal(result.stdout.toString(), "12345", "the result is passed on");
  t.match(records, [
    {
      ...{ type: "command", node: "node-a", action: "node/read", argv: ["ip", "link"], exitCode: 0 },
      ...{ timedOut: false, truncated: false, stdoutBytes: 5, stderrBytes: 4, stderrTail: "" },
      ...{ at: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, durationMs: Number },
    },
  ]);
  t.equal(records.length, 1);
});

t.test("one that failed is recorded with the last lines of stderr", async (t) => {
  const stderr = Buffer.from(Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join(""));
  const { access, records } = setUp(() => ({ exitCode: 1, stderr, timedOut: true, signal: "SIGKILL" }));
  await access.exec(["x"], READ);
  t.match(records[0], { exitCode: 1, timedOut: true, signal: "SIGKILL" });
  t.match(records[0]?.stderrTail, /^line 22\n[^]*line 29$/);
  const long = setUp(() => ({ exitCode: null, stderr: Buffer.alloc(9000, "x") }));
  await long.access.exec(["x"], READ);
  t.equal(long.records[0]?.stderrTail.length, 2000);
});

t.test("one that could not be run at all is recorded with the reason, and the error goes on", async (t) => {
  const { access, records } = setUp(() => new HopbookError("NODE_UNREACHABLE", "connection lost"));
  await t.rejects(access.exec(["x"], READ), { code: "NODE_UNREACHABLE" });
  t.match(records, [{ exitCode: null, stderrTail: "connection lost" }]);
});

t.test("a stream is recorded once, when it has ended", async (t) => {
  const { access, records } = setUp();
  const stream = access.stream(["tcpdump"], { action: "netns/tcpdump" });
  t.strictSame(records, []);
  await stream.done;
  await new Promise((resolve) => setImmediate(resolve));
  t.match(records, [
    { action: "netns/tcpdump", argv: ["tcpdump"], exitCode: 127, stderrTail: "sh: not found" },
  ]);
});

t.test("a pull is recorded as the cat that it is, also where it fails", async (t) => {
  const { access, records, node } = setUp();
  await t.rejects(access.pull("/tmp/a.pcap", "/b", { ...READ, action: "capture/pull" }), /nothing to pull/);
  const fine = recordAccess(
    { ...node.access, pull: () => Promise.resolve({ bytes: 7, sha256: "x" }) },
    (entry) => records.push(entry),
  );
  t.strictSame(await fine.pull("/tmp/a.pcap", "/b", READ), { bytes: 7, sha256: "x" });
  t.match(records, [
    { action: "capture/pull", argv: ["cat", "--", "/tmp/a.pcap"], exitCode: null, stderrTail: /nothing/ },
    { argv: ["cat", "--", "/tmp/a.pcap"], exitCode: 0, stdoutBytes: 7, stderrTail: "" },
  ]);
});

t.test("it is the same way in", async (t) => {
  const { access } = setUp();
  t.equal(access.node, "node-a");
  t.equal(access.via, "ssh");
  await access.close();
});
