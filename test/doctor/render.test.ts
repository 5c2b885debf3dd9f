import t from "tap";
import { ok } from "../../lib/doctor/rows.js";
import { renderDoctor } from "../../lib/doctor/render.js";
import type { DoctorReport } from "../../lib/doctor/report.js";
import { hopbook } from "../cli/helpers.js";

const REPORT: DoctorReport = {
  apiVersion: "hopbook.dev/v1",
  kind: "Doctor",
  cluster: { name: "lab", context: null, server: null, version: null },
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1,
  status: "ok",
  rows: [],
  choices: [],
  rights: [],
  notLookedAt: [],
};
const last = (report: DoctorReport): string | undefined =>
  renderDoctor(report, { color: false }).trimEnd().split("\n").at(-1);

t.test("what was not looked at is not said to be well", (t) => {
  const unseen = [{ what: "node-a", reason: "the nodes may not be entered" }];
  const rows = [ok("login", "node-b", "by ssh, as root")];
  t.equal(last({ ...REPORT, rows }), "Nothing stands in a run's way.");
  t.match(last({ ...REPORT, notLookedAt: unseen }), /^Nothing was looked at/);
  t.match(
    last({ ...REPORT, rows, notLookedAt: unseen }),
    /^Nothing that was looked at .* what was not looked at may/,
  );
  t.match(last({ ...REPORT, rows, status: "warn", notLookedAt: unseen }), /what was not looked at may not/);
  t.end();
});

t.test("nodes that may not be entered are no success", async (t) => {
  const dir = t.testdir({
    "c.yaml":
      "apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: here}\nnodes:\n  - {name: me, access: {via: local}}\n",
  });
  const { code, out } = await hopbook(["doctor", "--cluster", `${dir}/c.yaml`]);
  t.equal(code, 6);
  t.match(out, /not looked at: me/);
  t.notMatch(out, /stands in a run's way/);
});
