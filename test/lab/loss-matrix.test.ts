import t, { type Test } from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, execInNode, execInPod, upLab, type LabState } from "../../lib/lab/index.js";
import type { FlowFinding, HopRef } from "../../lib/model/findings.js";
import { runRunbook, type RunReport } from "../../lib/run/run.js";
import {
  locate,
  PLACES,
  renderLoss,
  RULES,
  SERVERS,
  TABLE,
  TRAFFIC,
  WAYS,
  type LossSpec,
  type Sent,
} from "./loss-rules.js";
import { startServers } from "./loss-servers.js";

/**
 * Parts of the traffic are dropped by nftables, which counts: {every 3rd, 5th, 20th, 1 %, the first of each connection,
 * large ones, one of two servers} × {request, reply} × {FORWARD of the near node, ingress of the NIC that is reached,
 * FORWARD of the far node} × {ping, UDP, DNS, TCP, HTTP, 5 MB}. The break has to be where the rule stands, and the share what the
 * rule counted. By default a spread of some twenty cells; HOPBOOK_LOSS_MATRIX=all, or words of cells' names
 * (`every-3rd/reply`), for others, each of which runs by SSH and locally.
 */

const LABS = 2;
const MOST_OFF = 0.01;

interface Group {
  readonly name: string;
  readonly probes: readonly string[];
  readonly sends: readonly Sent[];
  readonly port: string;
}

const GROUPS: readonly Group[] = [
  { name: "ping+http", probes: ["ping", "http"], sends: ["ping", "http"], port: ":8080" },
  { name: "udp+connect", probes: ["udp", "tcp-connect"], sends: ["udp", "connect"], port: ":8090" },
  { name: "dns", probes: ["dns-udp"], sends: ["dns"], port: ":53" },
  { name: "download", probes: [], sends: ["download"], port: ":8091" },
];

interface Cell extends LossSpec {
  readonly name: string;
  readonly group: Group;
  readonly viaSsh: boolean;
}

const KINDS: Readonly<Record<string, Sent>> = {
  ping: "ping",
  http: "http",
  "tcp-connect": "connect",
  udp: "udp",
  "dns-udp": "dns",
};

const CELLS: readonly Cell[] = RULES.flatMap((rule) =>
  WAYS.flatMap((way) => PLACES.flatMap((place) => GROUPS.map((group) => ({ rule, way, place, group })))),
)
  .filter(({ rule, group }) => rule !== "one-backend" || group.name !== "dns")
  .map((cell, index) => ({
    ...cell,
    name: `${cell.rule}/${cell.way}/${cell.place}/${cell.group.name}`,
    viaSsh: index % 3 === 0,
  }));

function selectCells(wanted: string): readonly Cell[] {
  if (wanted === "") return CELLS.filter((_, index) => index % 8 === 3);
  const isWanted = ({ name }: Cell): boolean =>
    wanted === "all" || wanted.split(",").some((words) => name.includes(words));
  return CELLS.filter(isWanted).flatMap((cell) => [
    { ...cell, name: `${cell.name} by SSH`, viaSsh: true },
    { ...cell, viaSsh: false },
  ]);
}

const cells = selectCells(process.env["HOPBOOK_LOSS_MATRIX"] ?? "");
const out = mkdtempSync(join(tmpdir(), "hopbook-loss-"));
const free: LabState[] = [];
const names = Array.from({ length: LABS }, (_, index) => `loss-${process.pid}-${index + 1}`);

t.before(async () => {
  for (const name of names) {
    const lab = await upLab({ name, topology: "calico-vxlan" });
    await startServers(lab);
    free.push(lab);
  }
});

t.teardown(async () => {
  for (const name of names) await downLab({ name });
  if (t.passing()) rmSync(out, { recursive: true, force: true });
});

t.test("a part of the traffic is missed where it was dropped, and as much as was dropped", async (t) => {
  t.jobs = LABS;
  t.ok(cells.length > 0, "there are cells");
  for (const cell of cells) void t.test(cell.name, { buffered: true }, (t) => runCell(t, cell));
});

async function runCell(t: Test, cell: Cell): Promise<void> {
  const lab = free.pop();
  if (lab === undefined) throw new Error("More cells at once than labs");
  try {
    const report = await withRule(lab, cell, async (readCounts) => {
      const report = await trace(lab, cell);
      judge(t, cell, { report, counts: await readCounts() });
      return report;
    });
    if (t.passing()) rmSync(report.dir, { recursive: true });
  } finally {
    free.push(lab);
  }
}

async function withRule<Result>(
  lab: LabState,
  cell: Cell,
  work: (readCounts: () => Promise<Counts>) => Promise<Result>,
): Promise<Result> {
  const { node } = locate(cell);
  const table = ["table", cell.place === "nic-ingress" ? "netdev" : "ip", TABLE];
  await must(lab, node, ["nft", "-f", "-"], renderLoss(cell));
  try {
    return await work(async () =>
      readCounters((await must(lab, node, ["nft", "-j", "list", "counters", ...table])).stdout),
    );
  } finally {
    await must(lab, node, ["nft", "delete", ...table]);
  }
}

