import { CONTAINER_EXEC } from "../../model/exec/container-exec.js";
import { ACTIONS, type ActionRule } from "../commands/actions.js";
import { findArgvFault, type KnownScripts } from "../commands/argv.js";
import { quoteShellWord } from "../../model/shell-word.js";
import { judgeCaptureAtAll } from "./capture.js";
import { findContainerFault } from "./container.js";
import { judgeList, type Bounds } from "./list.js";
import { findAnyDenial, findPlaceFault } from "./other-actions.js";
import type { Via } from "../declared.js";
import { deniesRequest, findRule } from "../match.js";
import { fitsAction } from "../patterns/names.js";
import type { ExecRequest } from "../requests.js";
import { findCapturer, findRunner, findTrafficMaker, stripNetns } from "../commands/runners.js";
import { denied, granted, undeclared, ungranted, unfit, type Verdict } from "../verdict.js";

type ExecBounds = Bounds & { readonly scripts: KnownScripts | undefined };

/** Whether a command may run under the name of an action. */
export function judgeExec(
  request: Pick<ExecRequest, "action" | "argv"> & { readonly via?: Via },
  bounds: ExecBounds,
): Verdict {
  const verdict = judgeByName(request, bounds);
  if (!verdict.allowed) return verdict;
  const denial = findAnyDenial(request, bounds.grant);
  return denial === undefined ? verdict : { ...verdict, ...denied(denial) };
}

function judgeByName(
  request: Pick<ExecRequest, "action" | "argv"> & { readonly via?: Via },
  bounds: ExecBounds,
): Verdict {
  const { action, argv } = request;
  const rule = ruleOf(action);
  if (rule?.scope === "mutate") return judgeMutate(argv, bounds);
  if (rule?.scope === "shell") return judgeShell(argv, bounds);
  const verdict = judgeAction(action, bounds);
  if (!verdict.allowed) return verdict;
  const fault = findArgvFault(action, argv, bounds.scripts) ?? findPlaceFault(action, request);
  if (fault === undefined) {
    if (action !== CONTAINER_EXEC) return verdict;
    return (
      findContainerFault(argv, { ...bounds, judgeShell: (words) => judgeShell(words, bounds) }) ?? verdict
    );
  }
  return unfit("argv", `the command is none of those of ${action}: ${fault}`);
}

/** Whether an action may be used at all: its name, and the scope that it needs beside it. */
export function judgeAction(action: string, bounds: Bounds): Verdict {
  const verdict = judgeList({ scope: "exec", name: action }, { ...bounds, subject: action });
  const needs = ruleOf(action)?.needs;
  if (!verdict.allowed || needs === undefined) return verdict;
  const beside = judgeBeside(needs, bounds);
  return beside.allowed ? verdict : { ...beside, scope: needs, subject: action };
}

function ruleOf(action: string): ActionRule | undefined {
  return Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
}

/** An action that captures or makes traffic needs that scope as well, whatever exactly it does. */
function judgeBeside(scope: "capture" | "traffic", bounds: Bounds): Verdict {
  if (scope === "capture") return judgeCaptureAtAll(bounds);
  const { declared, grant } = bounds;
  const verdicts = declared.traffic.map((name) => judgeList({ scope, name }, { ...bounds, subject: name }));
  const [first] = verdicts;
  if (first === undefined) return undeclared("the runbook declares no permissions.traffic");
  const isDenied = findRule(grant, "deny", { scope, fits: () => false }) !== undefined;
  return verdicts.find(({ allowed }) => allowed) ?? { ...first, flag: isDenied ? null : first.flag };
}

/** A command of a runbook's own that changes something: it has to fit a declared and a granted pattern. */
function judgeMutate(argv: readonly string[], bounds: Bounds): Verdict {
  const as = (verdict: Verdict): Verdict => ({ ...verdict, scope: "mutate", subject: spellCommand(argv) });
  if (argv.some((word) => word.includes("\0"))) return as(unfit("argv", "an argument holds a NUL"));
  const runner = findRunner(argv);
  if (runner !== undefined) {
    return as(
      unfit(
        "argv",
        `it counts as a shell, which no pattern of permissions.mutate covers: ${runner}`,
        "Write the command's own words in its place, or declare permissions.shell",
      ),
    );
  }
  const capturer = findCapturer(argv);
  if (capturer !== undefined) {
    return as(
      unfit(
        "argv",
        `${capturer} captures, and captures are made by the steps capture/start and capture/stop`,
        "No permission allows it: use capture/start and capture/stop, or capture/watch, in place of this step",
      ),
    );
  }
  const denial = findActionDenial("node/mutate", bounds) ?? findTrafficDenial(argv, bounds);
  if (denial !== undefined) return as(denied(denial));
  // A pattern is compared with what stands behind nsenter: said like this it can be copied into the runbook.
  const subject = spellCommand(stripNetns(argv) ?? argv);
  return as(judgeList({ scope: "mutate", argv }, { ...bounds, subject }));
}

function judgeShell(argv: readonly string[], bounds: Bounds): Verdict {
  const as = (verdict: Verdict): Verdict => ({ ...verdict, scope: "shell", subject: spellCommand(argv) });
  const { declared, grant } = bounds;
  if (argv.some((word) => word.includes("\0"))) return as(unfit("argv", "an argument holds a NUL"));
  if (!declared.shell) return as(undeclared("the runbook does not declare permissions.shell"));
  const denial =
    findRule(grant, "deny", { scope: "shell", fits: () => true })?.by ??
    findActionDenial("node/shell", bounds) ??
    // A shell can change, capture and send: whoever refuses all of one of these refuses it too.
    (["mutate", "capture", "traffic"] as const)
      .map((scope) => findRule(grant, "deny", { scope, fits: () => false })?.by)
      .find((by) => by !== undefined);
  if (denial !== undefined) return as(denied(denial));
  // Whatever stands behind env -i or nsenter -t is seen at least where it is a plain command.
  const behind = argv
    .map((_, at) =>
      findRule(grant, "deny", { scope: "mutate", fits: (value) => deniesCommand(value, argv.slice(at)) }),
    )
    .find((found) => found !== undefined);
  if (behind !== undefined) return as(denied(behind.by));
  const rule = findRule(grant, "allow", { scope: "shell", fits: () => true });
  if (rule === undefined && grant.everythingBy === null) return as(ungranted("--allow-shell"));
  return as(granted(grant, rule));
}

function deniesCommand(pattern: string, argv: readonly string[]): boolean {
  return deniesRequest(pattern, { scope: "mutate", argv });
}

function findActionDenial(action: string, { grant }: Bounds): string | undefined {
  return findRule(grant, "deny", { scope: "exec", fits: (value) => fitsAction(value, action) })?.by;
}

function findTrafficDenial(argv: readonly string[], { grant }: Bounds): string | undefined {
  if (findTrafficMaker(argv) === undefined) return undefined;
  return findRule(grant, "deny", { scope: "traffic", fits: () => false })?.by;
}

/** A command as the audit and the flags have it. */
function spellCommand(argv: readonly string[]): string {
  return argv.map((word) => (/\s/.test(word) || word === "" ? quoteShellWord(word) : word)).join(" ");
}
