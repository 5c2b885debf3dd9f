import { parseRouteAnswer } from "../../linux/routes.js";
import { parseSysctl } from "../../linux/sysctls.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import type { Leg } from "../legs.js";
import { addressAt } from "../path.js";
import { askedRoute, isReversePathFailure } from "../routes.js";

/** The kernel itself refuses a packet that the way back to its source does not come by (ip-sysctl.rst: rp_filter). */
export const rpFilter: Check = {
  name: "rp-filter",
  title: "The reverse path filter lets the packets in",
  check: (world) => world.legs.flatMap((leg) => [...checkInner(world, leg), ...checkOuter(world, leg)]),
};

function checkInner(world: AuditWorld, { node, direction, source, target, inDevice, ports }: Leg): Said[] {
  if (inDevice === null || ports !== null) return [];
  const to = addressAt(world.path, target, node);
  return judge(world, { node, direction, inDevice, to, source: addressAt(world.path, source, node) });
}

/** What the tunnel's header says of its sender is filtered as well. */
function checkOuter(world: AuditWorld, { node, direction, source, outerIn }: Leg): Said[] {
  const own = world.path.underlay[node]?.ip;
  const far = world.path.underlay[source.node ?? ""]?.ip;
  if (outerIn === null || own === undefined || far === undefined) return [];
  return judge(world, { node, direction, inDevice: outerIn.interface, to: own, source: far });
}

interface Arrival {
  readonly node: string;
  readonly direction: Leg["direction"];
  readonly inDevice: string;
  readonly to: string;
  readonly source: string;
}

function judge(world: AuditWorld, { node, direction, inDevice, to, source }: Arrival): Said[] {
  const at = hostOf(node);
  const answer = askedRoute(world, at, { to, inDevice });
  if (answer === undefined || !isReversePathFailure(world, at, { to, reading: answer })) return [];
  const [settings] = world.state.readings(at, "rp-filter");
  const values = parseSysctl(settings?.text ?? "");
  const set = ["all", inDevice].flatMap((name) => {
    const key = `net/ipv4/conf/${name}/rp_filter`;
    const value = values.get(key);
    return settings === undefined || value === undefined ? [] : [evidenceOf(settings, `${key} = ${value}`)];
  });
  const back = askedRoute(world, at, { to: source, inDevice: null });
  const device = parseRouteAnswer(back?.text ?? "")?.dev ?? null;
  const way = back === undefined || device === null ? [] : [evidenceOf(back, `the way back is ${device}`)];
  return [
    {
      ...{ severity: "fault", direction, place: { ...at, device: inDevice } },
      what: `the reverse path filter drops what comes from ${source} by ${inDevice}${device === null ? "" : `: the way back is ${device}`}`,
      evidence: [evidenceOf(answer, answer.record.stderr.split("\n")[0]!), ...set, ...way],
      next: `Mend the route back to ${source}, or make the filter loose: \`sysctl -w net.ipv4.conf.${inDevice}.rp_filter=2\``,
    },
  ];
}
