import type { Candidate, Detector, DetectorInput } from "../candidate.js";
import { weighGrowth } from "../growth.js";
import { containsIp, parsePrefix } from "../../../linux/address.js";
import { bridgeOf, parseLinks } from "../../../linux/links.js";
import { parseRouteAnswer, parseRoutes } from "../../../linux/routes.js";
import { parseSysctl } from "../../../linux/sysctls.js";
import type { Spot } from "../spot.js";
import type { Netns, Reading, StateReader } from "../../../readings/reader.js";
import { describeNetns } from "../../../readings/reader.js";

const KERNEL = { reasons: ["IP_INNOROUTES", "IP_OUTNOROUTES"], locations: ["ip_error"] };

/** The node (or pod) at the break has no way on for the target, says its own `ip route get`. */
export const route: Detector = {
  causes: {
    "route-missing": { title: "A node has no route that leads on", ...KERNEL },
    "route-blackhole": { title: "A route throws the packets away on purpose", ...KERNEL },
  },
  detect: detectRoute,
};

function detectRoute(given: DetectorInput): readonly Candidate[] {
  const { spot, state } = given;
  const at = spot.netns;
  if (at === null || !["forward", "pod-in", "pod-out"].includes(spot.kind)) return [];
  if (isSwitched(given)) return [];
  const target = spot.kind === "pod-in" ? spot.source : spot.target;
  const ips = [target.ip, ...target.addresses.map((address) => address.ip)];
  for (const { record, text } of state.readings(at, "route-get", { failed: true })) {
    const to = record.argv[record.argv.indexOf("get") + 1];
    if (to === undefined || !ips.includes(to)) continue;
    const asked = record.argv.slice(record.argv.indexOf("ip")).join(" ");
    const iif = record.argv[record.argv.indexOf("iif") + 1];
    if (record.argv.includes("iif") && iif !== spot.inDevice) continue;
    if (record.exitCode === 0) {
      const elsewhere = parseRouteAnswer(text)?.dev ?? null;
      if (spot.kind !== "forward" || spot.outDevice === null || !record.argv.includes("iif")) continue;
      if (elsewhere === null || elsewhere === spot.outDevice) continue;
      // A bridge routes for its ports: the way leads to it, and by it to the pod.
      if (elsewhere === bridgeOfDevice(spot.outDevice, given)) continue;
      const summary = `${describeNetns(at)}: the route to ${to} leads to ${elsewhere}, not to ${spot.outDevice}`;
      return [
        {
          code: "route-missing",
          summary,
          evidence: [`${describeNetns(at)}: ${asked}: dev ${elsewhere}`],
          strength: 2,
        },
      ];
    }
    if (record.exitCode !== 2 || /cross-device/i.test(record.stderr)) continue;
    // A reverse path failure also says "Invalid argument", but only where the packet's way in is told.
    if (record.argv.includes("iif") && plainWorks(state.readings(at, "route-get"), to)) continue;
    const blackhole = /invalid argument/i.test(record.stderr);
    const evidence = [`${describeNetns(at)}: ${asked}: ${record.stderr}`, ...showRoutes({ at, to }, state)];
    return blackhole
      ? [
          {
            code: "route-blackhole",
            summary: `${describeNetns(at)}: a blackhole route takes what is for ${to}`,
            evidence,
            strength: 2,
          },
        ]
      : [
          {
            code: "route-missing",
            summary: `${describeNetns(at)}: there is no route to ${to}`,
            evidence,
            strength: 2,
          },
        ];
  }
  return [];
}

/** Whether packets pass from port to port of one bridge, whatever the node's routes say: their target is not translated. */
function isSwitched(given: DetectorInput): boolean {
  const { kind, inDevice, outDevice, target } = given.spot;
  if (kind !== "forward" || inDevice === null || outDevice === null || target.addresses.length > 1)
    return false;
  const bridge = bridgeOfDevice(inDevice, given);
  return bridge !== null && bridge === bridgeOfDevice(outDevice, given);
}

