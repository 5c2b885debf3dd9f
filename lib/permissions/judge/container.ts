import { wordsInContainer } from "../../model/exec/container-exec.js";
import { findCapturer, findRunner, findTrafficMaker } from "../commands/runners.js";
import { deniesRequest, findRule } from "../match.js";
import { unfit, denied, type Verdict } from "../verdict.js";
import type { Bounds } from "./list.js";

/**
 * What stands in the way of a command in a container, which its action alone allows: undefined where nothing does. Anything that
 * runs programs needs permissions.shell as well, as `judgeShell` has it; captures are steps of their own.
 */
export function findContainerFault(
  argv: readonly string[],
  {
    grant,
    judgeShell,
  }: Pick<Bounds, "grant"> & { readonly judgeShell: (argv: readonly string[]) => Verdict },
): Verdict | undefined {
  const words = wordsInContainer(argv) ?? argv;
  const capturer = findCapturer(words);
  if (capturer !== undefined) {
    return unfit(
      "argv",
      `${capturer} captures, and captures are made by the steps capture/start and capture/stop`,
      "Use capture/start and capture/stop, or capture/watch: the pod needs no tcpdump for them",
    );
  }
  const denial =
    findRule(grant, "deny", {
      scope: "mutate",
      fits: (pattern) => deniesRequest(pattern, { scope: "mutate", argv: words }),
    })?.by ??
    (findTrafficMaker(words) === undefined
      ? undefined
      : findRule(grant, "deny", { scope: "traffic", fits: () => false })?.by);
  if (denial !== undefined) return denied(denial);
  if (findRunner(words) === undefined) return undefined;
  const shell = judgeShell(words);
  return shell.allowed ? undefined : shell;
}
