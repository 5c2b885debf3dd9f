import type { Isolation } from "../../model/cluster.js";

/** Names of runtimes and their handlers, by which their CRI tells them: `io.containerd.kata.v2`, `kata-qemu`, `runsc`. */
const KINDS: readonly (readonly [RegExp, Isolation])[] = [
  [/kata|firecracker|cloud-hypervisor/i, "vm"],
  [/runsc|gvisor/i, "user-kernel"],
];

/** What a pod's runtime says of its processes' kernel; undefined: that it is the node's, or nothing. */
export function isolationBy(names: readonly (string | null)[]): Isolation | undefined {
  return KINDS.find(([known]) => names.some((name) => name !== null && known.test(name)))?.[1];
}
