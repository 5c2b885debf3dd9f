import type { Argv } from "../model/access.js";
import { END_GROUP, HAS_TIMEOUT } from "../model/watched-child.js";

/** A command that may take longer than this runs under a lease: what is shorter ends soon by itself. */
const LEASED_ABOVE_MS = 15_000;
/** Without a sign of life for this long the node ends the command. */
const LEASE_SECONDS = 20;
/** The same where the way leads through the cluster's API, which may be restarted meanwhile. */
export const API_LEASE_SECONDS = 60;
/** How often the client gives one. */
export const LEASE_BEAT_MS = 4_000;
/** What the client writes in place of one to have the command ended. */
export const LEASE_END = "end";
/** The node's own limit on a command ends it this long after ours should have. */
const REMOTE_GRACE_SECONDS = 5;

/**
 * Runs its arguments, `LIMIT_SECONDS LEASE_SECONDS ARGV`, and passes on their exit code. The end of an ssh client, or
 * of an nsenter, does not end what it started, nor does the end of hopbook; so this does: when its stdin ends or says so,
 * when no line came for the lease, or at a signal. timeout(1) gives the command a process group of its own, all of which
 * it ends. The command itself has no stdin. Constant POSIX sh.
 */
const LEASE_SCRIPT = `${END_GROUP}
limit=$1 lease=$2
shift 2
exec 3<&0 </dev/null
if ${HAS_TIMEOUT}; then set -- timeout -k 2 "$limit" "$@"; fi
"$@" 3<&- &
pid=$!
( exec 3<&-
  idle=0
  trap 'idle=0' USR1
  while [ "$idle" -lt "$lease" ] && kill -0 "$pid" 2>/dev/null; do sleep 1; idle=$((idle + 1)); done
  kill -TERM "$pid" 2>/dev/null ) >/dev/null 2>&1 &
clock=$!
( while read -r beat && [ "$beat" != end ]; do kill -USR1 "$clock" || exit 0; done
  kill -TERM "$pid" ) <&3 >/dev/null 2>&1 &
reader=$!
# Not before: a TERM that comes while a subshell still has this trap of its parent's is lost.
trap 'kill -TERM "$pid" 2>/dev/null' TERM HUP INT
exec 3<&-
wait "$pid"
code=$?
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; code=$?; done
end_group "$pid" "$code"
kill -TERM "$reader" "$clock" 2>/dev/null
# What is on the stdin from now on is no longer for it.
wait "$reader" 2>/dev/null
exit "$code"`;

/** A command whose output goes to a file is a `pull`, which ends with the file that it reads, or its pipe. */
export function needsLease(options: {
  readonly timeoutMs: number;
  readonly stdin?: unknown;
  readonly stdoutFd?: number;
}): boolean {
  return options.timeoutMs > LEASED_ABOVE_MS && options.stdin === undefined && options.stdoutFd === undefined;
}

/** The command under its lease. Its stdin has to stay open, and to get a line every LEASE_BEAT_MS. */
export function buildLeased(
  argv: Argv,
  limits: { readonly timeoutMs: number; readonly leaseSeconds?: number },
): Argv {
  const { timeoutMs, leaseSeconds = LEASE_SECONDS } = limits;
  const limit = Math.ceil(timeoutMs / 1000) + REMOTE_GRACE_SECONDS;
  return ["sh", "-c", LEASE_SCRIPT, "hopbook-lease", String(limit), String(leaseSeconds), ...argv];
}
