import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import {
  assertValid,
  invalid,
  readDocument,
  type Overlay,
  type SourceDocument,
} from "../../document/index.js";
import type {
  DebugPodAccessConfig,
  EphemeralAccessConfig,
  KubectlDebugAccessConfig,
  LocalAccessConfig,
  NodeAccessConfig,
  NodeTarget,
  OcDebugAccessConfig,
  PodExecAccessConfig,
  SshAccessConfig,
  ToolboxAccessConfig,
  Via,
} from "../../model/access.js";
import type { KubeRef } from "../../model/kube.js";
import type { ClusterProfile } from "../../model/cluster.js";
import type { GrantSource } from "../../model/permissions.js";
import { parseDuration } from "../../model/units.js";
import { readOverlays } from "./overlays.js";

/** A profile with what only the reading of the nodes needs. */
export interface LoadedProfile extends ClusterProfile {
  /** crictl's endpoint on every node (`unix:///…`); absent: /etc/crictl.yaml, else the sockets that are there. */
  readonly runtimeEndpoint?: string;
}

/** What of the ways in the profile leaves to the cluster's API. */
export interface PendingAccess {
  /** Of a node that the profile lists, or of any other; auto: by what may be done there. */
  viaOf(node: string): Via | "auto";
  /** A way in by the profile's keys. */
  configOf(node: string, via: Via): NodeAccessConfig;
}

/** A profile with all that stands beside it. */
export interface LoadedCluster {
  /** Set where the profile has a `kube`: its nodes are the API's if it lists none. */
  readonly pending?: PendingAccess;
  readonly profile: LoadedProfile;
  /** What is laid over runbooks, in order. */
  readonly overlays: readonly Overlay[];
  /** Folders of this cluster's own, which stand in front of those that come with hopbook; they may be missing. */
  readonly dirs: { readonly runbooks?: string; readonly recipes?: string };
  /** What the profile has run on this machine: programs that it names, with what it calls them. */
  readonly programs?: readonly { readonly key: "kubectl" | "oc"; readonly program: string }[];
}

/** What comes from the profile's `kube` and `images`, and stands in no `access`. */
type FromAbove = "via" | "kube" | "image" | "pullSecrets";
type AccessKeys = Partial<
  Omit<SshAccessConfig, "via"> &
    Omit<LocalAccessConfig, "via"> &
    Omit<ToolboxAccessConfig, "via" | "image"> &
    Omit<DebugPodAccessConfig, FromAbove | "keepWarmMs"> &
    Omit<KubectlDebugAccessConfig, FromAbove> &
    Omit<OcDebugAccessConfig, FromAbove> &
    Omit<EphemeralAccessConfig, FromAbove> &
    Omit<PodExecAccessConfig, FromAbove> & { readonly keepWarm: string }
>;
type AccessDocument = AccessKeys & { readonly via?: Via | "auto" };

interface ProfileDocument {
  readonly metadata: { readonly name: string };
  readonly nodes?: readonly {
    readonly name: string;
    readonly address?: string;
    readonly access?: AccessDocument;
  }[];
  readonly access?: AccessDocument;
  readonly kube?: { readonly kubeconfig?: string; readonly context?: string; readonly namespace?: string };
  readonly images?: { readonly tools?: string; readonly pullSecrets?: readonly string[] };
  readonly cni?: string;
  readonly interfaces?: { readonly underlay?: string };
  readonly runtime?: { readonly endpoint?: string };
  readonly workDir?: string;
  readonly grants?: readonly Omit<GrantSource, "dir" | "placeOf">[];
}

interface PathProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly at?: "key" | "value";
}

const SSH_KEYS = ["user", "port", "sudo", "sshConfig", "identityFile", "knownHosts", "proxyJump"] as const;
const KEYS_BY_VIA: Record<Via, readonly (keyof AccessKeys)[]> = {
  ssh: SSH_KEYS,
  local: ["pid", "startTimeTicks"],
  toolbox: [...SSH_KEYS, "registry", "authFile", "toolboxName"],
  debugPod: ["namespace", "privileged", "serviceAccount", "keepWarm"],
  kubectlDebug: ["namespace", "kubectl", "profile"],
  ocDebug: ["namespace", "oc", "asRoot"],
  ephemeral: ["targetContainer"],
  podExec: ["container"],
};
const PATH_KEYS: readonly (keyof AccessKeys)[] = ["sshConfig", "identityFile", "knownHosts"];
/** Ways that lead through the cluster's API. */
const KUBE_VIAS: readonly Via[] = ["debugPod", "kubectlDebug", "ocDebug", "ephemeral", "podExec"];

