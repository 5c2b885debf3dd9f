import { HopbookError } from "../../errors.js";
import type { Argv, SshAccessConfig } from "../../model/access.js";
import type { Lease } from "../../model/kube.js";
import { SYSTEM_PATH } from "../../process/environment.js";
import { buildEnvWords } from "../environment.js";
import { quotePosix } from "../../process/quote.js";

/** A dead network is noticed after interval × count seconds. */
const ALIVE_INTERVAL_SECONDS = 5;
const ALIVE_COUNT = 3;
/** The node's own limit on a command ends it this long after ours should have. */
const REMOTE_GRACE_SECONDS = 5;

/** Printed on stderr by our own ProxyCommand: the client found no master, so the command was not started. */
export const NO_MASTER_MARK = "hopbook-no-master";
/** Printed last on stderr by RUN_SCRIPT: exit code 255 is the command's own, not ssh's. */
export const OWN_255_MARK = "\nhopbook-exit-255\n";

/**
 * Runs its arguments and passes on their exit code. ssh(1) gives 255 both for a command's own 255 and for a
 * connection that broke or never was; the mark tells them apart. It also makes a signal's death visible as
 * 128 + n: ssh would give 255 for that as well. What the login's own start-up files set is not handed on: a PATH in
 * which nothing is, files that bash reads at each start.
 */
const RUN_SCRIPT = `unset BASH_ENV ENV; PATH=\${PATH:+$PATH:}${SYSTEM_PATH}; export PATH
"$@"; code=$?; [ "$code" -ne 255 ] || printf '\\n%s\\n' hopbook-exit-255 >&2; exit "$code"`;

/**
 * Learns what a login is: one `key value` line each, then what sudo said if it refused, then the end line. It then becomes
 * the shell that its arguments name, as root where sudo does that: the session that made the connection runs commands.
 */
const PROBE_SCRIPT = `unset BASH_ENV ENV; PATH=$1; LC_ALL=C; export PATH LC_ALL
uid=$(id -u) || exit 1
echo "hopbook-uid $uid"
echo "hopbook-user $(id -un)"
if timeout -k 1 1 true </dev/null 2>/dev/null; then echo "hopbook-timeout yes"; fi
become=
now() { read -r up _ </proc/uptime || up=0.00; up=\${up%.*}\${up#*.}; echo "\${up#"\${up%%[!0]*}"}"; }
if [ "$uid" != 0 ] && [ "$2" = sudo ]; then
  began=$(now)
  if said=$(sudo -n -- env "PATH=$1" LC_ALL=C true 2>&1 </dev/null); then echo "hopbook-sudo yes"; become=sudo
  else echo "hopbook-sudo no"; printf '%s\\n' "$said"; become=nobody; fi
  echo "hopbook-sudo-cs $(($(now) - began))"
fi
echo hopbook-end
shift 2
case $become in
  nobody) exit 1 ;;
  sudo) exec sudo -n -- "$@" ;;
  *) exec "$@" ;;
esac`;
const PROBE_END = "hopbook-end\n";

/** What is known of a login once it has answered. */
export interface Login {
  readonly uid: number;
  readonly user: string;
  /** Commands go through `sudo -n`. */
  readonly sudo: boolean;
  /** How long sudo took to start a command: where the node's resolver is out it may wait for the node's own name. */
  readonly sudoMs: number;
  /** What the login's start-up files print on stdout before a command's own output; "" where they are silent. */
  readonly noise: string;
  /** What sudo said when it refused. */
  readonly sudoRefusal: string | null;
  /** The node has timeout(1), coreutils' or busybox's, with -k. */
  readonly hasTimeout: boolean;
}

export interface SshHost {
  readonly host: string;
  readonly config: SshAccessConfig;
}

export interface SshEnd extends SshHost {
  readonly socketPath: string;
}

/** The ssh that says what it makes of its configuration, and connects to nothing. */
export function buildResolveArgv({ host, config }: SshHost): Argv {
  return ["ssh", "-G", ...configWords(config), "-o", "BatchMode=yes", "--", host];
}

