import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { describePlaces } from "../../lib/analysis/bare-places.js";
import { analyzePcaps, type AnalyzePcapsOptions } from "../../lib/analysis/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { LINKTYPE } from "../../lib/packets/linktype.js";
import { analyzePcapFiles } from "../../lib/verdict/analyze-files.js";
import { interfaceBlock, packetBlock, sectionHeader } from "../packets/pcapng.js";
import { ethernet, icmp, ip, pcap, sll2, tcp } from "./helpers/packets.js";

const dir = t.testdir();
const DEVICES: readonly string[] = ["lo", "eth0", "veth-a", "veth-b"];
const [LOOPBACK, UPLINK, POD_A, POD_B] = [1, 2, 3, 4];
const [A, B, FAR] = ["10.1.0.2", "10.1.0.3", "10.2.0.9"];
const LINKS = JSON.stringify(
  DEVICES.map((ifname, at) => ({ ifindex: at + 1, ifname, flags: ["UP"], link_type: "ether" })),
);
const START_US = 1_790_000_000_000_000;

interface Shown {
  readonly timeUs: number;
  readonly device: number;
  readonly bytes: Buffer;
}

/** A node's traffic as all its devices show it; what is sent on shows at the same microsecond. */
class Node {
  readonly shown: Shown[] = [];
  private timeUs = START_US;

  pass(packet: (ttl: number) => Buffer, devices: readonly number[], stride = 1000): void {
    this.timeUs += stride;
    for (const [at, device] of devices.entries())
      this.shown.push({ timeUs: this.timeUs, device, bytes: packet(64 - Math.min(at, 1)) });
  }

  ping(client: string, { out, back, count = 8 }: { out: Way; back: Way; count?: number }): void {
    for (let seq = 1; seq <= count; seq++) {
      const payload = Buffer.from(`${client} ${seq}`.padEnd(24));
      const ends = { source: client, destination: FAR };
      const away = { source: FAR, destination: client };
      const id = client === A ? 7 : 8;
      this.pass(
        (ttl) => ip({ ...ends, protocol: 1, ttl, id: seq }, icmp(8, 0, { id, seq, payload })),
        out(seq),
      );
      if (out(seq).length < 2) continue;
      this.pass(
        (ttl) => ip({ ...away, protocol: 1, ttl, id: seq }, icmp(0, 0, { id, seq, payload })),
        back(seq),
      );
    }
  }

  connect(client: string, out: readonly number[]): void {
    const say = (isClient: boolean, seq: number, ack: number, [flags, text = ""]: Said): void => {
      const [source, destination] = isClient ? [client, FAR] : [FAR, client];
      const [sourcePort, destinationPort] = isClient ? [40_000, 80] : [80, 40_000];
      const segment = tcp(
        { sourcePort, destinationPort, seq, ack, flags, timestamp: seq },
        Buffer.from(text),
      );
      const id = this.shown.length + 1;
      const way = isClient ? out : [...out].reverse();
      this.pass((ttl) => ip({ source, destination, protocol: 6, ttl, id }, segment), way);
    };
    say(true, 100, 0, ["S"]);
    say(false, 900, 101, ["S."]);
    say(true, 101, 901, ["."]);
    say(true, 101, 901, ["P.", "GET / HTTP/1.0\r\n\r\n"]);
    say(false, 901, 119, ["P.", "HTTP/1.0 200 OK\r\n\r\n"]);
    say(true, 119, 920, ["F."]);
    say(false, 920, 120, ["F."]);
    say(true, 120, 921, ["."]);
  }
}

/** A segment's flags and what it carries. */
type Said = readonly [flags: string, text?: string];

type Way = (seq: number) => readonly number[];

const always =
  (...devices: readonly number[]): Way =>
  () =>
    devices;

let files = 0;

function saveAny({ shown }: Node): string {
  const path = join(dir, `node-${++files}.pcap`);
  const records = shown.map(({ timeUs, device, bytes }) => {
    const cooked = sll2(bytes);
    cooked.writeUInt32BE(device, 4);
    return { timeUs, bytes: cooked };
  });
  writeFileSync(path, pcap(records, { linktype: LINKTYPE.LINUX_SLL2 }));
  return path;
}

