import t from "tap";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { makePcapngWriter } from "../../lib/live/pcapng-writer.js";
import { shareRun } from "../../lib/share/share.js";
import { verifyArchive } from "../../lib/share/verify.js";
import { concat, ethernet, ip, pcap, tcp, udp } from "../analysis/helpers/packets.js";
import { ALL_SAMPLES } from "../report/many.js";

/** A run folder with a file of every kind that runs leave, each of which tells of ends that nobody else may know. */

const RUN = join(import.meta.dirname, "../../docs/example-runs/policy-drop");
const [CLIENT, SERVER, SIX, MAC] = ["10.91.7.33", "10.91.8.44", "fd91:7::33", "6e:91:07:aa:bb:33"];
const [NAMESPACE, POD, NODE, DOMAIN] = ["acct-prod", "ledger-db-0", "worker-eu-17", "db.acme.internal"];
const NAMES = [NAMESPACE, POD, NODE, DOMAIN];

const at = { node: NODE, pod: `${NAMESPACE}/${POD}`, device: "eth0" };
const said = `${POD} in ${NAMESPACE} on ${NODE} (${CLIENT}, ${SIX}, ${MAC}) asked ${DOMAIN}, which is ${SERVER}`;
const statement = {
  ...{
    check: "rules",
    severity: "fault",
    direction: "request",
    place: at,
    what: said,
    next: `Ask \`${DOMAIN}\``,
  },
  evidence: [{ command: `ip route get ${SERVER}`, line: `${SERVER} dev eth0 src ${CLIENT}` }],
};
const point = {
  id: "p0",
  ...at,
  namespace: NAMESPACE,
  podName: POD,
  ips: [CLIENT, SIX],
  name: `${POD}/eth0@${NODE}`,
};
const object = {
  metadata: { name: POD, namespace: NAMESPACE, labels: { app: "ledger" } },
  spec: { nodeName: NODE },
};

const TEXTS: Readonly<Record<string, string>> = {
  "evidence/audit.json": JSON.stringify({
    ...{ apiVersion: "hopbook.dev/v1", kind: "Audit", status: "fault", statements: [statement] },
    from: { text: `${NAMESPACE}/${POD}`, ip: CLIENT, node: NODE },
    to: { text: `${DOMAIN}:5432`, ip: SERVER, node: null },
  }),
  "evidence/marks.json": JSON.stringify({
    marks: [{ kind: "mark", step: "s", at: "2026-11-29T10:00:00Z", text: said }],
  }),
  "evidence/printed.json": JSON.stringify({
    printed: [
      {
        step: "s",
        on: `node/${NODE}`,
        argv: ["dig", DOMAIN],
        stdout: { first: [said], leftOut: 0, last: [] },
      },
    ],
  }),
  "evidence/points.json": JSON.stringify({ points: [point], filter: `host ${CLIENT} or host ${SERVER}` }),
  "evidence/service.json": JSON.stringify({ ...object, kind: "Service", spec: { clusterIP: SERVER } }),
  "evidence/access.json": JSON.stringify({
    access: [{ target: NODE, via: "ssh", made: null, reason: said }],
  }),
  "evidence/script/dns/facts.json": JSON.stringify({
    searches: [DOMAIN],
    answers: [{ name: DOMAIN, address: SERVER }],
  }),
  [`evidence/${NODE}/steps/print.txt`]: `${said}\n`,
  [`evidence/${NODE}/after-host-iptables.txt`]: `*filter\n-A FORWARD -s ${CLIENT}/32 -d ${SERVER}/32 -j DROP\nCOMMIT\n`,
  [`evidence/${NODE}/after-host-routes.txt`]: `${SERVER} via ${CLIENT} dev eth0\n${SIX} dev eth0\n`,
  [`evidence/${NODE}/after-host-neighbours.txt`]: `${CLIENT} dev eth0 lladdr ${MAC} REACHABLE\n`,
  [`evidence/${NODE}/proc-route.txt`]: `eth0\t${hexOf(CLIENT, true)}\t${hexOf(SERVER, true)}\t0003\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n`,
  "findings-of-audit.json": JSON.stringify(ALL_SAMPLES["audited"]).replaceAll("node-a", NODE),
};

function hexOf(address: string, isReversed = false): string {
  const bytes = Buffer.from(address.split(".").map(Number));
  return (isReversed ? bytes.reverse() : bytes).toString("hex").toUpperCase();
}

const labels = (name: string): number[] =>
  name.split(".").flatMap((label) => [label.length, ...Buffer.from(label)]);