const DEFAULT_CNI = "auto";
const DEFAULT_WORK_DIR = "/var/tmp";

/**
 * Reads a cluster profile (schemas/cluster-profile.json). Paths are made absolute against the file's
 * folder, defaults are filled in, the top-level access is laid under each node's.
 * Throws FILE_UNREADABLE or DOCUMENT_INVALID.
 */
export async function loadProfile(file: string): Promise<LoadedProfile> {
  return (await loadCluster(file)).profile;
}

/** The same with the overlays, whose files are read and checked, and the folders beside the profile. */
export async function loadCluster(file: string): Promise<LoadedCluster> {
  const doc = await readDocument(resolve(file));
  const { profile, pending, programs } = readCluster(doc);
  const folder = dirname(doc.file);
  const dirs = { runbooks: join(folder, "runbooks"), recipes: join(folder, "cni") };
  const overlays = await readOverlays(doc);
  return { profile, overlays, dirs, programs, ...(profile.kube === undefined ? {} : { pending }) };
}

/** What the document itself says, without what stands beside it. */
export function readCluster(doc: SourceDocument): {
  readonly profile: LoadedProfile;
  readonly pending: PendingAccess;
  readonly programs: NonNullable<LoadedCluster["programs"]>;
} {
  const data = assertValid<ProfileDocument>(doc, "cluster-profile");
  const problems: PathProblem[] = [];
  const names = new Set<string>();
  const listed = data.nodes ?? [];
  if (listed.length === 0 && data.kube === undefined) {
    const message = "there are no nodes: list them, or say with kube how the cluster's API is reached";
    problems.push({ path: data.nodes === undefined ? [] : ["nodes"], message });
  }
  checkAccessKeys(data.access, { path: ["access"], via: data.access?.via, problems });
  const ofNode = new Map(listed.map((node) => [node.name, node.access]));
  const fallback = data.kube === undefined ? undefined : "auto";
  const pending: PendingAccess = {
    viaOf: (node) => ofNode.get(node)?.via ?? data.access?.via ?? "auto",
    configOf(node, via) {
      const own = data.access?.via;
      const inherited = own === undefined || own === "auto" || own === via ? data.access : undefined;
      const keys = { ...inherited, ...ofNode.get(node) };
      return mergeAccess(via, keys, { folder: dirname(doc.file), data });
    },
  };
  const nodes = listed.map((node, index): NodeTarget => {
    if (names.has(node.name)) {
      problems.push({ path: ["nodes", index, "name"], message: `two nodes are called ${node.name}` });
    }
    names.add(node.name);
    const via = node.access?.via ?? data.access?.via ?? fallback;
    if (via === undefined) {
      const message = `${node.name} has no access: nothing says how to log in to it (via: ssh or via: local)`;
      problems.push({ path: ["nodes", index], message });
    }
    if (via === "auto" && data.kube === undefined) {
      const message = `${node.name} has via: auto, and nothing says how the cluster's API is reached (kube: {})`;
      problems.push({ path: ["nodes", index], message });
    }
    checkAccessKeys(node.access, { path: ["nodes", index, "access"], via, problems });
    const access = pending.configOf(node.name, via === "auto" ? "debugPod" : (via ?? "ssh"));
    return { name: node.name, access, ...(node.address === undefined ? {} : { address: node.address }) };
  });
  if (problems.length > 0) throw invalid(doc, problems);
  const readGrant = (
    grant: Pick<GrantSource, "runbooks" | "allow" | "deny">,
    index: number,
  ): GrantSource => ({
    ...grant,
    dir: dirname(doc.file),
    placeOf: (path) => `${doc.file}:${doc.locate(["grants", index, ...path]).line}`,
  });
  const profile = {
    name: data.metadata.name,
    file: doc.file,
    nodes,
    cni: data.cni ?? DEFAULT_CNI,
    interfaces: data.interfaces ?? {},
    workDir: data.workDir ?? DEFAULT_WORK_DIR,
    ...(data.kube === undefined ? {} : { kube: readKubeRef(data.kube, dirname(doc.file)) }),
    ...(data.grants === undefined ? {} : { grants: data.grants.map(readGrant) }),
    ...(data.runtime?.endpoint === undefined ? {} : { runtimeEndpoint: data.runtime.endpoint }),
  };
  const programs = [data.access, ...listed.map(({ access }) => access)].flatMap((keys) =>
    (["kubectl", "oc"] as const).flatMap((key) => {
      const program = keys?.[key];
      return program === undefined ? [] : [{ key, program }];
    }),
  );
  return { profile, pending, programs };
}