/** The bridge that a node's device is a port of; null: none that is known. */
function bridgeOfDevice(device: string, { spot, state }: DetectorInput): string | null {
  const [links] = state.readings(spot.netns!, "links");
  return bridgeOf(parseLinks(links?.text ?? "").find(({ name }) => name === device));
}

function plainWorks(looks: readonly Reading[], to: string): boolean {
  return looks.some(({ record }) => record.argv.at(-1) === to && !record.argv.includes("iif"));
}

/** The kernel counted as many reverse path failures as were lost, and the filter is on. */
export const rpFilter: Detector = {
  causes: {
    "rp-filter": {
      title: "The reverse path filter threw the packets away",
      reasons: ["IP_RPFILTER"],
      alone: "the reverse path filter dropped the packets",
    },
  },
  detect: detectRpFilter,
};

function detectRpFilter(given: DetectorInput): readonly Candidate[] {
  const { spot, state } = given;
  const at = spot.netns;
  if (at === null || spot.inDevice === null || !isRouted(spot.kind)) return [];
  const growth = state.growth(at, "TcpExtIPReversePathFilter");
  const settings = parseSysctl(state.readings(at, "rp-filter")[0]?.text ?? "");
  // The kernel takes the larger of the two (ip-sysctl.rst).
  const values = ["all", spot.inDevice].map((name) =>
    Number(settings.get(`net/ipv4/conf/${name}/rp_filter`) ?? 0),
  );
  const mode = Math.max(...values);
  if (growth === null || !(mode > 0)) return [];
  const weight = weighGrowth(growth, given, {
    code: "rp-filter",
    counts: (other) => isRouted(other.spot.kind),
    isOwn: true,
  });
  if (weight === null) return [];
  const back = state.readings(at, "route-get").find(({ record }) => record.argv.at(-1) === spot.source.ip);
  const device = parseRouteAnswer(back?.text ?? "")?.dev ?? null;
  const where = describeNetns(at);
  const summary =
    weight.strength === 0
      ? `${where}: IPReversePathFilter ${weight.text}`
      : `${where}: the reverse path filter drops what comes in by ${spot.inDevice}`;
  return [
    {
      code: "rp-filter",
      summary,
      evidence: [
        `${where}: IPReversePathFilter ${weight.text}`,
        `${where}: rp_filter of ${spot.inDevice} is ${mode}`,
        ...(device === null ? [] : [`${where}: the way back to ${spot.source.ip} is ${device}`]),
      ],
      strength: weight.strength,
    },
  ];
}

function isRouted(kind: Spot["kind"]): boolean {
  return kind === "forward" || kind === "decapsulate" || kind === "pod-in";
}

/** Of the node's table what holds the target, the narrowest first: what its words of an error are about. */
function showRoutes({ at, to }: { readonly at: Netns; readonly to: string }, state: StateReader): string[] {
  const isIpv6 = to.includes(":");
  const otherFamily = isIpv6 ? "-4" : "-6";
  const looks = state.readings(at, "routes").filter(({ record }) => !record.argv.includes(otherFamily));
  const looked = looks.at(-1);
  if (looked === undefined) return [];
  const holding = parseRoutes(looked.text).flatMap((entry) => {
    const prefix = parsePrefix(entry.dst === "default" ? (isIpv6 ? "::/0" : "0.0.0.0/0") : entry.dst);
    return prefix !== undefined && containsIp(prefix, to) ? [{ ...entry, length: prefix.lengthBits }] : [];
  });
  if (holding.length === 0) return [`${describeNetns(at)}: none of its routes holds ${to}`];
  return holding
    .sort((one, other) => other.length - one.length)
    .slice(0, 2)
    .map(({ type, dst, gateway, dev, table }) => {
      const way = [gateway === null ? "" : ` via ${gateway}`, dev === null ? "" : ` dev ${dev}`].join("");
      return `${describeNetns(at)}: its route: ${type === "unicast" ? "" : `${type} `}${dst}${way}${table === "main" ? "" : ` table ${table}`}`;
    });
}
