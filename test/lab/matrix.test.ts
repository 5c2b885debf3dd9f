import t, { type Test } from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, setFault, upLab } from "../../lib/api/lab.js";
import { runRunbook, type RunReport } from "../../lib/run/run.js";
import type { FlowFinding, HopRef } from "../../lib/model/findings.js";
import { DEFAULT_TOPOLOGY, type LabTopology } from "../../lib/lab/topologies.js";
import { clusterIpsOf, nameOf, selectRows, type Row, type Traffic } from "./matrix-rows.js";

/**
 * The fault matrix: each topology × its faults × {ICMP, DNS over UDP, HTTP and TCP} × {pod IP, ClusterIP}, whole runs on real
 * interfaces. `where` is the break as `status direction lastSeen>firstMissing`. A run waits for most of its time, so that some
 * labs stand side by side. HOPBOOK_MATRIX=all is the whole of it, HOPBOOK_MATRIX=kindnet,flannel-vxlan/mtu-hole those rows
 * alone; HOPBOOK_MATRIX_DNS=dead on nodes whose resolver is out.
 */

const LABS = 3;
const wanted = process.env["HOPBOOK_MATRIX"] ?? "";
const rows = selectRows(wanted);
const deadDns = process.env["HOPBOOK_MATRIX_DNS"] === "dead";
const out = mkdtempSync(join(tmpdir(), "hopbook-matrix-"));
const HEALTHY_RUNS = 20;
/** Of the topologies but the default one, where not all is wanted. */
const FEW_HEALTHY_RUNS = 2;

async function trace(
  cluster: string,
  to: readonly string[],
  probe: readonly Traffic[] = [],
): Promise<RunReport> {
  return runRunbook({
    runbook: "trace-path",
    inputs: { from: "shop/client", to: [...to], ...(probe.length > 0 ? { probe: [...probe] } : {}) },
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

const table: string[][] = [["topology", "fault", "traffic", "to", "where", "cause", "confidence"]];

interface Free {
  readonly name: string;
  readonly topology: LabTopology;
  readonly profile: string;
}

/** Labs that no run uses, and the names of all. */
const free: Free[] = [];
const names: string[] = [];

async function bringUp(topology: LabTopology): Promise<Free> {
  const name = `matrix-${process.pid}-${names.length + 1}`;
  names.push(name);
  return { name, topology, profile: (await upLab({ name, topology, deadDns })).files.profile };
}

async function withLab<T>(
  topology: LabTopology,
  work: (name: string, profile: string) => Promise<T>,
): Promise<T> {
  const index = free.findIndex((lab) => lab.topology === topology);
  const [lab = await bringUp(topology)] = index < 0 ? [] : free.splice(index, 1);
  const result = await work(lab.name, lab.profile);
  // One whose work threw may still have its fault, and is used no more.
  free.push(lab);
  return result;
}

t.teardown(async () => {
  for (const name of names) await downLab({ name });
  if (t.passing()) rmSync(out, { recursive: true, force: true });
});

t.test("every fault is found where it is", async (t) => {
  t.jobs = LABS;
  for (const row of rows) {
    void t.test(nameOf(row), { buffered: true }, (t) =>
      withLab(row.topology, (name, profile) => runRow(t, row, name, profile)),
    );
  }
});

t.test("the table", async (t) => {
  for (const line of renderTable(table)) t.comment(line);
  t.ok(table.length > rows.length, "each row was judged");
});

async function runRow(t: Test, row: Row, name: string, cluster: string): Promise<void> {
  const large = row.only["ping-large"] !== undefined;
  const { web, dns } = clusterIpsOf(row.topology);
  const reports: RunReport[] = [];
  if (row.fault !== null) await setFault({ name, fault: row.fault, on: true });
  try {
    reports.push(
      await trace(cluster, ["shop/web:8080", web, "shop/dns:53", dns]),
      await trace(cluster, ["shop/web:8080"], ["ping", "http", ...(large ? (["ping-large"] as const) : [])]),
    );
  } finally {
    if (row.fault !== null) await setFault({ name, fault: row.fault, on: false });
  }
  for (const report of reports) judge(t, row, report);
  if (t.passing()) for (const report of reports) rmSync(report.dir, { recursive: true });
}

function judge(t: Test, row: Row, report: RunReport): void {
  t.strictSame(report.findings.run.incomplete, [], `nothing is missing from ${report.dir}`);
  t.ok(report.findings.flows.length > 0, "there are flows");
  for (const flow of report.findings.flows) {
    const traffic = flow.probe as Traffic | null;
    if (traffic === null) {
      // What is left of an earlier row: a server may still repeat its answer to a connection that was cut off.
      if (row.fault === null)
        t.match(flow.verdict.status, /^(delivered|inconclusive)$/, "left of a row before");
      continue;
    }
    const expected = row.only[traffic] ?? row.all;
    const label = `${traffic} to ${flow.to.ip}:${flow.to.port ?? ""}`;
    const { verdict } = flow;
    table.push([
      ...[row.topology, row.fault ?? "none"],
      traffic,
      /^(10\.96\.|fd00:96::)/.test(flow.to.ip) ? "ClusterIP" : "pod IP",
      whereOf(flow),
      verdict.cause?.code ?? "-",
      verdict.confidence,
    ]);
    const where = whereOf(flow);
    t.ok(
      expected.where.includes(where),
      `${label}: ${where}, wanted ${expected.where.join("/")} (${report.dir})`,
    );
    if (expected.cause === null) t.equal(verdict.cause?.code ?? null, null, `${label}: no cause is made up`);
    else {
      t.ok(
        expected.cause.includes(verdict.cause?.code ?? "none"),
        `${label}: cause is ${verdict.cause?.code}, wanted ${expected.cause.join("/")}`,
      );
    }
  }
}

t.test("healthy runs raise no alarm", async (t) => {
  t.jobs = LABS;
  // Another node's pods, by themselves and by their Services; one of the same node; and what is no part of the cluster.
  const topologies = [...new Set(rows.map((row) => row.topology))];
  for (const [nth, topology] of topologies.entries()) {
    const runs = topology === DEFAULT_TOPOLOGY || wanted !== "" ? HEALTHY_RUNS : FEW_HEALTHY_RUNS;
    const { web, dns } = clusterIpsOf(topology);
    const destinations = [
      ...["shop/web:8080", web, "shop/dns:53", dns, "shop/cart"],
      ...["203.0.113.10:80", "node/node-b:22"],
    ];
    for (let run = 0; run < runs; run += 1) {
      void t.test(`${topology}, run ${run + 1}`, { buffered: true }, async (t) => {
        const to = destinations[(nth + run) % destinations.length] ?? "";
        const report = await withLab(topology, (_, profile) => trace(profile, [to]));
        t.strictSame(report.findings.flows.map(whereOf), ["delivered"], report.dir);
        t.equal(report.exitCode, 0);
      });
    }
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