/**
 * The ssh that makes the one connection and is its master as long as its session lasts. The session asks the probe, and is
 * a shell from then on. Where hopbook ends, so does that shell by its stdin, and the master with the last session.
 */
export function buildMasterArgv(
  end: SshEnd,
  { connectTimeoutMs, lease }: { readonly connectTimeoutMs: number; readonly lease: Lease | undefined },
): Argv {
  return [
    "ssh",
    ...configWords(end.config),
    ...option("BatchMode", "yes"),
    ...option("StrictHostKeyChecking", "yes"),
    ...option("ConnectTimeout", Math.max(1, Math.ceil(connectTimeoutMs / 1000))),
    ...option("ServerAliveInterval", ALIVE_INTERVAL_SECONDS),
    ...option("ServerAliveCountMax", ALIVE_COUNT),
    ...option("ControlMaster", "yes"),
    ...option("ControlPath", quotePath(end.socketPath)),
    ...option("ControlPersist", "no"),
    ...option("RemoteCommand", "none"),
    ...option("PermitLocalCommand", "no"),
    ...option("ClearAllForwardings", "yes"),
    ...option("ForwardAgent", "no"),
    ...option("ForwardX11", "no"),
    ...COMMON,
    "--",
    end.host,
    quotePosix([
      "/bin/sh",
      "-c",
      PROBE_SCRIPT,
      "hopbook-probe",
      SYSTEM_PATH,
      end.config.sudo === false ? "none" : "sudo",
      ...shellWords(lease),
    ]),
  ];
}

/** A shell that takes commands on its stdin. */
function shellWords(lease: Lease | undefined): Argv {
  return ["env", ...buildEnvWords(lease), "sh"];
}

/** What a profile says of a host, in ssh's words. */
function configWords(config: SshAccessConfig): string[] {
  return [
    ...(config.sshConfig === undefined ? [] : ["-F", config.sshConfig]),
    ...(config.port === undefined ? [] : option("Port", config.port)),
    ...(config.user === undefined ? [] : option("User", config.user)),
    ...(config.identityFile === undefined
      ? []
      : [...option("IdentityFile", quotePath(config.identityFile)), ...option("IdentitiesOnly", "yes")]),
    ...(config.knownHosts === undefined ? [] : option("UserKnownHostsFile", quotePath(config.knownHosts))),
    ...(config.proxyJump === undefined ? [] : option("ProxyJump", config.proxyJump)),
  ];
}

function option(name: string, value: string | number): string[] {
  return ["-o", `${name}=${value}`];
}

/**
 * The ssh of one command: a client of the master and of nothing else. It reads no configuration; where it
 * finds no master it does not connect on its own, as ssh would silently do, but runs a ProxyCommand that fails.
 *
 * On the node, by /bin/sh, since a login's PATH may hold nothing: `sudo -n -- env PATH=… LC_ALL=C timeout -k 2 N ARGV`. A login shell that is not a login one
 * often has neither /usr/sbin nor /usr/local/bin in its PATH, and sudo's secure_path may leave out the
 * latter: so `env` sets it, within sudo. `timeout` is the lease: the end of the ssh client does not end what
 * it started.
 */
export function buildClientArgv(
  end: SshEnd,
  argv: Argv,
  options: { readonly login: Login; readonly lease?: Lease | undefined; readonly timeoutMs?: number },
): Argv {
  const { login, lease, timeoutMs } = options;
  const remote = [
    ...["/bin/sh", "-c", RUN_SCRIPT, "hopbook-run"],
    ...(login.sudo ? ["sudo", "-n", "--"] : []),
    ...["env", ...buildEnvWords(lease)],
    ...(timeoutMs === undefined ? argv : buildLimited(argv, { login, timeoutMs })),
  ];
  // ssh(1) keeps a ProxyCommand's stderr only where the command is to pass back a file descriptor.
  const proxy = ["-o", "ProxyUseFdpass=yes", "-o", `ProxyCommand=echo ${NO_MASTER_MARK} >&2`];
  return ["ssh", ...CLIENT, ...proxy, ...COMMON, ...socketOption(end), "--", end.host, quotePosix(remote)];
}

