import type { StepKind } from "../model/steps.js";
import { captureFreeze } from "./capture-freeze.js";
import { captureMark } from "./capture-mark.js";
import { captureStart } from "./capture-start.js";
import { captureStop } from "./capture-stop.js";
import { captureWatch } from "./capture-watch.js";
import { commandRun } from "./command-run.js";
import { connectJudge } from "./connect/connect-judge.js";
import { dnsJudge } from "./dns/dns-judge.js";
import { dnsLookup } from "./dns/dns-lookup.js";
import { dnsRead } from "./dns/dns-read.js";
import { dropsCollect } from "./drops-collect.js";
import { dropsStart } from "./drops-start.js";
import { egressJudge } from "./egress/egress-judge.js";
import { flowDefine } from "./flow-define.js";
import { hostFollow } from "./hosts/host-follow.js";
import { hostResolve } from "./hosts/host-resolve.js";
import { captureJoin } from "./join/capture-join.js";
import { lossJudge } from "./loss/loss-judge.js";
import { mtuJudge } from "./mtu/mtu-judge.js";
import { nodesJudge } from "./nodes/nodes-judge.js";
import { nodesPaths } from "./nodes/nodes-paths.js";
import { pathDiscover } from "./path-discover.js";
import { podLocate } from "./pod-locate.js";
import { podsJudge } from "./pods/pods-judge.js";
import { podsPaths } from "./pods/pods-paths.js";
import { policyJudge } from "./policy/policy-judge.js";
import { scriptRun } from "./script-run.js";
import { serviceJudge } from "./service/service-judge.js";
import { servicePaths } from "./service/service-paths.js";
import { stateAudit } from "./state-audit.js";
import { stateBaseline } from "./state-baseline.js";
import { stateInspect } from "./state-inspect.js";
import { timeWait } from "./time-wait.js";
import { trafficProbe } from "./traffic-probe.js";
import { trafficExec } from "./traffic/traffic-exec.js";
import { triggerWait } from "./trigger-wait.js";

/** Every step kind there is, by name. A new one is a file beside these and a line here. */
export const STEP_KINDS: ReadonlyMap<string, StepKind> = new Map(
  [
    pathDiscover,
    podLocate,
    flowDefine,
    stateAudit,
    stateBaseline,
    dropsStart,
    captureStart,
    trafficProbe,
    trafficExec,
    dnsRead,
    dnsLookup,
    dnsJudge,
    connectJudge,
    mtuJudge,
    nodesPaths,
    nodesJudge,
    servicePaths,
    serviceJudge,
    podsPaths,
    podsJudge,
    policyJudge,
    egressJudge,
    lossJudge,
    commandRun,
    scriptRun,
    timeWait,
    triggerWait,
    captureMark,
    captureFreeze,
    captureStop,
    captureWatch,
    captureJoin,
    hostResolve,
    hostFollow,
    dropsCollect,
    stateInspect,
  ].map((kind) => [kind.name, kind as unknown as StepKind]),
);
