import t from "tap";
import { nameCluster, renderMarkdown, renderHtml, renderText } from "../../lib/report/index.js";
import { buildFindings, fdbMissing } from "./samples.js";

const next = ["Look at `ip link` there", "The same again: `hopbook run trace-path --from a/b --to c/d`"];
const findings = buildFindings([{ ...fdbMissing, verdict: { ...fdbMissing.verdict, next } }]);
const record = {
  ...{ startedAt: "2026-01-01T00:00:00Z", finishedAt: null, cluster: "lab" },
  profile: "/a b/cluster.yaml",
};
const nextOf = (given: Parameters<typeof nameCluster>[1]): readonly string[] =>
  nameCluster(findings, given).flows[0]?.verdict.next ?? [];

t.test("hopbook's own commands name the run's cluster, others do not", async (t) => {
  t.same(nextOf(record), [
    next[0],
    "The same again: `hopbook run trace-path --from a/b --to c/d --cluster '/a b/cluster.yaml'`",
  ]);
  t.match(nextOf({ ...record, profile: "context prod" })[1], / --context prod`$/);
  t.same(nextOf(undefined), next);
  t.same(nameCluster(buildFindings([fdbMissing]), record).flows[0]?.verdict.next, undefined);
});

t.test("a command that reads files alone has no cluster to name", async (t) => {
  const said = ["Hand it on: `hopbook share RUN`", "Read it: `hopbook analyze RUN`, then `hopbook reports`"];
  const check = { id: "a", status: "fail" as const, message: "", next: said };
  const { checks } = nameCluster({ ...findings, checks: [check] }, { ...record, profile: "c.yaml" });
  t.same(checks[0]?.next, [said[0], `${said[1]?.slice(0, -1)} --cluster c.yaml\``]);
});

t.test("on a terminal a command has a line to itself, however narrow that is", async (t) => {
  const text = renderText(nameCluster(findings, record), { color: false, unicode: true, width: 60 });
  t.match(text, /^ {2}• Look at `ip link` there$/m);
  t.match(
    text,
    /^ {2}• The same again:\n {4}hopbook run trace-path --from a\/b --to c\/d --cluster '\/a b\/cluster\.yaml'$/m,
  );
});

t.test("in the other reports it is code", async (t) => {
  t.match(
    renderHtml(findings, { record }),
    /again: <code>hopbook run [^<]* --cluster &#39;\/a b\/cluster\.yaml&#39;<\/code>/,
  );
  t.match(renderMarkdown(findings, record), /again: `+hopbook run [^`]* --cluster '\/a b\/cluster\.yaml'`/);
});
