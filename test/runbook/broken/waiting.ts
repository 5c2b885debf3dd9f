import { runbook, type BrokenCase } from "./cases.js";

const WAIT = "uses: time/wait, with: {duration: 1s}";
/** Two steps in the background, the second of which needs the first, and what stands behind them. */
const behind = (...steps: readonly string[]): string =>
  runbook(
    [
      "inputs: {on: {type: boolean, default: true}}\nsteps:",
      `- {id: bg, background: true, ${WAIT}}`,
      `- {id: two, background: true, needs: [bg], ${WAIT}}`,
      ...steps.map((step) => `- {${step}}`),
    ].join("\n  "),
  );
const READS = `if: "\${{ has(steps.»bg) }}", ${WAIT}`;

/** Reading what a step in the background gives, where nothing says that it has ended. test/engine runs the same. */
export const WAITING_CASES: readonly BrokenCase[] = [
  ["nobody has waited", "background-step", behind(`id: a, ${READS}`), /wait: \[bg\]/],
  [
    "a wait that may be skipped",
    "background-step",
    behind('id: join, wait: [bg], if: "${{ inputs.on }}"', `id: a, ${READS}`),
  ],
  [
    "a wait that may fail",
    "background-step",
    behind("id: join, wait: [bg], timeout: 1s, continueOnError: true", `id: a, ${READS}`),
  ],
  [
    "a wait that needs something",
    "background-step",
    behind(`id: off, ${WAIT}`, "id: join, wait: [bg], needs: [off]", `id: a, ${READS}`),
  ],
  ["a wait's own condition", "background-step", behind('id: a, wait: [bg], if: "${{ has(steps.»bg) }}"')],
  ["what a cancelled step needs", "background-step", behind("id: stop, cancel: [two]", `id: a, ${READS}`)],
  [
    "a step in the background that waits by itself",
    "background-step",
    behind(`id: b, background: true, needs: [bg], ${WAIT}`, `id: a, ${READS}`),
  ],
];
