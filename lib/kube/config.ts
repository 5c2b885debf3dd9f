import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { HopbookError } from "../errors.js";
import { unreadable } from "../files/failure.js";
import type { KubeRef } from "../model/kube.js";
import { kubeLibrary } from "./client.js";

const IN_CLUSTER_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

interface KubeEnvironment {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The kubeconfig that a reference means, by kubectl's rules: the named files, else KUBECONFIG's, else ~/.kube/config,
 * else the pod's service account. Of several files the first that says something wins; those that are missing are passed
 * over. Throws CLUSTER_NOT_FOUND (no file, no context, a context that is not there) or FILE_UNREADABLE.
 */
export function readKubeConfig(ref: KubeRef, environment: KubeEnvironment = ownEnvironment()): KubeConfig {
  const files = listKubeConfigs(ref, environment);
  const present = files.filter((file) => existsSync(file));
  if (present.length === 0) {
    const isNamed = ref.kubeconfig !== undefined || listedIn(environment).length > 0;
    if (!isNamed && existsSync(IN_CLUSTER_TOKEN)) {
      const inside = makeConfig();
      inside.loadFromCluster();
      return inside;
    }
    throw notFound(`there is no ${files.join(", no ")}`, "Name one with --kubeconfig FILE or KUBECONFIG");
  }
  const config = mergeFiles(present.map(loadFile));
  if (ref.context !== undefined) config.setCurrentContext(ref.context);
  assertUsable(config, present);
  return config;
}

function ownEnvironment(): KubeEnvironment {
  return { home: homedir(), env: process.env };
}

function listedIn({ env }: KubeEnvironment): readonly string[] {
  return (env["KUBECONFIG"] ?? "").split(delimiter).filter((file) => file !== "");
}

/** The files that a reference means, whether they are there or not. */
export function listKubeConfigs(ref: KubeRef, environment = ownEnvironment()): readonly string[] {
  const listed = listedIn(environment);
  return ref.kubeconfig ?? (listed.length > 0 ? listed : [join(environment.home, ".kube", "config")]);
}

function loadFile(file: string): KubeConfig {
  const config = makeConfig();
  try {
    // Of an empty one the library tells a programmer's error; kubectl takes it for one that says nothing.
    if (readFileSync(file, "utf8").trim() !== "") config.loadFromFile(file);
    return config;
  } catch (error) {
    throw unreadable(file, error, { what: "the kubeconfig", hint: "Check it with kubectl config view" });
  }
}

/** As kubectl merges: of each name, and of the current context, the first file's holds. */
function mergeFiles([first, ...others]: readonly KubeConfig[]): KubeConfig {
  const merged = first ?? makeConfig();
  for (const other of others) {
    if (!merged.currentContext && other.currentContext) merged.setCurrentContext(other.currentContext);
    for (const cluster of other.clusters) {
      if (merged.getCluster(cluster.name) === null) merged.addCluster(cluster);
    }
    for (const user of other.users) if (merged.getUser(user.name) === null) merged.addUser(user);
    for (const context of other.contexts) {
      if (merged.getContextObject(context.name) === null) merged.addContext(context);
    }
  }
  return merged;
}

function assertUsable(config: KubeConfig, files: readonly string[]): void {
  const names = config.contexts.map(({ name }) => name);
  if (names.length === 0) {
    const hint =
      "Check with kubectl config view that it is a kubeconfig, or name another with --kubeconfig FILE";
    throw notFound(`${files.join(", ")} ${files.length === 1 ? "has" : "have"} no context`, hint);
  }
  const detail = `${files.join(", ")} has: ${names.join(", ")}`;
  const current = config.currentContext;
  if (!current) throw notFound("no context is chosen", "Choose one with --context NAME", detail);
  const context = config.getContextObject(current);
  if (context === null) throw notFound(`there is no context ${current}`, "Choose one with --context", detail);
  if (config.getCluster(context.cluster) === null) {
    throw notFound(
      `the context ${current} names the cluster ${context.cluster}, which is not there`,
      "",
      detail,
    );
  }
}

function notFound(why: string, hint: string, detail?: string): HopbookError {
  return new HopbookError("CLUSTER_NOT_FOUND", `Cannot reach a cluster by kubeconfig: ${why}`, {
    ...(hint === "" ? {} : { hint }),
    ...(detail === undefined ? {} : { detail }),
  });
}

function makeConfig(): KubeConfig {
  const library = kubeLibrary();
  return new library.KubeConfig();
}
