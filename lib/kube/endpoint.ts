import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { KubeConfig } from "@kubernetes/client-node";
import { unreadable } from "../files/failure.js";
import type { KubeEndpoint } from "../model/kube.js";

/** Where the current context of a kubeconfig leads to. Throws FILE_UNREADABLE where a file of it cannot be read. */
export function endpointOf(config: KubeConfig): KubeEndpoint {
  const cluster = config.getCurrentCluster();
  return {
    server: cluster?.server ?? "",
    ca: cluster?.skipTLSVerify === true ? "unchecked" : digestOfCa(cluster?.caData, cluster?.caFile),
    tlsServerName: cluster?.tlsServerName ?? "",
    proxy: cluster?.proxyUrl ?? "",
  };
}

function digestOfCa(data: string | undefined, file: string | undefined): string {
  if (data !== undefined && data !== "") return digest(Buffer.from(data, "base64"));
  if (file === undefined || file === "") return "system";
  try {
    return digest(readFileSync(file));
  } catch (error) {
    const hint = "The kubeconfig names it: certificate-authority";
    throw unreadable(file, error, { what: "the cluster's CA certificates", hint });
  }
}

function digest(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
