import { ipVersion } from "../../linux/address.js";
import { readChains, viewState } from "../../readings/node-rules.js";
import { commandOf, type Netns } from "../../readings/reader.js";
import { walkHooks, type Walk } from "../../rules/walk/path.js";
import { readBalancer } from "../../readings/balancer.js";
import { hostOf, listSome, type AuditWorld, type Check, type Said } from "../check.js";
import { walksOf } from "../walks.js";
import { judgeBalancer } from "./balancer.js";

/** Endpoints that are named one by one. */
const MOST_TOLD = 10;

/** The sender's node turns a Service's address into one of its endpoints. */
export const service: Check = {
  name: "service",
  title: "The node's own tables lead the Service's address to its endpoints",
  check: (world): readonly Said[] => {
    const { from, to } = world.path;
    if (world.part === "onward") return [];
    // A node between translates to what is told behind it.
    const isBetween = world.part === "arriving";
    const endpoints = to.addresses.filter(({ ip }) => ip !== to.ip);
    const translator = isBetween ? to.node : from.node;
    const walk = walksOf(world).find(
      ({ at, direction }) => direction === "request" && at.node === translator && at.pod === null,
    );
    const balanced =
      translator === null
        ? undefined
        : readBalancer(world.state, hostOf(translator), { ...to, protocol: world.protocol });
    if (balanced !== undefined && translator !== null)
      return judgeBalancer(world, hostOf(translator), balanced);
    if ((endpoints.length === 0 && !isBetween) || walk === undefined) return [];
    const { at, packet, steps } = walk;
    const { passed, givenUp } = walkHooks(readChains(world.state, at), packet, {
      steps,
      node: viewState(world.state, at),
    });
    const base = { direction: "request", place: { ...at, device: null } } as const;
    const command = commandFor(world, at, passed);
    const found = [...new Set(passed.map((one) => one.packet.destination.text))];
    const more = givenUp.length === 0 ? "" : `, and not all was followed: ${givenUp.join("; ")}`;
    const line = `${to.ip} becomes ${listSome(found, MOST_TOLD)}${more}`;
    if (passed.length === 0) return [];
    const wrong = found.filter(
      (ip) => ip === to.ip || (!isBetween && !endpoints.some((endpoint) => endpoint.ip === ip)),
    );
    if (wrong.includes(to.ip))
      return [
        {
          ...{ ...base, severity: "doubt", evidence: [{ command, line: `nothing translates ${to.ip}` }] },
          what: `no rule leads the Service's address ${to.ip} to an endpoint: where neither IPVS nor eBPF does it, nothing does`,
          next: "See kube-proxy's mode and its log on that node, and the Service's EndpointSlices",
        },
      ];
    if (wrong.length > 0)
      return [
        {
          ...{
            ...base,
            severity: "warning",
            what: `the rules lead ${to.ip} to ${listSome(wrong, MOST_TOLD)}, which is none of its endpoints that are known here`,
          },
          evidence: [{ command, line }],
          next: "Hold it against the Service's EndpointSlices: `kubectl get endpointslices`",
        },
      ];
    return [
      {
        ...base,
        severity: "fine",
        what: line,
        evidence: [{ command, line }],
        next: null,
      },
    ];
  },
};

/** The look that tells of the rule which translates; where none does, of those that should have one. */
function commandFor(world: AuditWorld, at: Netns, passed: Walk["passed"]): string {
  const isNft = passed.some(({ translations }) => translations.some(({ rule }) => rule.handle !== null));
  const kinds = isNft
    ? (["nftables"] as const)
    : ([ipVersion(world.path.to.ip) === 4 ? "iptables" : "ip6tables", "nftables"] as const);
  const [reading] = kinds.flatMap((kind) => world.state.readings(at, kind));
  return reading === undefined ? "iptables-save -c" : commandOf(reading.record).join(" ");
}
