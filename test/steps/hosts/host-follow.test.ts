import t, { type Test } from "tap";
import { withoutLogin } from "../../../lib/capture/index.js";
import { HopbookError } from "../../../lib/errors.js";
import type { PointsFile } from "../../../lib/model/points.js";
import type { StepContext } from "../../../lib/model/steps.js";
import { HeldCaptures } from "../../../lib/steps/shared/held-captures.js";
import type { FoundPoints } from "../../../lib/steps/capture-points.js";
import { captureJoin } from "../../../lib/steps/join/capture-join.js";
import { filterOfHosts } from "../../../lib/steps/hosts/filter.js";
import { hostFollow } from "../../../lib/steps/hosts/host-follow.js";
import { waitUntil } from "../../fixtures/patience.js";
import { beginCaptures } from "../join/begun-captures.js";
import { sayNames, type Zone } from "./name-server.js";

const FILE = "nameserver 10.96.0.10\nsearch shop.svc\noptions ndots:2\n#done\n";
type Input = Parameters<typeof hostFollow.plan>[0];

const LOGIN = "10.9.9.9 50000 10.9.9.1 22";
const NODE_POINT: PointsFile["points"][number] = {
  ...{ id: "node-a.point.any", node: "node-a", role: "nic", interface: "any", mtuBytes: null, evidence: [] },
  ...{ netns: { kind: "host" }, encapsulation: { kind: "none" }, pod: null, ips: [], name: "any@node-a" },
  ...{ filter: withoutLogin("host 10.0.0.1", LOGIN), pcap: "n.pcap" },
};

/** Captures of 10.0.0.1 at shop/client and its node; `zone` may change. */
async function setUp(t: Test, zone: Record<string, Zone[string]>, more: Partial<StepContext> = {}) {
  const broken = { by: null as Error | null, demand: null as Error | null };
  const demand = (): void => {
    if (broken.demand !== null) throw broken.demand;
  };
  const begun = await beginCaptures(t, {
    more: { demand, ...more },
    filter: "host 10.0.0.1",
    points: [NODE_POINT],
    tools: { "node-a": { sshConnection: LOGIN } as FoundPoints["tools"][string] },
    answer: (key) => {
      if (key.includes("hopbook-resolver")) return FILE;
      if (!key.includes("hopbook-names")) return null;
      if (broken.by !== null) throw broken.by;
      return sayNames(
        key.split(" ").filter((word) => word.startsWith("\\x")),
        zone,
      );
    },
  });
  const start = (own: Partial<Input> = {}) =>
    begun.start(hostFollow, {
      ...{ capture: "captures", hosts: ["db"], pods: ["shop/client"], addresses: ["10.0.0.1"], ...own },
    });
  return { ...begun, start, begin: begun.start, broken };
}

t.test(
  "a new address is captured at the same points, by an agent of its own; pods that come have both",
  async (t) => {
    const zone: Record<string, Zone[string]> = { "db.shop.svc": ["10.0.0.1"] };
    const run = await setUp(t, zone);
    const { outputs } = await run.start();
    await run.look();
    t.equal(run.agents.length, 1, "nothing new");
    zone["db.shop.svc"] = ["10.0.0.2", "2001:db8::7"];
    await run.look();
    const words = run.agents[1]?.words ?? [];
    const own = "not (host 10.0.0.1) and (host 10.0.0.2 or host 2001:db8::7)";
    t.strictSame(
      [8, 14].map((at) => [words[at], words[at + 2], words[at + 5]]),
      [
        ["node-a.point.shop_client.eth0.2", "eth0", own],
        ["node-a.point.any.2", "any", withoutLogin(own, LOGIN)],
      ],
    );
    t.equal(run.captures.filter, "host 10.0.0.1 or host 10.0.0.2 or host 2001:db8::7");
    t.match(run.marks(), [
      { kind: "joined", text: "db is 10.0.0.2, 2001:db8::7 as well, captured from now on" },
    ]);
    await run.look();
    t.equal(run.agents.length, 2, "once");
    run.running.set("web", "uid-b1");
    const joined = await run.begin(captureJoin, { capture: "captures", pods: ["app!=none"] });
    t.equal(run.agents.at(-1)?.words.at(-1), run.captures.filter);
    await run.finish();
    t.strictSame(await outputs, { addresses: ["10.0.0.2", "2001:db8::7"] });
    await joined.outputs;
    t.equal((run.files.get("evidence/points.json") as PointsFile).points.length, 5);
  },
);