/** The command with the node's own limit, where the node has timeout(1). */
export function buildLimited(
  argv: Argv,
  { login, timeoutMs }: { readonly login: Login; readonly timeoutMs: number },
): Argv {
  const seconds = Math.ceil(timeoutMs / 1000) + REMOTE_GRACE_SECONDS;
  return login.hasTimeout ? ["timeout", "-k", "2", String(seconds), ...argv] : argv;
}

export function buildControlArgv(end: SshEnd, request: "check" | "exit"): Argv {
  return ["ssh", ...CLIENT, ...socketOption(end), "-O", request, "--", end.host];
}

const COMMON = ["-T", "-o", "LogLevel=ERROR", "-o", "EscapeChar=none"];
const CLIENT = ["-F", "/dev/null", "-o", "BatchMode=yes", "-o", "ControlMaster=no"];

function socketOption(end: SshEnd): string[] {
  return ["-o", `ControlPath=${quotePath(end.socketPath)}`];
}

/** A path as a value of ssh_config(5): in double quotes, `%` doubled since it begins a token. */
function quotePath(path: string): string {
  if (/["\n\r\0\\]/.test(path)) throw refuseValue("path", path);
  return `"${path.replaceAll("%", "%%")}"`;
}

/** Refuses what ssh would read as an option or a shell as more than a name. Throws INPUT_INVALID. */
export function assertSshNames(host: string, config: SshAccessConfig): void {
  if (!/^[A-Za-z0-9_.:[\]%][A-Za-z0-9_.:[\]%-]*$/.test(host)) throw refuseValue("host", host);
  if (config.user !== undefined && !/^[A-Za-z0-9_.@+][A-Za-z0-9_.@+-]*$/.test(config.user)) {
    throw refuseValue("user", config.user);
  }
  if (
    config.proxyJump !== undefined &&
    !/^[A-Za-z0-9_.@+:[\]%/,][A-Za-z0-9_.@+:[\]%/,-]*$/.test(config.proxyJump)
  ) {
    throw refuseValue("proxyJump", config.proxyJump);
  }
}

function refuseValue(what: string, value: string): HopbookError {
  return new HopbookError("INPUT_INVALID", `Cannot use ssh: the ${what} is ${JSON.stringify(value)}`, {
    hint: `Give a ${what} without quotes, spaces and control characters that does not begin with "-"`,
  });
}

export function hasWholeAnswer(said: Buffer): boolean {
  return said.includes(PROBE_END, 0, "latin1");
}

/** Reads the probe's answer; null where it did not come to its end. */
export function readLogin(stdout: string): Login | null {
  const lines = stdout.split("\n");
  const last = lines.lastIndexOf("hopbook-end");
  const first = lines.findIndex((line) => line.startsWith("hopbook-uid "));
  const value = (key: string): string | undefined =>
    lines.find((line) => line.startsWith(`hopbook-${key} `))?.slice(key.length + 9);
  const uid = value("uid");
  if (last === -1 || uid === undefined || !/^\d+$/.test(uid)) return null;
  const refused = lines.indexOf("hopbook-sudo no");
  return {
    uid: Number(uid),
    user: value("user") ?? "",
    sudo: value("sudo") === "yes",
    sudoMs: /^\d{1,6}$/.test(value("sudo-cs") ?? "") ? Number(value("sudo-cs")) * 10 : 0,
    noise: lines.slice(0, first).join("\n"),
    sudoRefusal:
      refused === -1
        ? null
        : lines
            .slice(refused + 1, last)
            .filter((line) => !line.startsWith("hopbook-sudo-cs "))
            .join("\n"),
    hasTimeout: value("timeout") === "yes",
  };
}
