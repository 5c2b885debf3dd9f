import t from "tap";
import type { Flow } from "../../lib/model/hops.js";
import { flowDefine } from "../../lib/steps/flow-define.js";
import { fakeContext, makeEnd, makePath } from "./samples.js";

const to = (port: number | null): ReturnType<typeof makePath> =>
  makePath(makeEnd("shop/web", { node: "node-b", ip: "10.1.1.7", port }));

async function define(input: Parameters<typeof flowDefine.plan>[0]): Promise<readonly Flow[]> {
  const plan = await flowDefine.plan(input, fakeContext().context);
  return plan.outputs.flows;
}

const CHOICES = [
  [null, "auto", "icmp", "ping"],
  [8080, "auto", "tcp", "tcp-connect"],
  [53, "auto", "udp", "dns-udp"],
  [53, "tcp", "tcp", "dns-tcp"],
  [8080, "udp", "udp", "udp"],
  [8080, "icmp", "icmp", "ping"],
] as const;

for (const [port, wanted, protocol, probe] of CHOICES) {
  t.test(`port ${port}, protocol ${wanted}: ${protocol} by ${probe}`, async (t) => {
    const flows = await define({ paths: [to(port)], protocol: wanted });
    t.match(flows, [{ id: `f0-${probe}`, protocol, probe }]);
    t.equal(flows.length, 1);
  });
}

t.test("probes that are named come in place of the protocol, each with each path", async (t) => {
  const flows = await define({ paths: [to(80), to(81)], protocol: "udp", probe: ["http", "ping"] });
  t.strictSame(
    flows.map((flow) => [flow.id, flow.protocol, flow.path.to.port]),
    [
      ["f0-http", "tcp", 80],
      ["f1-ping", "icmp", 80],
      ["f2-http", "tcp", 81],
      ["f3-ping", "icmp", 81],
    ],
  );
});

t.test("where no answer is due, each flow says so", async (t) => {
  t.match(await define({ paths: [to(4789)], probe: ["udp"], oneWay: true }), [{ oneWay: true }]);
  const [flow] = await define({ paths: [to(4789)], probe: ["udp"] });
  t.notOk(flow !== undefined && "oneWay" in flow);
});

t.test("from outside nothing can be sent, and it can be watched", async (t) => {
  const path = {
    ...to(80),
    from: {
      ...makeEnd("203.0.113.10", { node: "", ip: "203.0.113.10", port: null }),
      kind: "ip",
      pod: null,
      node: null,
    },
  } as const;
  await t.rejects(define({ paths: [path] }), {
    ...{
      code: "INPUT_INVALID",
      message: "Cannot make traffic from 203.0.113.10: no pod or node of the cluster has that address",
    },
    hint: /--no-traffic --watch 1m/,
  });
  t.match(await define({ paths: [path], traffic: false }), [{ protocol: "tcp", probe: null }]);
});

t.test("without traffic the flows stay and no probe is made", async (t) => {
  t.match(await define({ paths: [to(80)], traffic: false }), [
    { id: "f0-tcp", protocol: "tcp", probe: null },
  ]);
  t.match(await define({ paths: [to(80)], traffic: false, probe: ["http"] }), [{ probe: null }]);
});

t.test("what needs a port says so where there is none", async (t) => {
  const refused = { code: "INPUT_INVALID", hint: /--to shop\/web:8080/ };
  await t.rejects(define({ paths: [to(null)], protocol: "tcp" }), refused);
  await t.rejects(define({ paths: [to(null)], protocol: "udp" }), refused);
  await t.rejects(define({ paths: [to(null)], probe: ["ping", "http"] }), refused);
});

t.test("the notes say what is followed, with a port only where it has one", async (t) => {
  const plan = await flowDefine.plan({ paths: [to(80)], probe: ["http", "ping"] }, fakeContext().context);
  t.strictSame(plan.notes, [
    "f0-http: tcp port 80 from shop/client (10.1.0.5) to shop/web:80 (10.1.1.7)",
    "f1-ping: icmp from shop/client (10.1.0.5) to shop/web:80 (10.1.1.7)",
  ]);
  t.strictSame(plan.commands, []);
});

t.test("each size that the first hop lets out is a flow of its own, and so is the first hop's", async (t) => {
  const flows = await define({
    paths: [to(null)],
    probe: ["ping-large", "ping"],
    sizes: [9000, 1400, 576, 1400],
  });
  t.strictSame(
    flows.map(({ id, sizeBytes }) => [id, sizeBytes]),
    [
      ["f0-ping-large-576", 576],
      ["f1-ping-large-1400", 1400],
      ["f2-ping-large-1450", 1450],
      ["f3-ping", undefined],
    ],
  );
  const unknown = await define({ paths: [{ ...to(null), hops: [] }], probe: ["ping-large"], sizes: [9000] });
  t.strictSame(unknown[0]?.sizeBytes, 1500);
});
