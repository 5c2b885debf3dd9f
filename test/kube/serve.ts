import type { Test } from "tap";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openKube } from "../../lib/kube/index.js";
import type { KubeApi } from "../../lib/model/kube.js";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server that answers as told, until the test's end, and the API at it. */
export function serve(test: Test, answer: Answer): Promise<KubeApi> {
  return serveBy(test, createServer(answer));
}

/** The same of a server that was told more than that. */
export async function serveBy(test: Test, server: Server): Promise<KubeApi> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const config = JSON.stringify({
    ...{ apiVersion: "v1", kind: "Config", "current-context": "here" },
    clusters: [
      { name: "c", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
    ],
    users: [{ name: "u", user: { token: "ticket" } }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u", namespace: "shop" } }],
  });
  return openKube({ kubeconfig: [join(test.testdir({ config }), "config")] });
}
