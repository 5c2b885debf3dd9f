import { parseRouteAnswer } from "../../linux/routes.js";
import { commandOf, type Netns, type Reading } from "../../readings/reader.js";
import { evidenceOf, hostOf, notRead, type AuditWorld, type Check, type Said } from "../check.js";
import type { Leg } from "../legs.js";
import { addressAt, endpointOf, isInPod, type AuditedEnd } from "../path.js";
import { askedRoute, isReversePathFailure } from "../routes.js";

/** The kernel's own answer of each node and pod, in both directions: `ip route get`. */
export const routes: Check = {
  name: "routes",
  title: "Each node and pod has a route that leads on",
  check: (world) => [...world.legs.flatMap((leg) => checkLeg(world, leg)), ...checkPods(world)],
};

interface Asked {
  readonly at: Netns;
  readonly direction: Leg["direction"];
  readonly to: string;
  readonly reading: Reading | undefined;
  /** Where the packets should go; null: it is not known. */
  readonly wanted: string | null;
  /** Where a program (eBPF) may take them past the routes to; `from`: where they came from, which is no way on. */
  readonly past?: { readonly device: string; readonly from: readonly string[] };
}

function checkLeg(world: AuditWorld, leg: Leg): Said[] {
  // Within one bridge nothing is routed, and what is for the node itself needs no way on.
  if (leg.outDevice === null || leg.ports !== null) return [];
  const at = hostOf(leg.node);
  const to = addressAt(world.path, leg.target, leg.node);
  const reading = askedRoute(world, at, { to, inDevice: leg.inDevice });
  return judge(world, {
    at,
    direction: leg.direction,
    to,
    reading,
    ...(leg.isPassedBy
      ? { wanted: null, past: { device: leg.outDevice, from: cameFrom(leg) } }
      : { wanted: leg.outDevice }),
  });
}

function cameFrom({ inDevice, outerIn }: Leg): readonly string[] {
  return [inDevice, outerIn?.interface ?? null].filter((device) => device !== null);
}

function checkPods(world: AuditWorld): Said[] {
  const { from, to } = world.path;
  const ways: readonly (readonly [AuditedEnd, AuditedEnd, Leg["direction"]])[] = [
    [from, to, "request"],
    [to, from, "reply"],
  ];
  return ways.flatMap(([source, target, direction]) => {
    if (source.node === null || !isInPod(world.path, source)) return [];
    const at = { node: source.node, pod: source.pod };
    const ip = direction === "request" ? target.ip : endpointOf(target).ip;
    const found =
      askedRoute(world, at, { to: ip, inDevice: null }) ??
      askedRoute(world, at, { to: endpointOf(target).ip, inDevice: null });
    return judge(world, { at, direction, to: ip, reading: found, wanted: null });
  });
}

function judge(world: AuditWorld, { at, direction, to, reading, wanted, past }: Asked): Said[] {
  const base = { direction, place: { ...at, device: wanted } };
  if (reading === undefined || reading.record.exitCode === null || reading.record.exitCode > 2)
    return [{ ...notRead(world, at, "route-get", `where packets to ${to} go`), direction }];
  const { record, text } = reading;
  if (record.exitCode === 0) {
    const answer = parseRouteAnswer(text);
    if (answer === null)
      return [{ ...notRead(world, at, "route-get", `where packets to ${to} go`), direction }];
    const line = `dev ${answer.dev}${answer.gateway === null ? "" : ` via ${answer.gateway}`}`;
    if (past?.from.includes(answer.dev) === true)
      return [
        {
          ...{ ...base, severity: "doubt" },
          what: `packets to ${to} go back out by ${answer.dev}, unless a program of the CNI takes them to ${past.device} past the routes`,
          evidence: [evidenceOf(reading, line)],
          next: `See whether a route to ${to} is missing: \`ip route show table all\`; the CNI's agent on ${at.node} writes it`,
        },
      ];
    if (wanted === null || answer.dev === wanted)
      return [
        {
          ...base,
          severity: "fine",
          what: `packets to ${to} leave by ${answer.dev}`,
          evidence: [evidenceOf(reading, line)],
          next: null,
        },
      ];
    return [
      {
        ...{ ...base, severity: "fault", what: `packets to ${to} leave by ${answer.dev}, not by ${wanted}` },
        evidence: [evidenceOf(reading, line)],
        next: `Find the route that is missing or in the way: \`ip route show table all\`; the CNI's agent on ${at.node} writes it`,
      },
    ];
  }
  // The reverse path filter's answer: rp-filter.ts says it.
  if (isReversePathFailure(world, at, { to, reading })) return [];
  const isBlackhole = /invalid argument/i.test(record.stderr);
  return [
    {
      ...{ ...base, severity: "fault" },
      what: isBlackhole ? `a blackhole route takes what is for ${to}` : `there is no route to ${to}`,
      evidence: [evidenceOf(reading, record.stderr.split("\n")[0]!)],
      next: `See what its table has: \`ip route show table all\`; the CNI's agent on ${at.node} writes it: \`${commandOf(record).join(" ")}\` asks again`,
    },
  ];
}
