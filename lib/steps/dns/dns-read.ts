import {
  finishEnds,
  gatherFacts,
  loadNamings,
  locateEnds,
  parseEnd,
  runOnNode,
} from "../../cluster/index.js";
import { HopbookError } from "../../errors.js";
import { bracketIp } from "../../linux/endpoint.js";
import type { End } from "../../model/cluster.js";
import { stepEvidence } from "../../model/evidence.js";
import { targetOf } from "../../model/hops.js";
import type { StepKind } from "../../model/steps.js";
import {
  parseResolvConf,
  resolverArgv,
  searchWalk,
  type DnsServer,
  type ResolverConfig,
} from "../../traffic/index.js";
import { sortByNode, watchAccesses } from "../shared/watched.js";
import { familyOf, familySchema, keepFamily, type FamilyChoice } from "./family.js";
import { findServers } from "./servers.js";

interface Input {
  readonly from: string;
  readonly name: string;
  readonly family?: FamilyChoice;
}

interface Output {
  readonly config: ResolverConfig;
  /** The whole names that the pod's resolver asks for, in its order. */
  readonly names: readonly string[];
  readonly servers: readonly DnsServer[];
  /** Ends for path/discover: each server by which one way leads, else those behind it. */
  readonly to: readonly string[];
}

const MAX_PATHS = 8;

export const dnsRead: StepKind<Input, Output> = {
  name: "dns/read",
  title: "Read the pod's resolver configuration",
  description:
    "Reads /etc/resolv.conf as the pod has it, on its node, without a program of the pod, and says which whole names its " +
    "resolver asks for one after the other, which servers it asks, and which pods are behind them.",
  phase: "discovery",
  actions: ["runtime/pods", "runtime/inspect", "node/read", "pod/resolver"],
  inputSchema: {
    type: "object",
    required: ["from", "name"],
    additionalProperties: false,
    properties: {
      from: { type: "string", minLength: 1, title: "Whose configuration: `ns/pod` or `node/NAME`" },
      name: {
        type: "string",
        pattern: "^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251})$",
        title: "Name as a program has it",
      },
      family: {
        ...familySchema,
        title: "Servers of which IP family are asked, where resolv.conf names one of it; otherwise all",
      },
    },
  },
  outputSchema: {
    type: "object",
    required: ["config", "names", "servers", "to"],
    properties: {
      config: { type: "object" },
      names: { type: "array" },
      servers: { type: "array" },
      to: { type: "array" },
    },
  },
  example: { from: "shop/client", name: "web" },
  check({ from }) {
    parseEnd(from);
  },
  async plan(input, context) {
    const { accesses, commands } = watchAccesses(context.accesses);
    const { kube, signal, unreachable } = context;
    const namings = await loadNamings(context.recipeDirs);
    const facts = await gatherFacts(context.profile, accesses, { unreachable, kube, namings, signal });
    const note = (text: string): void => context.note("info", text);
    const [from] = await finishEnds(await locateEnds({ from: input.from, to: [] }, facts, { signal, note }));
    const access = accesses.get(targetOf(from) ?? "");
    if (access === undefined || from.netns === null) throw unseen(input.from, from);
    const argv = resolverArgv(from.netns);
    const options = { action: "pod/resolver", doing: "read the resolver configuration", signal };
    const { stdout, exitCode } = await runOnNode(access, argv, options);
    const text = stdout.toString("utf8");
    if (exitCode !== 0 || !/^#done$/m.test(text)) {
      throw new HopbookError("TARGET_NOT_FOUND", `Cannot read the resolver configuration of ${input.from}`, {
        where: { node: access.node },
        hint: "No process of the pod has a plain /etc/resolv.conf; check that its containers run",
      });
    }
    const config = keepFamily(parseResolvConf(text), familyOf(input.family));
    const names = searchWalk(input.name, config);
    const isOfPod = from.target !== undefined && from.target !== from.node;
    const servers = await findServers(config.nameservers, {
      facts,
      access: isOfPod ? null : access,
      kube,
      signal,
    });
    await context.sink.writeJson(stepEvidence("resolver", context.evidenceName), {
      pod: from.pod,
      node: from.node,
      config,
      names,
      servers,
    });
    context.note(
      "info",
      `${input.from} asks ${config.nameservers.join(", ") || "nobody"} for ${names.join(", ")}`,
    );
    if (config.leftOut !== undefined)
      context.note("info", `not asked, being of the other IP family: ${config.leftOut.join(", ")}`);
    for (const { ip, unread } of servers)
      if (unread !== undefined) context.note("warn", `who is behind ${ip} is not known: ${unread}`);
    const ordered = sortByNode(commands);
    return { commands: ordered, outputs: { config, names, servers, to: endsOf(servers) }, notes: [] };
  },
};

function endsOf(servers: readonly DnsServer[]): readonly string[] {
  const ips = servers.flatMap(({ ip, endpoints }) => (endpoints.length > 1 ? endpoints : [ip, ...endpoints]));
  return [...new Set(ips)].slice(0, MAX_PATHS).map((ip) => `${bracketIp(ip)}:53`);
}

function unseen(text: string, { node, unseen: why }: End): HopbookError {
  return new HopbookError("NODE_UNREACHABLE", `Cannot read the resolver configuration of ${text}`, {
    ...(node === null ? {} : { where: { node } }),
    hint: why ?? "Name a pod of the cluster: namespace/pod",
  });
}
