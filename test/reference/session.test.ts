import t from "tap";
import { join } from "node:path";
import { sessionLines } from "../../lib/reference/session.js";

const RUNS = join(import.meta.dirname, "../../docs/example-runs");

t.test(
  "the command is whole and fits, the verdict of the first flow is there, its packets are not",
  async (t) => {
    const lines = (await sessionLines(join(RUNS, "policy-drop"))).map((line) =>
      // eslint-disable-next-line no-control-regex
      line.replaceAll(/\x1b\[\d+m/g, ""),
    );
    t.match(lines[0], /^\$ hopbook run trace-path .* \\$/);
    t.match(lines[1], /^ {4}--to shop\/web:8080 .*--yes --out policy-drop$/);
    t.ok(lines.includes("✓ Capture at every hop"));
    t.equal(lines.filter((line) => line.startsWith("LOST on node-b")).length, 1);
    t.ok(lines.some((line) => line.includes("LOST HERE: 8 of 8")));
    t.ok(lines.includes("What to do now"));
    t.notOk(lines.some((line) => line.includes("frame ")));
    t.equal(lines.at(-1), "⋮");
    t.ok(lines.every((line) => line.length <= 100));
  },
);
