import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { cacheDir, containerdKind, KUBERNETES_VERSION, SOURCE_DIR } from "./names.js";
import { unpackPackage } from "./packages.js";
import { GO_FOLDER } from "./require.js";
import { retry, run } from "./run.js";

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
  // Early: the lab suite uses it too.
  { name: "coredns", programs: { coredns: "github.com/coredns/coredns" } },
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

const FETCH_TIMEOUT_MS = 10 * 60_000;
/** Of all modules together, with their sources. */
const BUILD_TIMEOUT_MS = 45 * 60_000;

export const binDir = (): string => join(cacheDir(), "bin");

/**
 * Builds every program that is not in the cache in the version that go.mod names, one module after the other. Cold it
 * takes some ten minutes on two cores, and 3 GB of memory.
 */
export async function buildPrograms(say: (text: string) => void): Promise<void> {
  mkdirSync(binDir(), { recursive: true });
  if (containerdKind() === "debian") await fetchDebianContainerd(say);
  await buildModules(MODULES.filter(isStale), say);
}

/** Builds one program where it is not in the cache, and gives its path: a minute and a half cold, for CoreDNS. */
export async function buildProgram(program: string, say: (text: string) => void): Promise<string> {
  const module = MODULES.find(({ programs }) => Object.hasOwn(programs, program));
  if (module === undefined) throw new Error(`there is no program ${program} to build`);
  mkdirSync(binDir(), { recursive: true });
  if (isStale(module)) await buildModules([module], say);
  return join(binDir(), program);
}

async function buildModules(stale: readonly GoModule[], say: (text: string) => void): Promise<void> {
  const deadline = performance.now() + BUILD_TIMEOUT_MS;
  let sources = fetchSources(stale[0], deadline);
  for (const [index, module] of stale.entries()) {
    say(`building ${Object.keys(module.programs).join(", ")}`);
    const startedAtMs = performance.now();
    await sources;
    const fetchedAtMs = performance.now();
    // The network is used while the compiler is at work.
    sources = fetchSources(stale[index + 1], deadline);
    await buildModule(module, deadline);
    writeStamp(module);
    const [waited, took] = [fetchedAtMs - startedAtMs, performance.now() - fetchedAtMs].map(seconds);
    say(`built ${module.name} in ${took} s, having waited ${waited} s for its sources`);
  }
}

const msUntil = (deadline: number): number => Math.max(deadline - performance.now(), 1);
const seconds = (ms: number): string => String(Math.round(ms / 1000));

/** Marks that the cache has this module's programs as its folder in go/ and its row say now. */
const stampName = (module: GoModule): string => `.${module.name}-${digest(module)}`;

function isStale(module: GoModule): boolean {
  return ![stampName(module), ...Object.keys(module.programs)].every((name) =>
    existsSync(join(binDir(), name)),
  );
}

function writeStamp(module: GoModule): void {
  // Beside the stamps lie the folders of builds that go on, which may be another process's.
  const stamp = new RegExp(`^\\.${module.name}-[0-9a-f]{16}$`);
  for (const old of readdirSync(binDir())) if (stamp.test(old)) rmSync(join(binDir(), old));
  writeFileSync(join(binDir(), stampName(module)), "");
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

/** What of this machine's settings for Go would change what is built; a newer Go is fetched where a module asks for it. */
function goEnv(module: GoModule): Record<string, string> {
  return {
    CGO_ENABLED: module.cgo === true ? "1" : "0",
    GOFLAGS: "-mod=readonly",
    GOTOOLCHAIN: "auto",
    GOWORK: "off",
    PATH: [process.env["PATH"] ?? "", GO_FOLDER].join(":"),
  };
}

function goCommand(verb: string, module: GoModule): string[] {
  const tags = module.tags === undefined ? [] : ["-tags", module.tags];
  return ["go", verb, "-C", join(SOURCE_DIR, "go", module.name), "-buildvcs=false", ...tags];
}

/** Downloads what the module's programs are made of, and nothing else that go.mod names; with retries. */
function fetchSources(module: GoModule | undefined, deadline: number): Promise<unknown> {
  if (module === undefined) return Promise.resolve();
  const argv = [...goCommand("list", module), "-deps", "-f", "", ...Object.values(module.programs)];
  const fetched = retry(`the sources of ${module.name}`, () =>
    run(argv, { timeoutMs: Math.min(FETCH_TIMEOUT_MS, msUntil(deadline)), env: goEnv(module) }),
  );
  // It is waited for only when the module before is built.
  fetched.catch(() => undefined);
  return fetched;
}

async function buildModule(module: GoModule, deadline: number): Promise<void> {
  const jobs = process.env["HOPBOOK_TEST_CLUSTER_BUILD_JOBS"] ?? String(availableParallelism());
  const out = mkdtempSync(join(binDir(), `.${module.name}-new-`));
  const [first = "", ...more] = Object.keys(module.programs);
  // Of several programs in one go, each gets the last word of its import path as its name.
  const target = more.length === 0 ? join(out, first) : `${out}/`;
  const argv = [
    ...[...goCommand("build", module), "-p", jobs, "-trimpath"],
    ...["-ldflags", `-s -w ${module.ldflags ?? ""}`.trim(), "-o", target],
    ...Object.values(module.programs),
  ];
  try {
    // All is there; what were still missing would be an error, not another download.
    const env = { ...goEnv(module), GOPROXY: "off" };
    await run(argv, { timeoutMs: msUntil(deadline), env });
    for (const program of [first, ...more]) renameSync(join(out, program), join(binDir(), program));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
