import { leaseAnnotations, ownerHash, runLabel } from "../../kube/index.js";
import type { EphemeralAccessConfig } from "../../model/access.js";
import { EXPIRES_ANNOTATION, type Lease } from "../../model/kube.js";

/** What ps shows of the process that holds an ephemeral container, and of the one that ends it. */
const HOLD_NAME = "hopbook-hold";
const LET_GO_NAME = "hopbook-let-go";

/** Capabilities to ask for, best first. PodSecurity's baseline refuses both, and containerd gives NET_RAW unasked. */
export const CAPABILITY_WISHES: readonly (readonly string[])[] = [["NET_ADMIN", "NET_RAW"], ["NET_RAW"], []];

/**
 * Keeps the container until its lease ends or TERM comes: sleep(1) as the first process of a PID namespace would not hear
 * it. $1: the run; $2: seconds.
 */
const HOLD_SCRIPT = `trap 'exit 0' TERM INT; sleep "$2" & wait; exit 0`;

/** Ends the process that holds the container of the run $1; of another container in the same PID namespace, none. */
const LET_GO_SCRIPT = `for dir in /proc/[0-9]*; do
  set -- "$1" $(tr '\\000 ' '\\n_' <"$dir/cmdline" 2>/dev/null | tail -n 3)
  [ "$2" = ${HOLD_NAME} ] && [ "$3" = "$1" ] && kill -TERM "\${dir#/proc/}"
done
exit 0`;

interface EphemeralContainer {
  readonly name: string;
  readonly image: string;
  readonly [key: string]: unknown;
}

interface EphemeralWish {
  readonly access: Pick<EphemeralAccessConfig, "targetContainer"> & { readonly image: string };
  readonly lease: Lease;
  readonly name: string;
  readonly capabilities: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** An ephemeral container as the API takes it. Whose it is stands in its environment: labels it cannot have. */
export function buildContainer(wish: EphemeralWish): EphemeralContainer {
  const { access, lease, name, capabilities, now } = wish;
  const seconds = String(Math.ceil(lease.durationMs / 1000));
  const run = runLabel(lease.runId);
  return {
    name,
    image: access.image,
    command: ["sh", "-c", HOLD_SCRIPT, HOLD_NAME, run, seconds],
    env: [
      { name: "HOPBOOK_RUN", value: run },
      { name: "HOPBOOK_OWNER", value: ownerHash(lease.owner) },
      { name: "HOPBOOK_EXPIRES", value: leaseAnnotations(lease, now)[EXPIRES_ANNOTATION] ?? "" },
    ],
    securityContext: {
      // The pod's own may say otherwise; packet sockets are root's.
      runAsUser: 0,
      runAsNonRoot: false,
      readOnlyRootFilesystem: false,
      ...(capabilities.length === 0 ? {} : { capabilities: { add: capabilities } }),
    },
    ...(access.targetContainer === undefined ? {} : { targetContainerName: access.targetContainer }),
  };
}

/** The command that ends the container of a run from within. */
export function buildLetGo(lease: Lease): readonly [string, ...string[]] {
  return ["sh", "-c", LET_GO_SCRIPT, LET_GO_NAME, runLabel(lease.runId)];
}

/** A DNS label of the run: `hopbook-RUN`, and `hopbook-RUN-2` where that was taken and has ended. */
export function containerName(lease: Lease, attempt: number): string {
  const run = lease.runId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 48);
  return `hopbook-${run === "" ? "run" : run}${attempt === 1 ? "" : `-${attempt}`}`;
}
