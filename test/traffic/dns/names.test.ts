import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import t from "tap";
import {
  findName,
  planNames,
  PROBE_SCRIPTS,
  readNames,
  type NameAnswer,
} from "../../../lib/traffic/index.js";
import { parseAddressAnswer } from "../../../lib/traffic/dns/records.js";
import { fc } from "../../fixtures/property.js";

const TAG = "0123456789ab";
const NETNS = { kind: "path", path: "/run/netns/a" } as const;
const QUERIES = [
  { name: "db.example.org", type: "A" },
  { name: "db.example.org", type: "AAAA" },
] as const;
const plan = (changes: Partial<Parameters<typeof planNames>[0]> = {}) =>
  planNames({
    ...{ netns: NETNS, server: "10.96.0.10", queries: QUERIES, waitMs: 2000, tagHex: TAG, hasRoom: false },
    ...changes,
  });
const bytesOf = (payload: string): Buffer => Buffer.from(payload.replaceAll("\\x", ""), "hex");

/** A record: its name as a pointer to the question's. */
function record(type: number, data: readonly number[], { name = [0xc0, 12], kind = 1 } = {}): number[] {
  return [...name, 0, type, 0, kind, 0, 0, 0, 60, data.length >> 8, data.length & 0xff, ...data];
}

/** An answer to a query. */
function answerTo(query: Buffer, records: readonly number[][], flags = 0x8180): Buffer {
  const message = Buffer.concat([query, ...records.map((bytes) => Buffer.from(bytes))]);
  message.writeUInt16BE(flags, 2);
  message.writeUInt16BE(records.length, 6);
  return message;
}

t.test("queries leave the pod's network for its server, those with room for long answers say so", (t) => {
  const { argv, timeoutMs } = plan();
  t.strictSame(argv.slice(0, 4), ["nsenter", "--net=/run/netns/a", "sh", "-c"]);
  t.strictSame(argv.slice(5, 11), ["hopbook-names", "datagram", "10.96.0.10", "53", "20", "2000"]);
  t.equal(argv.length, 13);
  t.equal(argv[4], PROBE_SCRIPTS["hopbook-names"]);
  t.ok(timeoutMs > 2000);
  const own = plan({ netns: { kind: "own" } });
  t.equal(own.argv[0], "sh");
  const [plain, wide] = [bytesOf(argv.at(-1) ?? ""), bytesOf(plan({ hasRoom: true }).argv.at(-1) ?? "")];
  t.equal(plain.readUInt16BE(10), 0);
  t.equal(wide.readUInt16BE(10), 1);
  t.strictSame([...wide.subarray(plain.length)], [0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
  t.throws(() => plan({ queries: [{ name: "a b", type: "A" }] }), { code: "INPUT_INVALID" });
  t.end();
});

t.test("addresses of A and AAAA records, behind aliases too; others' and cut ones are none", (t) => {
  const query = bytesOf(plan().argv.at(-2) ?? "");
  const alias = record(5, [1, 0x61, 0xc0, 12]);
  const v6 = [0x20, 1, 0xd, 0xb8, ...Array.from({ length: 11 }, () => 0), 7];
  const whole = answerTo(query, [
    alias,
    record(1, [10, 0, 0, 1]),
    record(1, [10, 0, 0, 1]),
    record(28, v6),
    record(1, [10, 0, 0, 2], { kind: 3 }),
    record(1, [10, 0]),
  ]);
  t.strictSame(parseAddressAnswer(whole), {
    ...{ rcode: 0, truncated: false },
    addresses: ["10.0.0.1", "2001:db8::7"],
  });
  t.match(parseAddressAnswer(whole.subarray(0, whole.length - 14)), { truncated: true });
  t.match(parseAddressAnswer(answerTo(query, [], 0x8183)), { rcode: 3, truncated: false, addresses: [] });
  t.match(parseAddressAnswer(answerTo(query, [], 0x8380)), { truncated: true });
  const named = answerTo(query, [record(1, [10, 0, 0, 3], { name: [3, 0x61, 0x62, 0x63, 0] })]);
  t.strictSame(parseAddressAnswer(named)?.addresses, ["10.0.0.3"]);
  const bad = answerTo(query, [record(1, [10, 0, 0, 3], { name: [0x80] })]);
  t.match(parseAddressAnswer(bad), { truncated: true, addresses: [] });
  const endless = answerTo(query, [record(1, [10, 0, 0, 3])]);
  endless.writeUInt16BE(9, 4);
  t.match(parseAddressAnswer(endless), { truncated: true });
  t.equal(parseAddressAnswer(query), undefined, "a query is no answer");
  t.equal(parseAddressAnswer(query.subarray(0, 8)), undefined);
  t.end();
});

t.test("no bytes make it throw, nor give what is no address", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isAnswer) => {
      if (isAnswer && bytes.length > 2) bytes[2] = 0x81;
      const found = parseAddressAnswer(Buffer.from(bytes));
      return (found?.addresses ?? []).every((ip) => /^[0-9a-f.:]+$/.test(ip));
    }),
  );
  t.end();
});

