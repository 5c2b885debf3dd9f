import t from "tap";
import { assertWhole, readAdmitted, type AdmittedPod } from "../../../lib/access/pod/admitted.js";
import { buildDebugPod } from "../../../lib/access/pod/spec.js";
import { judgePod } from "../../../lib/access/pod/start-failure.js";
import type { DebugPodAccessConfig } from "../../../lib/model/access.js";

/** What admission made of a debug pod; on a real API server it is in test/cluster/webhook.test.ts. */

const podOf = (config: Partial<DebugPodAccessConfig> = {}) =>
  buildDebugPod(
    {
      ...{
        node: "a",
        namespace: "ops",
        now: 0,
        config: { via: "debugPod", kube: {}, image: "i:1", ...config },
      },
      lease: { runId: "r", owner: "o@h", durationMs: 1_000 },
    },
    null,
  );
const asked = podOf();
type Spec = NonNullable<AdmittedPod["spec"]>;
const spec = asked.spec as Spec;
const [own] = spec.containers ?? [];

t.test("as it was asked for, with defaults and other containers put to it", (t) => {
  const proxy = { name: "a-proxy", image: "proxy:1" };
  for (const containers of [[own], [proxy, own], [own, proxy]]) {
    const admitted = readAdmitted(asked, { spec: { ...spec, containers } as Spec });
    t.strictSame(admitted, { image: "i:1", taken: [] });
    assertWhole(admitted, { node: "a" });
  }
  t.end();
});

t.test("what was changed and what was taken", (t) => {
  const become = (container: object, more: object = {}) =>
    readAdmitted(asked, { spec: { ...spec, ...more, containers: [{ ...own, ...container }] } });
  t.equal(become({ image: "mirror/i:1" }).image, "mirror/i:1");
  const { securityContext } = own ?? {};
  const add = securityContext?.capabilities?.add?.filter((name) => name !== "NET_RAW");
  t.strictSame(become({ securityContext: { ...securityContext, capabilities: { add } } }).taken, [
    "the capability NET_RAW",
  ]);
  t.strictSame(
    become({ securityContext: { runAsUser: 0, privileged: true } }).taken,
    [],
    "more than was asked for",
  );
  t.match(become({ securityContext: { runAsUser: 1000 } }).taken.slice(0, 2), [
    "the user root",
    "the capability SYS_ADMIN",
  ]);
  t.strictSame(become({}, { hostPID: undefined, hostNetwork: false }).taken, ["hostPID", "hostNetwork"]);
  t.strictSame(readAdmitted(asked, {}).taken, ["the container hopbook"]);
  const privileged = podOf({ privileged: true });
  t.strictSame(readAdmitted(privileged, { spec: { ...spec, containers: [own] } as Spec }).taken, [
    "privileged",
  ]);
  t.throws(() => assertWhole(become({}, { hostPID: false }), { node: "a" }), {
    code: "KUBE_REFUSED",
    message: "Cannot use a debug pod on a: the cluster's admission took hostPID from it",
  });
  t.end();
});

t.test("the state of one container among others", (t) => {
  const pull = { waiting: { reason: "ErrImagePull", message: "no such host" } };
  const judge = (containerStatuses: object[], more: object = {}) =>
    judgePod({ status: { phase: "Pending", startTime: "x", containerStatuses, ...more } }, "hopbook");
  const running = { name: "hopbook", state: { running: {} } };
  t.match(judge([{ name: "a-proxy", state: pull }, running]), { is: "running" });
  t.match(judge([{ name: "a-proxy", state: { running: {} } }]), { is: "waiting" });
  t.match(
    judge([
      { name: "a-proxy", state: { running: {} } },
      { name: "hopbook", state: pull },
    ]),
    {
      ...{ is: "failed", why: "ErrImagePull: no such host" },
    },
  );
  t.match(judge([], { initContainerStatuses: [{ name: "setup", state: pull }] }), {
    ...{ is: "failed", why: "the init container setup: ErrImagePull: no such host" },
  });
  t.end();
});
