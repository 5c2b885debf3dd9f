import { statSync } from "node:fs";
import type { KubeApi, KubeRef, OpenKube } from "../model/kube.js";
import { listKubeConfigs } from "./config.js";
import { PluginCredentials } from "./exec-credentials.js";
import { openKube } from "./open.js";

/** Contexts of kubeconfigs as they stand that one session speaks to. */
const MAX_SHARED = 32;

/**
 * Opens the API that a reference means, over the same connections for all who ask while its kubeconfig stays as it is: a
 * session reads the file once, speaks to a cluster through one client, and runs a plugin for credentials once. What it
 * gives throws as openKube does.
 */
export function shareKube(): OpenKube {
  const shared = new Map<string, KubeApi>();
  const credentials = new PluginCredentials();
  return (ref) => {
    const files = listKubeConfigs(ref).map(stateOf);
    const keyOf = (context: string | undefined): string => JSON.stringify([files, context ?? null]);
    const api = shared.get(keyOf(ref.context)) ?? open(ref, keyOf);
    return { ...api, ref, namespace: ref.namespace ?? api.namespace };
  };

  /** Opens it, and keeps it by the name of its context as well, be it the current one. */
  function open({ namespace: _, ...ref }: KubeRef, keyOf: (context: string | undefined) => string): KubeApi {
    const opened = openKube(ref, credentials);
    const api = shared.get(keyOf(opened.context)) ?? opened;
    shared.set(keyOf(ref.context), api).set(keyOf(api.context), api);
    for (const oldest of [...shared.keys()].slice(0, -MAX_SHARED)) shared.delete(oldest);
    return api;
  }
}

/** What changes with a file's content. */
function stateOf(file: string): readonly unknown[] {
  const state = statSync(file, { throwIfNoEntry: false, bigint: true });
  return [file, ...(state === undefined ? [] : [state.ino, state.size, state.mtimeNs].map(String))];
}