const ENDS = { source: CLIENT, destination: SERVER };
const QUESTION = concat([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], [...labels(DOMAIN), 0, 0, 1, 0, 1]);
const FRAMES = [
  ethernet(ip({ ...ENDS, protocol: 17 }, udp(40001, 53, QUESTION))),
  ethernet(
    ip({ ...ENDS, protocol: 6 }, tcp({ sourcePort: 40000, destinationPort: 80, seq: 1 }, Buffer.from(said))),
  ),
];
const PCAP = pcap(FRAMES.map((bytes, index) => ({ timeUs: 1e6 + index, bytes })));

/** As `-o FILE.pcapng` leaves it: points by their names, with what is known of them in comments. */
function livePcapng(): Buffer {
  const writer = makePcapngWriter("hopbook", said);
  const live = {
    name: `${POD}/eth0@${NODE}`,
    node: NODE,
    description: said,
    filter: `host ${CLIENT}`,
    snaplenBytes: 262_144,
  };
  const header = { linktype: 1, snaplenBytes: live.snaplenBytes };
  return Buffer.concat([
    writer.begin(),
    writer.open(0, { point: { id: "p0", ...live }, header, clock: said }),
    ...FRAMES.map((bytes, index) =>
      writer.packet(0, { place: 0, timeUs: 1e6 + index, wireBytes: bytes.length, bytes }, []),
    ),
  ]);
}

/** Where one of `needles` stands in some bytes, as any tool would look. */
function* find(bytes: Buffer, needles: readonly Buffer[]): Generator<string> {
  const text = Buffer.from(bytes.toString("latin1").toLowerCase(), "latin1");
  for (const needle of needles)
    if (bytes.includes(needle) || text.includes(needle)) yield needle.toString("latin1");
}

/** An original in every form in which it may be written. */
function formsOf(original: string): Buffer[] {
  const text = Buffer.from(original);
  const aligned = [0, 1, 2].map((pad) => {
    const coded = Buffer.concat([Buffer.alloc(pad), text]).toString("base64");
    return Buffer.from(coded.slice(pad === 0 ? 0 : 4, -4));
  });
  const whole = aligned.filter(({ length }) => length >= 8);
  const forms = [
    text,
    Buffer.from(text.toString("hex")),
    Buffer.from(encodeURIComponent(original)),
    ...whole,
  ];
  if (original === MAC)
    forms.push(Buffer.from(MAC.replaceAll(":", ""), "hex"), Buffer.from(MAC.replaceAll(":", "-")));
  if (/^[\d.]+$/.test(original)) {
    const numbers = original.split(".").map(Number);
    for (const order of [numbers, numbers.toReversed()])
      forms.push(Buffer.from(order), Buffer.from(Buffer.from(order).toString("hex")));
    forms.push(Buffer.from(numbers.join("-")), Buffer.from(numbers.toReversed().join(".")));
  }
  if (original === DOMAIN) forms.push(Buffer.from(labels(DOMAIN)));
  return forms;
}

t.test("every kind of file that a run leaves: no original is left, in any form", async (t) => {
  const cwd = t.testdir();
  const dir = join(cwd, "source");
  cpSync(RUN, dir, { recursive: true });
  const captures: Readonly<Record<string, Buffer>> = {
    [`captures/${NODE}/${NODE}.pod.${NAMESPACE}_${POD}.eth0.pcap`]: PCAP,
    [`captures/${NODE}/ring.pcap.gz`]: gzipSync(PCAP),
    [`captures/${NODE}/ring.pcap0`]: PCAP,
    "live.pcapng": livePcapng(),
  };
  for (const [path, content] of [...Object.entries(TEXTS), ...Object.entries(captures)]) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  const options = { dir, out: "run.tar.gz", key: null, keepsPayload: false, cwd };
  const { archive, key, report } = await shareRun(options);
  t.strictSame(report.leftOut, []);
  t.strictSame(report.verdict, { differences: [] });
  const verified = await verifyArchive(archive, key);
  t.strictSame([verified.left, verified.unread], [[], []]);
  mkdirSync(join(cwd, "out"));
  execFileSync("tar", ["-xzf", archive, "-C", join(cwd, "out")]);
  const needles = [CLIENT, SERVER, SIX, MAC, ...NAMES].flatMap(formsOf);
  t.ok([...find(Buffer.from(Object.values(TEXTS).join("\n")), needles)].length > 10, "they were there");
  const files = readdirSync(join(cwd, "out"), { recursive: true, withFileTypes: true });
  t.ok(files.length > Object.keys(TEXTS).length);
  for (const file of files) {
    const path = join(file.parentPath, file.name);
    t.strictSame([...find(Buffer.from(path.slice(cwd.length)), needles)], [], `the name ${path}`);
    if (file.isFile()) t.strictSame([...find(readFileSync(path), needles)], [], path);
  }
});
