import t from "tap";
import { identifyProbes, OWN } from "../../../lib/analysis/follow/identity.js";
import type { ProbeRecord } from "../../../lib/model/evidence.js";
import { packetOf } from "./kit.js";

t.test("an answer is known by the port that a tagged request came from", async (t) => {
  const attempt = {
    seq: 1,
    sentAtSec: 0,
    localPort: null,
    outcome: "answered",
    rttMs: 1,
    detail: "",
  } as const;
  const probe: ProbeRecord = {
    ...{ flowId: "f0", kind: "dns-udp", node: "n", argv: ["perl"], to: { ip: "10.0.0.2", port: 53 } },
    ...{ tagHex: Buffer.from("hopbook-tag").toString("hex"), icmpId: null, attempts: [attempt] },
    ...{ exitCode: 0, error: null },
  };
  const identity = identifyProbes([probe]);
  const said = (direction: 0 | 1, port: number, text: string): number => {
    const bytes = Buffer.from(text);
    const ports = direction === 0 ? { sourcePort: port } : { destinationPort: port };
    const packet = packetOf({ ...ports, payloadBytes: bytes.length, end: bytes.length });
    return identity.ownership(packet, bytes, direction);
  };
  t.equal(said(1, 5000, "an answer, no tag"), OWN.no, "nobody has asked");
  t.equal(said(0, 5000, "xx hopbook-tag yy"), OWN.yes);
  t.equal(said(1, 5000, "an answer, no tag"), OWN.yes);
  t.equal(said(1, 6000, "an answer, no tag"), OWN.no);
});
