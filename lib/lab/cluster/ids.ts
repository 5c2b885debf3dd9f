import { createHash } from "node:crypto";
import type { NodeSpec, PodSpec } from "./types.js";

/** Names and ids that are the same at each start of the lab. */

export function hexOf(algorithm: "sha1" | "sha256", text: string): string {
  return createHash(algorithm).update(text).digest("hex");
}

/** A locally administered MAC that is always the same for the same text; `first` is its first byte in hex. */
export function deriveMac(text: string, first: string): string {
  const digits = hexOf("sha1", text).slice(0, 10);
  return [first, ...(digits.match(/../g) ?? [])].join(":");
}

/** The MAC of a node's tunnel device; Calico's begin with 66, and are others for each IP family. */
export function deriveTunnelMac({ name, address }: Pick<NodeSpec, "name" | "address">): string {
  return deriveMac(address.includes(":") ? `tunnel-v6 ${name}` : `tunnel ${name}`, "66");
}

/** Of a device on the underlay. */
export function deriveNicMac(node: string, nic: string): string {
  return deriveMac(`${nic} ${node}`, "52");
}

export function deriveNodeMac(node: string): string {
  return deriveNicMac(node, "eth0");
}

/** A MAC that belongs to nobody in the lab. */
export const STRAY_MAC = deriveMac("nobody", "02");

function shapeUuid(digits: string): string {
  const part = (from: number, to: number): string => digits.slice(from, to);
  return [part(0, 8), part(8, 12), `4${part(13, 16)}`, `9${part(17, 20)}`, part(20, 32)].join("-");
}

/** What a runtime and the API would call a pod. */
export interface PodIds {
  readonly uid: string;
  readonly sandboxId: string;
  readonly containerId: string;
  /** File name of the network namespace under /run/netns. */
  readonly netns: string;
  readonly mac: string;
}

export function derivePodIds(pod: Pick<PodSpec, "namespace" | "name">): PodIds {
  const key = `${pod.namespace}/${pod.name}`;
  return {
    uid: shapeUuid(hexOf("sha256", `uid ${key}`)),
    sandboxId: hexOf("sha256", `sandbox ${key}`),
    containerId: hexOf("sha256", `container ${key}`),
    netns: `cni-${shapeUuid(hexOf("sha256", `netns ${key}`))}`,
    mac: deriveMac(`pod ${key}`, "0a"),
  };
}
