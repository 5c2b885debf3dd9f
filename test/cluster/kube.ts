import { PassThrough } from "node:stream";
import { CoreV1Api, Exec, KubeConfig, type V1Status } from "@kubernetes/client-node";
import { until } from "./run.js";

export interface PodExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function loadKubeConfig(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

export function coreApi(config: KubeConfig): CoreV1Api {
  return config.makeApiClient(CoreV1Api);
}

/** A namespace takes no pods before its ServiceAccount is there. */
export async function waitForServiceAccount(api: CoreV1Api, namespace: string): Promise<void> {
  await until(`${namespace} has its ServiceAccount`, 20_000, () =>
    api.readNamespacedServiceAccount({ name: "default", namespace }).then(
      () => true,
      () => null,
    ),
  );
}

/** Runs a command in a pod's only container. Exec.exec() resolves when its socket opens, hence the status. */
export async function execInPod(
  config: KubeConfig,
  pod: string,
  options: { readonly argv: readonly string[]; readonly timeoutMs?: number },
): Promise<PodExecResult> {
  const [namespace = "", name = ""] = pod.split("/");
  const { argv, timeoutMs = 15_000 } = options;
  const [stdout, stderr] = [gather(), gather()];
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${argv.join(" ")} in ${pod}: no end within ${String(timeoutMs)} ms`));
    }, timeoutMs);
    const settle = (status: V1Status): void => {
      clearTimeout(timer);
      const code = status.details?.causes?.find(({ reason }) => reason === "ExitCode")?.message;
      if (status.status === "Success" || code !== undefined) {
        resolve({ exitCode: Number(code ?? 0), stdout: stdout.text(), stderr: stderr.text() });
      } else reject(new Error(status.message ?? JSON.stringify(status)));
    };
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    new Exec(config)
      .exec(namespace, name, "c", [...argv], stdout.stream, stderr.stream, null, false, settle)
      .then((socket) => {
        socket.on("error", fail);
      }, fail);
  });
}

const FETCH =
  'if command -v curl >/dev/null; then exec curl -sS -m 5 "$1"; else exec wget -qO- -T 5 "$1"; fi';

/** What a URL says to shop/client, by its curl or busybox's wget; its error where it says none. */
export async function fetchByClient(config: KubeConfig, url: string): Promise<string> {
  const result = await execInPod(config, "shop/client", { argv: ["sh", "-c", FETCH, "fetch", url] });
  return result.exitCode === 0 ? result.stdout : `exit code ${String(result.exitCode)}: ${result.stderr}`;
}

function gather(): { readonly stream: PassThrough; readonly text: () => string } {
  const stream = new PassThrough();
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString("utf8") };
}
