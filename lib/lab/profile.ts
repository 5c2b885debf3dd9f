import { stringify } from "yaml";
import type { LabNodeState } from "./types.js";

const HEAD = { apiVersion: "hopbook.dev/v1", kind: "ClusterProfile" } as const;

interface Profiled {
  readonly name: string;
  readonly nodes: readonly LabNodeState[];
  /** The NIC, where it is another device that has the nodes' addresses. */
  readonly underlay: string | undefined;
}

const interfacesOf = (underlay: string | undefined): object =>
  underlay === undefined ? {} : { interfaces: { underlay } };

/** Cluster profile that enters the nodes' namespaces on this machine. */
export function renderLocalProfile({ name, nodes, underlay }: Profiled): string {
  return stringify({
    ...HEAD,
    metadata: { name },
    ...interfacesOf(underlay),
    nodes: nodes.map(({ name: node, address, pid, startTimeTicks }) => ({
      name: node,
      address,
      access: { via: "local", pid, startTimeTicks },
    })),
    cni: "auto",
  });
}

/** Cluster profile that logs in to the nodes by ssh; its paths are relative to the profile. */
export function renderSshProfile({ name, nodes, underlay }: Profiled): string {
  return stringify({
    ...HEAD,
    metadata: { name },
    ...interfacesOf(underlay),
    access: { via: "ssh", user: "root", sudo: false, sshConfig: "./ssh_config" },
    nodes: nodes.map(({ name: node, address }) => ({ name: node, address })),
    cni: "auto",
  });
}
