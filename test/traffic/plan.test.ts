import t from "tap";
import { findArgvFault, type KnownScripts } from "../../lib/permissions/commands/argv.js";
import type { ProbeKind } from "../../lib/model/traffic.js";
import { PROBE_SCRIPTS, planProbe } from "../../lib/traffic/index.js";
import { tagOf } from "../../lib/model/traffic.js";
import { buildQuery, queryIdOf } from "../../lib/traffic/payloads.js";
import { OPTIONS, makeFlow } from "./flows.js";

const KINDS: readonly ProbeKind[] = [
  "ping",
  "ping-large",
  "udp",
  "dns-udp",
  "dns-tcp",
  "tcp-connect",
  "http",
  "tls",
];
const scripts: KnownScripts = new Map(
  Object.entries(PROBE_SCRIPTS).map(([name, text]) => [name, new Set([text])]),
);

t.test("each kind's command is one that the permission names, in a pod and on a node, IPv4 and IPv6", (t) => {
  for (const kind of KINDS) {
    for (const ip of ["192.168.218.65", "fd00::2"]) {
      for (const netns of [{ kind: "host" } as const, { kind: "path", path: "/run/netns/cni-1" } as const]) {
        const plan = planProbe(makeFlow(kind, { ip, port: 8080 }, { netns }), OPTIONS);
        t.equal(findArgvFault(plan.action, plan.argv, scripts), undefined, `${kind} to ${ip}`);
        t.equal(plan.argv[0] === "nsenter", netns.kind === "path");
        t.equal(plan.timeoutMs, 4 * 200 + 1500 + 5000);
        t.equal(plan.icmpId, null);
        t.match(
          plan.tagHex,
          kind === "ping" || kind === "ping-large" || kind === "udp" ? /^[0-9a-f]{12}$/ : null,
        );
      }
    }
  }
  t.end();
});

t.test("ping: pattern, times, the large one just fits the first hop", (t) => {
  const flow = makeFlow("ping-large", { ip: "192.168.218.65", port: 80 });
  const plan = planProbe(flow, OPTIONS);
  const tag = tagOf(OPTIONS.runTag, flow.id);
  t.same(plan.argv, [
    ...["nsenter", "--net=/var/run/netns/pod", "ping", "-n", "-D", "-O", "-c", "4", "-i", "0.2", "-W", "1.5"],
    ...["-s", "1422", "-M", "do", "-p", tag, "192.168.218.65"],
  ]);
  t.same(plan.to, { ip: "192.168.218.65", port: null });
  const size = (ip: string, mtuBytes: number | null): string => {
    const { argv } = planProbe(makeFlow("ping-large", { ip, port: null }, { mtuBytes }), OPTIONS);
    return argv[argv.indexOf("-s") + 1] ?? "";
  };
  t.equal(size("fd00::2", 1450), "1402");
  t.equal(size("10.0.0.1", null), "1472");
  t.equal(size("10.0.0.1", 65_536), "65507");
  t.equal(size("10.0.0.1", 20), "56");
  const small = planProbe(makeFlow("ping", { ip: "10.0.0.1", port: null }), OPTIONS);
  t.notOk(small.argv.includes("-M"));
  t.end();
});

t.test("usual ports where none is given", (t) => {
  const port = (kind: ProbeKind): number | null =>
    planProbe(makeFlow(kind, { ip: "10.0.0.1", port: null }), OPTIONS).to.port;
  t.equal(port("http"), 80);
  t.equal(port("dns-udp"), 53);
  t.equal(port("dns-tcp"), 53);
  t.throws(() => port("tcp-connect"), { code: "INPUT_INVALID", message: /port of a tcp-connect probe/ });
  t.throws(() => port("udp"), { code: "INPUT_INVALID" });
  t.end();
});

t.test("two flows of a run have two tags, and equal input gives an equal command", (t) => {
  const flow = makeFlow("udp", { ip: "10.0.0.1", port: 9 });
  const other = { ...flow, id: "f1-udp" };
  t.not(planProbe(flow, OPTIONS).tagHex, planProbe(other, OPTIONS).tagHex);
  t.same(planProbe(flow, OPTIONS), planProbe(flow, OPTIONS));
  t.end();
});

t.test("a query is what RFC 1035 says", (t) => {
  const query = buildQuery("web.shop.", { id: 0x2122, family: 4 });
  t.equal(query.toString("hex"), "212201000001000000000000" + "03776562" + "0473686f70" + "00" + "00010001");
  t.equal(
    buildQuery(".", { id: 1, family: 6 }).toString("hex"),
    "000101000001000000000000" + "00" + "001c0001",
  );
  const ids = new Set<number>();
  for (let seq = 1; seq <= 100; seq++) {
    const id = queryIdOf("ffd00d0a0000", seq);
    for (const byte of [id >> 8, id & 0xff]) t.notOk([0xff, 0x0d, 0x0a].includes(byte));
    ids.add(id);
  }
  t.equal(ids.size, 100);
  t.end();
});

t.test("what cannot be probed is refused", (t) => {
  const ok = makeFlow("http", { ip: "10.0.0.1", port: 80 });
  const bad = (change: Partial<typeof OPTIONS>): void => {
    t.throws(() => planProbe(ok, { ...OPTIONS, ...change }), { code: "INPUT_INVALID", hint: /^Give / });
  };
  bad({ count: 0 });
  bad({ count: 101 });
  bad({ count: 1.5 });
  bad({ intervalMs: 9 });
  bad({ timeoutMs: Number.NaN });
  bad({ runTag: "nothexdigits" });
  bad({ httpPath: "healthz" });
  bad({ httpPath: "/a b" });
  bad({ httpPath: "/a\r\nX: y" });
  const ask = (dnsName: string): unknown =>
    planProbe(makeFlow("dns-udp", { ip: "10.0.0.1", port: 53 }), { ...OPTIONS, dnsName });
  for (const name of [
    "a..b",
    "$(id).x",
    "a b",
    "x".repeat(64),
    Array(60).fill("abcdef").join("."),
    "-a.b",
    "é.fr",
  ]) {
    t.throws(() => ask(name), { code: "INPUT_INVALID", message: /DNS name/ }, name);
  }
  t.throws(() => planProbe(makeFlow(null, { ip: "10.0.0.1", port: 80 }), OPTIONS), { code: "INPUT_INVALID" });
  const outside = makeFlow("ping", { ip: "10.0.0.1", port: 80 }, { netns: null });
  t.throws(() => planProbe(outside, OPTIONS), { code: "INPUT_INVALID", message: /origin/ });
  for (const ip of ["-f", "fe80::1%eth0", "web", ""]) {
    t.throws(() => planProbe(makeFlow("ping", { ip, port: null }), OPTIONS), { code: "INPUT_INVALID" }, ip);
  }
  for (const port of [0, 65_536, 1.5]) {
    t.throws(() => planProbe(makeFlow("http", { ip: "10.0.0.1", port }), OPTIONS), { code: "INPUT_INVALID" });
  }
  t.end();
});
