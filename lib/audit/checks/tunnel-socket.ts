import { parseSockets } from "../../linux/sockets.js";
import { wireOf } from "../../wire/registry.js";
import { evidenceOf, hostOf, notRead, type AuditWorld, type Check, type Said } from "../check.js";
import type { Leg } from "../legs.js";

/** The far node takes the tunnel's packets only while a socket is open on the tunnel's port. */
export const tunnelSocket: Check = {
  name: "tunnel-socket",
  title: "The nodes listen on the tunnel's port",
  check: (world) => world.legs.flatMap((leg) => checkLeg(world, leg)),
};

function checkLeg(world: AuditWorld, { node, direction, outerIn }: Leg): Said[] {
  const wire = wireOf(outerIn?.encapsulation);
  if (outerIn === null || wire?.format.farEndChecks.includes("socket") !== true) return [];
  const at = hostOf(node);
  const { port = 0 } = wire.worn;
  const [reading] = world.state.readings(at, "sockets");
  if (reading === undefined)
    return [notRead(world, at, "sockets", `whether ${node} takes the tunnel's packets`)];
  const isOpen = parseSockets(reading.text).some(
    (socket) => socket.protocol === "udp" && socket.port === port,
  );
  const base = { direction, place: { ...at, device: outerIn.interface } };
  return isOpen
    ? [
        {
          ...base,
          severity: "fine",
          what: `${node} takes the tunnel's packets on UDP port ${String(port)}`,
          evidence: [evidenceOf(reading, `udp :${String(port)}`)],
          next: null,
        },
      ]
    : [
        {
          ...{
            ...base,
            severity: "fault",
            what: `nothing on ${node} takes the tunnel's packets on UDP port ${String(port)}`,
          },
          evidence: [evidenceOf(reading, `no udp socket on port ${String(port)}`)],
          next: `See the tunnel's device there: \`ip -d link show\`; it opens its socket when it is up`,
        },
      ];
}
