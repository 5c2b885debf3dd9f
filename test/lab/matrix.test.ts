import t, { type Test } from "tap";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { downLab, setFault, upLab } from "../../lib/api/lab.js";
import { runRunbook, type RunReport } from "../../lib/run/run.js";
import type { FlowFinding, HopRef } from "../../lib/model/findings.js";
import { DELIVERED, selectRows, type Row, type Traffic } from "./matrix-rows.js";

/**
 * The fault matrix: each fault × {ICMP, DNS over UDP, HTTP and TCP} × {pod IP, ClusterIP}, whole runs on real
 * interfaces. `where` is the break as `status direction lastSeen>firstMissing`. A run waits for most of its time, so that some
 * labs stand side by side. HOPBOOK_MATRIX=fault,fault runs those rows alone; HOPBOOK_MATRIX_DNS=dead on nodes
 * whose resolver is out.
 */

const LABS = 3;
const rows = selectRows(process.env["HOPBOOK_MATRIX"] ?? "");
const names = Array.from({ length: LABS }, (_, index) => `matrix-${process.pid}-${index + 1}`);
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

/** Labs that no run uses, by their name, and the profile of each. */
const free = new Map<string, string>();

async function withLab<T>(work: (name: string, profile: string) => Promise<T>): Promise<T> {
  const [taken] = free;
  if (taken === undefined) throw new Error("More runs at once than labs");
  free.delete(taken[0]);
  try {
    return await work(...taken);
  } finally {
    free.set(...taken);
  }
}

t.before(async () => {
  const deadDns = process.env["HOPBOOK_MATRIX_DNS"] === "dead";
  for (const name of names) {
    free.set(name, (await upLab({ name, topology: "calico-vxlan", deadDns })).files.profile);
  }
});

t.teardown(async () => {
  for (const name of names) await downLab({ name });
  rmSync(out, { recursive: true, force: true });
});

t.test("every fault is found where it is", async (t) => {
  t.jobs = LABS;
  for (const row of rows) {
    void t.test(row.fault ?? "no fault", { buffered: true }, (t) =>
      withLab((name, profile) => runRow(t, row, name, profile)),
    );
  }
  await t.test("the table", async (t) => {
    for (const line of renderTable(table)) t.comment(line);
    t.ok(table.length > rows.length, "each row was judged");
  });
});

async function runRow(t: Test, row: Row, name: string, cluster: string): Promise<void> {
  const large = row.only?.["ping-large"] !== undefined;
  const reports: RunReport[] = [];
  if (row.fault !== null) await setFault({ name, fault: row.fault, on: true });
  try {
    reports.push(
      await trace(cluster, ["shop/web:8080", "10.96.0.20:80", "shop/dns:53", "10.96.0.10:53"]),
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
  t.jobs = LABS;
  const destinations = ["shop/web:8080", "10.96.0.20:80", "shop/dns:53", "10.96.0.10:53", "shop/cart"];
  for (let run = 0; run < HEALTHY_RUNS; run += 1) {
    void t.test(`run ${run + 1}`, { buffered: true }, async (t) => {
      const to = destinations[run % destinations.length] ?? "";
      const report = await withLab((_, profile) => trace(profile, [to]));
      t.strictSame(report.findings.flows.map(whereOf), ["delivered"], report.dir);
      t.equal(report.exitCode, 0);
    });
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
