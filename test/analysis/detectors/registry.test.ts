import t from "tap";
import { detectAll, FLOW_DETECTORS } from "../../../lib/analysis/detectors/registry.js";
import { error, flow, LEGS, other, requestsWith, tcp } from "./kit.js";

t.test("nothing is said of a healthy flow", async (t) => {
  t.strictSame(detectAll(flow()), []);
  t.strictSame(detectAll(flow({ protocol: "udp", connections: [], tcp: null, backend: null })), []);
  t.strictSame(detectAll(flow({ hops: [], replyHops: [], legs: [[], []], connections: [], tcp: null })), []);
});

t.test("codes are declared once, and findings have their references, the gravest first", async (t) => {
  const codes = FLOW_DETECTORS.flatMap(({ kinds }) => Object.keys(kinds));
  t.equal(new Set(codes).size, codes.length);
  const stop = { count: 1, of: 8, longestUs: 5_000_000, packets: [] };
  const found = detectAll(
    flow({
      status: "lost",
      legs: requestsWith(1, { missing: 8 }),
      errors: [error({ about: 1, kind: "tooBig" }), error()],
      tcp: tcp({ zeroWindows: [stop, stop] }),
      others: [other({ protocol: "icmp", legs: LEGS }), other({ backend: { ip: "10.2.0.8", port: 8080 } })],
    }),
  );
  t.strictSame(
    found.map(({ severity, code }) => `${severity} ${code}`),
    [
      "fail one-protocol-dropped",
      "fail icmp-unreachable",
      "fail one-backend-fails",
      "warn zero-window",
      "warn zero-window",
      "note path-mtu-learned",
    ],
  );
  t.equal(found[0]!.reference, null);
  t.equal(found[5]!.reference, "RFC 1191; RFC 8201");
  for (const { code, evidence, next } of found) {
    t.ok(codes.includes(code));
    t.ok(evidence.length > 0 && next.length > 0, code);
  }
});
