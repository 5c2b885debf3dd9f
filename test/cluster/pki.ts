import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { API_SERVICE_ADDRESS, clusterNodes, CONTROL_ADDRESS } from "./names.js";
import { run } from "./run.js";

const DAYS = "30";
const REQUEST_CONFIG = "[req]\nprompt = no\ndistinguished_name = name\n[name]\nCN = unused\n";

/** Who a certificate is for, as Kubernetes reads it: its user and its group. */
interface Subject {
  readonly user: string;
  readonly group?: string;
  readonly names?: readonly string[];
}

const API_NAMES = [
  ...[
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
  ].map((name) => `DNS:${name}`),
  ...["127.0.0.1", CONTROL_ADDRESS, API_SERVICE_ADDRESS].map((ip) => `IP:${ip}`),
];

function subjects(): Record<string, Subject> {
  const nodes = clusterNodes().map(({ name }): [string, Subject] => [
    name,
    { user: `system:node:${name}`, group: "system:nodes" },
  ]);
  return {
    apiserver: { user: "kube-apiserver", names: API_NAMES },
    "apiserver-kubelet": { user: "kube-apiserver-kubelet-client", group: "system:masters" },
    admin: { user: "kubernetes-admin", group: "system:masters" },
    "controller-manager": { user: "system:kube-controller-manager" },
    scheduler: { user: "system:kube-scheduler" },
    "kube-proxy": { user: "system:kube-proxy" },
    flannel: { user: "flannel" },
    ...Object.fromEntries(nodes),
  };
}

/** Makes the cluster's authority, a certificate for each of its parts, and the key of its service accounts. */
export async function writePki(dir: string): Promise<void> {
  mkdirSync(dir, { mode: 0o700 });
  const at = (name: string): string => join(dir, name);
  writeFileSync(at("request.cnf"), REQUEST_CONFIG);
  const make = (name: string, subject: string, extra: readonly string[]): Promise<string> =>
    run([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"],
      ...["-days", DAYS, "-config", at("request.cnf"), "-subj", subject],
      ...["-keyout", at(`${name}.key`), "-out", at(`${name}.crt`), ...extra],
    ]);
  const extension = (text: string): string[] => ["-addext", text];
  await make("ca", "/CN=hopbook-test-cluster", [
    ...extension("basicConstraints=critical,CA:TRUE"),
    ...extension("keyUsage=critical,keyCertSign,cRLSign"),
  ]);
  const made = Object.entries(subjects()).map(([name, { user, group, names }]) =>
    make(name, `${group === undefined ? "" : `/O=${group}`}/CN=${user}`, [
      ...["-CA", at("ca.crt"), "-CAkey", at("ca.key")],
      ...extension("basicConstraints=critical,CA:FALSE"),
      ...extension("extendedKeyUsage=serverAuth,clientAuth"),
      ...(names === undefined ? [] : extension(`subjectAltName=${names.join(",")}`)),
    ]),
  );
  await Promise.all(made);
  await run(["openssl", "genrsa", "-out", at("sa.key"), "2048"]);
  await run(["openssl", "rsa", "-in", at("sa.key"), "-pubout", "-out", at("sa.pub")]);
}

/** A kubeconfig with the named certificate, for a server as the reader reaches it. */
export function renderKubeconfig(pkiDir: string, options: { name: string; server: string }): string {
  const data = (file: string): string => readFileSync(join(pkiDir, file)).toString("base64");
  const { name, server } = options;
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server, "certificate-authority-data": data("ca.crt") } }],
      users: [
        {
          name,
          user: {
            "client-certificate-data": data(`${name}.crt`),
            "client-key-data": data(`${name}.key`),
          },
        },
      ],
      contexts: [{ name: "test", context: { cluster: "test", user: name } }],
      "current-context": "test",
    },
    null,
    2,
  )}\n`;
}
