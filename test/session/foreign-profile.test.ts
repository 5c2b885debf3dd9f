import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { NOTHING_DONE } from "../fixtures/left-run.js";
import type { PermissionQuestion } from "../../lib/authority/authority.js";
import { authoriseBy } from "../authority/authorise-by.js";
import { openProfile } from "../../lib/session/cluster-profile.js";
import { prepareDetached } from "../../lib/detached/collect.js";
import { loadGrant } from "../../lib/authority/load-grant.js";
import { RUNBOOK_DIR } from "../../lib/catalogue/places.js";
import { loadProfile } from "../../lib/cluster/index.js";

const profileOf = (rest: object): string =>
  JSON.stringify({
    ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "x" }, ...rest },
  });

/** A kubeconfig whose credentials are what a program says, which leaves a trace. */
function kubeconfigOf(trace: string): string {
  const exec = {
    ...{ apiVersion: "client.authentication.k8s.io/v1", command: "touch", args: [trace] },
    interactiveMode: "Never",
  };
  return JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1", "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { exec } }],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
  });
}

t.test("programs of a profile that nobody named are not run", async (t) => {
  const table: readonly (readonly [object, RegExp])[] = [
    [{ kube: { kubeconfig: "./evil" } }, /Cannot use the kubeconfig .*evil: .* was not named/],
    [{ kube: {}, access: { via: "kubectlDebug", kubectl: "./evil" } }, /Cannot use \.\/evil as kubectl/],
    [
      { kube: {}, nodes: [{ name: "a", access: { via: "ocDebug", oc: "/evil" } }] },
      /Cannot use \/evil as oc/,
    ],
    [{ kube: {}, access: { via: "auto", oc: "evil" } }, /Cannot use evil as oc/],
  ];
  for (const [rest, message] of table) {
    const cwd = t.testdir({ "hopbook.yaml": profileOf(rest) });
    await t.rejects(openProfile({ cwd }), { code: "PERMISSION_DENIED", message });
    t.ok(await openProfile({ cwd, cluster: "hopbook.yaml" }), "named, it is the operator's word");
  }
});

t.test("a folder to collect is no more believed than the profile that it names", async (t) => {
  const about = { run: "0123456789ab", runbook: "x", target: "x", cluster: "x", owner: "x@y" };
  const file = {
    ...{ apiVersion: "hopbook.dev/v1", kind: "DetachedRun", about, durationMs: null, keepMs: 1, nodes: [] },
    ...{ startedAt: "2026-01-01T00:00:00Z", until: "2026-01-01T00:00:00Z", expires: "2026-01-01T00:00:00Z" },
    ...{ folder: "x", snapshot: NOTHING_DONE, named: { cluster: "./hostile.yaml" } },
  };
  const cwd = t.testdir({
    "hostile.yaml": profileOf({ kube: { kubeconfig: "./evil" } }),
    runs: {
      x: {
        "detached.json": JSON.stringify(file),
        "inputs.json": "{}",
        "runbook.yaml": readFileSync(join(RUNBOOK_DIR, "trace-path.yaml"), "utf8"),
      },
    },
  });
  const trace = join(cwd, "trace");
  writeFileSync(join(cwd, "evil"), kubeconfigOf(trace));
  const options = {
    ...{ run: "0123", cwd, out: join(cwd, "runs"), grants: { yes: true } },
    ...{ signal: new AbortController().signal, onEvent: () => undefined },
  };
  const previous = process.cwd();
  process.chdir(cwd);
  t.teardown(() => process.chdir(previous));
  await t.rejects(prepareDetached(options), { code: "CLUSTER_NOT_FOUND" }, "nor is that profile read");
  t.notOk(existsSync(trace));
  await t.rejects(prepareDetached({ ...options, cluster: "./hostile.yaml" }), { code: /^KUBE_/ });
  t.ok(existsSync(trace), "the plugin would have been run");
});

t.test("the image of a profile that nobody named is told of", async (t) => {
  const kube = { kube: {}, nodes: [{ name: "a", access: { via: "debugPod" } }] };
  const dir = t.testdir({ "hopbook.yaml": profileOf({ ...kube, images: { tools: "evil.example/t:1" } }) });
  const profile = await loadProfile(join(dir, "hopbook.yaml"));
  const origin = { runbook: "x", sourceFiles: [], overlayFiles: [], parts: [] };
  const places = { flags: {}, profile, cwd: dir, ...origin };
  const { notes, strange } = await loadGrant({ ...places, isClusterNamed: false });
  t.match(notes, [/was not named, and enters nodes with the image evil\.example\/t:1/]);
  t.strictSame(strange, notes);
  const mine = { ...profile, operatorImage: "evil.example/t:1" };
  t.strictSame((await loadGrant({ ...places, profile: mine, isClusterNamed: false })).notes, []);
  t.strictSame((await loadGrant({ ...places, isClusterNamed: true })).notes, []);
});

t.test("--yes does not cover what a profile that nobody named has run", async (t) => {
  const access = { via: "ssh", sshConfig: "./ssh_config" };
  const table = [
    { nodes: [{ name: "a", access }] },
    { nodes: [{ name: "a", access: { via: "local" } }] },
    { nodes: ["a", "b", "c", "d", "e"].map((name) => ({ name, access: { via: "local", pid: 1 } })) },
    { images: { tools: "evil.example/t:1" }, nodes: [{ name: "a", access: { via: "toolbox" } }] },
  ];
  for (const rest of table) {
    const dir = t.testdir({ "hopbook.yaml": profileOf(rest) });
    const profile = await loadProfile(join(dir, "hopbook.yaml"));
    const metadata = { name: "x", title: "x", description: undefined, labels: {} };
    const runbook = { metadata, permissions: { node: { via: ["ssh", "toolbox", "local"] } } } as const;
    const asked: string[] = [];
    const confirm = (question: PermissionQuestion): Promise<boolean> => {
      asked.push(...question.notes);
      return Promise.resolve(true);
    };
    const options = { runbook, profile, cwd: dir, isClusterNamed: false, confirm };
    for (const [grants, confirmBy] of [
      [{ yes: true }, confirm],
      [{ allowAll: true }, confirm],
      [{}, undefined],
    ] as const) {
      await t.rejects(authoriseBy({ ...options, grants, confirm: confirmBy }), {
        code: "PERMISSION_DENIED",
        message: /hopbook\.yaml was not named/,
        hint: /--cluster \S*hopbook\.yaml/,
        detail: /programs on this machine|gets all rights there|via: local\): a$|a, b, c, d, 1 more$/,
      });
    }
    const named = { ...options, grants: { yes: true }, isClusterNamed: true };
    t.ok(await authoriseBy(named), "named, it is the operator's word");
    t.strictSame(asked, []);
    t.ok(await authoriseBy({ ...options, grants: {} }), "an answer covers it");
    t.match(asked, [/was not named/]);
  }
});
