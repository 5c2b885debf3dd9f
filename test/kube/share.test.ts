import { join } from "node:path";
import { writeFileSync } from "node:fs";
import t from "tap";
import { shareKube } from "../../lib/kube/index.js";
import type { KubeApi } from "../../lib/model/kube.js";

/** Over whose connections it speaks. */
const clientOf = (api: KubeApi): unknown => Object.getOwnPropertyDescriptor(api, "request")?.value;

const configOf = (current: string): string =>
  JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": current },
    clusters: [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }],
    users: [{ name: "u", user: { token: "ticket" } }],
    contexts: ["one", "two"].map((name) => ({
      name,
      context: { cluster: "c", user: "u", namespace: `in-${name}` },
    })),
  });

t.test("one client a context, however it is named, and the kubeconfig's as it is now", async (t) => {
  const file = join(t.testdir({ config: configOf("one") }), "config");
  const kubeconfig = [file];
  const openKube = shareKube();
  const refs = [{ kubeconfig }, { kubeconfig, context: "one" }, { kubeconfig, namespace: "other" }];
  t.equal(new Set(refs.map((ref) => clientOf(openKube(ref)))).size, 1);
  t.strictSame(
    refs.map((ref) => openKube(ref).namespace),
    ["in-one", "in-one", "other"],
  );
  t.strictSame(openKube(refs[2] ?? {}).ref, refs[2]);
  t.not(clientOf(openKube({ kubeconfig, context: "two" })), clientOf(openKube({ kubeconfig })));
  const two = openKube({ kubeconfig, context: "two" });
  t.strictSame([two.context, two.namespace], ["two", "in-two"]);
  writeFileSync(file, configOf("two"));
  t.equal(openKube({ kubeconfig }).context, "two", "what is current is another one now");
  t.equal(clientOf(openKube({ kubeconfig })), clientOf(openKube({ kubeconfig, context: "two" })));
  t.not(clientOf(openKube({ kubeconfig })), clientOf(two), "of another kubeconfig");
  t.not(
    clientOf(shareKube()({ kubeconfig })),
    clientOf(openKube({ kubeconfig })),
    "another session's is another",
  );
  t.throws(() => openKube({ kubeconfig, context: "none" }), { code: "CLUSTER_NOT_FOUND" });
  writeFileSync(file, "{");
  t.throws(() => openKube({ kubeconfig }));
});
