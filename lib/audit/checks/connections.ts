import { parseConntrack, type Connection } from "../../linux/conntrack.js";
import { formatAddress } from "../../linux/endpoint.js";
import { readChains, viewState } from "../../readings/node-rules.js";
import { walkHooks } from "../../rules/walk/path.js";
import { evidenceOf, listSome, type Check, type Said } from "../check.js";
import { walksOf } from "../walks.js";

/** Endpoints of a Service that are named one by one. */
const MOST_TOLD = 10;

/**
 * A connection that is known goes on as it began, whatever the rules have become: UDP to a backend that is gone, or from before
 * the rule that translates it.
 */
export const connections: Check = {
  name: "connections",
  title: "Connection tracking leads where the rules lead",
  check: (world): readonly Said[] => {
    const { from, to } = world.path;
    const isService = to.addresses.some(({ ip }) => ip !== to.ip);
    const walk = walksOf(world).find(
      ({ at, direction }) => direction === "request" && at.node === from.node && at.pod === null,
    );
    if (world.part !== "whole" || world.protocol !== "udp" || !isService || walk === undefined) return [];
    const { at, packet, steps } = walk;
    const node = viewState(world.state, at);
    const { passed, ended } = walkHooks(readChains(world.state, at), packet, { steps, node });
    const led = new Set(passed.map((one) => one.packet.destination.text));
    // Where no rule translates it, something else does, and nothing is known of where it should go.
    if (led.size === 0 || led.has(to.ip)) return [];
    // Of the endpoints that were not followed to it may be one.
    if (ended.some(({ kind }) => kind === "lost-sight")) return [];
    return world.state.readings(at, "conntrack").flatMap((reading) => {
      const own = parseConntrack(reading.text).filter(
        (one) =>
          one.protocol === "udp" &&
          one.original.source === from.ip &&
          one.original.destination === to.ip &&
          one.original.destinationPort === to.port,
      );
      return own
        .filter(({ reply }) => !led.has(reply.source))
        .slice(0, 1)
        .map((one): Said => ({
          ...{ severity: "fault", direction: "request", place: { ...at, device: null } },
          what: `connection tracking still sends UDP of ${from.ip} to ${spell(one)}, and the rules lead to ${listSome([...led], MOST_TOLD)}`,
          evidence: [
            evidenceOf(
              reading,
              `src=${one.original.source} dst=${to.ip} answered by src=${one.reply.source}`,
            ),
          ],
          next: `Delete those entries, since they live as long as the client sends: \`conntrack -D -p udp -s ${from.ip} -d ${to.ip}\``,
        }));
    });
  },
};

function spell({ original, reply }: Connection): string {
  const isUntranslated = reply.source === original.destination;
  const where = formatAddress({ ip: reply.source, port: reply.sourcePort });
  return isUntranslated ? `${where} itself, untranslated` : where;
}
