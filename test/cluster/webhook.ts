import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { KubeApi } from "../../lib/model/kube.js";
import { OPERATOR_ADDRESS } from "./names.js";
import { run, until } from "./run.js";
import type { ClusterState } from "./state.js";

const PORT = "9443";
const SERVER = fileURLToPath(new URL("webhook-server.js", import.meta.url));
const REGISTRATION = { group: "admissionregistration.k8s.io", version: "v1" } as const;

export interface Webhook {
  /** Has it judge, or change, the pods that are made in a namespace; the path says how. */
  readonly apply: (namespace: string, path: string, more?: object) => Promise<void>;
  readonly release: () => Promise<void>;
}

/** A real admission webhook, in the network in which the cluster's API server lives. */
export async function startWebhook(admin: KubeApi, cluster: ClusterState): Promise<Webhook> {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-webhook-"));
  await run([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
    ...["-days", "1", "-subj", "/CN=webhook", "-addext", `subjectAltName=IP:${OPERATOR_ADDRESS}`],
    ...["-keyout", join(dir, "tls.key"), "-out", join(dir, "tls.crt")],
  ]);
  const caBundle = readFileSync(join(dir, "tls.crt")).toString("base64");
  const enter = ["-t", String(cluster.operator.pid), "-n", "--"];
  const server = spawn("nsenter", [...enter, process.execPath, SERVER, dir, OPERATOR_ADDRESS, PORT], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  server.stdout.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
  const ended = new Promise((resolve) => server.once("exit", resolve));
  await until("the webhook listens", 10_000, () => said.includes("listening") || null);
  const made: { resource: string; name: string }[] = [];
  const isMutating = (path: string): boolean => path !== "/deny" && path !== "/silent";
  return {
    async apply(namespace, path, more = {}) {
      const kind = isMutating(path) ? "mutating" : "validating";
      const resource = `${kind}webhookconfigurations`;
      const name = namespace;
      await admin.request({
        ...{ ...REGISTRATION, verb: "create", resource },
        body: {
          metadata: { name },
          webhooks: [
            {
              ...{ name: "policy.hopbook.test", admissionReviewVersions: ["v1"], sideEffects: "None" },
              ...{ failurePolicy: "Fail", timeoutSeconds: 2 },
              clientConfig: { url: `https://${OPERATOR_ADDRESS}:${PORT}${path}`, caBundle },
              namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
              rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
              ...more,
            },
          ],
        },
      });
      made.push({ resource, name });
    },
    async release() {
      for (const { resource, name } of made) {
        await admin.request({ ...REGISTRATION, verb: "delete", resource, name }).catch(() => undefined);
      }
      server.kill("SIGKILL");
      await ended;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
