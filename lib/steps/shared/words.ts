import { formatAddress } from "../../linux/endpoint.js";
import type { FindingsEnd, FlowFinding, HopRef } from "../../model/findings.js";

/** What the judges of playbooks say of places, breaks and ends, each in the same words. */

/** `node-a vxlan.calico`; `node-a pod eth0`, since a pod's device has the name of its node's more often than not. */
export function sayHop({ node, role, interface: name }: HopRef): string {
  return role === "pod" ? `${node} pod ${name}` : `${node} ${name}`;
}

/** ` between A and B on the way back`; nothing where packets end nowhere. */
export function sayBreak({ verdict: { lastSeen, firstMissing, direction } }: FlowFinding): string {
  if (lastSeen === null || firstMissing === null) return "";
  return ` between ${sayHop(lastSeen)} and ${sayHop(firstMissing)}${direction === "reply" ? " on the way back" : ""}`;
}

/** ` by 10.0.0.1 (TCP RST)`; nothing where nobody refused. */
export function sayRefusal({ verdict: { rejectedBy } }: FlowFinding): string {
  return rejectedBy === null ? "" : ` by ${rejectedBy.ip} (${rejectedBy.how})`;
}

/** `shop/web:8080`, `node/node-a`, `10.0.0.1:80`. */
export function sayEnd({ pod, node, ip, port }: FindingsEnd): string {
  if (pod === null) return node === null ? formatAddress({ ip, port }) : `node/${node}`;
  return port === null ? pod : `${pod}:${port}`;
}
