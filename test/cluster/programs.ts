import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cacheDir, containerdKind, KUBERNETES_VERSION, SOURCE_DIR } from "./names.js";
import { unpackPackage } from "./packages.js";
import { run } from "./run.js";

interface GoModule {
  /** Folder in test/cluster/go, with go.mod and go.sum. */
  readonly name: string;
  /** Import paths, by the name of the program that comes out. */
  readonly programs: Readonly<Record<string, string>>;
  readonly cgo?: boolean;
  readonly tags?: string;
  readonly ldflags?: string;
}

const [, MAJOR = "", MINOR = ""] = /^v(\d+)\.(\d+)/.exec(KUBERNETES_VERSION) ?? [];
const VERSION_PACKAGE = "k8s.io/component-base/version";

function inPackage(parent: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `${parent}/${name}`]));
}

/** One module a row: their dependencies disagree. */
const MODULES: readonly GoModule[] = [
  { name: "forward", programs: { forward: "." } },
  { name: "crictl", programs: { crictl: "." } },
  { name: "etcd", programs: { etcd: "go.etcd.io/etcd/server/v3" } },
  {
    name: "containerd",
    tags: "no_btrfs,no_devmapper,no_zfs",
    programs: inPackage("github.com/containerd/containerd/v2/cmd", [
      "containerd",
      "containerd-shim-runc-v2",
      "ctr",
    ]),
  },
  // flannel's UDP backend is C.
  { name: "flannel", cgo: true, programs: { flanneld: "github.com/flannel-io/flannel" } },
  { name: "coredns", programs: { coredns: "github.com/coredns/coredns" } },
  {
    name: "kubernetes",
    // Without these it calls itself v0.0.0, which clients don't take.
    ldflags: Object.entries({ gitVersion: KUBERNETES_VERSION, gitMajor: MAJOR, gitMinor: MINOR })
      .map(([name, value]) => `-X ${VERSION_PACKAGE}.${name}=${value}`)
      .join(" "),
    programs: inPackage("k8s.io/kubernetes/cmd", [
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "kube-proxy",
      "kubelet",
      "kubectl",
    ]),
  },
];

const BUILD_TIMEOUT_MS = 45 * 60_000;

export const binDir = (): string => join(cacheDir(), "bin");

/**
 * Builds every program that is not in the cache in the version that go.mod names, one module after the other and at
 * the lowest priority. Cold it takes some ten minutes on two cores, and 2 GB of memory.
 */
export async function buildPrograms(say: (text: string) => void): Promise<void> {
  mkdirSync(binDir(), { recursive: true });
  if (containerdKind() === "debian") await fetchDebianContainerd(say);
  for (const module of MODULES) {
    const stamp = join(cacheDir(), "bin", `.${module.name}-${digest(module)}`);
    if (existsSync(stamp) && Object.keys(module.programs).every((name) => existsSync(join(binDir(), name)))) {
      continue;
    }
    say(`building ${Object.keys(module.programs).join(", ")}`);
    const startedAtMs = performance.now();
    await buildModule(module);
    for (const old of readdirSync(binDir())) {
      if (old.startsWith(`.${module.name}-`)) rmSync(join(binDir(), old));
    }
    await run(["touch", stamp]);
    say(`built ${module.name} in ${String(Math.round((performance.now() - startedAtMs) / 1000))} s`);
  }
}

/** Debian's containerd, unpacked beside the built one and not installed. */
export const debianBinDir = (): string => join(binDir(), "debian");

async function fetchDebianContainerd(say: (text: string) => void): Promise<void> {
  if (existsSync(debianBinDir())) return;
  say("fetching Debian's containerd");
  await unpackPackage("containerd", (root) => {
    cpSync(join(root, "usr", "bin"), `${debianBinDir()}.new`, { recursive: true });
    renameSync(`${debianBinDir()}.new`, debianBinDir());
  });
}

function digest(module: GoModule): string {
  const hash = createHash("sha256").update(JSON.stringify(module));
  const dir = join(SOURCE_DIR, "go", module.name);
  for (const name of readdirSync(dir).sort()) hash.update(name).update(readFileSync(join(dir, name)));
  return hash.digest("hex").slice(0, 16);
}

async function buildModule(module: GoModule): Promise<void> {
  const parallel = process.env["HOPBOOK_TEST_CLUSTER_BUILD_JOBS"] ?? String(availableParallelism());
  for (const [program, path] of Object.entries(module.programs)) {
    const out = join(binDir(), program);
    const argv = [
      ...["nice", "-n", "19", "go", "build", "-C", join(SOURCE_DIR, "go", module.name), "-p", parallel],
      ...["-mod=readonly", "-buildvcs=false", "-trimpath"],
      ...(module.tags === undefined ? [] : ["-tags", module.tags]),
      ...["-ldflags", `-s -w ${module.ldflags ?? ""}`.trim(), "-o", `${out}.new`, path],
    ];
    const env = { CGO_ENABLED: module.cgo === true ? "1" : "0" };
    await run(argv, { timeoutMs: BUILD_TIMEOUT_MS, env });
    if (!statSync(`${out}.new`).isFile()) throw new Error(`${path} gave no program`);
    renameSync(`${out}.new`, out);
  }
}
