import t from "tap";
import { foresee } from "../../lib/authority/foresee.js";
import { refuseImpossible } from "../../lib/authority/impossible.js";
import { declared, effective, parseGrant, type GrantFlags } from "../../lib/permissions/index.js";
import { parseRunbook, type Runbook } from "../../lib/runbook/index.js";

const RUNBOOK = parseRunbook(
  `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
inputs:
  device: {type: string, default: eth0}
  token: {type: string, default: hunter2, secret: true}
  really: {type: boolean, default: true}
permissions:
  node: {}
  exec: [node/read]
  mutate: ["ip link set * up"]
steps:
  - {id: look, on: node/a, run: [ip, -j, link]}
  - {id: up, on: node/a, if: "\${{ inputs.really }}", run: [ip, link, set, "\${{ inputs.device }}", up]}
  - {id: late, on: node/a, run: [ip, link, set, "\${{ steps.look.outputs.stdout }}", up]}
  - {id: given, script: ./a.ts, env: {TOKEN: "\${{ inputs.token }}"}}
  - {id: asked, uses: time/wait, if: "\${{ inputs.token != 'x' }}", with: {duration: 1s}}
  - {id: pause, uses: time/wait, if: "\${{ steps.look.outputs.exitCode == 0 }}", with: {duration: 5s}}
`,
  "/books/sample.yaml",
);

t.test("what is known of the steps before any node is touched", async (t) => {
  const steps = foresee(RUNBOOK, { device: "eth7", token: "hunter2", really: false });
  t.match(steps, [
    { id: "look", argv: ["ip", "-j", "link"], wanted: "yes" },
    { id: "up", argv: ["ip", "link", "set", "eth7", "up"], wanted: "no", switchedBy: "really" },
    { id: "late", argv: null, wanted: "yes" },
    { id: "given", argv: null, values: { file: "/books/a.ts" } },
    { id: "asked", wanted: "maybe" },
    { id: "pause", wanted: "maybe", values: { duration: "5s" }, switchedBy: null },
  ]);
  t.notMatch(JSON.stringify(steps), /hunter2/);
});

t.test("a command of a matrix is refused now where it would be on any node and in any pod", async (t) => {
  const book = (words: string): Runbook =>
    parseRunbook(
      `apiVersion: hopbook.dev/v1
kind: Runbook
metadata: {name: sample, title: Sample}
permissions: {node: {}, exec: [netns/read]}
steps:
  - {id: each, strategy: {matrix: {pod: [a/b]}}, on: "\${{ matrix.pod }}", run: [${words}]}
`,
      "/books/sample.yaml",
    );
  const check = (words: string): void => {
    const runbook = book(words);
    const policy = effective(declared(runbook.permissions), parseGrant({ yes: true }));
    refuseImpossible(foresee(runbook, {}), { policy, name: "sample" });
  };
  t.doesNotThrow(() => check("ip, link, show"), "in a pod it may run");
  t.doesNotThrow(() => check('ip, link, show, "${{ matrix.pod }}"'), "its words are not known");
  t.throws(() => check("sh, -c, ls"), { code: "PERMISSION_DENIED", detail: /declare permissions\.shell/ });
  t.throws(() => check("ip, link, set, eth0, up"), {
    code: "PERMISSION_DENIED",
    detail: /permissions\.mutate/,
  });
});

t.test("a command that is sure to be refused is refused now", async (t) => {
  const check = (flags: GrantFlags, inputs: object = {}): void =>
    refuseImpossible(foresee(RUNBOOK, { device: "eth0", token: "x", really: true, ...inputs }), {
      policy: effective(declared(RUNBOOK.permissions), parseGrant(flags)),
      name: "sample",
    });
  t.doesNotThrow(() => check({ yes: true }));
  const refused = { code: "PERMISSION_DENIED", message: /Cannot run sample: a step would be refused/ };
  t.throws(() => check({ yes: true, denyMutate: "ip link **" }), {
    ...refused,
    detail: /up \(command\/run\): it is denied by --deny-mutate=ip link \*\*/,
    hint: /Leave out --deny-mutate=ip link \*\*, or leave the step up out by its input really/,
  });
  t.throws(() => check({ yes: true }, { device: "--batch" }), refused, "an input that would be an option");
  t.throws(() => check({ allowExec: true, allowMutate: "ip link set eth1 up" }), {
    ...refused,
    hint: /Add '--allow-mutate=ip link set \* up'/,
  });
  t.doesNotThrow(() => check({ allowExec: true, allowMutate: "ip link set eth1 up" }, { device: "eth1" }));
  t.doesNotThrow(() => check({ yes: true, denyMutate: true }, { really: false }), "a step that is left out");
  t.throws(
    () =>
      refuseImpossible(
        foresee({ ...RUNBOOK, permissions: {} }, { device: "eth0", token: "x", really: true }),
        {
          policy: effective(declared({}), parseGrant({ yes: true })),
          name: "sample",
        },
      ),
    { code: "PERMISSION_DENIED", hint: /^Declare it under permissions in the runbook/ },
  );
  t.throws(() => check({ yes: true, denyExec: "node/read" }), { ...refused, detail: /look/ });
});