t.test("where a pod joined with what came before, only what is new is captured besides", async (t) => {
  const zone: Record<string, Zone[string]> = { "db.shop.svc": ["10.0.0.2"] };
  const run = await setUp(t, zone);
  const { outputs } = await run.start();
  await run.look();
  run.running.set("web", "uid-b1");
  const joined = await run.begin(captureJoin, { capture: "captures", pods: ["app!=none"] });
  zone["db.shop.svc"] = ["10.0.0.3"];
  run.waits.emit("again");
  const web = () => run.agents.find(({ words }) => words[8] === "node-b.point.shop_web.eth0.2");
  t.ok(await waitUntil(() => web() !== undefined, { everyMs: 5 }));
  t.equal(web()?.words.at(-1), "not (host 10.0.0.1 or host 10.0.0.2) and (host 10.0.0.3)");
  await run.finish();
  await outputs;
  await joined.outputs;
});

t.test("what cannot be asked is said once, and what was found before is captured on", async (t) => {
  const zone: Record<string, Zone[string]> = { "db.shop.svc": ["10.0.0.1"] };
  const run = await setUp(t, zone);
  const { outputs } = await run.start({ hosts: ["db", "web"] });
  await run.look();
  await run.look();
  t.strictSame(
    run.notes.filter((note) => note.startsWith("warn")),
    ["warn: new addresses are not seen now: shop/client: 10.96.0.10 knows no address of web.shop.svc, web"],
  );
  zone["db.shop.svc"] = ["10.0.0.2"];
  await run.look();
  t.equal(run.agents.length, 2, "one that is not found hides no other");
  await run.finish();
  t.strictSame(await outputs, { addresses: ["10.0.0.2"] });
});

t.test("more addresses than a filter has room for are said, once", async (t) => {
  const many = Array.from({ length: 70 }, (_, index) => `10.0.1.${index + 1}`);
  const run = await setUp(t, { "db.shop.svc": many });
  const { outputs } = await run.start();
  await run.look();
  await run.look();
  t.match(run.marks(), [
    {
      kind: "left-out",
      text: /^10\.0\.1\.67, .*10\.0\.1\.9 came, and no more than 64 addresses are captured$/,
    },
    { kind: "joined" },
  ]);
  t.equal(run.agents.length, 2);
  await run.finish();
  t.equal(((await outputs) as { addresses: string[] }).addresses.length, 63);
});

t.test("pods that are gone, and nodes where it fails, are passed by", async (t) => {
  const zone: Record<string, Zone[string]> = { "db.shop.svc": ["10.0.0.2"] };
  const run = await setUp(t, zone);
  const { outputs } = await run.start({ filter: "tcp" });
  run.agents[0]?.say("ended node-a.point.shop_client.eth0 1700000003 network namespace is gone");
  await run.look();
  t.match(run.agents[1]?.words.slice(8), ["node-a.point.any.2"]);
  t.equal(
    run.agents[1]?.words.at(-1),
    withoutLogin("not (host 10.0.0.1) and (host 10.0.0.2) and (tcp)", LOGIN),
  );
  run.broken.demand = new HopbookError("PERMISSION_DENIED", "not so long");
  zone["db.shop.svc"] = ["10.0.0.3"];
  await run.look();
  t.match(run.marks(), [
    {},
    {},
    { kind: "left-out", text: "10.0.0.3 came, and is not captured on node-a: not so long" },
  ]);
  await run.finish();
  await outputs;
});

t.test("all points gone; who may not ask; and what is no capture at points", async (t) => {
  const zone: Record<string, Zone[string]> = { "db.shop.svc": ["10.0.0.2"] };
  const denied = await setUp(t, zone);
  denied.broken.by = new HopbookError("PERMISSION_DENIED", "no");
  const { outputs } = await denied.start();
  denied.waits.emit("again");
  await t.rejects(outputs, { code: "PERMISSION_DENIED" });
  await denied.finish();
  const run = await setUp(t, zone);
  const input = { capture: "captures", hosts: ["db"], addresses: [] };
  const runIn = async (context: StepContext): Promise<unknown> =>
    hostFollow.run?.(input, context, await hostFollow.plan(input, context));
  const detach = { phase: "start" } as unknown as NonNullable<StepContext["detach"]>;
  t.strictSame(await runIn({ ...run.context, detach }), { addresses: [] });
  const flows = new HeldCaptures(run.captures.session);
  t.strictSame(await runIn({ ...run.context, held: () => flows }), { addresses: [] });
  t.match(run.notes.slice(-2), [/nobody asks without the client/, /of flows, not at points/]);
  await run.finish();
});

t.test("what a plan says", async (t) => {
  const run = await setUp(t, {});
  const input = { capture: "captures", hosts: ["db"], addresses: [] };
  t.strictSame((await hostFollow.plan({ ...input, every: "1s" }, run.context)).notes, [
    "asks every 5.0 s for db, and captures packets of new addresses",
  ]);
  t.match((await hostFollow.plan({ ...input, filter: "tcp" }, run.context)).notes, [/ that fit "tcp"$/]);
  t.equal(filterOfHosts(["10.0.0.1"], " "), "host 10.0.0.1");
  await run.finish();
});
