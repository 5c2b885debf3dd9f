import { stringify } from "yaml";
import type { LabNodeState } from "./types.js";

const HEAD = { apiVersion: "hopbook.dev/v1", kind: "ClusterProfile" } as const;

/** Cluster profile that enters the nodes' namespaces on this machine. */
export function renderLocalProfile(name: string, nodes: readonly LabNodeState[]): string {
  return stringify({
    ...HEAD,
    metadata: { name },
    nodes: nodes.map(({ name: node, address, pid, startTimeTicks }) => ({
      name: node,
      address,
      access: { via: "local", pid, startTimeTicks },
    })),
    cni: "auto",
  });
}

/** Cluster profile that logs in to the nodes by ssh; its paths are relative to the profile. */
export function renderSshProfile(name: string, nodes: readonly LabNodeState[]): string {
  return stringify({
    ...HEAD,
    metadata: { name },
    access: { via: "ssh", user: "root", sudo: false, sshConfig: "./ssh_config" },
    nodes: nodes.map(({ name: node, address }) => ({ name: node, address })),
    cni: "auto",
  });
}