/** Names of the devices or none, and an order in the file that is not that of the path. */
function savePcapng({ shown }: Node, isNamed: boolean): string {
  const path = join(dir, `node-${++files}.pcapng`);
  const blocks = shown.map(({ timeUs, device, bytes }) =>
    packetBlock("LE", { interface: device - 1, units: BigInt(timeUs), bytes: ethernet(bytes) }),
  );
  const described = DEVICES.map((name) => interfaceBlock("LE", { linktype: 1, name: isNamed ? name : null }));
  writeFileSync(path, Buffer.concat([sectionHeader("LE"), ...described, ...blocks]));
  return path;
}

async function analyze(path: string, options: AnalyzePcapsOptions = {}): Promise<readonly string[]> {
  return tell(await analyzePcaps([path], options));
}

function tell({ flows }: Findings): readonly string[] {
  return flows
    .map(({ protocol, hops, verdict: { status, lastSeen, firstMissing, lost } }) => {
      const between = `${lastSeen?.interface ?? "-"}|${firstMissing?.interface ?? "-"}`;
      const way = hops.map((hop) => hop.interface).join(" > ");
      return `${protocol} ${status} ${way}${status === "delivered" ? "" : ` ${between} ${lost?.packets ?? 0}`}`;
    })
    .sort();
}

function healthy(): Node {
  const node = new Node();
  node.ping(A, { out: always(POD_A, UPLINK), back: always(UPLINK, POD_A) });
  node.ping(B, { out: always(POD_B, UPLINK), back: always(UPLINK, POD_B) });
  node.connect(A, [POD_A, UPLINK]);
  return node;
}

t.test("one file of all devices: each is a place, in the order in which packets pass", async (t) => {
  t.strictSame(await analyze(saveAny(healthy()), { links: [LINKS] }), [
    "icmp delivered veth-a > eth0",
    "icmp delivered veth-b > eth0",
    "tcp delivered veth-a > eth0",
  ]);
  t.strictSame(await analyze(saveAny(healthy()), { to: FAR, protocol: "tcp" }), [
    "tcp delivered interface 3 > interface 2",
  ]);
});

t.test("nodes call their devices each in its own way", (t) => {
  const [one, other] = [saveAny(healthy()), saveAny(healthy())];
  const namesBy = (links: readonly string[]): readonly string[] =>
    [...describePlaces([one, other], links).devices.keys()].map((id) => id.replace(/^[0-9]+\./, "")).sort();
  const otherwise = LINKS.replace(/veth-a/g, "cali-a")
    .replace(/veth-b/g, "cali-b")
    .replace(/eth0/g, "ens1");
  t.strictSame(namesBy([LINKS, otherwise]), ["cali-a", "cali-b", "ens1", "eth0", "veth-a", "veth-b"]);
  t.strictSame(namesBy([LINKS]), ["eth0", "eth0", "veth-a", "veth-a", "veth-b", "veth-b"], "one for all");
  t.end();
});

t.test("pcapng of several devices, with names and without", async (t) => {
  t.strictSame(await analyze(savePcapng(healthy(), true)), [
    "icmp delivered veth-a > eth0",
    "icmp delivered veth-b > eth0",
    "tcp delivered veth-a > eth0",
  ]);
  t.strictSame(
    (await analyze(savePcapng(healthy(), false))).at(-1),
    "tcp delivered interface 2 > interface 1",
  );
});

t.test("what is dropped within the node is lost between two of its devices", async (t) => {
  const node = new Node();
  const out: Way = (seq) => (seq % 4 === 2 ? [POD_A] : [POD_A, UPLINK]);
  node.ping(A, { out, back: always(UPLINK, POD_A) });
  node.connect(B, [POD_B, UPLINK]);
  t.strictSame(await analyze(saveAny(node), { links: [LINKS] }), [
    "icmp lost veth-a > eth0 veth-a|eth0 2",
    "tcp delivered veth-b > eth0",
  ]);
  const replies = new Node();
  const back: Way = (seq) => (seq % 4 === 2 ? [UPLINK] : [UPLINK, POD_A]);
  replies.ping(A, { out: always(POD_A, UPLINK), back });
  t.strictSame(await analyze(saveAny(replies), { links: [LINKS] }), [
    "icmp lost veth-a > eth0 eth0|veth-a 2",
  ]);
});

