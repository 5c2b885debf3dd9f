import t from "tap";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { fc, inDepth } from "../fixtures/property.js";
import { HopbookError } from "../../lib/errors.js";
import { parseRunbook } from "../../lib/runbook/index.js";
import { STEP_KINDS } from "../../lib/steps/registry.js";
import { KINDS, runbook } from "./broken/cases.js";

/** Generous: a check takes some milliseconds. */
const BOUND_MS = 2000;
const RUNS = inDepth(120, 2000);

const WAIT = "uses: time/wait, with: {duration: 1s}";
const BODY = `inputs:
  from: {type: string, required: true, pattern: "^[a-z/]+$"}
  many: {type: array, items: {type: string}, default: [a, b]}
  time: {type: duration, default: 1s}
steps:
  - id: make
    uses: text/make
    with: {text: "a \${{ inputs.from }}", names: "\${{ inputs.many.map(x, x + 'b') }}", inner: {size: 5}}
    outputs: {first: "\${{ result.lines[0] }}"}
    retry: {count: 2, delay: 2s}
  - {id: bg, background: true, ${WAIT}}
  - {id: each, ${WAIT}, strategy: {matrix: {pod: "\${{ inputs.many }}", n: [1, 2]}}, if: "\${{ matrix.n < 2 }}"}
  - {id: run, run: [ip, "\${{ inputs.many }}"], on: "\${{ inputs.from }}", needs: [make]}
  - {id: join, wait: [bg]}
checks:
  - id: c
    outcomes:
      - fail:
          if: \${{ findings.flows.exists(f, f.verdict.status == "lost") }}
          message: |
            lost
            \${{ steps.make.outputs.first }}
`;
const SEEDS = [
  {
    text: readFileSync(new URL("../../runbooks/trace-path.yaml", import.meta.url), "utf8"),
    kinds: [...STEP_KINDS.values()],
  },
  { text: runbook(BODY), kinds: KINDS },
];
const JUNK = [
  "",
  " ",
  "\n",
  "  ",
  "\t",
  ":",
  "- ",
  "{",
  "}",
  "[",
  "]",
  "'",
  '"',
  "#",
  "&a ",
  "*a",
  "!!x ",
  "|",
  ">",
].concat([
  "${{",
  "}}",
  "<<: ",
  "__proto__",
  "constructor",
  "null",
  "5",
  "~",
  "\u0000",
  "\ufeff",
  "é",
  "%YAML",
  "---\n",
  "steps:",
  "id: ",
  "inputs.",
]);

t.test("what is mutated is fine before", async (t) => {
  for (const { text, kinds } of SEEDS) t.ok(parseRunbook(text, "x.yaml", { kinds }).steps.length > 0);
});

t.test("a mutated runbook is fine or DOCUMENT_INVALID at a place, in time", async (t) => {
  let slowest = 0;
  let refused = 0;
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.integer({ min: 0, max: 40 }),
    put: fc.oneof(fc.constantFrom(...JUNK), fc.string({ maxLength: 4 })),
  });
  fc.assert(
    fc.property(
      fc.constantFrom(...SEEDS),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      ({ text: seed, kinds }, changes) => {
        const text = changes.reduce((before, { at, drop, put }) => {
          const offset = Math.floor(at * before.length);
          return before.slice(0, offset) + put + before.slice(offset + drop);
        }, seed);
        const started = performance.now();
        try {
          parseRunbook(text, "x.yaml", { kinds });
          return true;
        } catch (error) {
          if (!(error instanceof HopbookError) || error.code !== "DOCUMENT_INVALID") return false;
          refused++;
          const lines = text.split(/\r\n|\r|\n/).length;
          return (error.problems ?? []).every(
            ({ line, column }) => line >= 1 && line <= lines && column >= 1,
          );
        } finally {
          slowest = Math.max(slowest, performance.now() - started);
        }
      },
    ),
    { numRuns: RUNS },
  );
  t.ok(slowest < BOUND_MS, `the slowest took ${slowest.toFixed(0)} ms`);
  t.ok(refused > RUNS / 4 && refused < RUNS, `${refused} of ${RUNS} were refused`);
});
