import { parseSockets, type Socket } from "../../linux/sockets.js";
import { canonicalIp } from "../../linux/address.js";
import { evidenceOf, notRead, type Check, type Said } from "../check.js";
import { endpointOf, isInPod } from "../path.js";

/** Something listens at the far end on the port that is asked for. */
export const listener: Check = {
  name: "listener",
  title: "The far end listens on the port",
  check: (world): readonly Said[] => {
    const { path, protocol, port, state, part } = world;
    // What is passed on needs nobody who listens.
    if (part === "arriving") return [];
    const { node, pod } = path.to;
    if (port === null || protocol === "icmp" || node === null) return [];
    const at = { node, pod: isInPod(path, path.to) ? pod : null };
    const { ip } = endpointOf(path.to);
    const place = { ...at, device: null };
    const asked = `${protocol} port ${String(port)}`;
    if (path.to.isolation !== undefined)
      return [
        {
          ...{ severity: "doubt", direction: null, place, evidence: [], next: null },
          what: `whether it listens on ${asked} is not known: its processes have a kernel of their own`,
        },
      ];
    const [reading] = state.readings(at, "sockets");
    if (reading === undefined) return [notRead(world, at, "sockets", `whether it listens on ${asked}`)];
    const on = parseSockets(reading.text).filter(
      (socket) => socket.protocol === protocol && socket.port === port,
    );
    const fits = on.find((socket) => takes(socket, ip));
    if (fits !== undefined)
      return [
        {
          ...{ severity: "fine", direction: null, place, next: null },
          ...{
            what: `it listens on ${asked}`,
            evidence: [evidenceOf(reading, `${fits.state} ${fits.address}:${String(port)}`)],
          },
        },
      ];
    const others = on.map(({ address }) => address).join(", ");
    return [
      {
        ...{ severity: "fault", direction: null, place },
        what:
          others === ""
            ? `nothing listens on ${asked}`
            : `what listens on ${asked} takes ${others} only, not ${ip}`,
        evidence: [
          evidenceOf(
            reading,
            others === "" ? `no ${protocol} socket on port ${String(port)}` : `${others}:${String(port)}`,
          ),
        ],
        next: "See that the server runs, and that it listens on the address and port that clients and the Service ask for",
      },
    ];
  },
};

function takes({ address }: Socket, ip: string): boolean {
  const plain = address.replace(/%.*$/, "").replace(/^\[(.*)\]$/, "$1");
  const isFour = !ip.includes(":");
  return (
    plain === "*" ||
    plain === "::" ||
    (isFour && plain === "0.0.0.0") ||
    canonicalIp(plain.replace(/^::ffff:/, "")) === canonicalIp(ip)
  );
}
