import { HopbookError } from "../errors.js";
import { familyOf, withoutZone } from "../linux/address.js";
import { allOf, anyOf } from "./expression.js";
import { matchAddress, viewOf } from "./view.js";
import { matchLaterFragment, protocolNumber } from "./transport.js";
import type { Seal, Wire } from "../wire/registry.js";

const UDP = protocolNumber("udp", 4);

/**
 * The later fragments of tunnel packets between these nodes: where the overlay's MTU is wrong the outer
 * packet is fragmented, and only its first fragment shows the inner one. They may belong to another flow
 * between the same nodes; the first fragment's IP ID tells.
 */
export function matchOuterFragment(
  { format: { carrier }, worn: { outer } }: Wire,
  peers: readonly string[],
): string {
  const view = viewOf({ kind: "none" }, outer);
  const side = (which: "src" | "dst"): string => anyOf(...peers.map((ip) => matchAddress(view, which, ip)));
  const numbers = carrier.over === "udp" ? [UDP] : Object.values(carrier.protocols);
  const fragments = numbers.map((number) => matchLaterFragment(view, number));
  return allOf(view.guard, side("src"), side("dst"), anyOf(...fragments));
}

/** All that is sealed so between these nodes: nobody can tell there whose packets it holds. */
export function matchSealed(
  { format: { udpPorts, protocols }, worn: { outer } }: Seal,
  peers: readonly string[],
): string {
  const hosts = anyOf(...peers.map((ip) => `src host ${ip}`));
  const others = anyOf(...peers.map((ip) => `dst host ${ip}`));
  const ip = outer === 4 ? "ip" : "ip6";
  const kinds = [
    ...udpPorts.map((port) => `udp port ${port}`),
    ...protocols.map((each) => `${ip} proto ${each}`),
  ];
  return allOf(ip, hosts, others, anyOf(...kinds));
}

/**
 * Both directions of the login that hopbook itself came by, from sshd's `SSH_CONNECTION` ("client port
 * server port", sshd(8)); null where there is none.
 */
export function matchTransportSession(sshConnection: string | null): string | null {
  const login = readLogin(sshConnection);
  if (login === null) return null;
  const { near, far, clientPort, serverPort } = login;
  const incoming = `tcp and src host ${far} and src port ${clientPort} and dst host ${near} and dst port ${serverPort}`;
  const outgoing = `tcp and src host ${near} and src port ${serverPort} and dst host ${far} and dst port ${clientPort}`;
  return anyOf(`(${incoming})`, `(${outgoing})`);
}

/**
 * All logins between the same two machines: without the client's port, which is another one each time, so that a plan is
 * the same when it is made again.
 */
export function matchLogins(sshConnection: string | null): string | null {
  const login = readLogin(sshConnection);
  if (login === null) return null;
  const { near, far, serverPort } = login;
  return `(tcp port ${serverPort} and host ${near} and host ${far})`;
}

function readLogin(sshConnection: string | null): {
  readonly near: string;
  readonly far: string;
  readonly clientPort: string;
  readonly serverPort: string;
} | null {
  if (sshConnection === null) return null;
  const [client = "", clientPort = "", server = "", serverPort = "", ...more] = sshConnection
    .trim()
    .split(/\s+/);
  const [near, far] = [withoutZone(server), withoutZone(client)];
  const ports = [clientPort, serverPort].every((port) => /^[0-9]{1,5}$/.test(port) && Number(port) <= 65_535);
  if (more.length > 0 || !ports || familyOf(near) === undefined || familyOf(near) !== familyOf(far)) {
    throw new HopbookError(
      "INPUT_INVALID",
      `Cannot leave the login's own packets out of the capture: current SSH_CONNECTION is ${JSON.stringify(sshConnection.slice(0, 160))}`,
      { hint: "Let the node's sshd set SSH_CONNECTION as sshd(8) says" },
    );
  }
  return { near, far, clientPort, serverPort };
}
