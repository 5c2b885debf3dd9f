import { execFile, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import t from "tap";
import { follow } from "../../../lib/analysis/follow/follow.js";
import { analyzePcaps } from "../../../lib/analysis/pcaps.js";
import { makeCorpus } from "./corpus.js";

/** What one capture holds, by flow: `tcp 10.1.0.5 > 10.1.1.7:80`. */
interface Held {
  readonly packets: Record<string, readonly [request: number, reply: number]>;
  readonly rcodes: readonly string[];
  readonly statuses: readonly string[];
  readonly retransmissions: number;
}

const run = promisify(execFile);
const FIELDS = [
  ...["frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport"],
  ...["udp.srcport", "udp.dstport", "dns.flags.response", "dns.flags.rcode", "http.response.code"],
  ...["tcp.analysis.retransmission"],
];
const CLIENTS = ["10.1.0.5", "fd00:1::5"];

async function byTshark(file: string): Promise<Held> {
  const fields = FIELDS.flatMap((field) => ["-e", field]);
  const argv = ["-n", "-r", file, "-T", "fields", "-E", "occurrence=l", "-E", "separator=|", ...fields];
  const { stdout } = await run("tshark", argv);
  const packets: Record<string, [number, number]> = {};
  const [rcodes, statuses]: [string[], string[]] = [[], []];
  let retransmissions = 0;
  for (const line of stdout.trimEnd().split("\n")) {
    const row = line.split("|");
    const of = (field: string): string => row[FIELDS.indexOf(field)] ?? "";
    const layers = of("frame.protocols").split(":");
    const network = layers.findLast((layer) => layer === "ip" || layer === "ipv6");
    const transport = layers.findLast((layer) => ["tcp", "udp", "icmp", "icmpv6"].includes(layer)) ?? "?";
    const [source, destination] = [of(`${network}.src`), of(`${network}.dst`)];
    const isRequest = CLIENTS.includes(source);
    const port = of(`${transport}.${isRequest ? "dstport" : "srcport"}`);
    const protocol = transport.replace("icmpv6", "icmp");
    const ends = isRequest ? [source, destination] : [destination, source];
    const flow = `${protocol} ${ends.join(" > ")}${port === "" ? "" : `:${port}`}`;
    (packets[flow] ??= [0, 0])[isRequest ? 0 : 1]++;
    if (of("dns.flags.response") === "1") rcodes.push(of("dns.flags.rcode"));
    const isAgain = of("tcp.analysis.retransmission") !== "";
    if (isAgain) retransmissions++;
    // An answer that is sent again is no second answer.
    if (of("http.response.code") !== "" && !isAgain) statuses.push(of("http.response.code"));
  }
  return { packets, rcodes: rcodes.sort(), statuses: statuses.sort(), retransmissions };
}

async function byUs(file: string): Promise<Held> {
  const { flows } = await analyzePcaps([file]);
  const packets = Object.fromEntries(
    flows.map(({ protocol, from, to, hops: [hop] }) => [
      `${protocol} ${from.ip} > ${to.ip}${to.port === null ? "" : `:${to.port}`}`,
      [hop!.request.packets, hop!.reply.packets] as const,
    ]),
  );
  const said = (wanted: string): string[] =>
    flows
      .flatMap(({ exchanges = [] }) => exchanges.filter(({ protocol }) => protocol === wanted))
      .flatMap(({ outcome, count }) => new Array<string>(count).fill(outcome));
  const place = {
    node: "a",
    pcap: file,
    path: file,
    encapsulation: null,
    listeningUs: null,
    stoppedUs: null,
  };
  const followed = follow({ captures: [place], targets: [], paths: [[0]] });
  const again = followed.flows.flatMap(({ records }) =>
    records.flatMap(({ ways }) => ways.map((way) => way.again)),
  );
  return {
    packets,
    rcodes: said("dns").map(rcodeOf).sort(),
    statuses: said("http")
      .map((outcome) => outcome.replace(/^HTTP (\d+) .*/, "$1"))
      .sort(),
    retransmissions: again.reduce((sum, count) => sum + count, 0),
  };
}

const RCODES: Readonly<Record<string, string>> = { SERVFAIL: "2", NXDOMAIN: "3", REFUSED: "5" };

/** An answer without an error is told by what it says. */
function rcodeOf(outcome: string): string {
  return outcome.includes(" → ") ? "0" : (RCODES[outcome.split(" ")[0] ?? ""] ?? outcome);
}

const tshark = spawnSync("tshark", ["--version"]).status === 0 ? {} : { skip: "this machine has no tshark" };

t.test("packets by flow, DNS and HTTP answers, retransmissions: as tshark counts them", tshark, async (t) => {
  const dir = t.testdir();
  for (const [index, { name, bytes }] of makeCorpus().entries()) {
    const file = join(dir, `${index}.pcap`);
    writeFileSync(file, bytes);
    t.strictSame(await byUs(file), await byTshark(file), name);
  }
});
