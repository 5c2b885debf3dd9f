import { ok, warn, type DoctorRow } from "./index.js";
import { asHopbookError } from "../errors.js";
import type { NodeTarget } from "../model/access.js";
import type { KubeReader } from "../model/kube.js";
import { visible } from "../model/visible.js";
import { asList, fieldOf } from "../linux/json.js";

const TIMEOUT_MS = 2_000;
const TODO_SECRET = "Make it there, or leave it out of images.pullSecrets: a pull goes on without it";

/** Whether the image that a way in brings is on its nodes already, and its pull secrets are there. Never rejects. */
export async function imageRows(
  api: KubeReader,
  { targets, signal }: { readonly targets: readonly NodeTarget[]; readonly signal: AbortSignal },
): Promise<readonly DoctorRow[]> {
  const bringing = targets.flatMap(({ name, access, pod }) =>
    pod === undefined && "image" in access && access.image !== undefined
      ? [{ name, image: access.image }]
      : [],
  );
  if (bringing.length === 0) return [];
  const [nodes, secrets] = await Promise.all([
    Promise.all(bringing.map((each) => nodeRow(api, { ...each, signal }))),
    Promise.all(secretsOf(targets, api.namespace).map((each) => secretRow(api, { ...each, signal }))),
  ]);
  return [...nodes, ...secrets.flat()].map((row) => ({
    ...row,
    found: visible(row.found, { maxChars: 500 }),
  }));
}

async function nodeRow(
  api: KubeReader,
  { name, image, signal }: { readonly name: string; readonly image: string; readonly signal: AbortSignal },
): Promise<DoctorRow> {
  try {
    const node = await api.request<unknown>({
      ...{ verb: "get", group: "", version: "v1", resource: "nodes", name },
      ...{ timeoutMs: TIMEOUT_MS, signal },
    });
    const images = asList(fieldOf(node, "status", "images"));
    const known = new Set(imageNames(image));
    const there = images.some((each) =>
      asList(fieldOf(each, "names")).some((found) => typeof found === "string" && known.has(found)),
    );
    if (there) return ok("image", name, `${image} is there`);
    // A kubelet names its 50 largest images and no more.
    const found = `${image} is not among the ${images.length} images that the node names`;
    return warn("image", name, {
      found,
      todo: "Expect the first way in to wait for a pull, or pull it there before",
    });
  } catch (error) {
    const found = `whether ${image} is there could not be asked: ${asHopbookError(error).message}`;
    return warn("image", name, { found, todo: "Expect the first way in to wait for a pull" });
  }
}

/** As a kubelet may name it: it writes the registry and the tag out. */
export function imageNames(image: string): readonly string[] {
  const [first = "", ...rest] = image.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = hasRegistry ? image : rest.length > 0 ? `docker.io/${image}` : `docker.io/library/${image}`;
  const last = path.slice(path.lastIndexOf("/"));
  // With a tag and a digest, the digest counts.
  if (last.includes("@")) return [path, path.replace(/:[^/:@]+@/, "@")];
  return last.includes(":") ? [path] : [`${path}:latest`];
}

function secretsOf(
  targets: readonly NodeTarget[],
  contextNamespace: string,
): readonly { readonly namespace: string; readonly secret: string }[] {
  const all = targets.flatMap(({ access }) => {
    const { pullSecrets = [] } = access as { readonly pullSecrets?: readonly string[] };
    const { namespace = contextNamespace } = access as { readonly namespace?: string };
    return pullSecrets.map((secret) => ({ namespace, secret }));
  });
  return [...new Map(all.map((each) => [JSON.stringify(each), each])).values()];
}

async function secretRow(
  api: KubeReader,
  of: { readonly namespace: string; readonly secret: string; readonly signal: AbortSignal },
): Promise<readonly DoctorRow[]> {
  const { namespace, secret, signal } = of;
  try {
    await api.request<unknown>({
      ...{ verb: "get", group: "", version: "v1", resource: "secrets", namespace, name: secret },
      ...{ metadataOnly: true, timeoutMs: TIMEOUT_MS, signal },
    });
    return [ok("image", namespace, `the pull secret ${secret} is there`)];
  } catch (error) {
    const { code, message } = asHopbookError(error);
    if (code === "KUBE_NOT_FOUND") {
      return [warn("image", namespace, { found: `there is no pull secret ${secret}`, todo: TODO_SECRET })];
    }
    // Most users may not read Secrets, nor need they.
    return [
      ok("image", namespace, `whether the pull secret ${secret} is there could not be asked: ${message}`),
    ];
  }
}
