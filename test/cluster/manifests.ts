import { BUSYBOX_IMAGE, COREDNS_IMAGE, DNS_ADDRESS, TOOLS_IMAGE } from "./names.js";

type Manifest = Readonly<Record<string, unknown>>;

function list(items: readonly Manifest[]): Manifest {
  return { apiVersion: "v1", kind: "List", items };
}

const RBAC = "rbac.authorization.k8s.io";

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

function role(name: string, rules: readonly Rule[], subject: Manifest): Manifest[] {
  const api = { apiVersion: `${RBAC}/v1`, metadata: { name } };
  return [
    { ...api, kind: "ClusterRole", rules },
    {
      ...api,
      kind: "ClusterRoleBinding",
      roleRef: { apiGroup: RBAC, kind: "ClusterRole", name },
      subjects: [subject],
    },
  ];
}

const user = (name: string): Manifest => ({ apiGroup: RBAC, kind: "User", name });

const COREFILE = `.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    pods insecure
    fallthrough in-addr.arpa ip6.arpa
  }
  cache 30
  loadbalance
}
`;

const DNS_LABELS = { "k8s-app": "kube-dns" };

/** What the cluster itself needs: flannel's and CoreDNS's rights, kube-proxy's role, and CoreDNS. */
export function systemManifests(): Manifest {
  const meta = { name: "coredns", namespace: "kube-system" };
  const account: Manifest = { kind: "ServiceAccount", ...meta };
  const watch = ["get", "list", "watch"];
  return list([
    ...role(
      "hopbook-test:flannel",
      [
        { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
        { apiGroups: [""], resources: ["nodes"], verbs: watch },
        { apiGroups: [""], resources: ["nodes/status"], verbs: ["patch"] },
      ],
      user("flannel"),
    ),
    ...role(
      "hopbook-test:coredns",
      [
        {
          apiGroups: [""],
          resources: ["endpoints", "services", "pods", "namespaces"],
          verbs: ["list", "watch"],
        },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
      ],
      account,
    ),
    { apiVersion: "v1", kind: "ServiceAccount", metadata: meta },
    { apiVersion: "v1", kind: "ConfigMap", metadata: meta, data: { Corefile: COREFILE } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { ...meta, labels: DNS_LABELS },
      spec: {
        replicas: 1,
        selector: { matchLabels: DNS_LABELS },
        template: { metadata: { labels: DNS_LABELS }, spec: corednsPod() },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "kube-dns", namespace: "kube-system", labels: DNS_LABELS },
      spec: {
        clusterIP: DNS_ADDRESS,
        selector: DNS_LABELS,
        ports: [
          { name: "dns", port: 53, protocol: "UDP" },
          { name: "dns-tcp", port: 53, protocol: "TCP" },
        ],
      },
    },
  ]);
}

function corednsPod(): Manifest {
  return {
    serviceAccountName: "coredns",
    dnsPolicy: "Default",
    priorityClassName: "system-cluster-critical",
    containers: [
      {
        name: "coredns",
        image: COREDNS_IMAGE,
        args: ["-conf", "/etc/coredns/Corefile"],
        command: ["/coredns"],
        readinessProbe: { httpGet: { path: "/ready", port: 8181 }, periodSeconds: 1 },
        volumeMounts: [{ name: "config", mountPath: "/etc/coredns", readOnly: true }],
      },
    ],
    volumes: [{ name: "config", configMap: { name: "coredns" } }],
  };
}

export interface ScenarioOptions {
  /** Where the client and the web server run: names of two nodes. */
  readonly nodes: readonly [string, string];
  /** An image with a shell and sleep. */
  readonly clientImage: string;
  /** An image with busybox's httpd. */
  readonly webImage: string;
}

export const SCENARIO_IMAGES = { clientImage: TOOLS_IMAGE, webImage: BUSYBOX_IMAGE } as const;

export const SCENARIO_NAMESPACE: Manifest = {
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name: "shop" },
};

/** Two pods on two nodes and a Service, as in the lab: shop/client, shop/web behind web:80 → 8080. */
export function scenarioManifests(options: ScenarioOptions): Manifest {
  const [near, far] = options.nodes;
  const serve = "mkdir -p /tmp/www && echo web >/tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www";
  return list([
    pod("client", near, { image: options.clientImage, command: ["sleep", "infinity"] }),
    pod("web", far, {
      image: options.webImage,
      command: ["sh", "-c", serve],
      ports: [{ containerPort: 8080 }],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    }),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "shop" },
      spec: {
        ipFamilyPolicy: "PreferDualStack",
        selector: { app: "web" },
        ports: [{ port: 80, targetPort: 8080 }],
      },
    },
  ]);
}

function pod(name: string, node: string, container: Manifest): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", labels: { app: name } },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "c", ...container }],
    },
  };
}
