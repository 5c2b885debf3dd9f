import { HopbookError, type ErrorCode } from "../../errors.js";
import type { Login, SshEnd } from "./argv.js";

const DETAIL_CHARS = 2_000;

/** Why a login failed, read from ssh's own words (LC_ALL=C, LogLevel=ERROR). */
export function explainConnectFailure(node: string, end: SshEnd, stderr: string): HopbookError {
  const { code, reason, hint } = classify(stderr, end);
  const said = stderr.trim();
  return new HopbookError(code, `Cannot connect to node ${node} by ssh to ${end.host}: ${reason}`, {
    where: { node },
    hint,
    ...(said === "" ? {} : { detail: said.slice(-DETAIL_CHARS) }),
  });
}

interface Explained {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
}

function classify(stderr: string, end: SshEnd): Explained {
  const { host, config } = end;
  const port = config.port ?? 22;
  const file = config.knownHosts ?? "~/.ssh/known_hosts";
  if (/REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i.test(stderr)) {
    const name = port === 22 ? host : `[${host}]:${port}`;
    return {
      code: "HOST_KEY_UNKNOWN",
      reason: "its host key has changed",
      hint:
        "Find out on the node why the key changed; only where that is in order, " +
        `run: ssh-keygen -R '${name}' -f ${file}, then add the new key with ssh-keyscan`,
    };
  }
  if (/Host key verification failed|host key is known for/i.test(stderr)) {
    return {
      code: "HOST_KEY_UNKNOWN",
      reason: "its host key is not known",
      hint:
        `Run: ssh-keyscan -p ${port} ${host} >> ${file}, ` +
        "and compare the fingerprint with the node's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub there)",
    };
  }
  if (/Permission denied|Too many authentication failures|No supported authentication/i.test(stderr)) {
    return {
      code: "SSH_AUTH_FAILED",
      reason: `it refused every key${config.user === undefined ? "" : ` of user ${config.user}`}`,
      hint: "Name the right user and identityFile in the cluster profile, or add the key to the ssh agent",
    };
  }
  if (
    /Can't open user config file|Bad configuration option|terminating, \d+ bad configuration/i.test(stderr)
  ) {
    return {
      code: "NODE_UNREACHABLE",
      reason:
        stderr
          .trim()
          .split(/\r?\n/)
          .find((line) => /config/i.test(line)) ?? "its ssh configuration cannot be read",
      hint: `Mend ${config.sshConfig ?? "~/.ssh/config"}, or name another sshConfig in the cluster profile`,
    };
  }
  const last = stderr.trim().split(/\r?\n/).at(-1);
  return {
    code: "NODE_UNREACHABLE",
    reason: last === undefined || last === "" ? "ssh ended without a word" : last,
    hint: "Check the node's address and port, the ssh configuration, and that the node runs sshd",
  };
}

export function explainSudoRefusal(node: string, login: Login): HopbookError {
  const said = login.sudoRefusal?.trim() ?? "";
  return new HopbookError(
    "SUDO_REFUSED",
    `Cannot become root on node ${node}: sudo refuses user ${login.user} without a password`,
    {
      where: { node },
      hint:
        `Add this line with visudo on the node: ${login.user} ALL=(root) NOPASSWD: ALL; ` +
        "or log in as root, or set sudo: false in the cluster profile",
      ...(said === "" ? {} : { detail: said.slice(-DETAIL_CHARS) }),
    },
  );
}

/** What a start-up file prints stands in front of every command's output, and no list or capture could be read. */
export function explainNoise(node: string, { user, noise }: Login): HopbookError {
  return new HopbookError(
    "NODE_UNREACHABLE",
    `Cannot use the login of ${user} on node ${node}: it prints before a command does`,
    {
      where: { node },
      hint: "Make its start-up files (such as ~/.bashrc) silent where nobody sits at a terminal; scp and rsync want it as well",
      detail: noise.slice(0, DETAIL_CHARS),
    },
  );
}
