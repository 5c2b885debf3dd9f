import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import {
  interfaceBlock,
  packetBlock,
  sectionBlock,
  statisticsBlock,
  type InterfaceAbout,
} from "../../lib/live/pcapng-blocks.js";
import { openCapture } from "../../lib/packets/open.js";
import { anyCharacter, fc } from "../fixtures/property.js";

const dir = mkdtempSync(join(tmpdir(), "hopbook-pcapng-"));
t.teardown(() => rmSync(dir, { recursive: true, force: true }));

const ABOUT: InterfaceAbout = {
  ...{ linktype: 1, snaplenBytes: 320, name: "shop/client/eth0@node-a", description: "eth0 of shop/client" },
  ...{ filter: "udp port 53", comment: "its clock is 3.2 s ahead, corrected" },
};
/** Ethernet, IPv4, UDP from 10.0.0.1:5353 to 10.0.0.2:53, 4 bytes. */
const FRAME = Buffer.from(
  "0200000000020200000000010800" +
    "4500002000010000401166ca0a0000010a000002" +
    "14e90035000c0000" +
    "00000000",
  "hex",
);
const counts = (delivered: number) => ({
  ...{ startUs: 1_700_000_000_000_000, endUs: 1_700_000_009_000_000, received: delivered + 3 },
  ...{
    droppedByKernel: 2,
    droppedByInterface: 1,
    delivered,
    comment: "1 packet was left out of this stream",
  },
});

const write = (name: string, blocks: readonly Buffer[]): string => {
  const path = join(dir, name);
  writeFileSync(path, Buffer.concat(blocks));
  return path;
};

const STREAM = [
  sectionBlock("hopbook", "run 0123456789ab"),
  interfaceBlock(ABOUT),
  interfaceBlock({ ...ABOUT, name: "any@node-b", linktype: 276, filter: "", comment: "" }),
  packetBlock({ interfaceIndex: 0, timeUs: 1_700_000_000_123_456, wireBytes: 60, bytes: FRAME }),
  packetBlock({
    interfaceIndex: 0,
    timeUs: 1_700_000_001_000_001,
    wireBytes: 46,
    bytes: FRAME.subarray(0, 45),
  }),
  statisticsBlock(0, 1_700_000_009_000_000, counts(2)),
  statisticsBlock(1, 1_700_000_009_000_000, { ...counts(0), received: null, startUs: null, comment: "" }),
];

t.test("our own reader finds packets, names, times", async (t) => {
  const reader = openCapture(write("own.pcapng", STREAM));
  t.ok(reader.next());
  t.equal(reader.interface, ABOUT.name);
  t.equal(reader.timeUs, 1_700_000_000_123_456);
  t.strictSame([reader.capturedBytes, reader.wireBytes, reader.linktype], [46, 60, 1]);
  t.ok(reader.next());
  t.strictSame([reader.capturedBytes, reader.timeUs], [45, 1_700_000_001_000_001]);
  t.notOk(reader.next());
  t.notOk(reader.truncated);
  reader.close();
});

const isHere = spawnSync("tshark", ["--version"]).status === 0;

t.test("Wireshark's programs read it without a warning", { skip: !isHere && "no tshark here" }, async (t) => {
  const file = write("wireshark.pcapng", STREAM);
  const env = { ...process.env, HOME: dir, LC_ALL: "C" };
  const run = (program: string, args: readonly string[]): string => {
    // A pipe of the shell's: Node would give it a socket, which tshark does not read.
    const script = 'file=$1; shift; cat "$file" | "$@"';
    const { status, stdout, stderr } = spawnSync("sh", ["-c", script, "sh", file, program, ...args], { env });
    t.equal(status, 0, `${program} ends well`);
    t.equal(
      String(stderr)
        .replace(/^Running as user "root".*\n/gm, "")
        .trim(),
      "",
      `${program} has nothing against it`,
    );
    return String(stdout);
  };
  const fields = ["frame.interface_name", "frame.interface_description", "frame.time_epoch", "udp.dstport"];
  const told = run("tshark", ["-r", "-", "-T", "fields", ...fields.flatMap((field) => ["-e", field])]);
  t.equal(told.split("\n")[0], `${ABOUT.name}\t${ABOUT.description}\t1700000000.123456000\t53`);
  const info = run("capinfos", [file]);
  for (const word of [
    "pcapng",
    `Name = ${ABOUT.name}`,
    `Comment = ${ABOUT.comment}`,
    "Capture application: hopbook",
    "Number of stat entries = 1",
    "Filter string = udp port 53",
  ]) {
    t.match(info, word);
  }
  const merged = join(dir, "merged.pcapng");
  run("mergecap", ["-w", merged, file, file]);
  t.match(run("capinfos", ["-c", merged]), /Number of packets: +4/);
});

t.test("property: what is written is read", async () => {
  const packets = fc.array(
    fc.record({
      place: fc.nat(3),
      timeUs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      bytes: fc.uint8Array({ maxLength: 300 }),
      cut: fc.nat(2000),
    }),
    { maxLength: 40 },
  );
  const texts = fc.array(fc.string({ unit: anyCharacter, maxLength: 50 }), { minLength: 4, maxLength: 4 });
  let round = 0;
  fc.assert(
    fc.property(packets, texts, (given, names) => {
      const file = write(`property-${round++}.pcapng`, [
        sectionBlock(names[0]!, names[1]!),
        ...names.map((name, at) =>
          interfaceBlock({ ...ABOUT, name: `${at}${name}`, description: name, filter: name, comment: name }),
        ),
        ...given.map(({ place, timeUs, bytes, cut }) =>
          packetBlock({ interfaceIndex: place, timeUs, bytes, wireBytes: bytes.length + cut }),
        ),
        ...names.map((name, at) => statisticsBlock(at, 0, { ...counts(at), comment: name })),
      ]);
      const reader = openCapture(file);
      for (const { place, timeUs, bytes, cut } of given) {
        if (!reader.next()) return false;
        const { seconds, nanoseconds } = reader.time();
        const isSame =
          seconds === Math.floor(timeUs / 1e6) &&
          nanoseconds === (timeUs % 1e6) * 1000 &&
          reader.interfaceIndex === place &&
          reader.wireBytes === bytes.length + cut &&
          Buffer.compare(reader.bytes.subarray(reader.at, reader.at + reader.capturedBytes), bytes) === 0;
        if (!isSame) return false;
      }
      const isOver = !reader.next() && !reader.truncated;
      reader.close();
      rmSync(file);
      return isOver;
    }),
  );
});

t.test("a text that is too long is cut between characters", async (t) => {
  const block = interfaceBlock({ ...ABOUT, comment: "ü".repeat(5000) });
  t.ok(block.length < 4096 + 400);
  t.equal(block.length % 4, 0);
  t.notMatch(block.toString("utf8"), "\ufffd\ufffd");
});
