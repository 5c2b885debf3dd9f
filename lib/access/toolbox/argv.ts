import type { Argv, ToolboxAccessConfig } from "../../model/access.js";
import { HopbookError } from "../../errors.js";

/** CoreOS's own, where neither the profile nor ~/.toolboxrc says otherwise. */
const DEFAULTS = {
  registry: "registry.redhat.io",
  image: "rhel9/support-tools",
  authFile: "/var/lib/kubelet/config.json",
} as const;

/**
 * The login's ~/.toolboxrc as it stands, and whether podman is there. toolbox(1) would source it, which is to run it. With
 * sudo the login is the user behind it. Constant POSIX sh.
 */
export const TOOLBOX_PROBE_SCRIPT = `
command -v podman >/dev/null 2>&1 || { echo 'podman: not found' >&2; exit 127; }
home=$(getent passwd "\${SUDO_USER:-$(id -un)}" 2>/dev/null | cut -d: -f6)
if [ -f "$home/.toolboxrc" ]; then cat "$home/.toolboxrc"; fi
exit 0
`;

/** What a toolbox is made of. */
export interface ToolboxSpec {
  readonly image: string;
  readonly authFile: string;
  /** Of our own container: TOOLBOX_NAME is a person's, and theirs to keep. */
  readonly name: string;
}

/** The profile first, then ~/.toolboxrc, then CoreOS's defaults. Throws INPUT_INVALID for what podman would not take. */
export function buildToolboxSpec(
  config: ToolboxAccessConfig,
  rc: Readonly<Record<string, string>>,
  suffix: string,
): ToolboxSpec {
  const registry = config.registry ?? rc["REGISTRY"] ?? DEFAULTS.registry;
  const image = config.image ?? rc["IMAGE"] ?? DEFAULTS.image;
  const authFile = config.authFile ?? rc["AUTHFILE"] ?? DEFAULTS.authFile;
  // A whole reference, as images.tools is one, has a host of its own; podman calls its own store localhost, where `podman load` and `import` put images.
  const isWhole = config.registry === undefined && /^(?:localhost|[^/]*[.:][^/]*)\//.test(image);
  const reference = isWhole ? image : `${registry}/${image}`;
  const prefix = config.toolboxName ?? "toolbox";
  const name = `${prefix}-hopbook-${suffix}`;
  if (!/^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,500}$/.test(reference)) throw refuse("image", reference);
  if (!/^\/[^\n]{1,4000}$/.test(authFile)) throw refuse("authfile", authFile);
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,120}$/.test(name)) throw refuse("name", name);
  return { image: reference, authFile, name };
}

function refuse(what: string, value: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot use toolbox: its ${what} is ${JSON.stringify(value)}`, {
    hint: "Set registry, image, authFile and toolboxName under access in the cluster profile",
  });
}

/** Plain assignments of ~/.toolboxrc; a value that a shell would have to work out counts as absent. */
export function readToolboxRc(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const line of text.split("\n").slice(0, 200)) {
    const [, name, quoted, plain] =
      /^\s*(?:export\s+)?(REGISTRY|IMAGE|AUTHFILE)=(?:["']([^"'$`\\]*)["']|([^\s"'$`\\;#]*))\s*(?:#.*)?$/.exec(
        line,
      ) ?? [];
    const value = quoted ?? plain ?? "";
    if (name !== undefined && value !== "") values[name] = value;
  }
  return values;
}

/** As toolbox pulls; never asking for a login, and never anew where the image is there. */
export function buildPull(spec: ToolboxSpec): Argv {
  return ["podman", "pull", "--quiet", "--authfile", spec.authFile, spec.image];
}

/**
 * A container as toolbox's, without a terminal, which would merge stdout and stderr, and which ends and goes by itself.
 * It has the node's PID and network namespaces, so that process 1 is the node's.
 */
export function buildRun(
  spec: ToolboxSpec,
  lease: {
    readonly seconds: number;
    readonly labels: Readonly<Record<string, string>>;
    /** Whose its first process is, by which `reap` finds it: nothing else on the node tells of it. */
    readonly marks: readonly string[];
  },
): Argv {
  return [
    ...(["podman", "run", "--detach", "--rm", "--pull=never", "--name", spec.name] as const),
    ...Object.entries(lease.labels).map(([key, value]) => `--label=${key}=${value}`),
    ...["--privileged", "--net=host", "--pid=host", "--ipc=host", "--security-opt", "label=disable"],
    ...lease.marks.map((mark) => `--env=${mark}`),
    ...["--env", "HOST=/host", "--volume", "/:/host", "--entrypoint", "sleep"],
    ...[spec.image, String(lease.seconds)],
  ];
}

export function buildExec(spec: ToolboxSpec, argv: Argv): Argv {
  return ["podman", "exec", "--interactive", spec.name, ...argv];
}

export function buildRemove(spec: ToolboxSpec): Argv {
  return ["podman", "rm", "--force", "--time", "0", spec.name];
}

/** podman's own failure to run a command at all: it has the exit code 125, which a command may have as well. */
export function readPodmanFailure(exitCode: number | null, stderr: string): string | null {
  if (exitCode !== 125 && exitCode !== 255) return null;
  return /^(Error: .*)$/m.exec(stderr)?.[1] ?? null;
}
