import { LOGICAL_TRACE, nameAcl } from "../../linux/vswitch/logical-trace.js";
import { readSwitch } from "../../readings/switch-trace.js";
import { evidenceOf, hostOf, type AuditWorld, type Check, type Said } from "../check.js";
import { endpointOf } from "../path.js";

/** The switch's own databases tell what becomes of the request's first packet; nothing is sent. */
export const vswitch: Check = {
  name: "switch",
  title: "The switch that takes packets past the nodes' own tables brings them to the other end",
  check: (world) => (world.path.switched === undefined ? [] : [judge(world, world.path.switched.to)]),
};

function judge(world: AuditWorld, target: string | null): Said {
  const { path, state, protocol } = world;
  const nodes = [path.from.node, path.to.node];
  const { ip } = endpointOf(path.to);
  const place = { node: path.from.node ?? path.to.node ?? "", pod: null, device: null };
  const base = { direction: "request", place } as const;
  const answer = readSwitch(state, { nodes, protocol, ip });
  if (answer === undefined) {
    const failed = nodes.flatMap((node) =>
      node === null ? [] : state.readings(hostOf(node), "switch-trace", { failed: true }),
    );
    const why = failed.map(({ record }) => record.stderr.split("\n")[0]!).find((line) => line !== "");
    return {
      ...{ ...base, severity: "doubt", evidence: [], next: LOGICAL_TRACE.byHand },
      what: `what the switch does with the packets is not known: ${why ?? "no node was asked"}`,
    };
  }
  const { end, reading } = answer;
  const says = (line: string): Pick<Said, "evidence"> => ({ evidence: [evidenceOf(reading, line)] });
  switch (end.kind) {
    case "acl": {
      const { at, verb, acl } = end;
      return {
        ...{ ...base, ...says(`${at.stage}: ${at.text}`), severity: "fault" },
        what: `${nameAcl(acl)} ${verb} them on the switch ${at.datapath}`,
        next: "Change the policy that the ACL was made of: its name and external_ids say which",
      };
    }
    case "lost":
      return {
        ...{
          ...base,
          ...says(`${end.at.stage}: ${end.at.text}`),
          severity: "doubt",
          next: LOGICAL_TRACE.byHand,
        },
        what: `the logical flows end on ${end.at.datapath} before the other end`,
      };
    case "output": {
      const ports = end.ports.join(", ");
      const isThere = target !== null && end.ports.includes(target);
      return {
        ...{ ...base, ...says(`output to ${ports}`), severity: isThere ? "fine" : "doubt", next: null },
        what: isThere
          ? `the logical switches bring them to the port ${target}`
          : `the logical switches bring them to the port ${ports}; what becomes of them behind it was not judged`,
      };
    }
  }
}
