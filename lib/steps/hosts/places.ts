import { runOnNode } from "../../cluster/index.js";
import { HopbookError, messageOf } from "../../errors.js";
import type { GuardedAccess } from "../../model/guarded-access.js";
import type { NetnsRef } from "../../model/cluster.js";
import type { StepContext } from "../../model/steps.js";
import { parseResolvConf, resolverArgv, type ResolverConfig } from "../../traffic/index.js";
import { locatePods, type FoundPod } from "../locate-pods.js";
import { recallPod } from "../shared/known-pods.js";

/** Whose resolver is asked. */
export interface HostsFrom {
  /** `ns/pod`, or as pod/locate gives them. */
  readonly pods?: readonly (string | { readonly pod: string; readonly sandbox?: string | null })[];
  readonly nodes?: readonly string[];
}

/** A place with a resolver of its own. */
export interface ResolvingPlace {
  /** `ns/pod`, `node/NAME`. */
  readonly name: string;
  readonly access: GuardedAccess;
  readonly netns: NetnsRef;
  readonly config: ResolverConfig;
}

/** Pods of one namespace are mostly asked alike. */
const MOST_PLACES = 4;

/**
 * Reads the resolver configuration of some of the pods, of each namespace one first, and of the nodes where no pods are given.
 * Throws TARGET_NOT_FOUND where none has one that can be read.
 */
export async function findResolvingPlaces(
  { pods = [], nodes = [] }: HostsFrom,
  context: StepContext,
  accesses: StepContext["accesses"] = context.accesses,
): Promise<readonly ResolvingPlace[]> {
  const known: FoundPod[] = [];
  const texts: string[] = [];
  for (const each of pods) {
    const text = typeof each === "string" ? each : each.pod;
    const sandbox = typeof each === "string" ? null : each.sandbox;
    const recalled = sandbox == null ? undefined : recallPod(context.accesses, text, sandbox);
    if (recalled === undefined) texts.push(text);
    else known.push(recalled);
  }
  const found =
    texts.length === 0 ? known : [...known, ...(await locatePods({ pods: texts }, { ...context, accesses }))];
  const wanted =
    found.length === 0
      ? nodes.map((node) => ({ name: `node/${node}`, target: node, netns: { kind: "host" } as const }))
      : oneOfEachNamespace(found).map((pod) => ({
          name: `${pod.namespace}/${pod.name}`,
          target: pod.target ?? pod.node,
          netns: pod.found?.pod.netns ?? ({ kind: "own" } as const),
        }));
  const failures: string[] = [];
  const places = await Promise.all(
    wanted.slice(0, MOST_PLACES).map(async ({ name, target, netns }) => {
      const access = accesses.get(target);
      try {
        if (access === undefined) throw new Error(`${target} is not open to this run`);
        return [{ name, access, netns, config: await readConfig(access, netns, context) }];
      } catch (error) {
        if (error instanceof HopbookError && error.code === "PERMISSION_DENIED") throw error;
        context.signal.throwIfAborted();
        failures.push(`${name}: ${messageOf(error)}`);
        return [];
      }
    }),
  );
  for (const why of failures) context.note("warn", `its resolver is not known: ${why}`);
  if (places.flat().length > 0) return places.flat();
  throw new HopbookError(
    "TARGET_NOT_FOUND",
    "Cannot ask for names: no resolver's configuration can be read",
    {
      hint: "Give the addresses in place of the names",
      ...(failures.length === 0 ? {} : { detail: failures.join("\n") }),
    },
  );
}

function oneOfEachNamespace(pods: readonly FoundPod[]): readonly FoundPod[] {
  const seen = new Set<string>();
  const first = pods.filter(({ namespace }) => !seen.has(namespace) && seen.add(namespace));
  return [...first, ...pods.filter((pod) => !first.includes(pod))];
}

async function readConfig(
  access: GuardedAccess,
  netns: NetnsRef,
  { signal }: Pick<StepContext, "signal">,
): Promise<ResolverConfig> {
  const options = { action: "pod/resolver", doing: "read the resolver configuration", signal };
  const { stdout, exitCode } = await runOnNode(access, resolverArgv(netns), options);
  const text = stdout.toString("utf8");
  if (exitCode !== 0 || !/^#done$/m.test(text)) {
    throw new Error("no process there has a plain /etc/resolv.conf");
  }
  const config = parseResolvConf(text);
  if (config.nameservers.length === 0) throw new Error("its /etc/resolv.conf names no server");
  return config;
}
