import type { Bounds } from "./list.js";
import { findExcess, type CaptureLimits } from "../limits.js";
import { findRule } from "../match.js";
import type { CaptureRequest } from "../requests.js";
import { denied, granted, undeclared, ungranted, type Verdict } from "../verdict.js";

/** Whether anything may be captured. */
export function judgeCaptureAtAll({ declared, grant }: Bounds): Verdict {
  if (declared.capture === null) return undeclared("the runbook declares no permissions.capture");
  const denial = findRule(grant, "deny", { scope: "capture", fits: () => false });
  if (denial !== undefined) return denied(denial.by);
  const rule = findRule(grant, "allow", { scope: "capture", fits: () => true });
  if (rule === undefined && grant.everythingBy === null) return ungranted("--allow-capture");
  return granted(grant, rule);
}

/** Whether this much may be captured: no more than declared, and no more than one of the grants. */
export function judgeCapture(
  request: CaptureLimits & Pick<CaptureRequest, "filter">,
  bounds: Bounds,
): Verdict {
  const verdict = judgeCaptureAtAll(bounds);
  const { declared, grant } = bounds;
  if (!verdict.allowed || declared.capture === null) return verdict;
  const excess = findExcess(request, declared.capture);
  if (excess !== undefined) return undeclared(`permissions.capture of the runbook allows ${excess}`);
  if (declared.capture.filterRequired && request.filter.trim() === "") {
    return undeclared("permissions.capture of the runbook requires a filter");
  }
  if (request.payload === "full") {
    const denial = findRule(grant, "deny", { scope: "capture", fits: () => true });
    if (denial !== undefined) return denied(denial.by);
  }
  const rules = grant.rules.filter(({ effect, scope }) => effect === "allow" && scope === "capture");
  // Limits that were typed hold beside --yes too; those of a profile only grant.
  const limiting = grant.everythingBy === null ? rules : rules.filter(({ isFlag }) => isFlag);
  const excesses = limiting.map((rule) => ({
    rule,
    over: rule.limits === null ? undefined : findExcess(request, rule.limits),
  }));
  const fitting = excesses.find(({ over }) => over === undefined);
  if (fitting !== undefined) return granted(grant, fitting.rule);
  const [first] = excesses;
  if (first === undefined) return verdict;
  return {
    allowed: false,
    by: first.rule.by,
    reason: `${first.rule.by} allows ${first.over}`,
    flag: "--allow-capture",
  };
}
