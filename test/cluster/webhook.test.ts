import t, { type Test } from "tap";
import { openAccess } from "../../lib/access/registry.js";
import { openKube } from "../../lib/kube/index.js";
import type { NodeAccess } from "../../lib/model/access.js";
import { mostMs } from "../fixtures/patience.js";
import { coreApi, waitForServiceAccount } from "./kube.js";
import { TOOLS_IMAGE } from "./names.js";
import { until } from "./run.js";
import { useCluster, whyNoCluster } from "./use.js";
import { startWebhook } from "./webhook.js";

/** Clusters whose admission denies our pods, or takes them and makes something else of them. */

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const cluster = await useCluster((text) => t.comment(text));
const { config, own, nodes } = cluster;
if (own === null) {
  t.comment("another's cluster has an API server that cannot reach a webhook here");
  await cluster.release();
  process.exit(0);
}
const api = coreApi(config);
const kube = { kubeconfig: [own.files.kubeconfig] };
const webhook = await startWebhook(openKube(kube), own);
const made: string[] = [];
t.teardown(async () => {
  await webhook.release();
  for (const name of made) await api.deleteNamespace({ name }).catch(() => undefined);
  await cluster.release();
});

/** A namespace of its own, so that nothing waits for a webhook to be known or forgotten. */
async function under(path: string, more?: object): Promise<string> {
  const name = `hopbook-webhook-${path.slice(1)}`;
  await api.createNamespace({ body: { metadata: { name } } });
  made.push(name);
  await waitForServiceAccount(api, name);
  await webhook.apply(name, path, more);
  // The API server takes its time to hear of it.
  await until("the webhook is asked", 10_000, () => isAsked(name, path));
  return name;
}

async function isAsked(namespace: string, path: string): Promise<true | null> {
  const capabilities = { add: ["NET_RAW"] };
  const containers = [{ name: "c", image: "none", securityContext: { capabilities } }];
  const body = { metadata: { name: "try" }, spec: { hostPID: true, containers } };
  const before = JSON.stringify([containers.length, "none", capabilities.add, true, 0]);
  try {
    const { spec } = await api.createNamespacedPod({ namespace, body, dryRun: "All" });
    const [own] = (spec?.containers ?? []).filter(({ name }) => name === "c");
    const after = [
      ...[spec?.containers.length, own?.image, own?.securityContext?.capabilities?.add],
      ...[spec?.hostPID ?? false, spec?.initContainers?.length ?? 0],
    ];
    return path !== "/deny" && JSON.stringify(after) !== before ? true : null;
  } catch {
    return path === "/deny" || path === "/silent" ? true : null;
  }
}

const enter = (namespace: string, via: "debugPod" | "kubectlDebug" = "debugPod"): Promise<NodeAccess> => {
  const shared = { kube, namespace, image: TOOLS_IMAGE };
  const access = via === "debugPod" ? { ...shared, via } : { ...shared, via, kubectl: own.kubectl };
  const lease = { runId: "webhook", owner: "webhook@test", durationMs: 120_000 };
  return openAccess({ name: nodes[0], access }, { openKube, lease, connectTimeoutMs: 30_000 });
};

async function isLeft(namespace: string): Promise<number> {
  return (await api.listNamespacedPod({ namespace })).items.length;
}

async function checkWorks(t: Test, access: NodeAccess): Promise<void> {
  const result = await access.exec(["hostname"], { action: "test", timeoutMs: 10_000 });
  t.match({ ...result, stdout: result.stdout.toString() }, { exitCode: 0, stdout: `${nodes[0]}\n` });
  await access.close();
}

interface Refusal {
  readonly code: string;
  readonly message: RegExp;
  readonly hint?: RegExp;
}

async function refused(t: Test, namespace: string, expected: Refusal): Promise<void> {
  const startedAt = Date.now();
  await t.rejects(enter(namespace), { ...expected });
  const tookMs = Date.now() - startedAt;
  t.ok(tookMs < mostMs(10_000), `${tookMs} ms`);
  t.equal(await isLeft(namespace), 0, "nothing is left");
}

t.test("a webhook that denies: its own words", async (t) => {
  const namespace = await under("/deny");
  await refused(t, namespace, {
    code: "KUBE_REFUSED",
    message:
      /admission webhook "policy\.hopbook\.test" denied the request: no debugging on Fridays: see wiki\/policy/,
    hint: /exemption/,
  });
  await t.rejects(enter(namespace, "kubectlDebug"), {
    code: "KUBE_REFUSED",
    message: /no debugging on Fridays/,
  });
});

t.test("a webhook that does not answer", async (t) => {
  await refused(t, await under("/silent"), {
    code: "KUBE_REFUSED",
    message: /failed calling webhook "policy\.hopbook\.test".*(deadline|timeout)/i,
  });
});

t.test("other containers are put beside ours, before it and after it: ours is used", async (t) => {
  for (const path of ["/first", "/last"]) {
    const namespace = await under(path);
    await checkWorks(t, await enter(namespace));
    if (path === "/first") await checkWorks(t, await enter(namespace, "kubectlDebug"));
    t.equal(await isLeft(namespace), 0);
  }
});

t.test(
  "another container that never starts does not matter; one that has to run before ours does",
  async (t) => {
    await checkWorks(t, await enter(await under("/broken")));
    await refused(t, await under("/init"), {
      code: "POD_NOT_STARTED",
      message: /init container a-proxy: (ErrImagePull|ImagePullBackOff)/,
    });
  },
);

t.test("another image than was asked for: what is said is what runs", async (t) => {
  // That image is not there: its name in the error is the one that was put in.
  await refused(t, await under("/image"), {
    code: "POD_NOT_STARTED",
    message: /docker\.io\/library\/mirror:1/,
  });
});

t.test("what a debug pod needs is taken from it: told at once, by its name", async (t) => {
  await refused(t, await under("/capability"), {
    code: "KUBE_REFUSED",
    message: /admission took the capability SYS_CHROOT, .*the capability NET_RAW/,
  });
  await refused(t, await under("/hostpid"), { code: "KUBE_REFUSED", message: /admission took hostPID/ });
});
