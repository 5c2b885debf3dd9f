import { homedir } from "node:os";
import { resolve } from "node:path";
import { readDocument } from "../document/source.js";
import { listKubeConfigs } from "../kube/config.js";
import { asList, fieldOf, textOf } from "../linux/json.js";

/** Of kubeconfigs what completion asks for. No program that one names is started, and no server asked. */
interface KubeContexts {
  readonly current: string | null;
  readonly contexts: readonly { readonly name: string; readonly namespace: string | null }[];
}

interface KubeconfigPlace {
  readonly cwd: string;
  readonly home?: string;
  /** As --kubeconfig names it. */
  readonly kubeconfig?: string | undefined;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const MAX_FILES = 16;

/** The contexts of the kubeconfig by kubectl's rules: a named file, else KUBECONFIG's, else ~/.kube/config. */
export async function readContexts(place: KubeconfigPlace): Promise<KubeContexts> {
  const { cwd, home = homedir(), kubeconfig, env = process.env } = place;
  const files = listKubeConfigs(kubeconfig === undefined ? {} : { kubeconfig: [kubeconfig] }, { home, env });
  const documents = await Promise.all(
    files.slice(0, MAX_FILES).map((file) => readDocument(resolve(cwd, file)).catch(() => null)),
  );
  const contexts = new Map<string, string | null>();
  let current: string | null = null;
  for (const document of documents) {
    current ??= textOf(document?.data, "current-context");
    for (const entry of asList(fieldOf(document?.data, "contexts"))) {
      const name = textOf(entry, "name");
      if (name !== null && !contexts.has(name)) contexts.set(name, textOf(entry, "context", "namespace"));
    }
  }
  return { current, contexts: [...contexts].map(([name, namespace]) => ({ name, namespace })) };
}
