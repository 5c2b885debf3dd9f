import t from "tap";
import { Ajv2020 } from "ajv/dist/2020.js";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runDoctor } from "../../lib/doctor/run-doctor.js";
import { coreApi } from "./kube.js";
import { useCluster, whyNoCluster } from "./use.js";

const why = whyNoCluster();
if (why !== null) {
  t.comment(why);
  process.exit(0);
}
const cluster = await useCluster((text) => t.comment(text));
const dir = mkdtempSync(join(tmpdir(), "hopbook-doctor-"));
t.teardown(async () => {
  rmSync(dir, { recursive: true, force: true });
  await cluster.release();
});
const kubeconfig = process.env["HOPBOOK_TEST_KUBECONFIG"] ?? cluster.own?.files.kubeconfig ?? "";
const profile = { apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "test" } };
const file = join(dir, "hopbook.yaml");
const profileOf = (access?: object): string =>
  JSON.stringify({
    ...{ ...profile, kube: { kubeconfig }, ...(access === undefined ? {} : { access }) },
    images: { tools: "registry.test/tools:1", pullSecrets: ["hopbook-none"] },
  });
writeFileSync(file, profileOf());
const schema = JSON.parse(
  readFileSync(new URL("../../schemas/doctor.json", import.meta.url), "utf8"),
) as object;
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
const [near, far] = cluster.nodes;

const doctor = async (
  ends: { from: string; to: string },
  yes: boolean,
  { cluster = file, ...more }: { readonly denyKube?: true; readonly cluster?: string } = {},
): ReturnType<typeof runDoctor> => {
  const shared = { cwd: dir, confirm: undefined, signal: new AbortController().signal };
  const { exitCode, ...report } = await runDoctor({
    ...shared,
    ...ends,
    cluster,
    grants: { ...(yes ? { yes } : {}), ...more },
  });
  t.ok(validate(report), JSON.stringify(validate.errors));
  t.comment(`${yes ? "entered" : "API alone"}: ${report.durationMs} ms`);
  return { ...report, exitCode };
};

t.test("with leave to enter: the API's part and the nodes'", async (t) => {
  const { rows, exitCode, choices, notLookedAt } = await doctor(
    { from: "shop/client", to: "shop/svc/web:80" },
    true,
  );
  t.equal(exitCode, 0, JSON.stringify(rows.filter(({ status }) => status === "blocks")));
  t.match(choices, [{ via: "debugPod" }, { via: "debugPod" }]);
  t.strictSame(notLookedAt, []);
  const has = (check: string, target: string | null, found: RegExp): void => {
    const row = rows.find((each) => each.check === check && each.target === target);
    t.match(row?.found, found, `${check} of ${String(target)}`);
  };
  has("api", null, /^v1\.\d+/);
  has("pod", "shop/client", new RegExp(`on ${near}: pid \\d+, net:`));
  has("pod", "shop/web", new RegExp(`on ${far}: pid \\d+, net:`));
  has("tcpdump", near, /4\.99/);
  if (cluster.own !== null) {
    has("image", near, /registry\.test\/tools:1 is there/);
    has("image", far, /registry\.test\/tools:1 is there/);
    has("image", "default", /there is no pull secret hopbook-none/);
    has("runtime", near, /crictl answers/);
    has("runtime", far, /no crictl/);
    has("cni", null, /flannel/);
  }
});

t.test("without: what was not looked at is said, with the flags", async (t) => {
  const { rows, notLookedAt } = await doctor({ from: "shop/client", to: "shop/web:8080" }, false);
  t.match(notLookedAt, [{ what: `${near}, ${far}`, reason: /--yes/ }]);
  t.notOk(rows.some(({ check }) => check === "login"));
});

t.test("--deny-kube: nothing is read, and that is said", async (t) => {
  const ends = { from: "shop/client", to: "shop/web:8080" };
  const { rows, exitCode, rights } = await doctor(ends, false, { denyKube: true });
  t.equal(exitCode, 5);
  t.match(
    rows.find(({ check }) => check === "ends"),
    { status: "blocks", found: /denied by --deny-kube/ },
  );
  t.notOk(rights.some(({ allowed }) => allowed !== null));
});

t.test("an end that is not there blocks", async (t) => {
  const { rows, exitCode } = await doctor({ from: "shop/none", to: "shop/web:8080" }, false);
  t.equal(exitCode, 5);
  t.match(
    rows.find(({ status }) => status === "blocks"),
    { check: "ends", todo: /./ },
  );
});

t.test("a way in that the profile settles on is held against rights and admission as well", async (t) => {
  const namespace = "hopbook-doctor";
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  const api = coreApi(cluster.config);
  await api.createNamespace({ body: { metadata: { name: namespace, labels } } });
  t.teardown(() => api.deleteNamespace({ name: namespace }));
  const settled = join(dir, "settled.yaml");
  writeFileSync(settled, profileOf({ via: "debugPod", namespace }));
  const { rows } = await doctor({ from: "shop/client", to: "shop/web:8080" }, false, { cluster: settled });
  const of = (check: string): unknown => rows.find((row) => row.check === check && row.target === namespace);
  t.match(of("rights"), { status: "ok", found: /create pods/ });
  t.match(of("pod-security"), { found: "enforces restricted" });
  t.match(of("admission"), {
    status: "warn",
    found: /refuses a debug pod: .*PodSecurity/,
    todo: /access\.namespace/,
  });
});
