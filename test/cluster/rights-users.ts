import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openKube } from "../../lib/kube/index.js";
import type { KubeApi } from "../../lib/model/kube.js";

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface Users {
  /** A ServiceAccount with these rights in one namespace, and these in the cluster; with its own kubeconfig. */
  add(
    name: string,
    rights: {
      readonly rules?: readonly Rule[];
      readonly cluster?: readonly Rule[];
      readonly role?: string;
      readonly in?: string;
    },
  ): Promise<string>;
  release(): Promise<void>;
}

const RBAC = { group: "rbac.authorization.k8s.io", version: "v1" } as const;
const CORE = { group: "", version: "v1" } as const;

/** Users for tests, in a namespace that is there already; what is of the cluster is taken away by `release`. */
export function makeUsers(
  admin: KubeApi,
  { namespace, kubeconfig }: { namespace: string; kubeconfig: string },
): Users {
  const dir = mkdtempSync(join(tmpdir(), "hopbook-users-"));
  const made: string[] = [];
  const create = (resource: string, body: object, ns?: string): Promise<unknown> =>
    admin.request({
      ...(resource === "serviceaccounts" ? CORE : RBAC),
      verb: "create",
      resource,
      body,
      ...(ns === undefined ? {} : { namespace: ns }),
    });
  return {
    async add(name, rights) {
      await create("serviceaccounts", { metadata: { name } }, namespace);
      const subjects = [{ kind: "ServiceAccount", name, namespace }];
      const fill = (rules: readonly Rule[]): object[] => rules.map((rule) => ({ apiGroups: [""], ...rule }));
      const apiGroup = RBAC.group;
      if (rights.rules !== undefined) {
        const where = rights.in ?? namespace;
        await create("roles", { metadata: { name }, rules: fill(rights.rules) }, where);
        const roleRef = { apiGroup, kind: "Role", name };
        await create("rolebindings", { metadata: { name }, roleRef, subjects }, where);
      }
      const role = rights.cluster === undefined ? rights.role : `${namespace}-${name}`;
      if (rights.cluster !== undefined) {
        await create("clusterroles", { metadata: { name: role }, rules: fill(rights.cluster) });
      }
      if (role !== undefined) {
        made.push(`${namespace}-${name}`);
        const roleRef = { apiGroup, kind: "ClusterRole", name: role };
        await create("clusterrolebindings", {
          metadata: { name: `${namespace}-${name}` },
          roleRef,
          subjects,
        });
      }
      const { status } = await admin.request<{ status: { token: string } }>({
        ...{ ...CORE, verb: "create", resource: "serviceaccounts", subresource: "token", namespace, name },
        body: {
          apiVersion: "authentication.k8s.io/v1",
          kind: "TokenRequest",
          spec: { expirationSeconds: 3600 },
        },
      });
      const config = JSON.parse(readFileSync(kubeconfig, "utf8")) as { users: { user: object }[] };
      const file = join(dir, name);
      const users = config.users.map((user) => ({ ...user, user: { token: status.token } }));
      writeFileSync(file, JSON.stringify({ ...config, users }), { mode: 0o600 });
      return file;
    },
    async release() {
      rmSync(dir, { recursive: true, force: true });
      for (const name of made) {
        for (const resource of ["clusterrolebindings", "clusterroles"]) {
          await admin.request({ ...RBAC, verb: "delete", resource, name }).catch(() => undefined);
        }
      }
    },
  };
}

/** As admin would write it; `openKube` of a kubeconfig and a namespace. */
export function apiOf(kubeconfig: string, namespace?: string): KubeApi {
  return openKube({ kubeconfig: [kubeconfig], ...(namespace === undefined ? {} : { namespace }) });
}
