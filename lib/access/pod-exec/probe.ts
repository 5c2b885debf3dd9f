import type { Argv } from "../../model/access.js";
import type { KubeApi } from "../../model/kube.js";
import type { ContainerRef } from "../pod/container.js";
import { runCommand } from "../../process/command.js";
import { startInContainer } from "../pod/container.js";
import { readContainerEnd } from "./end.js";

/** Programs without which one thing or another cannot be done from within a pod. */
const ASKED = ["tcpdump", "ip", "ping", "bash", "timeout", "env"] as const;
type AskedTool = (typeof ASKED)[number];

/** What a container has, as one command found it. */
interface ContainerTools {
  /** false: no `sh` at all, and nothing else is known. */
  readonly hasShell: boolean;
  /** The runtime's words where there is none. */
  readonly why: string;
  readonly has: ReadonlySet<AskedTool>;
  /** Of commands run there; null where it does not say. */
  readonly uid: number | null;
  /** Effective capabilities, CapEff of proc(5); null where it does not say. */
  readonly capabilities: bigint | null;
}

/** Prints `key value` lines; never fails. Constant POSIX sh. */
const PROBE_SCRIPT = `
for tool; do command -v "$tool" >/dev/null 2>&1 && echo "has $tool"; done
echo "uid $(id -u 2>/dev/null)"
while read -r key value; do case $key in CapEff:) echo "capEff $value" ;; esac; done </proc/self/status 2>/dev/null
exit 0`;

/** capabilities(7): sockets of AF_PACKET. */
const CAP_NET_RAW = 13n;

export function mayCapture({ capabilities }: ContainerTools): boolean {
  return capabilities === null || ((capabilities >> CAP_NET_RAW) & 1n) === 1n;
}

/** Asks a container once what it has. Throws as readContainerEnd does, and what the API says. */
export async function probeContainer(
  api: KubeApi,
  options: {
    readonly name: string;
    readonly container: ContainerRef;
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ContainerTools> {
  const { name: node, container, timeoutMs, signal } = options;
  const argv: Argv = ["sh", "-c", PROBE_SCRIPT, "hopbook-probe", ...ASKED];
  let ended: Promise<Parameters<typeof readContainerEnd>[0]> | undefined;
  const result = await runCommand(
    {
      ...{ node, argv, leased: false },
      start: async (how) => {
        const started = await startInContainer(api, argv, { container, options: { ...how, env: {} } });
        ended = started.done;
        return started;
      },
    },
    { timeoutMs, ...(signal === undefined ? {} : { signal }) },
  );
  const end =
    ended === undefined ? undefined : readContainerEnd(await ended, { node, argv, stderr: result.stderr });
  return parseProbe(result.stdout.toString("utf8"), {
    exitCode: end?.exitCode ?? null,
    said: (end?.stderr ?? result.stderr).toString("utf8"),
  });
}

export function parseProbe(
  text: string,
  end: { readonly exitCode: number | null; readonly said: string },
): ContainerTools {
  const lines = text.split("\n").slice(0, 50);
  const values = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const [uid = ""] = values("uid");
  const [capEff = ""] = values("capEff");
  return {
    hasShell: end.exitCode === 0,
    why: end.said.trim(),
    has: new Set(ASKED.filter((tool) => values("has").includes(tool))),
    uid: /^\d{1,10}$/.test(uid) ? Number(uid) : null,
    capabilities: /^[0-9a-f]{1,16}$/i.test(capEff) ? BigInt(`0x${capEff}`) : null,
  };
}
