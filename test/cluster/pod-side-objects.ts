import type { KubernetesObject } from "@kubernetes/client-node";
import { BUSYBOX_IMAGE, PAUSE_IMAGE, TOOLS_IMAGE } from "./names.js";

/** The namespace of the suite, and the beginning of those of its others. */
export const SPACE = "hopbook-pod-side";
/** A pod whose user is not root. */
export const WITHOUT_RIGHTS = "user";

const SLEEP = ["sleep", "infinity"];
const SERVE = ["sh", "-c", "mkdir -p /tmp/www && exec httpd -f -p 8080 -h /tmp/www"];
const RBAC = { apiGroup: "rbac.authorization.k8s.io" } as const;

type Part = Readonly<Record<string, unknown>>;

interface PodParts {
  readonly namespace?: string;
  readonly node: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly pod?: Part;
  readonly container?: Part;
}

function pod(name: string, parts: PodParts): KubernetesObject {
  const { namespace = SPACE, node, image, command } = parts;
  return {
    ...{ apiVersion: "v1", kind: "Pod", metadata: { name, namespace } },
    spec: {
      nodeSelector: { "kubernetes.io/hostname": node },
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: "Exists" }],
      containers: [{ name: "c", image, command, ...parts.container }],
      ...parts.pod,
    },
  } as KubernetesObject;
}

function user(name: string, rules: readonly Part[]): KubernetesObject[] {
  const metadata = { name, namespace: SPACE };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata },
    { apiVersion: `${RBAC.apiGroup}/v1`, kind: "Role", metadata, rules } as KubernetesObject,
    {
      ...{ apiVersion: `${RBAC.apiGroup}/v1`, kind: "RoleBinding", metadata },
      roleRef: { ...RBAC, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: SPACE }],
    } as KubernetesObject,
  ];
}

const core = (resource: string, ...verbs: string[]): Part => ({
  apiGroups: [""],
  resources: [resource],
  verbs,
});

/** Pods that show what ways into pods alone have to cope with, and two users who may do next to nothing. */
export function podSideObjects({ near, far }: { readonly near: string; readonly far: string }): {
  readonly spaces: readonly KubernetesObject[];
  readonly others: readonly KubernetesObject[];
} {
  const space = (suffix: string, enforce?: string): KubernetesObject => ({
    ...{ apiVersion: "v1", kind: "Namespace" },
    metadata: {
      name: `${SPACE}${suffix}`,
      ...(enforce === undefined ? {} : { labels: { "pod-security.kubernetes.io/enforce": enforce } }),
    },
  });
  const notRoot = {
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
  };
  const busybox = { node: near, image: BUSYBOX_IMAGE, command: SLEEP };
  const tools = { node: near, image: TOOLS_IMAGE, command: SLEEP };
  const exec = core("pods/exec", "create", "get");
  return {
    spaces: [space(""), space("-baseline", "baseline"), space("-restricted", "restricted")],
    others: [
      pod("client", busybox),
      pod("web", { node: far, image: BUSYBOX_IMAGE, command: SERVE }),
      pod("shellless", { node: near, image: PAUSE_IMAGE, command: ["/pause"] }),
      pod("nonroot", { ...busybox, pod: notRoot }),
      pod("tools", tools),
      pod("readonly", { ...tools, container: { securityContext: { readOnlyRootFilesystem: true } } }),
      pod(WITHOUT_RIGHTS, { ...tools, pod: { securityContext: { runAsUser: 1000 } } }),
      pod("client", { ...busybox, namespace: `${SPACE}-baseline` }),
      pod("client", {
        ...{ ...busybox, namespace: `${SPACE}-restricted`, pod: notRoot },
        container: { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } } },
      }),
      ...user("ephemeral", [core("pods", "get"), core("pods/ephemeralcontainers", "patch"), exec]),
      ...user("exec", [exec]),
    ],
  };
}
