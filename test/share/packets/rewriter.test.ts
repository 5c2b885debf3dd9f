import { readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import t from "tap";
import { dissectFrame } from "../../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { checksumOf, outerChecksumOf } from "../../../lib/analysis/follow/checksum.js";
import { openCapture } from "../../../lib/packets/open.js";
import { compareVerdicts } from "../../../lib/verdict/compare.js";
import { keyOf } from "../../../lib/share/key.js";
import { bytesOfWord } from "../../../lib/share/mapping/addresses.js";
import { Mapping } from "../../../lib/share/mapping/mapping.js";
import { makeNeedles } from "../../../lib/share/needles.js";
import { rewriteCapture } from "../../../lib/share/packets/capture.js";
import { PacketRewriter } from "../../../lib/share/packets/rewriter.js";
import { analyzePcapFiles } from "../../../lib/verdict/analyze-files.js";
import { USUAL_OPENERS } from "../../../lib/wire/open.js";
import { makeCorpus } from "../../analysis/dissect/corpus.js";
import { fc, inDepth } from "../../fixtures/property.js";

const corpus = makeCorpus();
const FIXTURES = join(import.meta.dirname, "../../fixtures/captures");

function makeRewriter(mapping: Mapping): PacketRewriter {
  return new PacketRewriter(mapping, {
    ...{ openers: USUAL_OPENERS, keepsPayload: false, tags: [], secret: mapping.secret },
  });
}

async function rewrite(source: string, target: string, mapping: Mapping): Promise<void> {
  const job = { source, target, label: source, rename: (name: string): string => name };
  await rewriteCapture(job, makeRewriter(mapping));
}

/** What of a frame has to be the same, and where its bytes are. */
function* facts(path: string): Generator<{ readonly same: string; readonly bytes: Buffer }> {
  const reader = openCapture(path);
  const packet = new Packet();
  while (reader.next()) {
    const bytes = Buffer.from(reader.bytes.subarray(reader.at, reader.at + reader.capturedBytes));
    dissectFrame(
      bytes,
      { at: 0, capturedBytes: bytes.length, linktype: reader.linktype },
      { tunnels: USUAL_OPENERS },
      packet,
    );
    const { protocol, sourcePort, destinationPort, tunnelId, vlan, version, sequence, ipId, icmpType } =
      packet;
    const numbers = [
      protocol,
      sourcePort,
      destinationPort,
      tunnelId,
      vlan,
      version,
      ipId,
      icmpType,
      reader.wireBytes,
    ];
    const isRead = packet.stop === 0 && version !== 0;
    const state = isRead ? [checksumOf(bytes, packet), outerChecksumOf(bytes, packet)] : [];
    yield { same: [...numbers, protocol === 6 ? sequence : "", ...state].join(" "), bytes };
  }
  reader.close();
}

t.test(
  "every link type and encapsulation: no address is left, and everything else is as it was",
  async (t) => {
    const dir = t.testdir();
    for (const { name, bytes } of corpus) {
      const [source, target] = [join(dir, "source"), join(dir, `target-${name.replaceAll(/\W/g, "-")}`)];
      writeFileSync(source, bytes);
      const mapping = new Mapping(Buffer.alloc(32, 3));
      await rewrite(source, target, mapping);
      const needles = makeNeedles(keyOf(mapping));
      const words = mapping.addresses
        .changed4()
        .filter(
          (word) => !mapping.addresses.changed4().some((other) => mapping.addresses.map4(other) === word),
        )
        .map((word) => Buffer.from(bytesOfWord(word)));
      const [before, after] = [[...facts(source)], [...facts(target)]];
      t.equal(after.length, before.length, name);
      t.strictSame(
        after.map(({ same }) => same),
        before.map(({ same }) => same),
        name,
      );
      const left = after.flatMap(({ bytes: frame }) => [
        ...needles.inBytes(frame),
        ...words.filter((word) => frame.includes(word)).map((word) => word.join(".")),
      ]);
      t.strictSame(left, [], `${name}: nothing is left`);
    }
  },
);

t.test("the same key makes the same bytes, another key others", async (t) => {
  const dir = t.testdir();
  const [capture] = corpus;
  writeFileSync(join(dir, "source"), capture!.bytes);
  const files = await Promise.all(
    [3, 3, 4].map(async (byte, index) => {
      const target = join(dir, `target-${index}`);
      await rewrite(join(dir, "source"), target, new Mapping(Buffer.alloc(32, byte)));
      return [...facts(target)].map(({ bytes }) => bytes.toString("hex")).join("\n");
    }),
  );
  t.equal(files[0], files[1]);
  t.not(files[0], files[2]);
});

t.test("bytes of anybody: nothing is thrown, and nothing outside of the record is touched", async () => {
  const rewriter = makeRewriter(new Mapping(Buffer.alloc(32, 3)));
  const frames = corpus.flatMap(({ bytes }) => [bytes.subarray(40, 400)]);
  const edits = fc.array(fc.tuple(fc.nat(360), fc.nat(255)), { maxLength: 20 });
  const shape = fc.record({
    length: fc.nat(360),
    linktype: fc.constantFrom(0, 1, 12, 101, 113, 228, 239, 276, 999),
    isWhole: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.constantFrom(...frames), edits, shape, (frame, changes, record) => {
      const { length } = record;
      const bytes = new Uint8Array(400).fill(0xa5);
      bytes.set(frame);
      for (const [at, value] of changes) bytes[at] = value;
      bytes.fill(0xa5, length);
      const kept = rewriter.rewrite(bytes, record);
      return kept >= 0 && kept <= length && bytes.subarray(length).every((byte) => byte === 0xa5);
    }),
    { numRuns: inDepth(300, 4000) },
  );
});

t.test("captures of the lab: what is told of them is the same", async (t) => {
  const dir = t.testdir();
  const folders = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  let compared = 0;
  for (const { name } of folders) {
    const files = readdirSync(join(FIXTURES, name), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".pcap"))
      .map((file) => join(FIXTURES, name, file));
    if (files.length === 0) continue;
    const mapping = new Mapping(Buffer.alloc(32, 5));
    const targets: string[] = [];
    for (const file of files) {
      targets.push(join(dir, `${name}-${basename(file)}`));
      await rewrite(file, targets.at(-1)!, mapping);
      const same = (path: string): string[] => [...facts(path)].map((frame) => frame.same);
      t.strictSame(same(targets.at(-1)!), same(file), `${name}: ${basename(file)}`);
    }
    // Of neighbours' flows the addresses are a part of what they are called by.
    const [before, after] = await Promise.all(
      [files, targets].map(async (all) => {
        const findings = await analyzePcapFiles(all, { name: "node.iface.pcap" });
        return { ...findings, flows: findings.flows.filter(({ id }) => !/^(?:arp|nd)-/.test(id)) };
      }),
    );
    const strip = (text: string): string => text.replaceAll(`${name}-`, "");
    t.strictSame(
      compareVerdicts(before!, after!).filter((line) => strip(line) === line),
      [],
      name,
    );
    compared++;
  }
  t.ok(compared > 10, `${compared} sets of captures`);
});
