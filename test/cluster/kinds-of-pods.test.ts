import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { runRunbook } from "../../lib/run/run.js";
import { gatherFacts, locateEnds, readKubeNode } from "../../lib/cluster/index.js";
import { openKube } from "../../lib/kube/index.js";
import { mostMs } from "../fixtures/patience.js";
import { until } from "./run.js";
import { useCluster, whyNoCluster } from "./use.js";

/** Pods and Services of all kinds as ends: found, with what there is to say of them, or refused with the reason. */

const skip = whyNoCluster() ?? false;
const isLong = process.env["HOPBOOK_TEST_LONG"] === "1";
const NAMESPACE = "hopbook-kinds";
const OTHER = `${NAMESPACE}-two`;
const [NODE_PORT, HOST_PORT] = [30_099, 8099];
const CORE = { group: "", version: "v1" } as const;

type Spec = Readonly<Record<string, unknown>>;

t.test("kinds of pods and Services", { skip, timeout: mostMs(240_000) }, async (t) => {
  const cluster = await useCluster((text) => t.comment(text));
  t.teardown(cluster.release);
  const [near, far] = cluster.nodes;
  const kubeconfig = cluster.own?.files.kubeconfig ?? process.env["HOPBOOK_TEST_KUBECONFIG"] ?? "";
  const image = cluster.own === null ? "busybox:1.36" : "registry.test/tools:1";
  const busybox = cluster.own === null ? "busybox:1.36" : "registry.test/busybox:1";
  const kube = openKube({ kubeconfig: [kubeconfig], namespace: NAMESPACE });
  const create = (resource: string, body: object, namespace?: string): Promise<unknown> =>
    kube.request({
      ...CORE,
      verb: "create",
      resource,
      body,
      ...(namespace === undefined ? {} : { namespace }),
    });
  const remove = (name: string): Promise<unknown> =>
    kube.request({ ...CORE, verb: "delete", resource: "namespaces", name }).catch(() => undefined);
  t.teardown(async () => {
    await kube
      .request({
        ...CORE,
        verb: "delete",
        resource: "pods",
        namespace: NAMESPACE,
        name: "ending",
        query: { gracePeriodSeconds: "0" },
      })
      .catch(() => undefined);
    await Promise.all([NAMESPACE, OTHER].map(remove));
  });
  for (const name of [NAMESPACE, OTHER]) {
    await create("namespaces", { metadata: { name } });
    await until(`${name} has its ServiceAccount`, 20_000, () =>
      kube
        .request({ ...CORE, verb: "get", resource: "serviceaccounts", namespace: name, name: "default" })
        .then(
          () => true as const,
          () => null,
        ),
    );
  }
  const serve = (port: number): string[] => ["httpd", "-f", "-p", String(port)];
  const pod = (name: string, node: string, command: readonly string[], more: Spec = {}): Promise<unknown> =>
    create(
      "pods",
      {
        metadata: { name, labels: { app: name, ...(name.endsWith("-web") ? { kind: "web" } : {}) } },
        spec: {
          ...{ nodeSelector: { "kubernetes.io/hostname": node }, terminationGracePeriodSeconds: 0 },
          containers: [
            { name: "c", image: busybox, command, ports: [{ name: "http", containerPort: 8080 }] },
          ],
          ...more,
        },
      },
      NAMESPACE,
    );
  const service = (name: string, spec: Spec): Promise<unknown> =>
    create("services", { metadata: { name }, spec }, NAMESPACE);
  const sleep = ["sleep", "1000000"];
  const web = { selector: { kind: "web" } };
  const http = { name: "http", port: 80, targetPort: "http" };
  await Promise.all([
    pod("client", near, sleep),
    pod("near-web", near, serve(8080)),
    pod("far-web", far, serve(8080), {
      containers: [
        {
          ...{ name: "c", image: busybox, command: serve(8080) },
          ports: [{ name: "http", containerPort: 8080, hostPort: HOST_PORT }],
        },
      ],
    }),
    pod("on-host", near, sleep, {
      hostNetwork: true,
      containers: [{ name: "c", image: busybox, command: sleep }],
    }),
    // Between two restarts it would be ready for a moment.
    pod("crash", far, ["false"], {
      containers: [
        { name: "c", image: busybox, command: ["false"], readinessProbe: { exec: { command: ["false"] } } },
      ],
    }),
    pod("done", far, ["true"], { restartPolicy: "Never" }),
    pod("stuck", "no-such-node", sleep),
    pod("ending", far, ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], {
      terminationGracePeriodSeconds: 600,
    }),
    pod("init", far, sleep, { initContainers: [{ name: "i", image: busybox, command: sleep }] }),
    create(
      "pods",
      { metadata: { name: "client" }, spec: { containers: [{ name: "c", image: busybox, command: sleep }] } },
      OTHER,
    ),
    service("headless", { ...web, clusterIP: "None", ports: [http] }),
    service("both", { ...web, ports: [http] }),
    service("one", { selector: { app: "far-web" }, ports: [http, { ...http, name: "alt", port: 81 }] }),
    service("door", {
      ...{ selector: { app: "far-web" }, type: "NodePort" },
      ports: [{ ...http, nodePort: NODE_PORT }],
    }),
    service("sticky", { ...web, sessionAffinity: "ClientIP", ports: [http] }),
    service("empty", { selector: { app: "nobody" }, ports: [http] }),
    service("outside", { type: "ExternalName", externalName: "example.com" }),
  ]);
  const phaseOf = async (name: string): Promise<Spec> =>
    kube
      .request<{ status: Spec }>({ ...CORE, verb: "get", resource: "pods", namespace: NAMESPACE, name })
      .then((p) => p.status);
  await until("the pods are as they are to be", 60_000, async () => {
    const names = ["client", "near-web", "far-web", "on-host", "ending"];
    const running = await Promise.all(names.map(phaseOf));
    const init = await phaseOf("init");
    const isReady = (status: Spec): boolean =>
      ((status["conditions"] ?? []) as { type: string; status: string }[]).some(
        (c) => c.type === "Ready" && c.status === "True",
      );
    const isStarted =
      (init["initContainerStatuses"] as { started?: boolean }[] | undefined)?.[0]?.started === true;
    return (
      (running.every(isReady) &&
        isStarted &&
        (await phaseOf("done"))["phase"] === "Succeeded" &&
        (await phaseOf("crash"))["phase"] === "Running") ||
      null
    );
  });
  await kube.request({ ...CORE, verb: "delete", resource: "pods", namespace: NAMESPACE, name: "ending" });

  // What the API says of the nodes, none of which has to be entered for that.
  const nodes = (await kube.list({ ...CORE, resource: "nodes" })).flatMap((node) => readKubeNode(node) ?? []);
  const profile = {
    kube: kube.ref,
    nodes: nodes.map((node) => ({ ...node, access: { via: "local" } })),
  } as never;
  const facts = await gatherFacts(profile, new Map(), { kube });
  const find = async (from: string, to: string): Promise<{ nodes: (string | null)[]; notes: string[] }> => {
    const notes: string[] = [];
    const located = await locateEnds({ from, to: [to] }, facts, { note: (text) => notes.push(text) });
    return { nodes: located.map(({ node }) => node), notes };
  };

  t.test("found, with what there is to say", async (t) => {
    const found: [string, string, (string | null)[], RegExp | null][] = [
      ["client", "svc/one:http", [near, far], null],
      ["client", "svc/headless:http", [near, far], /of 2 backends the first is followed/],
      ["client", "svc/both:80", [near, far], /of 2 backends the first is followed/],
      ["client", "on-host", [near, near], null],
      ["client", "crash:8080", [near, far], /crash is not ready: /],
      ["client", "ending", [near, far], /ending is being deleted: it may end at any moment/],
      ["client", "init", [near, far], /init is not ready: /],
      ["kind=web", "client", [far, near], /of 2 pods hopbook-kinds\/far-web/],
      ["client", "kube-system/svc/kube-dns:53", [near, null], null],
    ];
    for (const [from, to, where, note] of found) {
      const { nodes: at, notes } = await find(from, to);
      if (to.includes("dns")) t.ok(at[1], to);
      else t.strictSame(at, where, `${from} → ${to}`);
      if (note === null) t.strictSame(notes, [], to);
      else t.match(notes.join("\n"), note, to);
    }
  });

  t.test("refused with the reason", async (t) => {
    const refused: [string, string, RegExp, RegExp][] = [
      ["svc/empty:80", "TARGET_NOT_FOUND", /no ready endpoint/, /selector/],
      ["svc/outside:80", "TARGET_NOT_FOUND", /stands for "example\.com"/, /address/],
      ["svc/one", "TARGET_AMBIGUOUS", /has several/, /write the port/],
      ["svc/one:none", "TARGET_NOT_FOUND", /no such port/, /one of its ports/],
      ["done", "TARGET_NOT_FOUND", /it is Succeeded/, /describe pod done/],
      ["stuck", "TARGET_NOT_FOUND", /Pending: Unschedulable/, /describe pod stuck/],
      ["clinet", "TARGET_NOT_FOUND", /none of the \d+ pods/, /did you mean hopbook-kinds\/client/],
      ["nowhere/client", "TARGET_NOT_FOUND", /no namespace nowhere/, /kubectl get pods -A/],
    ];
    for (const [to, code, message, hint] of refused)
      await t.rejects(find("client", to), { code, message, hint }, to);
  });

  t.test("a name that is in other namespaces, and not in the context's", async (t) => {
    const elsewhere = openKube({ kubeconfig: [kubeconfig], namespace: "default" });
    const looked = await gatherFacts(profile, new Map(), { kube: elsewhere });
    await t.rejects(locateEnds({ from: "client", to: ["shop/web"] }, looked), {
      ...{ code: "TARGET_NOT_FOUND", hint: "did you mean hopbook-kinds-two/client?" },
      detail: /near: hopbook-kinds-two\/client, hopbook-kinds\/client, shop\/client/,
    });
  });

  t.test("by a NodePort, a host port, a headless Service's name, and with session affinity", async (t) => {
    const dir = mkdtempSync(join(tmpdir(), "hopbook-kinds-"));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const [nearIp, farIp] = [near, far].map(
      (name) => nodes.find((node) => node.name === name)?.address ?? "",
    );
    const to = [`${nearIp}:${NODE_PORT}`, `${farIp}:${HOST_PORT}`, "svc/headless:http", "svc/sticky:80"];
    const said: string[] = [];
    const report = await runRunbook({
      ...{ runbook: "trace-path", inputs: { from: "client", to, count: "2" } },
      ...{ kube: { kubeconfig, image, namespace: NAMESPACE }, cwd: dir, out: join(dir, "out") },
      ...{ grants: { yes: true }, signal: AbortSignal.timeout(mostMs(100_000)) },
      onEvent: (event) => said.push(JSON.stringify(event)),
    });
    t.strictSame(
      report.findings.flows.map(({ verdict, to: end }) => [verdict.status, end.pod, end.service?.door]),
      [
        ["delivered", `${NAMESPACE}/far-web`, "nodePort"],
        ["delivered", `${NAMESPACE}/far-web`, "hostPort"],
        ["delivered", `${NAMESPACE}/far-web`, undefined],
        ["delivered", `${NAMESPACE}/far-web`, undefined],
      ],
    );
    const nodesOf = report.findings.flows.map(({ hops }) => [...new Set(hops.map(({ node }) => node))]);
    t.strictSame(nodesOf, [
      [near, far],
      [near, far],
      [near, far],
      [near, far],
    ]);
    t.match(said.join("\n"), /is a host port, translated on/);
    t.match(said.join("\n"), /session affinity/i);
  });

  t.test("a node's own packets to a ClusterIP, and others in the long suite", async (t) => {
    const dir = mkdtempSync(join(tmpdir(), "hopbook-kinds-"));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const flows: [string, string, string, string][] = [
      ["on-host", "svc/one:80", "delivered", "tunnel"],
      ...(isLong
        ? ([
            ["client", "svc/headless:http", "delivered", "pod"],
            ["client", "near-web:8080", "delivered", "pod"],
            ["client", "on-host", "delivered", "pod"],
            ["client", "crash:8080", "rejected", "pod"],
            ["client", "kube-system/svc/kube-dns:53", "delivered", "pod"],
          ] as [string, string, string, string][])
        : []),
    ];
    for (const [from, to, status, role] of flows) {
      const report = await runRunbook({
        ...{ runbook: "trace-path", inputs: { from, to: [to], count: "2" } },
        ...{ kube: { kubeconfig, image, namespace: NAMESPACE }, cwd: dir, out: join(dir, "out") },
        ...{ grants: { yes: true }, signal: AbortSignal.timeout(mostMs(100_000)), onEvent: () => undefined },
      });
      const [flow] = report.findings.flows;
      t.equal(flow?.verdict.status, status, `${from} → ${to}`);
      t.equal(flow?.hops[0]?.role, role);
    }
  });
});
