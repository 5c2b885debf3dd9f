import { HopbookError, messageOf } from "../../errors.js";
import type { SshAccessConfig } from "../../model/access.js";
import { runCommand, startLocally } from "../../process/command.js";
import { buildSshEnv } from "../environment.js";
import { assertSshNames, buildResolveArgv, type SshHost } from "./argv.js";

/** Of ssh_config(5): what decides which machine answers, and by which keys it is known. */
const DECIDING = [
  "HostName",
  "Port",
  "User",
  "ProxyJump",
  "ProxyCommand",
  "HostKeyAlias",
  "UserKnownHostsFile",
  "GlobalKnownHostsFile",
  "KnownHostsCommand",
  "VerifyHostKeyDNS",
];
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 256 * 1024;
/** Jump hosts have jump hosts. */
const MAX_HOSTS = 16;

/**
 * Where ssh would connect to, by its own word (`ssh -G`), with the hosts that it jumps over: `HostName`, `Port`…, and
 * `bastion: HostName`… of a jump host. Connects to nothing; `Match exec` of the configuration runs its program.
 * Throws NODE_UNREACHABLE where ssh does not say.
 */
export async function resolveSsh(
  target: { readonly name: string; readonly address: string; readonly access: SshAccessConfig },
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { name: node, address, access: config } = target;
  assertSshNames(address, config);
  const settings: Record<string, string> = {};
  const seen = new Set<string>();
  const waiting: { readonly prefix: string; readonly host: SshHost }[] = [
    { prefix: "", host: { host: address, config } },
  ];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { prefix, host } = next;
    if (seen.has(prefix)) continue;
    if (seen.size >= MAX_HOSTS) throw unresolved(node, `it jumps over more than ${MAX_HOSTS - 1} hosts`);
    seen.add(prefix);
    const told = await ask(node, host, signal);
    for (const [key, value] of Object.entries(told)) settings[`${prefix}${key}`] = value;
    for (const jump of readJumps(told["ProxyJump"] ?? "none"))
      waiting.push({ prefix: `${jump.word}: `, host: { host: jump.host, config: jumpConfig(config, jump) } });
  }
  return settings;
}

async function ask(node: string, host: SshHost, signal: AbortSignal): Promise<Record<string, string>> {
  const argv = buildResolveArgv(host);
  const command = { node, argv, start: startLocally(argv, buildSshEnv(process.env)), leased: false };
  const options = { timeoutMs: TIMEOUT_MS, maxOutputBytes: MAX_ANSWER_BYTES, signal };
  const result = await runCommand(command, options).catch((error: unknown) => {
    throw unresolved(node, messageOf(error));
  });
  if (result.canceled) throw new HopbookError("INTERRUPTED", `Interrupted while ${node} was looked up`);
  if (result.exitCode !== 0) {
    const said = result.stderr.toString("utf8").replaceAll("\r", "").trim().slice(-500);
    throw unresolved(node, said || (result.timedOut ? `no answer within ${TIMEOUT_MS} ms` : "it failed"));
  }
  const lines = result.stdout.toString("utf8").split("\n");
  return Object.fromEntries(
    DECIDING.flatMap((key) => {
      const found = lines.find((line) => line.startsWith(`${key.toLowerCase()} `));
      return found === undefined ? [] : [[key, found.slice(key.length + 1)]];
    }),
  );
}

interface Jump {
  readonly word: string;
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
}

/** `[user@]host[:port]`, or the same as ssh://, one after the other with commas. */
function readJumps(text: string): readonly Jump[] {
  if (text === "none") return [];
  return text.split(",").map((word) => {
    const bare = word.replace(/^ssh:\/\//, "").replace(/\/$/, "");
    const at = bare.lastIndexOf("@");
    const end = bare.slice(at + 1);
    const [, inBrackets, plain = end, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(end) ?? [];
    return {
      word,
      host: inBrackets ?? plain,
      user: at === -1 ? undefined : bare.slice(0, at),
      port: port === undefined ? undefined : Number(port),
    };
  });
}

/** ssh hands its configuration file on to the ssh of a jump host, and none of its options. */
function jumpConfig({ sshConfig }: SshAccessConfig, { user, port }: Jump): SshAccessConfig {
  return {
    via: "ssh",
    ...(sshConfig === undefined ? {} : { sshConfig }),
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
  };
}

function unresolved(node: string, why: string): HopbookError {
  return new HopbookError("NODE_UNREACHABLE", `Cannot tell where ssh would enter ${node}: ${why}`, {
    where: { node },
    hint: "Look at what ssh -G says of it",
  });
}