t.test("lines that are not ours, twice, or of another's query are no answers", (t) => {
  const [a, aaaa] = plan()
    .argv.slice(-2)
    .map((payload) => bytesOf(payload));
  const line = (seq: number, reply: Buffer | string): string =>
    `attempt ${seq} 1700000000000000 40000 900 reply ${Buffer.isBuffer(reply) ? reply.toString("hex") : reply} `;
  const first = answerTo(a!, [record(1, [10, 0, 0, 1])]);
  const other = answerTo(a!, [record(1, [10, 0, 0, 9])]);
  const read = (...lines: string[]): (readonly string[] | undefined)[] =>
    readNames(lines.join("\n"), { queries: QUERIES, tagHex: TAG }).map(({ answer }) => answer?.addresses);
  t.strictSame(read("way bash", line(1, first), line(1, other), "done"), [["10.0.0.1"], undefined]);
  t.strictSame(read(line(2, first)), [undefined, undefined], "of another query's number");
  t.strictSame(read(line(2, aaaa!)), [undefined, undefined], "a query");
  t.strictSame(read("attempt 1 17 - - none - no answer", line(2, "7d"), "x"), [undefined, undefined]);
  t.end();
});

t.test("the first name of the walk that has an address; unanswered is not unknown", (t) => {
  const said = (name: string, addresses: string[] | null, rcode = 0, truncated = false): NameAnswer => ({
    ...{ name, type: "A" },
    answer: addresses === null ? null : { rcode, truncated, addresses },
  });
  const walk = ["db.a.example", "db"];
  t.strictSame(findName(walk, [said("db.a.example", [], 3), said("db", ["10.0.0.1"])]), {
    ...{ name: "db", addresses: ["10.0.0.1"], partial: false },
  });
  t.match(findName(walk, [said("db", ["10.0.0.1"], 0, true)]), { partial: true });
  t.match(findName(walk, [said("db", ["10.0.0.1"]), said("db", null)]), { partial: true });
  t.equal(findName(walk, [said("db.a.example", [], 3), said("db", [])]), null);
  t.equal(findName(walk, [said("db.a.example", [], 2), said("db", [], 3)]), undefined, "a server's failure");
  t.equal(findName(walk, [said("db.a.example", [], 3), said("db", null)]), undefined);
  t.equal(findName(walk, [said("db", [], 3)]), undefined, "not all were asked");
  t.end();
});

t.test("the script brings a long answer whole", async (t) => {
  const server = createSocket("udp4");
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  const { port } = server.address();
  server.on("message", (query, { port: to, address }) => {
    const many = Array.from({ length: 60 }, (_, index) => record(1, [10, 0, 1, index]));
    server.send(answerTo(query, many), to, address);
  });
  const words = plan({ netns: { kind: "own" }, server: "127.0.0.1" }).argv.map((word) =>
    word === "53" ? String(port) : word,
  );
  const child = spawn("sh", words.slice(1));
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((resolve) => child.once("close", resolve));
  server.close();
  const answers = readNames(said, { queries: QUERIES, tagHex: TAG });
  t.strictSame(
    answers.map(({ answer }) => answer?.addresses.length),
    [60, 60],
    said.slice(0, 300),
  );
});
