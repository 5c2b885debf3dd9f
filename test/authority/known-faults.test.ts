import t from "tap";
import { checkKnownFaults, refuseKnownFaults } from "../../lib/authority/known-faults.js";
import { parseRunbook, type Runbook } from "../../lib/runbook/index.js";

const HEAD = `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
inputs:
  watch: {type: duration, default: 10s}
  size: {type: size, default: 64MiB}
permissions:
  node: {}
  exec: [node/read, netns/tcpdump, capture/pull, netns/probe]
  mutate: ["ip link set * up"]
  traffic: [ping]
  capture: {duration: 10m, bytes: 16MiB}
`;
const book = (steps: string): Runbook => parseRunbook(`${HEAD}steps:\n${steps}`, "/books/sample.yaml");
const start = (more: string): string => `  - {id: c, uses: capture/start, with: {flows: [], ${more}}}\n`;
const MIB16 = 16 * 2 ** 20;

/** What stands in the file alone; which of check, plan and run refuse it is one question. */
const REFUSED: readonly (readonly [string, string, RegExp, RegExp])[] = [
  [
    "tcpdump by itself",
    '  - {id: a, on: node/a, run: [tcpdump, -c, "1"]}\n',
    /captures are made by/,
    /No permission allows it: use capture/,
  ],
  [
    "a program that runs another",
    '  - {id: a, on: node/a, run: [timeout, "10", tcpdump, -c, "1"]}\n',
    /captures are made by|counts as a shell/,
    /No permission allows it|declare permissions.shell/,
  ],
  ["what is not declared", "  - {id: a, on: node/a, run: [ip, link, set, eth0, down]}\n", /./, /Declare it/],
  ["more bytes than are declared", start("maxBytes: 64MiB"), /allows 16.0 MiB, and 64.0 MiB/, /Ask for less/],
  ["more bytes by a kind's default", start(""), /allows 16.0 MiB, and 64.0 MiB/, /Ask for less/],
  [
    "longer than is declared",
    start("maxBytes: 1MiB, maxDuration: 11m"),
    /allows 10 min, and 11 min/,
    /Ask for less/,
  ],
  [
    "whole packets",
    start("maxBytes: 1MiB, payload: true"),
    /allows headers, and whole packets/,
    /Ask for less/,
  ],
];

t.test("what no answer could allow is refused by check and by plan", async (t) => {
  for (const [name, steps, says, hint] of REFUSED) {
    t.throws(
      () => refuseKnownFaults(book(steps), {}),
      { code: "PERMISSION_DENIED", detail: says, hint },
      name,
    );
    t.throws(
      () => checkKnownFaults(book(steps)),
      { code: "DOCUMENT_INVALID", detail: says, problems: [{ rule: "refused-step" }] },
      name,
    );
  }
});

t.test("what hangs on an input is refused once it is known", async (t) => {
  const sized = book(start('maxBytes: "${{ inputs.size }}"'));
  t.doesNotThrow(() => checkKnownFaults(sized));
  t.throws(() => refuseKnownFaults(sized, { size: 64 * 2 ** 20 }), { code: "PERMISSION_DENIED" });
  t.doesNotThrow(() => refuseKnownFaults(sized, { size: MIB16 }));
});

t.test("a wait that outlasts what it waits in", async (t) => {
  const captured = start("maxBytes: 1MiB, maxDuration: 1m");
  const wait = '  - {id: w, uses: time/wait, with: {duration: "${{ inputs.watch }}"}}\n';
  const stop = "  - {id: s, uses: capture/stop, with: {capture: captures}}\n";
  const watched = book(captured + wait);
  t.throws(() => refuseKnownFaults(watched, { watch: 61_000 }), {
    code: "INPUT_INVALID",
    message: /w: it goes on for 1 min 1 s, and the captures of c end after 1 min/,
    hint: /--detach/,
  });
  t.doesNotThrow(() => refuseKnownFaults(watched, { watch: 60_000 }));
  t.doesNotThrow(() => refuseKnownFaults(book(captured + stop + wait), { watch: 600_000 }), "they are over");
  t.throws(
    () => refuseKnownFaults(book(captured + wait + wait.replace("id: w", "id: v")), { watch: 31_000 }),
    { code: "INPUT_INVALID" },
    "two waits",
  );
  const probes = "  - {id: p, uses: traffic/probe, with: {flows: [], count: 100, interval: 1s}}\n";
  t.throws(() => checkKnownFaults(book(captured + probes)), {
    code: "DOCUMENT_INVALID",
    detail: /the captures of c end/,
  });
  const limited = book("  - {id: w, uses: time/wait, timeout: 5s, with: {duration: 6s}}\n");
  t.throws(() => checkKnownFaults(limited), {
    code: "DOCUMENT_INVALID",
    detail: /its own timeout ends it after 5/,
  });
});
