import t from "tap";
import { HopbookError } from "../../lib/errors.js";
import type { ProbeRecord } from "../../lib/model/evidence.js";
import type { StepPlan } from "../../lib/model/steps.js";
import { trafficProbe } from "../../lib/steps/traffic-probe.js";
import { fakeContext, fakeNode, makeFlow } from "./samples.js";

const NO_PLAN: StepPlan<{ attempts: number; answered: number; tls: [] }> = {
  ...{ commands: [], outputs: { attempts: 0, answered: 0, tls: [] }, notes: [] },
};
const ping = makeFlow({ id: "f0-ping", probe: "ping", protocol: "icmp" });

const PONG = `PING 10.1.1.7 (10.1.1.7) 56(84) bytes of data.
[1700000000.100000] 64 bytes from 10.1.1.7: icmp_seq=1 ttl=62 time=0.5 ms
[1700000000.300000] no answer yet for icmp_seq=2

--- 10.1.1.7 ping statistics ---
2 packets transmitted, 1 received, 50% packet loss, time 200ms
`;

t.test("each flow's probe is demanded, sent from its first end, and kept as evidence", async (t) => {
  const node = fakeNode("node-a", () => ({ stdout: Buffer.from(PONG), exitCode: 0 }));
  const fake = fakeContext([node.access]);
  const outputs = await trafficProbe.run?.({ flows: [ping], count: 2 }, fake.context, NO_PLAN);
  t.strictSame(fake.demands, [{ kind: "traffic", node: "node-a", probe: "ping" }]);
  t.equal(node.calls[0]?.action, "netns/probe");
  t.strictSame(node.calls[0]?.argv.slice(0, 2), ["nsenter", "--net=/var/run/netns/node-a"]);
  t.strictSame(outputs, { attempts: 2, answered: 1, tls: [] });
  t.match(fake.files.get("evidence/traffic.json"), {
    probes: [{ flowId: "f0-ping", node: "node-a", error: null }],
  });
  t.match(fake.notes, ["info: 1 of 2 attempts were answered"]);
  t.strictSame(fake.incomplete, []);
});

t.test("of what nothing answers it is said that it was sent", async (t) => {
  const node = fakeNode("node-a", () => ({ stdout: Buffer.from(PONG), exitCode: 0 }));
  const said = async (flows: readonly (typeof ping)[]): Promise<readonly string[]> => {
    const fake = fakeContext([node.access]);
    await trafficProbe.run?.({ flows, count: 2 }, fake.context, NO_PLAN);
    return fake.notes;
  };
  const tunnel = { ...ping, id: "f1-udp", oneWay: true as const };
  t.match(await said([ping, tunnel]), [
    "info: 1 of 2 attempts were answered; 2 were sent one-way: no answer is due",
  ]);
  t.match(await said([tunnel]), ["info: 2 were sent one-way: no answer is due"]);
});

t.test("a node without openssl: what was not asked, and what was done in its place", async (t) => {
  const line = "attempt 1 1795236656000001 40001 9000 reply 150303000202280a0b0c0d flight";
  const stdout = `way hello\n${line}\ndone\n`;
  const node = fakeNode("node-a", () => ({ stdout: Buffer.from(stdout), exitCode: 0 }));
  const fake = fakeContext([node.access]);
  const https = makeFlow({ id: "f1-https", probe: "https", protocol: "tcp" });
  const outputs = await trafficProbe.run?.(
    { flows: [https], count: 1, serverName: "web.shop" },
    fake.context,
    NO_PLAN,
  );
  t.match(fake.incomplete, [
    /^node-a has no openssl that starts, so that no page was asked for .*greeted as TLS 1\.2/,
  ]);
  t.match(outputs, { tls: [{ flowId: "f1-https", serverName: "web.shop" }] });
  t.notOk((outputs as { tls: readonly object[] }).tls.some((answer) => "http" in answer));
});

t.test("a flow that is only watched is not probed", async (t) => {
  const fake = fakeContext();
  const outputs = await trafficProbe.run?.({ flows: [{ ...ping, probe: null }] }, fake.context, NO_PLAN);
  t.strictSame(outputs, { attempts: 0, answered: 0, tls: [] });
  t.strictSame(fake.demands, []);
});

t.test("a probe that could not be made leaves evidence that is incomplete", async (t) => {
  const lost = new HopbookError("NODE_UNREACHABLE", "Cannot reach node-a: connection reset");
  for (const nodes of [[], [fakeNode("node-a", () => lost).access]]) {
    const fake = fakeContext(nodes);
    await trafficProbe.run?.({ flows: [ping] }, fake.context, NO_PLAN);
    const { probes } = fake.files.get("evidence/traffic.json") as { probes: ProbeRecord[] };
    t.match(probes, [{ flowId: "f0-ping", exitCode: null, error: /node-a/ }]);
    t.match(fake.incomplete, [/the probe of f0-ping could not be made: .*node-a/]);
  }
});

t.test("what is not permitted is an error, before or at the command", async (t) => {
  const denied = new HopbookError("PERMISSION_DENIED", "no");
  const node = fakeNode("node-a", () => denied);
  const atCommand = fakeContext([node.access]);
  const run = (context: typeof atCommand.context): Promise<unknown> =>
    trafficProbe.run?.({ flows: [ping] }, context, NO_PLAN) as Promise<unknown>;
  await t.rejects(run(atCommand.context), { code: "PERMISSION_DENIED" });
  const before = fakeContext([node.access], {
    demand: () => {
      throw denied;
    },
  });
  await t.rejects(run(before.context), { code: "PERMISSION_DENIED" });
  t.equal(node.calls.length, 1, "nothing was sent where the demand was refused");
});

t.test("an interruption keeps what there is and then ends the step", async (t) => {
  const abort = new AbortController();
  const node = fakeNode("node-a", () => {
    abort.abort(new Error("SIGINT"));
    return { stdout: Buffer.from(PONG), exitCode: null, canceled: true };
  });
  const fake = fakeContext([node.access], { signal: abort.signal });
  await t.rejects(trafficProbe.run?.({ flows: [ping] }, fake.context, NO_PLAN) as Promise<unknown>, /SIGINT/);
  t.ok(fake.files.has("evidence/traffic.json"));
});

t.test("every option of the step reaches the command", async (t) => {
  const http = makeFlow();
  const dns = makeFlow({ id: "f1-dns-udp", probe: "dns-udp", protocol: "udp" });
  const plan = await trafficProbe.plan(
    { flows: [http, dns], count: 3, interval: "50ms", wait: 700, dnsName: "x.example", httpPath: "/healthz" },
    fakeContext().context,
  );
  const [httpArgv, dnsArgv] = plan.commands.map(({ argv }): readonly string[] => argv);
  t.equal(httpArgv?.filter((word) => word.includes("/healthz")).length, 3);
  t.ok(httpArgv?.includes("50") === true && httpArgv.includes("700"));
  const other = await trafficProbe.plan({ flows: [dns], count: 3 }, fakeContext().context);
  t.notSame(dnsArgv?.slice(-3), other.commands[0]?.argv.slice(-3), "the name stands in the query");
});