async function trace(lab: LabState, { rule, group, viaSsh }: Cell): Promise<RunReport> {
  const servers =
    rule === "one-backend" ? ["shop/web", "shop/dns"] : group.name === "dns" ? ["shop/dns"] : ["shop/web"];
  const isProbed = group.probes.length > 0;
  const count = rule === "one-percent" ? 100 : rule === "every-20th" ? 60 : 30;
  let downloads: Promise<unknown> = Promise.resolve();
  const report = await runRunbook({
    runbook: "trace-path",
    inputs: {
      from: "shop/client",
      to: servers.map((server) => `${server}${group.port}`),
      ...(isProbed
        ? { probe: [...group.probes], count: String(count), interval: "25ms", wait: "4s" }
        : { traffic: false, watch: "8s" }),
    },
    cluster: viaSsh ? lab.files.sshProfile : lab.files.profile,
    cwd: out,
    out,
    grants: { yes: true },
    signal: new AbortController().signal,
    onEvent: (event) => {
      if (event.type !== "stepStarted" || event.step !== "watch" || isProbed) return;
      const addresses = rule === "one-backend" ? [SERVERS.web, SERVERS.dns] : [SERVERS.web];
      downloads = Promise.all(addresses.map((address) => download(lab, address)));
    },
  });
  await downloads;
  return report;
}

function download(lab: LabState, address: string): Promise<unknown> {
  const argv = ["curl", "-s", "-o", "/dev/null", "-m", "5", `http://${address}:8091/`];
  return execInPod(lab, "shop/client", argv, { timeoutMs: 30_000 });
}

type Counts = ReadonlyMap<string, number>;

function readCounters(text: string): Counts {
  const { nftables } = JSON.parse(text) as {
    readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
  };
  return new Map(
    nftables.flatMap(({ counter }) => (counter === undefined ? [] : [[counter.name, counter.packets]])),
  );
}

const place = (hop: HopRef | null): string =>
  hop === null ? "-" : `${hop.node.replace("node-", "")}:${hop.role}`;

function judge(
  t: Test,
  cell: Cell,
  { report, counts }: { readonly report: RunReport; readonly counts: Counts },
): void {
  const { flows } = report.findings;
  let dropped = 0;
  for (const kind of cell.group.sends) {
    const seen = counts.get(`${kind}_seen`) ?? 0;
    const lost = counts.get(`${kind}_lost`) ?? 0;
    dropped += lost;
    const own = flows.filter((flow) => kindOf(flow) === kind);
    const isHit = (flow: FlowFinding): boolean => cell.rule !== "one-backend" || flow.to.ip === SERVERS.dns;
    t.ok(own.length > 0, `${kind}: there is a flow`, { dir: report.dir });
    for (const flow of own)
      judgeFlow(t, flow, { cell, dir: report.dir, seen, lost: isHit(flow) ? lost : 0, kind });
  }
  t.equal(report.exitCode, dropped > 0 ? 3 : 0, "exit code", { dir: report.dir });
}

function kindOf({ probe, protocol, to }: FlowFinding): Sent | undefined {
  if (probe !== null) return KINDS[probe];
  return protocol === "tcp" && to.port === TRAFFIC.download.port ? "download" : undefined;
}

function judgeFlow(
  t: Test,
  { verdict, legs = [] }: FlowFinding,
  at: { cell: Cell; dir: string; seen: number; lost: number; kind: Sent },
): void {
  const { cell, seen, lost, kind } = at;
  const label = `${kind}: ${lost} of ${seen} dropped`;
  const said = `${verdict.status} ${verdict.direction} ${place(verdict.lastSeen)}>${place(verdict.firstMissing)}`;
  const why = { dir: at.dir, lost: verdict.lost, caveats: verdict.caveats };
  if (lost === 0) {
    t.equal(verdict.status, "delivered", `${label}: ${said}`, why);
    return;
  }
  const { between } = locate(cell);
  t.equal(said, `lost ${cell.way} ${between}`, label, why);
  const { packets, of } = verdict.lost;
  // A last try may come when the captures have ended.
  const isTail = lost - packets >= 0 && lost - packets <= 2 && seen - of >= 0 && seen - of <= 2;
  const isNear = Math.abs(packets / Math.max(1, of) - lost / seen) <= MOST_OFF;
  t.ok(isNear || isTail, `${label}: said ${packets} of ${of}`, why);
  const others = legs
    .filter(
      ({ missing, direction, from, to }) =>
        missing > 0 && (direction !== cell.way || `${place(from)}>${place(to)}` !== between),
    )
    .map(({ direction, from, to, missing }) => `${missing} ${direction} ${place(from)}>${place(to)}`);
  t.strictSame(others, [], `${label}: nothing is missing elsewhere`, why);
}

async function must(
  lab: LabState,
  node: string,
  argv: readonly string[],
  stdin?: string,
): Promise<{ readonly stdout: string }> {
  const result = await execInNode(lab, node, argv, stdin === undefined ? {} : { stdin });
  if (result.exitCode !== 0) throw new Error(`${argv.join(" ")} on ${node}: ${result.stderr}`);
  return result;
}
