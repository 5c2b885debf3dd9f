import t from "tap";
import { findings as isFindings } from "../../lib/shapes/generated/findings.js";
import { readMarks, readPrinted } from "../../lib/verdict/step-evidence.js";

const RUN = { id: "a", runbook: "x", startedAt: "2026-01-01T00:00:00Z", complete: true, incomplete: [] };
const FINDINGS = { apiVersion: "hopbook.dev/v1", kind: "Findings", run: RUN, flows: [], checks: [] };

const PRINTED = {
  ...{ step: "links", on: "node/a", argv: ["ip", "link"], exitCode: 1, file: "evidence/a/steps/links.txt" },
  ...{ stdout: { first: ["x"], leftOut: 3, last: ["y"] }, stderr: { first: [], leftOut: 0, last: [] } },
};
const mark = (at: string, more = {}): Record<string, unknown> => ({
  ...{ kind: "mark", at, step: "note", text: "a rollout began" },
  ...more,
});

t.test("what was printed and what happened, in the shape of findings, in the order of times", async (t) => {
  const marks = [
    mark("2026-01-01T00:00:02Z", { kind: "freeze", tookMs: 3 }),
    mark("2026-01-01T00:00:01Z", { kind: "gone" }),
  ];
  const dir = t.testdir({
    evidence: {
      "printed.json": JSON.stringify({ printed: [PRINTED, { ...PRINTED, exitCode: null }] }),
      "marks.json": JSON.stringify({ marks }),
    },
  });
  t.strictSame(readPrinted(dir), [PRINTED, { ...PRINTED, exitCode: null }]);
  t.strictSame(readMarks(dir), marks.toReversed());
  t.ok(isFindings({ ...FINDINGS, marks: readMarks(dir), printed: readPrinted(dir) }));
});

t.test("what a matrix printed stands in the matrix's order, whichever ended first", async (t) => {
  const ran = ["links.10", "routes", "links.2", "links.0", "v1.2.x"].map((step) => ({ ...PRINTED, step }));
  const dir = t.testdir({ evidence: { "printed.json": JSON.stringify({ printed: ran }) } });
  t.strictSame(
    readPrinted(dir).map(({ step }) => step),
    ["links.0", "links.2", "links.10", "routes", "v1.2.x"],
  );
});

t.test(
  "of a folder from anybody what has not the shape is left out, and what is endless is bounded",
  async (t) => {
    t.strictSame([readPrinted(t.testdir({})), readMarks(t.testdir({}))], [[], []]);
    const many = {
      ...PRINTED,
      argv: Array.from({ length: 300 }, () => "x"),
      stdout: {
        first: Array.from({ length: 50 }, () => "x".repeat(3000)),
        leftOut: -1,
        last: [1, null],
      },
      stderr: "what",
    };
    const texts = ["{", "[]", "null", "1"].map((text) => ({ printed: text, marks: text }));
    const bad = { step: 1, on: 2, kind: "magic", at: "yesterday" };
    const items = [null, 1, bad, { ...PRINTED, exitCode: 1.5 }, mark("yesterday"), mark("", { at: 1 })];
    const lists = { printed: JSON.stringify({ printed: items }), marks: JSON.stringify({ marks: items }) };
    for (const { printed, marks } of [...texts, lists]) {
      const dir = t.testdir({ evidence: { "printed.json": printed, "marks.json": marks } });
      t.strictSame([readPrinted(dir), readMarks(dir)], [[], []], printed);
    }
    const dir = t.testdir({
      evidence: {
        "printed.json": JSON.stringify({ printed: Array.from({ length: 70 }, () => many) }),
        "marks.json": JSON.stringify({
          marks: Array.from({ length: 500 }, () =>
            mark("2026-01-01T00:00:00Z", { tookMs: -1, text: "x".repeat(9000) }),
          ),
        }),
      },
    });
    const printed = readPrinted(dir);
    t.equal(printed.length, 64);
    t.match(printed[0], { stdout: { leftOut: 0, last: [] }, stderr: { first: [], leftOut: 0, last: [] } });
    t.equal(printed[0]?.argv.length, 200);
    t.equal(printed[0]?.stdout.first.length, 40);
    t.equal(printed[0]?.stdout.first[0]?.length, 2000);
    const marks = readMarks(dir);
    t.equal(marks.length, 200);
    t.equal(marks[0]?.text.length, 2000);
    t.notOk("tookMs" in (marks[0] ?? {}));
  },
);
