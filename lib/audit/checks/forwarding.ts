import { ipVersion } from "../../linux/address.js";
import { parseSysctl } from "../../linux/sysctls.js";
import { evidenceOf, hostOf, notRead, type AuditWorld, type Check, type Said } from "../check.js";
import type { Leg } from "../legs.js";

/** A node passes on what is not for itself only where its kernel is told to. */
export const forwarding: Check = {
  name: "forwarding",
  title: "The nodes forward packets between their devices",
  check: (world) =>
    world.legs
      .filter(({ inDevice, outDevice }) => inDevice !== null && outDevice !== null && inDevice !== outDevice)
      .flatMap((leg) => checkLeg(world, leg)),
};

function checkLeg(world: AuditWorld, { node, direction, inDevice, target }: Leg): Said[] {
  const at = hostOf(node);
  const isSix = ipVersion(target.ip) === 6;
  const keys = isSix
    ? ["net/ipv6/conf/all/forwarding"]
    : ["net/ipv4/ip_forward", `net/ipv4/conf/${inDevice!}/forwarding`];
  const looks = world.state
    .readings(at, "sysctls")
    .map((reading) => ({ reading, values: parseSysctl(reading.text) }));
  const known = keys.flatMap((key) =>
    looks.flatMap(({ reading, values }) => {
      const value = values.get(key);
      return value === undefined ? [] : [{ key, value, reading }];
    }),
  );
  if (known.length === 0) return [notRead(world, at, "sysctls", `whether ${node} forwards packets`)];
  const off = known.find(({ value }) => value === "0");
  const place = { ...at, device: null };
  if (off === undefined)
    return [
      {
        severity: "fine",
        direction: null,
        place,
        what: `${node} forwards packets`,
        evidence: known.map(({ key, value, reading }) => evidenceOf(reading, `${key} = ${value}`)),
        next: null,
      },
    ];
  return [
    {
      ...{ severity: "fault", direction, place },
      what: `${node} does not forward packets: ${off.key} is 0`,
      evidence: [evidenceOf(off.reading, `${off.key} = 0`)],
      next: `Switch it on, and find who switches it off (a sysctl file, the CNI's start): \`sysctl -w ${off.key}=1\``,
    },
  ];
}
