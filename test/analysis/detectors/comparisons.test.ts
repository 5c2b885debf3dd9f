import t from "tap";
import { backends } from "../../../lib/analysis/detectors/backends.js";
import type { RewriteFinding } from "../../../lib/model/findings.js";
import { protocols } from "../../../lib/analysis/detectors/protocols.js";
import { translation } from "../../../lib/analysis/detectors/translation.js";
import { count, duration, nameEnd, nameHop } from "../../../lib/analysis/detectors/wording.js";
import { connection, flow, hop, LEGS, NIC_A, NIC_B, other, POD_A, requestsWith, said } from "./kit.js";

t.test("one backend of several", async (t) => {
  const works = other({ backend: { ip: "10.2.0.8", port: 8080 } });
  t.strictSame(said(backends, { status: "lost", others: [works] }), [
    "fail one-backend-fails: Of the backends of 10.96.0.80:80 10.2.0.7:8080 fails; 10.2.0.8:8080 work",
  ]);
  const none = [
    said(backends, { others: [works] }),
    said(backends, { status: "lost", backend: null, others: [works] }),
    said(backends, { status: "inconclusive", others: [works] }),
    said(backends, {
      status: "lost",
      others: [{ ...works, status: "lost" }, other(), { ...works, backend: null }],
    }),
    said(backends, { status: "lost", others: [{ ...works, protocol: "udp" }] }),
    said(backends, { status: "lost", others: [{ ...works, server: { ip: "10.96.0.81", port: 80 } }] }),
  ];
  for (const found of none) t.strictSame(found, []);
});

t.test("one protocol where another passes", async (t) => {
  const legs = requestsWith(1, { missing: 8 });
  const dns = other({ protocol: "udp", server: { ip: "10.2.0.7", port: 53 }, backend: null });
  const ping = other({ protocol: "icmp", server: { ip: "10.9.9.9", port: null }, backend: null });
  t.strictSame(said(protocols, { legs, others: [ping, dns] }), [
    "fail one-protocol-dropped: TCP port 80 is dropped between node-a ens1 and node-b ens1, where UDP port 53 between the same ends passes",
  ]);
  t.strictSame(said(protocols, { legs, backend: null, others: [ping] }), [
    "fail one-protocol-dropped: TCP port 80 is dropped between node-a ens1 and node-b ens1, where ICMP of others passes",
  ]);
  t.strictSame(
    said(protocols, { legs: requestsWith(1, { missing: 4 }), others: [ping] }),
    [],
    "not all is lost",
  );
  for (const theirs of [legs, requestsWith(1, { sent: 0 }), [LEGS[0].slice(0, 1), []] as const])
    t.strictSame(said(protocols, { legs, others: [other({ legs: theirs })] }), []);
});

t.test("addresses that are not what they should be", async (t) => {
  const rewrite: RewriteFinding = {
    ...({ direction: "request", before: NIC_A, after: NIC_B, connections: 2 } as const),
    source: { was: "10.1.0.5", is: "192.168.1.1" },
    destination: { was: "10.96.0.80:80", is: "10.96.0.80:80" },
  };
  t.strictSame(said(translation, { connections: [connection({ answeredBy: "10.2.0.7" })] }), [
    "fail reply-not-translated-back: The client asked 10.96.0.80:80, and the answers came from 10.2.0.7: they were not translated back",
  ]);
  const reset = { by: 0, ip: "10.1.0.5", phase: "handshake", afterUs: 9, packets: [] } as const;
  t.strictSame(
    said(translation, { connections: [connection({ answeredBy: "10.2.0.7", reset })] }),
    [],
    "that is told",
  );
  t.strictSame(said(translation, { backend: null }), []);
  t.strictSame(said(translation, { rewrites: [rewrite], status: "lost" }), [
    "warn source-rewritten: The client's 10.1.0.5 became 192.168.1.1 between node-a ens1 and node-b ens1: the server sees that one",
  ]);
  t.strictSame(said(translation, { rewrites: [{ ...rewrite, after: NIC_A }] }), [
    "note source-rewritten: The client's 10.1.0.5 became 192.168.1.1 at node-a ens1: the server sees that one",
  ]);
  t.strictSame(said(translation, { rewrites: [{ ...rewrite, direction: "reply" }] }), []);
  const outward = {
    rewrites: [rewrite],
    hops: [hop(POD_A), hop(NIC_A)],
    status: "unanswered",
    backend: null,
  } as const;
  const nextOf = (nodesKnown: boolean): readonly string[] =>
    translation.detect(flow({ ...outward, nodesKnown })).flatMap(({ next }) => next);
  t.match(nextOf(true), [/^Towards what is no pod that is meant/], "no pod is the last place");
  t.match(nextOf(false), [/^Between pods/], "bare files tell nothing of pods");
  const atDoor = translation.detect(flow({ rewrites: [rewrite], isDoor: true })).flatMap(({ next }) => next);
  t.match(atDoor, [/^At a node's port.* that is meant/], "who asks there gets a node's address");
  const self = { ip: "10.1.0.5", port: 8080 };
  const hairpin =
    "own-address-as-destination: 10.1.0.5 asked 10.96.0.80:80 and was led to itself, with its own address as source";
  t.strictSame(said(translation, { backend: self }), [`note ${hairpin}`]);
  t.strictSame(said(translation, { backend: self, status: "lost" }), [`fail ${hairpin}`]);
  t.match(said(translation, { backend: self, rewrites: [rewrite] }), [/source-rewritten/]);
});

t.test("words", async (t) => {
  t.equal(nameHop({ node: "n1", role: "nic", interface: "n1" }), "n1");
  t.equal(nameHop({ node: "", role: "nic", interface: "a.pcap" }), "a.pcap");
  t.equal(nameEnd({ ip: "fd00::1", port: 80 }), "[fd00::1]:80");
  t.equal(nameEnd({ ip: "10.0.0.1", port: null }), "10.0.0.1");
  t.equal(count(1, "packet"), "1 packet");
  t.equal(duration(340), "340 µs");
});
