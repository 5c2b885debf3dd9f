import { resolve } from "node:path";
import type { Argv } from "../../model/access.js";
import type { KubeRef } from "../../model/kube.js";
import { SYSTEM_PATH } from "../../process/environment.js";

/** What a person's own kubectl or oc is called with, always. */
export interface CliSetup {
  /** A name on PATH, or an absolute path. */
  readonly program: string;
  readonly ref: KubeRef;
  /** Where the pod is made. */
  readonly namespace: string;
}

/** What `kubectl debug` and `oc debug` make of a node. */
interface NodeDebug {
  readonly node: string;
  /** Absent: the program's own choice. */
  readonly image?: string | undefined;
  /** The pod ends by itself after so long. */
  readonly seconds: number;
}

/** Credential plugins and proxies of the person's; nothing secret is made an argument. */
const CLI_KEEPS = [
  "HOME",
  "KUBERNETES_SERVICE_HOST",
  "KUBERNETES_SERVICE_PORT",
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
] as const;

/** The environment of the local kubectl or oc. In English, for its words are read. */
export function buildCliEnv(ref: KubeRef, from: NodeJS.ProcessEnv): Record<string, string> {
  const kept = CLI_KEEPS.flatMap((name) => {
    const value = from[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  // It runs in `/`.
  const paths = ref.kubeconfig ?? (from["KUBECONFIG"] ?? "").split(":").filter((path) => path !== "");
  return {
    ...Object.fromEntries(kept),
    ...(paths.length === 0 ? {} : { KUBECONFIG: paths.map((path) => resolve(path)).join(":") }),
    PATH: from["PATH"] ?? SYSTEM_PATH,
    LC_ALL: "C",
  };
}

/** The pod has the marker as an environment variable, by which it is found again where its name was not told. */
export function buildKubectlDebug(
  setup: CliSetup,
  debug: NodeDebug & { readonly profile: string; readonly marker: string },
): Argv {
  const { node, image, seconds, profile, marker } = debug;
  return [
    ...common(setup),
    ...["debug", `node/${node}`, `--profile=${profile}`],
    ...(image === undefined ? [] : [`--image=${image}`]),
    ...[`--env=${MARKER}=${marker}`, "--", "sleep", String(seconds)],
  ];
}

/** Not quiet: its notice alone tells the pod's name. The namespace is named, so that oc makes none of its own. */
export function buildOcDebug(
  setup: CliSetup,
  debug: NodeDebug & { readonly asRoot: boolean | undefined },
): Argv {
  const { node, image, seconds, asRoot } = debug;
  return [
    ...common(setup),
    ...["debug", `node/${node}`, `--to-namespace=${setup.namespace}`],
    ...(image === undefined ? [] : [`--image=${image}`]),
    ...(asRoot === undefined ? [] : [`--as-root=${String(asRoot)}`]),
    ...["--", "sleep", String(seconds)],
  ];
}

export function buildCliExec(
  setup: CliSetup,
  command: { readonly pod: string; readonly container: string; readonly argv: Argv; readonly stdin: boolean },
): Argv {
  const { pod, container, argv, stdin } = command;
  return [...common(setup), "exec", ...(stdin ? ["-i"] : []), `--container=${container}`, pod, "--", ...argv];
}

/** A grace of 0 would take the object away while its processes may still run. */
export function buildCliDelete(setup: CliSetup, pod: string): Argv {
  return [
    ...common(setup),
    ...["delete", "pod", pod, "--wait=false", "--grace-period=1", "--ignore-not-found=true"],
    "--request-timeout=10s",
  ];
}

/** Environment variable of the pod. */
export const MARKER = "HOPBOOK_RUN";

function common({ program, ref, namespace }: CliSetup): Argv {
  return [
    program,
    ...(ref.context === undefined ? [] : [`--context=${ref.context}`]),
    `--namespace=${namespace}`,
  ];
}
