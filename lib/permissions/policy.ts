import { findArgvFault, type KnownScripts } from "./argv.js";
import { ACTIONS } from "./actions.js";
import { fitsAction, fitsNode, type Declared, type Via } from "./declared.js";
import { namesAction, namesNode, namesTraffic, type Grant, type Names } from "./grant.js";
import { formatDuration, formatSize } from "../model/units.js";
import { quoteFlag } from "./flags.js";

/** Something that a run wants to do at a node. */
export type PermissionRequest = NodeRequest | ExecRequest | CaptureRequest | TrafficRequest;

interface AtNode {
  readonly node: string;
  readonly via: Via;
}

/** To log in at all. */
export interface NodeRequest extends AtNode {
  readonly kind: "node";
}

export interface ExecRequest extends AtNode {
  readonly kind: "exec";
  readonly action: string;
  readonly argv: readonly string[];
}

export interface CaptureRequest extends AtNode {
  readonly kind: "capture";
  readonly durationMs: number;
  readonly bytes: number;
  readonly payload: "headers" | "full";
  readonly filter: string;
}

export interface TrafficRequest extends AtNode {
  readonly kind: "traffic";
  readonly probe: string;
}

/** The answer, as the audit log keeps it. */
export interface Decision {
  readonly allowed: boolean;
  readonly scope: "node" | "exec" | "capture" | "traffic";
  readonly node: string;
  /** The node's, action's or probe's name; the limits asked for. */
  readonly subject: string;
  /** What decided: a flag, the declaration, the command's own arguments. */
  readonly by: string;
  /** One sentence without a full stop. */
  readonly reason: string;
  /** The flag that would allow it; null where none would. */
  readonly flag: string | null;
}

/** declared ∩ granted − denied. It remembers the nodes it has let in, to hold `node.max`. */
export interface Policy {
  readonly declared: Declared;
  readonly grant: Grant;
  check(request: PermissionRequest): Decision;
}

export interface PolicyOptions {
  /** Where given, scripts are known by their text and not just by their name. */
  readonly scripts?: KnownScripts;
}

/** What may be done: what is declared and granted and not denied. */
export function effective(declared: Declared, grant: Grant, options: PolicyOptions = {}): Policy {
  const entered = new Set<string>();
  return {
    declared,
    grant,
    check(request) {
      const verdict =
        judgeNode(request, { declared, grant, entered }) ??
        judgeRequest(request, { declared, grant }, options);
      const allowed = verdict.allowed;
      if (allowed) entered.add(request.node);
      return {
        ...verdict,
        scope: verdict.scope ?? request.kind,
        node: request.node,
        subject: verdict.subject ?? subjectOf(request),
      };
    },
  };
}

interface Verdict {
  readonly allowed: boolean;
  readonly by: string;
  readonly reason: string;
  readonly flag: string | null;
  /** Where it is not the request's own: the node stands in front of everything else. */
  readonly scope?: Decision["scope"];
  readonly subject?: string;
}

interface Bounds {
  readonly declared: Declared;
  readonly grant: Grant;
}

/** undefined where the node is no obstacle. */
function judgeNode(
  request: AtNode,
  bounds: Bounds & { readonly entered: ReadonlySet<string> },
): Verdict | undefined {
  const { declared, grant, entered } = bounds;
  const { node, via } = request;
  const refuse = (verdict: Verdict): Verdict => ({ ...verdict, scope: "node", subject: node });
  const scope = declared.node;
  if (scope === null) return refuse(undeclared("the runbook declares no permissions.node"));
  if (!scope.select.some((pattern) => fitsNode(pattern, node))) {
    return refuse(undeclared(`permissions.node.select of the runbook does not name ${node}`));
  }
  if (!scope.via.includes(via))
    return refuse(undeclared(`permissions.node.via of the runbook does not list ${via}`));
  if (namesNode(grant.deny.node, node)) return refuse(denied("--deny-node"));
  if (!isGranted(grant, namesNode(grant.node, node))) return refuse(ungranted(`--allow-node=${node}`));
  if (!entered.has(node) && entered.size >= scope.max) {
    return refuse(
      undeclared(`permissions.node.max of the runbook is ${scope.max}, and as many nodes are in use`),
    );
  }
  return undefined;
}

function judgeRequest(request: PermissionRequest, bounds: Bounds, options: PolicyOptions): Verdict {
  switch (request.kind) {
    case "node":
      return granted(bounds.grant, "--allow-node");
    case "exec":
      return judgeExec(request, bounds, options);
    case "capture":
      return judgeCapture(request, bounds);
    case "traffic":
      return judgeNames(request.probe, { ...bounds, scope: "traffic" });
  }
}

