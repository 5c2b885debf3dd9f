import { HopbookError } from "../../errors.js";
import type { NodeTarget } from "../../model/access.js";

/** The pod that a target leads into. Throws INTERNAL for a target that names none. */
export function splitPod(target: Pick<NodeTarget, "name" | "pod">): {
  readonly namespace: string;
  readonly pod: string;
} {
  const [namespace = "", pod = "", more] = (target.pod ?? "").split("/");
  if (namespace !== "" && pod !== "" && more === undefined) return { namespace, pod };
  throw new HopbookError("INTERNAL", `Cannot enter ${target.name}: its target names no pod`);
}
