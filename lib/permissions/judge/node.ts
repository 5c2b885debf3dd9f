import type { Bounds } from "./list.js";
import { findRule } from "../match.js";
import { fitsName } from "../../model/names.js";
import type { AtNode } from "../requests.js";
import { denied, granted, undeclared, ungranted, type Verdict } from "../verdict.js";

/** Whether a node may be entered at all: it stands in front of everything else that happens there. */
export function judgeNode(
  { node, via }: AtNode,
  bounds: Bounds & { readonly entered: ReadonlySet<string> },
): Verdict {
  const { declared, grant, entered } = bounds;
  const scope = declared.node;
  const as = (verdict: Verdict): Verdict => ({ ...verdict, scope: "node", subject: node });
  if (scope === null) return as(undeclared("the runbook declares no permissions.node"));
  if (!scope.select.some((pattern) => fitsName(pattern, node))) {
    return as(undeclared(`permissions.node.select of the runbook does not name ${node}`));
  }
  if (!scope.via.includes(via))
    return as(undeclared(`permissions.node.via of the runbook does not list ${via}`));
  const fits = (value: string): boolean => fitsName(value, node);
  const denial = findRule(grant, "deny", { scope: "node", fits });
  if (denial !== undefined) return as(denied(denial.by));
  const rule = findRule(grant, "allow", { scope: "node", fits });
  if (rule === undefined && grant.everythingBy === null) return as(ungranted(`--allow-node=${node}`));
  if (!entered.has(node) && entered.size >= scope.max) {
    return as(
      undeclared(`permissions.node.max of the runbook is ${scope.max}, and as many nodes are in use`),
    );
  }
  return as(granted(grant, rule));
}
