import t from "tap";
import { readPolicyFacts } from "../../../lib/cluster/facts/policies.js";
import { trimKubeObject } from "../../../lib/cluster/facts/trim.js";
import { HopbookError } from "../../../lib/errors.js";
import type { KubeReader, KubeRequest } from "../../../lib/model/kube.js";

const POLICY = { metadata: { namespace: "shop", name: "deny" }, spec: { podSelector: {} } };
const POD = {
  metadata: { namespace: "shop", name: "web", labels: { app: "web" } },
  spec: {
    containers: [
      {
        env: [{ name: "SECRET", value: "x" }],
        ports: [{ name: "http", containerPort: 8080 }, { containerPort: 9 }],
      },
      { ports: [{ name: "dns", containerPort: 53, protocol: "UDP" }] },
    ],
  },
};

/** An API that answers as the real one does, trimmed as the client trims; what is in `refused` it does not let be read. */
function api(refused: readonly string[], signal?: AbortSignal): { kube: KubeReader; signal?: AbortSignal } {
  const answer = (request: Partial<KubeRequest>, value: unknown): Promise<unknown> => {
    if (refused.includes(request.resource ?? ""))
      return Promise.reject(new HopbookError("KUBE_FORBIDDEN", "no"));
    return Promise.resolve(trimKubeObject(value, { keep: request.keep }));
  };
  const kube = {
    list: async (request: Partial<KubeRequest>) => [await answer(request, POLICY)],
    request: (request: Partial<KubeRequest>) =>
      answer(
        request,
        request.resource === "pods" ? POD : { metadata: { name: "shop", labels: { env: "prod" } } },
      ),
  } as unknown as KubeReader;
  return { kube, ...(signal === undefined ? {} : { signal }) };
}

t.test("policies, labels and named ports; no container's environment is kept", async (t) => {
  t.strictSame(await readPolicyFacts(["shop/web", "shop/web"], api([])), {
    policies: [POLICY],
    namespaces: { shop: { env: "prod" } },
    pods: [
      {
        ...{ namespace: "shop", name: "web", labels: { app: "web" }, hostNetwork: false },
        ports: [
          { name: "http", port: 8080, protocol: "TCP" },
          { name: "dns", port: 53, protocol: "UDP" },
        ],
      },
    ],
    unread: [],
  });
});

t.test("what may not be read is left open; an interruption is none", async (t) => {
  t.strictSame(await readPolicyFacts(["shop/web"], api(["networkpolicies", "pods", "namespaces"])), {
    ...{ policies: [], namespaces: { shop: null }, pods: [], unread: ["shop"] },
  });
  await t.rejects(readPolicyFacts(["shop/web"], api(["pods"], AbortSignal.abort())), {
    code: "KUBE_FORBIDDEN",
  });
});
