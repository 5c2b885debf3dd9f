import t from "tap";
import type { FlowFinding, VerdictStatus } from "../../../lib/model/findings.js";
import type { Flow } from "../../../lib/model/hops.js";
import { mtuJudge } from "../../../lib/steps/mtu/mtu-judge.js";
import { judgeSizes } from "../../../lib/steps/mtu/sizes.js";
import { fdbMissing, rejected } from "../../report/samples.js";
import { fakeContext, makeFlow, makePath, WEB } from "../samples.js";

const PATH = makePath({ ...WEB, text: "shop/web", port: null });
const sized = (sizeBytes: number, path = PATH): Flow => ({
  ...makeFlow({ id: `f-${sizeBytes}`, path, probe: "ping-large", protocol: "icmp" }),
  sizeBytes,
});
const found = (sizeBytes: number, status: VerdictStatus): FlowFinding => {
  const sample = status === "rejected" ? rejected : fdbMissing;
  const { verdict } = sample;
  const whole = {
    ...verdict,
    status,
    ...(status === "delivered" ? { lastSeen: null, firstMissing: null } : {}),
  };
  return { ...sample, id: `f-${sizeBytes}`, verdict: whole };
};
const judge = (
  table: Readonly<Record<number, VerdictStatus>>,
  path = PATH,
): ReturnType<typeof judgeSizes> => {
  const sizes = Object.keys(table).map(Number);
  return judgeSizes(
    sizes.map((size) => sized(size, path)),
    sizes.map((size) => found(size, table[size] ?? "lost")),
  );
};

t.test("all pass, a hole, and a device that says so", (t) => {
  const { code, summary, ways } = judge({ 1280: "delivered", 1450: "delivered" });
  t.equal(code, "ok");
  t.match(summary, /^shop\/client to shop\/web: 1450 bytes pass, all that is sent; the devices say 1450/);
  t.match(ways, [{ largestBytes: 1450, smallestLostBytes: null, deviceBytes: 1450 }]);
  const hole = judge({ 1280: "delivered", 1400: "lost", 1450: "lost" });
  t.match(hole, {
    code: "mtu-hole",
    summary: /1280 bytes pass, 1400 do not: they are lost between node-a .* and node-a /,
  });
  const [first] = PATH.hops;
  if (first === undefined) throw new Error("It has hops");
  const narrow = { ...PATH, hops: [first, { ...first, index: 1, interface: "wg0", mtuBytes: 1300 }] };
  t.match(judge({ 1280: "delivered", 1400: "rejected" }, narrow), {
    ...{ code: "mtu-device", summary: /1400 do not: .* says .*; the devices say 1300 \(node-a pod wg0\)/ },
  });
  t.end();
});

t.test("nothing passes, loss that is no size, and no device that says anything", (t) => {
  t.match(judge({ 1280: "lost" }), {
    code: "nothing-passes",
    summary: /1280 bytes do not pass, nor what is larger/,
  });
  t.match(judge({ 1280: "delivered", 1400: "lost", 1450: "delivered" }), { code: "not-known" });
  t.match(judge({ 1280: "delivered" }, { ...PATH, hops: [] }), { code: "ok", summary: /no device says/ });
  t.match(judgeSizes([makeFlow()], []), { code: "not-known", summary: "No packet of a known size was sent" });
  t.match(judge({ 1280: "inconclusive" }), { code: "not-known", summary: /does not decide/ });
  t.match(judge({ 1280: "unanswered", 1450: "delivered" }), { code: "ok" });
  const partly = found(1450, "lost");
  const some = { ...partly, verdict: { ...partly.verdict, lost: { packets: 1, of: 2 } } };
  t.match(judgeSizes([sized(1450)], [some]), { code: "ok" }, "one of two passed, so that it is not the size");
  const dark = found(1280, "rejected");
  const bare = { ...dark, verdict: { ...dark.verdict, lastSeen: null, rejectedBy: null } };
  t.match(judgeSizes([sized(1280)], [bare]).summary, /\(rejected\)$/);
  t.end();
});

t.test("its step keeps what it found", async (t) => {
  const fake = fakeContext([], { followFlows: () => Promise.resolve([found(1450, "delivered")]) });
  const verdict = await mtuJudge.run?.({ flows: [sized(1450)] }, fake.context, {
    commands: [],
    outputs: {} as never,
    notes: [],
  });
  t.match(verdict, { code: "ok" });
  t.ok(fake.files.has("evidence/sizes/step.json"));
});
