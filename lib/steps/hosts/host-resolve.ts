import { checkFilterText } from "../../capture/index.js";
import { HopbookError } from "../../errors.js";
import { stepEvidence } from "../../model/evidence.js";
import type { StepKind } from "../../model/steps.js";
import { durationSchema, toMs } from "../schema.js";
import { sortByNode, watchAccesses } from "../shared/watched.js";
import { resolveHosts, type ResolvedHost } from "./ask.js";
import { filterOfHosts, MOST_ADDRESSES } from "./filter.js";
import { findResolvingPlaces, type HostsFrom } from "./places.js";
import { baseFilterSchema, fromNodesSchema, fromPodsSchema, hostsSchema } from "./schema.js";

interface Input extends HostsFrom {
  readonly hosts: readonly string[];
  readonly filter?: string;
  readonly wait?: string | number;
}

interface Output {
  readonly addresses: readonly string[];
  /** For the captures: packets of the hosts that fit the filter too. */
  readonly filter: string;
  readonly hosts: readonly ResolvedHost[];
}

export const HOST_ACTIONS = ["pod/resolver", "pod/names"] as const;

export const hostResolve: StepKind<Input, Output> = {
  name: "host/resolve",
  title: "Ask for the addresses of hosts where pods do",
  description:
    "Asks for the addresses of names as pods do: by their /etc/resolv.conf, its servers and its search domains, from their network " +
    "namespaces, with the node's tools; where no server answers there, from the node's. It sends a few DNS queries for each name, " +
    "also where a runbook is only planned. Gives a tcpdump expression for all packets of the hosts.",
  phase: "discovery",
  actions: ["runtime/pods", "runtime/inspect", "node/read", "netns/read", ...HOST_ACTIONS],
  inputSchema: {
    type: "object",
    required: ["hosts"],
    additionalProperties: false,
    properties: {
      hosts: { ...hostsSchema, minItems: 1 },
      pods: fromPodsSchema,
      nodes: fromNodesSchema,
      filter: baseFilterSchema,
      wait: { ...durationSchema, default: "2s", title: "How long to wait for each server's answers" },
    },
  },
  outputSchema: {
    type: "object",
    required: ["addresses", "filter", "hosts"],
    properties: {
      addresses: { type: "array", items: { type: "string" } },
      filter: { type: "string" },
      hosts: {
        type: "array",
        items: {
          type: "object",
          properties: {
            host: { type: "string" },
            addresses: { type: "array", items: { type: "string" } },
            names: { type: "array", items: { type: "string" } },
            by: { type: "array", items: { type: "string" } },
          },
        },
      },
    },
  },
  example: { hosts: ["web"], pods: ["shop/client"], filter: "tcp" },
  check({ filter = "" }) {
    checkFilterText(filter);
  },
  async plan({ hosts, pods, nodes, filter = "", wait = "2s" }, context) {
    checkFilterText(filter);
    const { accesses, commands } = watchAccesses(context.accesses);
    const from = { ...(pods === undefined ? {} : { pods }), ...(nodes === undefined ? {} : { nodes }) };
    const places = await findResolvingPlaces(from, context, accesses);
    const found = await resolveHosts(hosts, { places, waitMs: toMs(wait) }, context);
    await context.sink.writeJson(stepEvidence("hosts", context.evidenceName), { hosts: found });
    for (const each of found) {
      if (each.addresses.length === 0) throw unknown(each);
      for (const why of each.failures) context.note("warn", `${each.host} has no address for ${why}`);
      if (each.partial)
        context.note("warn", `${each.host} may have more addresses: an answer was cut or did not come`);
    }
    for (const each of found) if (each.by.length > 0) context.note("info", sayHost(each));
    const all = [...new Set(found.flatMap(({ addresses }) => addresses))];
    const addresses = all.slice(0, MOST_ADDRESSES);
    if (all.length > addresses.length)
      context.note("warn", `${addresses.length} of the ${all.length} addresses are taken`);
    const ordered = sortByNode(commands);
    return {
      commands: ordered.map((each) => (each.action === "pod/names" ? { ...each, effect: "traffic" } : each)),
      outputs: { addresses, filter: filterOfHosts(addresses, filter), hosts: found },
      notes: [],
    };
  },
};

const SHOWN = 8;

function sayHost({ host, addresses, names, by }: ResolvedHost): string {
  const more = addresses.length > SHOWN ? ` and ${addresses.length - SHOWN} more` : "";
  const whole = names.filter((name) => name !== host.replace(/\.$/, ""));
  const as = whole.length === 0 ? "" : ` as ${whole.join(", ")}`;
  return `${host}${as} is ${addresses.slice(0, SHOWN).join(", ")}${more} (${by.join("; ")})`;
}

function unknown({ host, failures }: ResolvedHost): HopbookError {
  return new HopbookError(
    "TARGET_NOT_FOUND",
    `Cannot find the addresses of ${host}: ${failures.join("; ")}`,
    {
      hint: "Check the name, or give its addresses in its place; `hopbook run dns` says why a pod cannot resolve a name",
    },
  );
}
