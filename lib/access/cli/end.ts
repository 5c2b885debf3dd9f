import { basename } from "node:path";
import { HopbookError, type ErrorCode } from "../../errors.js";
import type { Argv } from "../../model/access.js";
import type { ProcessEnd } from "../../process/start.js";
import type { RemoteEnd } from "../recipe.js";

/** Last on stderr where the command itself ended so: kubectl's own word, and its own exit code is the same. */
const TRAILER = /command terminated with exit code ([0-9]{1,3})\n?$/;
const TRAILER_BYTES = 64;
const SAID_BYTES = 2_000;

/** Why kubectl or oc itself failed. */
interface CliFailure {
  readonly code: ErrorCode;
  readonly why: string;
  readonly hint?: string;
}

/**
 * What the end of `kubectl exec` says of the command. Its trailer is taken off; without one, a failure is kubectl's own.
 * A signal's end is 128 + N here, as the container runtime tells it.
 */
export function readCliEnd(
  end: Pick<ProcessEnd, "exitCode" | "signal">,
  told: { readonly node: string; readonly program: string; readonly argv: Argv; readonly stderr: Buffer },
): RemoteEnd {
  const { stderr, node, argv } = told;
  const program = basename(told.program);
  const ended = (exitCode: number, own: Buffer): RemoteEnd => ({
    ...{ exitCode, signal: null, transportLost: false },
    stderr: own,
  });
  if (end.exitCode === 0) return ended(0, stderr);
  const match = TRAILER.exec(stderr.subarray(-TRAILER_BYTES).toString("latin1"));
  if (match !== null && Number(match[1]) === end.exitCode) {
    return ended(end.exitCode, stderr.subarray(0, stderr.length - match[0].length));
  }
  const said = stderr.toString("utf8").trim().slice(-SAID_BYTES);
  const { code, why, hint } =
    end.exitCode === null
      ? {
          code: "NODE_UNREACHABLE" as const,
          why: `${program} was ended by ${end.signal ?? "a signal"}`,
          hint: undefined,
        }
      : readCliFailure(said, { program, exitCode: end.exitCode });
  throw new HopbookError(code, `Cannot run a command on ${node} by ${program} exec: ${why}`, {
    where: { node, argv },
    ...(hint === undefined ? {} : { hint }),
    ...(said === "" ? {} : { detail: said }),
  });
}

/** What kubectl or oc said of its own failure, as an error's code and reason. */
export function readCliFailure(
  said: string,
  told: { readonly program: string; readonly exitCode: number | null },
): CliFailure {
  const program = basename(told.program);
  const { exitCode } = told;
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const last = lines.findLast((line) =>
    /^error:|^Error from server|^Unable to connect|^The connection/i.test(line),
  );
  const why = (last ?? lines.at(-1) ?? `its exit code is ${String(exitCode)}`).replace(/^error:\s*/i, "");
  if (exitCode === 127 || exitCode === 126) {
    return {
      code: "TOOL_MISSING",
      why,
      hint: `Install ${program}, or name its path in the cluster profile's access`,
    };
  }
  const missing = /exec: "?([^":\s]+)"?: (?:executable file not found|stat .*no such file)/.exec(said)?.[1];
  if (missing !== undefined) {
    return {
      code: "TOOL_MISSING",
      why: `the pod's image has no ${missing}`,
      hint: "Name an image with sh, env and nsenter under images.tools",
    };
  }
  for (const [pattern, code, hint] of FAILURES)
    if (pattern.test(said)) return { code, why, ...(hint && { hint }) };
  return { code: "NODE_UNREACHABLE", why };
}

/** RBAC and admission both are "Forbidden"; RBAC's words are its own. */
const FAILURES: readonly (readonly [RegExp, ErrorCode, string?])[] = [
  [
    /unknown (shorthand )?flag|unknown profile|unknown command/i,
    "TOOL_MISSING",
    "Install kubectl 1.27 or newer, whose debug knows the profile sysadmin",
  ],
  [
    /User "[^"]*" cannot /,
    "KUBE_FORBIDDEN",
    "Ask for the right, or see with hopbook doctor which ways need it not",
  ],
  [
    /\(Unauthorized\)|must be logged in|Unauthorized$/m,
    "KUBE_UNAUTHORISED",
    "Log in again, or check the kubeconfig's user with kubectl auth whoami",
  ],
  [
    /Error from server \((Forbidden|Invalid|BadRequest|Conflict|InternalError)\)|admission webhook "|exceeded quota|violates PodSecurity/,
    "KUBE_REFUSED",
  ],
  [
    /Unable to connect|connection to the server|context "[^"]*" does not exist|no configuration has been provided|i\/o timeout|TLS handshake/,
    "KUBE_UNREACHABLE",
    "Check the kubeconfig and the network to its server",
  ],
  [
    /namespaces "[^"]*" not found/,
    "KUBE_NOT_FOUND",
    "Name a namespace that is there as access.namespace in the cluster profile",
  ],
  [/nodes? "[^"]*" not found/, "TARGET_NOT_FOUND", "Name the node in the profile as kubectl get nodes does"],
];