/** A cluster of which nothing is known but how its API is reached. */
export function makeKubeCluster(name: string, ref: KubeRef): LoadedCluster {
  const data = {};
  return {
    profile: {
      ...{ name, nodes: [], cni: DEFAULT_CNI, interfaces: {}, workDir: DEFAULT_WORK_DIR, kube: ref },
    },
    overlays: [],
    dirs: {},
    pending: {
      viaOf: () => "auto",
      configOf: (_node, via) => {
        const config = mergeAccess(via, {}, { folder: ".", data });
        return "kube" in config ? { ...config, kube: ref } : config;
      },
    },
  };
}

/** Keys that mean nothing for the way in are refused: they would be ignored in silence. */
function checkAccessKeys(
  access: AccessDocument | undefined,
  place: {
    readonly path: readonly (string | number)[];
    readonly via: Via | "auto" | undefined;
    readonly problems: PathProblem[];
  },
): void {
  if (access === undefined || place.via === undefined || place.via === "auto") return;
  for (const key of Object.keys(access)) {
    if (key === "via" || KEYS_BY_VIA[place.via].includes(key as keyof AccessKeys)) continue;
    const message = `${key} has no meaning with via: ${place.via}`;
    place.problems.push({ path: [...place.path, key], at: "key", message });
  }
}

interface AccessPlace {
  readonly folder: string;
  readonly data: Pick<ProfileDocument, "kube" | "images">;
}

function mergeAccess(via: Via, keys: AccessKeys, { folder, data }: AccessPlace): NodeAccessConfig {
  const known = KEYS_BY_VIA[via].filter((key) => keys[key] !== undefined && key !== "keepWarm");
  const entries = known.map((key): [string, unknown] => {
    const value = keys[key];
    return [key, PATH_KEYS.includes(key) && typeof value === "string" ? resolvePath(value, folder) : value];
  });
  const { tools: image, pullSecrets } = data.images ?? {};
  const takesImage = via !== "local" && via !== "ssh" && via !== "podExec";
  const fromImages = {
    ...(takesImage && image !== undefined ? { image } : {}),
    ...(takesImage && via !== "ephemeral" && via !== "toolbox" && pullSecrets !== undefined
      ? { pullSecrets }
      : {}),
  };
  return {
    ...(via === "ssh" || via === "toolbox" ? { sudo: true } : {}),
    ...(KUBE_VIAS.includes(via) ? { kube: readKubeRef(data.kube, folder) } : {}),
    ...fromImages,
    ...Object.fromEntries(entries),
    ...(keys.keepWarm === undefined || via !== "debugPod"
      ? {}
      : { keepWarmMs: parseDuration(keys.keepWarm) ?? 0 }),
    via,
  } as NodeAccessConfig;
}

function readKubeRef(kube: ProfileDocument["kube"], folder: string): KubeRef {
  if (kube === undefined) return {};
  const { kubeconfig, ...rest } = kube;
  return { ...rest, ...(kubeconfig === undefined ? {} : { kubeconfig: [resolvePath(kubeconfig, folder)] }) };
}

function resolvePath(path: string, folder: string): string {
  return path.startsWith("~/") ? resolve(homedir(), path.slice(2)) : resolve(folder, path);
}
