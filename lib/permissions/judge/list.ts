import type { Declared } from "../declared.js";
import type { Grant } from "../grant.js";
import { declaredPatterns, deniesRequest, findRule, fitsRequest, type ListRequest } from "../match.js";
import { denied, granted, undeclared, ungranted, type Verdict } from "../verdict.js";

export interface Bounds {
  readonly declared: Declared;
  readonly grant: Grant;
}

/** A scope whose patterns stand for what is wanted: one has to be declared and one granted, and none may deny it. */
export function judgeList(request: ListRequest, bounds: Bounds & { readonly subject: string }): Verdict {
  const { declared, grant, subject } = bounds;
  const { scope } = request;
  const fits = (pattern: string): boolean => fitsRequest(pattern, request);
  const pattern = declaredPatterns(declared, scope).find(fits);
  if (pattern === undefined) {
    return undeclared(`permissions.${scope} of the runbook does not declare ${subject}`);
  }
  const denial = findRule(grant, "deny", { scope, fits: (value) => deniesRequest(value, request) });
  if (denial !== undefined) return denied(denial.by);
  const rule = findRule(grant, "allow", { scope, fits });
  if (rule === undefined && grant.everythingBy === null) {
    // A word of a command may hold what no pattern can say; the declared one surely fits.
    return ungranted(`--allow-${scope}=${scope === "mutate" ? pattern : subject}`);
  }
  return granted(grant, rule);
}
