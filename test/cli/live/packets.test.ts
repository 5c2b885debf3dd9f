import { openSync, closeSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import type { CommandIo } from "../../../lib/cli/io.js";
import { openLivePackets, refuseDetachedPackets } from "../../../lib/cli/live/packets.js";
import { readRunOutput } from "../../../lib/cli/options.js";
import type { Terminal } from "../../../lib/cli/terminal.js";

function ioWith(stdout: Terminal["stdout"]): { io: CommandIo; said: string[] } {
  const said: string[] = [];
  const terminal: Terminal = {
    ...{
      out: (text) => said.push(`out ${text}`),
      err: (text) => said.push(`err ${text}`),
      live: () => undefined,
    },
    ...{ color: false, unicode: true, width: 80, interactive: false, ask: () => Promise.resolve(null) },
    ...(stdout === undefined ? {} : { stdout }),
  };
  return { io: { terminal, words: [], setExitCode: () => undefined }, said };
}

t.test("what stdout gets: text, json, or packets", async (t) => {
  t.strictSame(readRunOutput(undefined), { output: "text", packets: null });
  t.strictSame(readRunOutput("json"), { output: "json", packets: null });
  t.strictSame(readRunOutput("-"), { output: "text", packets: "-" });
  t.strictSame(readRunOutput("a.pcapng"), { output: "text", packets: "a.pcapng" });
});

t.test("packets are not written to a terminal, nor between lines, nor over a file", async (t) => {
  const { io } = ioWith({ fd: 1, isTerminal: true });
  const none = await openLivePackets({ packets: null, print: false }, io, "a");
  t.match(none, { view: { wantsPackets: false, countsEveryMs: 2000 } });
  t.strictSame(none.lines(), []);
  await none.close();
  await t.rejects(openLivePackets({ packets: "-", print: false }, io, "a"), {
    code: "USAGE",
    hint: /--print/,
  });
  await t.rejects(openLivePackets({ packets: "-", print: true }, io, "a"), { code: "USAGE" });
  const dir = t.testdir({ "there.pcapng": "kept" });
  const there = join(dir, "there.pcapng");
  await t.rejects(openLivePackets({ packets: there, print: false }, io, "a"), {
    code: "ARTIFACTS_UNWRITABLE",
  });
  t.equal(readFileSync(there, "utf8"), "kept");
  t.throws(() => refuseDetachedPackets({ packets: null, print: true }), { code: "USAGE" });
  t.doesNotThrow(() => refuseDetachedPackets({ packets: null, print: false }));
});

t.test(
  "beside packets on stdout people are told on stderr, and no line is drawn again between printed ones",
  async (t) => {
    const dir = t.testdir({});
    const fd = openSync(join(dir, "out"), "w");
    const { io, said } = ioWith({ fd, isTerminal: false });
    const live = await openLivePackets({ packets: "-", print: false }, io, "a");
    live.io.terminal.out("findings");
    t.strictSame(said, ["err findings"]);
    const feed = live.view?.begin([], null);
    await feed?.end(new Map());
    await live.close();
    closeSync(fd);
    t.ok(readFileSync(join(dir, "out")).subarray(0, 4).equals(Buffer.from("0a0d0d0a", "hex")));
    t.match(said[1], "0 packets went to the live stream");

    const printed = await openLivePackets({ packets: join(dir, "new.pcapng"), print: true }, io, "a");
    t.equal(printed.io.terminal.live === undefined, true);
    t.equal(printed.view?.wantsPackets, true);
    await printed.close();
  },
);
