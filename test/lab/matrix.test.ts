import t, { type Test } from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, setFault, upLab } from "../../lib/api/lab.js";
import { runRunbook, type RunReport } from "../../lib/run/run.js";
import type { FlowFinding, HopRef } from "../../lib/model/findings.js";

/**
 * The fault matrix: each fault × {ICMP, DNS over UDP, HTTP and TCP} × {pod IP, ClusterIP}, whole runs on real
 * interfaces. `where` is the break as `status direction lastSeen>firstMissing`.
 */

type Traffic = "ping" | "ping-large" | "http" | "tcp-connect" | "dns-udp";
interface Expected {
  readonly where: string;
  /** null: no cause may be said; undefined: not judged. */
  readonly cause: readonly string[] | null | undefined;
}
interface Row {
  readonly fault: string | null;
  readonly all?: Expected;
  readonly only?: Partial<Record<Traffic, Expected>>;
}

const DELIVERED: Expected = { where: "delivered", cause: null };
const lost = (way: string, ...cause: string[]): Expected => ({ where: `lost ${way}`, cause });
const NIC_TO_NIC = "request a:nic>b:nic";
const TUNNEL_TO_POD_B = "request b:tunnel>b:host-veth";
const UNANSWERED = "unanswered b:pod>-";

const ROWS: readonly Row[] = [
  { fault: null, all: DELIVERED, only: { "ping-large": DELIVERED } },
  { fault: "forward-drop-a", all: lost("request a:host-veth>a:tunnel", "netfilter-drop") },
  { fault: "fdb-missing", all: lost("request a:tunnel>a:nic", "fdb-entry-missing") },
  { fault: "fdb-wrong-host", all: lost(NIC_TO_NIC, "fdb-wrong-destination") },
  { fault: "wrong-neighbour-mac", all: lost(TUNNEL_TO_POD_B, "neighbour-mac-wrong") },
  { fault: "underlay-cut", all: { where: `lost ${NIC_TO_NIC}`, cause: null } },
  { fault: "nic-down-b", all: lost(NIC_TO_NIC, "link-down") },
  { fault: "nic-ingress-drop-b", all: lost("request b:nic>b:tunnel", "netfilter-drop") },
  { fault: "tunnel-input-drop-b", all: lost("request b:nic>b:tunnel", "netfilter-drop") },
  { fault: "forward-drop-b", all: lost(TUNNEL_TO_POD_B, "netfilter-drop") },
  { fault: "pod-route-missing-b", all: lost(TUNNEL_TO_POD_B, "route-missing", "route-blackhole") },
  { fault: "rp-filter-b", all: lost(TUNNEL_TO_POD_B, "rp-filter") },
  { fault: "pod-input-drop", all: { where: UNANSWERED, cause: ["netfilter-drop"] } },
  {
    fault: "closed-port",
    all: { where: "rejected request b:pod>-", cause: ["no-listener"] },
    only: { ping: DELIVERED },
  },
  { fault: "reply-drop-b", all: lost("reply b:host-veth>b:tunnel", "netfilter-drop") },
  {
    fault: "mtu-hole",
    all: DELIVERED,
    only: { "ping-large": lost(NIC_TO_NIC, "mtu-exceeded") },
  },
  {
    fault: "bad-checksum",
    all: { where: UNANSWERED, cause: ["checksum-error"] },
    only: { ping: DELIVERED },
  },
];

const name = `matrix-${process.pid}`;
const out = mkdtempSync(join(tmpdir(), "hopbook-matrix-"));
const HEALTHY_RUNS = 20;

async function trace(
  cluster: string,
  to: readonly string[],
  probe: readonly Traffic[] = [],
): Promise<RunReport> {
  return runRunbook({
    runbook: "trace-path",
    raw: { from: "shop/client", to: [...to], ...(probe.length > 0 ? { probe: [...probe] } : {}) },
    cluster,
    cwd: out,
    out,
    grants: { yes: true },
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
}

const place = (hop: HopRef | null): string =>
  hop === null ? "-" : `${hop.node.replace("node-", "")}:${hop.role}`;

function whereOf({ verdict }: FlowFinding): string {
  if (verdict.status === "delivered") return "delivered";
  const way = `${place(verdict.lastSeen)}>${place(verdict.firstMissing)}`;
  return [verdict.status, verdict.direction, way].filter((word) => word !== null).join(" ");
}

const table: string[][] = [["fault", "traffic", "to", "where", "cause", "confidence"]];

t.teardown(async () => {
  await downLab({ name });
  rmSync(out, { recursive: true, force: true });
});

t.test("every fault is found where it is", async (t) => {
  const lab = await upLab({ name, topology: "calico-vxlan" });
  const cluster = lab.files.profile;
  for (const row of ROWS) {
    await t.test(row.fault ?? "no fault", async (t) => {
      if (row.fault !== null) await setFault({ name, fault: row.fault, on: true });
      const large = row.only?.["ping-large"] !== undefined;
      const reports = [
        await trace(cluster, ["shop/web:8080", "10.96.0.20:80", "shop/dns:53", "10.96.0.10:53"]),
        await trace(
          cluster,
          ["shop/web:8080"],
          ["ping", "http", ...(large ? (["ping-large"] as const) : [])],
        ),
      ];
      if (row.fault !== null) await setFault({ name, fault: row.fault, on: false });
      for (const report of reports) judge(t, row, report);
      if (t.passing()) for (const report of reports) rmSync(report.dir, { recursive: true });
    });
  }
  for (const line of renderTable(table)) t.comment(line);
});

function judge(t: Test, row: Row, report: RunReport): void {
  t.strictSame(report.findings.run.incomplete, [], `nothing is missing from ${report.dir}`);
  t.ok(report.findings.flows.length > 0, "there are flows");
  for (const flow of report.findings.flows) {
    const traffic = flow.probe as Traffic;
    const expected = row.only?.[traffic] ?? row.all ?? DELIVERED;
    const label = `${traffic} to ${flow.to.ip}:${flow.to.port ?? ""}`;
    const { verdict } = flow;
    table.push([
      row.fault ?? "none",
      traffic,
      flow.to.ip.startsWith("10.96.") ? "ClusterIP" : "pod IP",
      whereOf(flow),
      verdict.cause?.code ?? "-",
      verdict.confidence,
    ]);
    t.equal(whereOf(flow), expected.where, `${label}: where (${report.dir})`);
    if (expected.cause === null) t.equal(verdict.cause?.code ?? null, null, `${label}: no cause is made up`);
    else if (expected.cause !== undefined) {
      t.ok(
        expected.cause.includes(verdict.cause?.code ?? "none"),
        `${label}: cause is ${verdict.cause?.code}, wanted ${expected.cause.join("/")}`,
      );
    }
  }
}

t.test("healthy runs raise no alarm", async (t) => {
  const cluster = (await upLab({ name, topology: "calico-vxlan" }).catch(() => null))?.files.profile;
  const profile = cluster ?? (await import("../../lib/lab/index.js")).requireLab({ name }).files.profile;
  const destinations = ["shop/web:8080", "10.96.0.20:80", "shop/dns:53", "10.96.0.10:53", "shop/cart"];
  for (let run = 0; run < HEALTHY_RUNS; run += 1) {
    const report = await trace(profile, [destinations[run % destinations.length] ?? ""]);
    t.strictSame(report.findings.flows.map(whereOf), ["delivered"], `run ${run + 1}: ${report.dir}`);
    t.equal(report.exitCode, 0);
  }
});

function renderTable(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
