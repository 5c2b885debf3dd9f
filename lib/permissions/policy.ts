import { formatDuration, formatSize } from "../model/units.js";
import { ACTIONS } from "./commands/actions.js";
import { findArgvFault, type KnownScripts } from "./commands/argv.js";
import type { Declared } from "./declared.js";
import type { Grant } from "./grant.js";
import { judgeCapture } from "./judge/capture.js";
import { judgeAction, judgeExec } from "./judge/exec.js";
import { judgeList, type Bounds } from "./judge/list.js";
import type { CaptureLimits } from "./limits.js";
import { judgeNode } from "./judge/node.js";
import type { ResolvePath } from "./match.js";
import { fitsAction } from "./patterns/names.js";
import { findPathFault } from "./patterns/paths.js";
import type { Decision, PathRequest, PermissionRequest } from "./requests.js";
import { findRunner } from "./commands/runners.js";
import { unfit, type Verdict } from "./verdict.js";

/** declared ∩ granted − denied. It remembers the nodes it has let in, to hold `node.max`. */
export interface Policy {
  readonly declared: Declared;
  readonly grant: Grant;
  check(request: PermissionRequest): Decision;
  /** The action under which a command of the runbook's own would run; see StepContext.actionOf. Grants nothing. */
  readonly actionOf: (argv: readonly string[]) => string;
  /**
   * The answer that every node would give to an action, as far as that is plain before any node is known: for a
   * command of it where `argv` is given, else for the action and the scope that it needs beside it.
   */
  foresee(action: string, argv?: readonly string[]): Verdict;
  /** The same of a capture with a filter, whatever node it is on. */
  foreseeCapture(limits: CaptureLimits): Verdict;
}

interface PolicyOptions {
  /** Where given, scripts are known by their text and not just by their name. */
  readonly scripts?: KnownScripts;
  /** Follows links, so that one cannot lead out of a folder that is granted. Default: the path as it is. */
  readonly resolvePath?: ResolvePath;
}

/** What may be done: what is declared and granted and not denied. */
export function effective(declared: Declared, grant: Grant, options: PolicyOptions = {}): Policy {
  const entered = new Set<string>();
  const bounds = { declared, grant };
  return {
    declared,
    grant,
    check(request) {
      const verdict = judge(request, { ...bounds, entered, options });
      const node = "node" in request ? request.node : null;
      if (verdict.allowed && node !== null) entered.add(node);
      return {
        ...verdict,
        scope: verdict.scope ?? request.kind,
        node,
        subject: verdict.subject ?? subjectOf(request),
      };
    },
    actionOf: (argv) => findAction(declared, argv),
    foresee: (action, argv) =>
      argv === undefined
        ? judgeAction(action, bounds)
        : judgeExec({ action, argv }, { ...bounds, scripts: options.scripts }),
    foreseeCapture: (limits) => judgeCapture({ ...limits, filter: "ip" }, bounds),
  };
}

function judge(
  request: PermissionRequest,
  context: Bounds & { readonly entered: ReadonlySet<string>; readonly options: PolicyOptions },
): Verdict {
  const { options } = context;
  switch (request.kind) {
    case "node":
      return judgeNode(request, context);
    case "exec":
    case "capture":
    case "traffic": {
      const node = judgeNode(request, context);
      if (!node.allowed) return node;
      if (request.kind === "exec") return judgeExec(request, { ...context, scripts: options.scripts });
      if (request.kind === "capture") return judgeCapture(request, context);
      return judgeList({ scope: "traffic", name: request.probe }, { ...context, subject: request.probe });
    }
    case "read":
    case "write":
      return judgePath(request, context);
    case "net": {
      const subject = `${request.host}:${request.port}`;
      return judgeList({ scope: "net", host: request.host, port: request.port }, { ...context, subject });
    }
    case "env":
      return judgeList({ scope: "env", name: request.name }, { ...context, subject: request.name });
    case "kube":
      return judgeList({ ...request, scope: "kube" }, { ...context, subject: subjectOf(request) });
  }
}

function judgePath(
  { kind, path }: PathRequest,
  context: Bounds & { readonly options: PolicyOptions },
): Verdict {
  const resolvePath = context.options.resolvePath ?? ((same: string): string => same);
  const fault = findPathFault(path);
  if (fault !== undefined) return unfit("path", fault);
  let real: string;
  try {
    real = resolvePath(path);
  } catch {
    return unfit("path", "where it leads cannot be followed");
  }
  const realFault = findPathFault(real);
  if (realFault !== undefined) return { ...unfit("path", realFault), subject: real };
  const verdict = judgeList({ scope: kind, path: real, resolvePath }, { ...context, subject: real });
  return { ...verdict, subject: real };
}

/** The first declared action that only reads and that the command fits, else by what the command can do. */
function findAction(declared: Declared, argv: readonly string[]): string {
  const found = Object.entries(ACTIONS).find(
    ([action, rule]) =>
      rule.readsOnly === true &&
      declared.exec.some((pattern) => fitsAction(pattern, action)) &&
      findRunner(argv) === undefined &&
      findArgvFault(action, argv) === undefined,
  );
  return found?.[0] ?? (findRunner(argv) === undefined ? "node/mutate" : "node/shell");
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
    case "read":
    case "write":
      return request.path;
    case "net":
      return `${request.host}:${request.port}`;
    case "env":
      return request.name;
    case "kube": {
      const base = `${request.verb}:${request.resource}`;
      return request.namespace === null ? base : `${base}:${request.namespace}`;
    }
  }
}
