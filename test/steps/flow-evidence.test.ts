import t from "tap";
import { describeFlow } from "../../lib/steps/flow-evidence.js";
import { makeFlow, makePath, WEB } from "./samples.js";

t.test("an end that is a Service says so, with what is followed", (t) => {
  const clusterIp = { ip: "10.96.0.20", port: 80 };
  const backend = { ip: "10.1.1.7", port: 8080 };
  const to = {
    ...WEB,
    kind: "service",
    service: "shop/web",
    ...clusterIp,
    addresses: [clusterIp, backend],
  } as const;
  const { from, to: told } = describeFlow(makeFlow({ path: makePath(to) }));
  t.match(told, { pod: "shop/web", ...clusterIp, service: { name: "shop/web", clusterIp, backend } });
  t.notOk("service" in from);
  t.notOk(told.service !== undefined && "door" in told.service, "by its ClusterIP");
  const door = { kind: "nodePort", node: "node-a" } as const;
  t.equal(describeFlow(makeFlow({ path: makePath({ ...to, door }) })).to.service?.door, "nodePort");
  const unnamed = describeFlow(makeFlow({ path: makePath({ ...to, service: null }) }));
  t.equal(unnamed.to.service?.name, null);
  const alone = describeFlow(makeFlow({ path: makePath({ ...to, addresses: [clusterIp] }) }));
  t.notOk("service" in alone.to, "of which no backend is known");
  t.end();
});

t.test("that no answer is due goes on to the analysis", (t) => {
  t.equal(describeFlow(makeFlow({ oneWay: true })).oneWay, true);
  t.notOk("oneWay" in describeFlow(makeFlow({})));
  t.end();
});

t.test("an end with both families says which one is not followed", (t) => {
  const otherFamily = { ip: "fd00::7", port: 8080, addresses: [{ ip: "fd00::7", port: 8080 }] };
  const { from, to } = describeFlow(makeFlow({ path: makePath({ ...WEB, otherFamily }) }));
  t.strictSame([from.otherIp, to.otherIp], [undefined, "fd00::7"]);
  t.end();
});

t.test("what packets pass unseen, and a pod's own kernel, go on to the analysis", (t) => {
  const path = makePath({ ...WEB, isolation: "vm" });
  const [first, ...rest] = path.hops;
  const hops = first === undefined ? [] : [{ ...first, passedBy: ["reply" as const] }, ...rest];
  const told = describeFlow(makeFlow({ path: { ...path, hops } }));
  t.equal(told.to.isolation, "vm");
  t.notOk("isolation" in told.from);
  t.strictSame(told.hops[0]?.passedBy, ["reply"]);
  t.notOk(told.hops.slice(1).some((hop) => "passedBy" in hop));
  t.end();
});