function judgeExec({ action, argv }: ExecRequest, bounds: Bounds, options: PolicyOptions): Verdict {
  const verdict = judgeNames(action, { ...bounds, scope: "exec" });
  if (!verdict.allowed) return verdict;
  const needs = Object.hasOwn(ACTIONS, action) ? ACTIONS[action]?.needs : undefined;
  const beside = needs === undefined ? undefined : judgeBeside(needs, bounds);
  if (beside !== undefined && !beside.allowed) return { ...beside, scope: needs, subject: action };
  const fault = findArgvFault(action, argv, options.scripts);
  if (fault === undefined) return verdict;
  return {
    allowed: false,
    by: "argv",
    reason: `the command is none of those of ${action}: ${fault}`,
    flag: null,
  };
}

/** An action that captures or makes traffic needs that scope as well, whatever exactly it does. */
function judgeBeside(scope: "capture" | "traffic", bounds: Bounds): Verdict {
  if (scope === "capture") return judgeCaptureAtAll(bounds);
  const { declared, grant } = bounds;
  const verdicts = declared.traffic.map((probe) => judgeNames(probe, { ...bounds, scope: "traffic" }));
  const [first] = verdicts;
  if (first === undefined) return undeclared("the runbook declares no permissions.traffic");
  return (
    verdicts.find(({ allowed }) => allowed) ?? {
      ...first,
      flag: grant.deny.traffic === "all" ? null : first.flag,
    }
  );
}

function judgeNames(name: string, bounds: Bounds & { readonly scope: "exec" | "traffic" }): Verdict {
  const { declared, grant, scope } = bounds;
  const fits: (names: Names, wanted: string) => boolean = scope === "exec" ? namesAction : namesTraffic;
  const isDeclared =
    scope === "exec"
      ? declared.exec.some((pattern) => fitsAction(pattern, name))
      : declared.traffic.includes(name);
  if (!isDeclared) return undeclared(`permissions.${scope} of the runbook does not declare ${name}`);
  if (fits(grant.deny[scope], name)) return denied(`--deny-${scope}`);
  if (!isGranted(grant, fits(grant[scope], name))) return ungranted(`--allow-${scope}=${name}`);
  return granted(grant, `--allow-${scope}`);
}

function judgeCaptureAtAll({ declared, grant }: Bounds): Verdict {
  if (declared.capture === null) return undeclared("the runbook declares no permissions.capture");
  if (grant.deny.capture === "all") return denied("--deny-capture");
  if (!isGranted(grant, grant.capture !== null)) return ungranted("--allow-capture");
  return granted(grant, "--allow-capture");
}

function judgeCapture(request: CaptureRequest, bounds: Bounds): Verdict {
  const verdict = judgeCaptureAtAll(bounds);
  const { declared, grant } = bounds;
  if (!verdict.allowed || declared.capture === null) return verdict;
  const excess = findExcess(request, declared.capture);
  if (excess !== undefined) return undeclared(`permissions.capture of the runbook allows ${excess}`);
  if (declared.capture.filterRequired && request.filter.trim() === "") {
    return undeclared("permissions.capture of the runbook requires a filter");
  }
  if (request.payload === "full" && grant.deny.capture === "full") return denied("--deny-capture=full");
  // Limits that were typed hold beside --yes too.
  const over = grant.capture === null ? undefined : findExcess(request, grant.capture);
  if (over === undefined) return verdict;
  return {
    allowed: false,
    by: "--allow-capture",
    reason: `--allow-capture allows ${over}`,
    flag: "--allow-capture",
  };
}

function findExcess(
  request: CaptureRequest,
  limits: { readonly durationMs: number; readonly bytes: number; readonly payload: "headers" | "full" },
): string | undefined {
  if (request.durationMs > limits.durationMs) {
    return `${formatDuration(limits.durationMs)}, and ${formatDuration(request.durationMs)} are asked for`;
  }
  if (request.bytes > limits.bytes)
    return `${formatSize(limits.bytes)}, and ${formatSize(request.bytes)} are asked for`;
  if (request.payload === "full" && limits.payload === "headers")
    return "headers, and whole packets are asked for";
  return undefined;
}

function subjectOf(request: PermissionRequest): string {
  switch (request.kind) {
    case "node":
      return request.node;
    case "exec":
      return request.action;
    case "capture":
      return `${formatDuration(request.durationMs)}, ${formatSize(request.bytes)}, ${request.payload}`;
    case "traffic":
      return request.probe;
  }
}

function isGranted(grant: Grant, named: boolean): boolean {
  return named || grant.everythingBy !== null;
}

function granted(grant: Grant, flag: string): Verdict {
  const by = grant.everythingBy ?? flag;
  return { allowed: true, by, reason: `declared by the runbook and granted by ${by}`, flag: null };
}

function undeclared(reason: string): Verdict {
  return { allowed: false, by: "declaration", reason, flag: null };
}

function denied(flag: string): Verdict {
  return { allowed: false, by: flag, reason: `it is denied by ${flag}`, flag: null };
}

function ungranted(flag: string): Verdict {
  return {
    allowed: false,
    by: "no grant",
    reason: "it is declared by the runbook and not granted",
    flag: quoteFlag(flag),
  };
}