t.test(
  "a client of the node's own has one device, and what each of them shows is not lost at the others",
  async (t) => {
    const node = healthy();
    node.ping("10.9.9.9", { out: always(UPLINK, UPLINK), back: always(UPLINK) });
    t.notOk((await analyze(saveAny(node), { links: [LINKS] })).some((line) => line.includes("lost")));
    const own = new Node();
    own.connect(A, [LOOPBACK]);
    const [line = ""] = await analyze(saveAny(own));
    t.match(line, /^tcp delivered node-\d+\.pcap$/, "one device only: the file is the place");
  },
);

t.test("a file of one device beside one of several is a place of its own, on the same ways", async (t) => {
  const node = new Node();
  node.ping(A, { out: always(POD_A, UPLINK), back: always(UPLINK, POD_A) });
  const wire = join(dir, "wire.pcap");
  const onWire = node.shown.filter(({ device }) => device === UPLINK);
  writeFileSync(
    wire,
    pcap(onWire.map(({ timeUs, bytes }) => ({ timeUs: timeUs + 50, bytes: ethernet(bytes) }))),
  );
  const { paths, devices } = describePlaces([saveAny(node), wire], [LINKS]);
  t.strictSame(
    paths.map((path) => path.map((hop) => hop.interface)),
    [["veth-a", "eth0", "wire.pcap"]],
  );
  t.strictSame([...devices.values()].sort(), [UPLINK, POD_A], "the file of one device is read whole");
  const known = { node: "node-b", role: "nic", interface: "ens1", mtuBytes: 1500 };
  const told = describePlaces([saveAny(node), wire], [LINKS], [null, known]).paths.flat();
  t.match(told.at(-1), known, "where it was captured is known");
  t.match(told[0], { node: "file 1", interface: "veth-a" });
  t.match(describePlaces([wire], [], [known]).paths, [[known]]);
});

t.test(
  "what shows no packet that elsewhere shows is a way of its own; a record cut short has no interface",
  async (t) => {
    const node = healthy();
    node.shown.push({ timeUs: START_US, device: LOOPBACK, bytes: Buffer.alloc(30) });
    const path = saveAny(node);
    const cut = pcap([{ timeUs: START_US, bytes: Buffer.alloc(19) }], { linktype: LINKTYPE.LINUX_SLL2 });
    writeFileSync(path, Buffer.concat([readFileSync(path), cut.subarray(24)]));
    const { paths } = describePlaces([path], [LINKS]);
    t.strictSame(
      paths.map((way) => way.map((hop) => hop.interface)),
      [["veth-a", "eth0"], ["veth-b", "eth0"], ["lo"], ["no interface"]],
    );
  },
);

t.test(
  "of more devices than are looked at those with the most packets are taken, and the rest is said",
  async (t) => {
    const described = Array.from({ length: 34 }, (_, index) =>
      interfaceBlock("LE", { linktype: 1, name: `eth${index}` }),
    );
    const blocks = described.flatMap((_, device) =>
      Array.from({ length: device === 7 || device === 9 ? 1 : 2 }, () =>
        packetBlock("LE", { interface: device, units: 1n, bytes: Buffer.alloc(14) }),
      ),
    );
    const path = join(dir, "many.pcapng");
    writeFileSync(path, Buffer.concat([sectionHeader("LE"), ...described, ...blocks]));
    const { paths, leftOut } = describePlaces([saveAny(healthy()), path], [LINKS]);
    t.strictSame(leftOut, [
      "Of the 34 devices in many.pcapng only the 32 with the most packets are looked at",
    ]);
    const names = paths.flat().map((hop) => hop.interface);
    t.ok(names.includes("eth33") && !names.includes("eth7") && !names.includes("eth9"));
  },
);

t.test("the devices of a file keep their names where the file's says the node", async (t) => {
  const { flows } = await analyzePcapFiles([saveAny(healthy())], { name: "node.pcap" });
  t.match(flows[0]?.hops, [
    { node: /^node-\d+$/, interface: /^interface \d$/ },
    { node: /^node-\d+$/, interface: "interface 2" },
  ]);
});
