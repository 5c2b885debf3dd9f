import t, { type Test } from "tap";
import { once } from "node:events";
import { HopbookError } from "../../../lib/errors.js";
import type { NodeAccess } from "../../../lib/model/access.js";
import type { LiveFeed, LiveView } from "../../../lib/model/live/view.js";
import type { PointsFile } from "../../../lib/model/points.js";
import type { StepContext } from "../../../lib/model/steps.js";
import type { FoundPoints } from "../../../lib/steps/capture-points.js";
import { captureJoin } from "../../../lib/steps/join/capture-join.js";
import { freezeCaptures } from "../../../lib/steps/shared/freeze.js";
import { waitUntil } from "../../fixtures/patience.js";
import { beginCaptures } from "./begun-captures.js";

type Input = Parameters<typeof captureJoin.plan>[0];

async function setUp(
  t: Test,
  more: Partial<StepContext> = {},
  input: object = {},
  beside: { readonly via?: NodeAccess["via"]; readonly tools?: FoundPoints["tools"] } = {},
) {
  const begun = await beginCaptures(t, { more, input, ...beside });
  const start = (own: Partial<Input> = {}): Promise<{ outputs: Promise<unknown> }> =>
    begun.start(captureJoin, { capture: "captures", pods: ["app!=none"], ...own });
  return { ...begun, start };
}

t.test(
  "a pod that comes is captured with the same filter, by an agent of its own, and ends with the others",
  async (t) => {
    const run = await setUp(t);
    const { outputs } = await run.start();
    t.equal(run.agents.length, 1, "what was there and is captured joins nothing");
    run.running.set("web", "uid-b1");
    await run.look();
    const [, web] = run.agents;
    t.equal(web?.dir, "/var/tmp/hopbook-0123456789ab-node-b.joined1");
    t.strictSame(web?.words.slice(8), [
      ...["node-b.point.shop_web.eth0", "/run/netns/cni-wb", "eth0", "320", "n", "udp port 53"],
    ]);
    t.equal(
      web?.words[2],
      String((64 * 1024) / 16),
      "a share of what all may have that join on a node, in KiB",
    );
    t.equal(web?.words[1], "60", "as long as the others: what a replay asks for is the same");
    t.match(run.demands.at(-1), {
      kind: "capture",
      node: "node-b",
      bytes: 4 * 1024 * 1024,
      payload: "headers",
    });
    await run.look();
    t.equal(run.agents.length, 2, "it joins once");
    const records = await run.finish();
    t.strictSame(
      records.map(({ hopId, pcap }) => [hopId, pcap]),
      [
        ["node-a.point.shop_client.eth0", "captures/node-a/node-a.point.shop_client.eth0.pcap"],
        ["node-b.point.shop_web.eth0", "captures/node-b/node-b.point.shop_web.eth0.pcap"],
      ],
    );
    t.strictSame(await outputs, { joined: ["shop/web"], leftOut: [] });
    const { points } = run.files.get("evidence/points.json") as PointsFile;
    t.strictSame(
      points.map(({ pod }) => pod),
      ["shop/client", "shop/web"],
    );
    t.match(run.marks(), [
      { kind: "joined", text: /^pod shop\/web on node-b came; it is captured from now on$/ },
    ]);
    t.strictSame(run.incomplete, []);
  },
);

t.test("a node that is slow holds up no pods of other nodes", async (t) => {
  const run = await setUp(t);
  const { outputs } = await run.start();
  run.silent.add("node-a");
  run.running.set("cart", "uid-a2");
  run.running.set("web", "uid-b1");
  const looked = once(run.waits, "looked");
  run.waits.emit("again");
  // That of the slow node may be started behind the other one's.
  const slow = () => run.agents.find(({ dir }) => /node-a.joined/.test(dir));
  t.ok(await waitUntil(() => run.marks().length > 0 && slow() !== undefined, { everyMs: 5 }));
  t.match(run.marks(), [{ text: /^pod shop\/web on node-b came/ }]);
  slow()?.say("listening x 1700000000.5", "ready");
  await looked;
  await run.finish();
  t.match(await outputs, { joined: ["shop/web", "shop/cart"] });
  const { points } = run.files.get("evidence/points.json") as PointsFile;
  t.strictSame(points.map(({ pod }) => pod).toSorted(), ["shop/cart", "shop/client", "shop/web"]);
});

t.test("another one of the same name, after the first has gone, has a file of its own", async (t) => {
  const run = await setUp(t);
  const { outputs } = await run.start();
  run.agents[0]?.say("ended node-a.point.shop_client.eth0 1700000003 network namespace is gone");
  run.running.set("client", "uid-new");
  for (let tries = 0; tries < 5 && run.agents.length < 2; tries += 1) await run.look();
  t.equal(run.agents[1]?.words[8], "node-a.point.shop_client.eth0.2");
  await run.finish();
  t.strictSame(await outputs, { joined: ["shop/client"], leftOut: [] });
});

t.test("a pod that is captured, and that the first look did not show, has not come", async (t) => {
  const run = await setUp(t);
  run.running.delete("client");
  const { outputs } = await run.start();
  run.running.set("client", "uid-a1");
  await run.look();
  await run.look();
  t.equal(run.agents.length, 1);
  await run.finish();
  t.strictSame(await outputs, { joined: [], leftOut: [] });
});

t.test("who watches sees pods that come too; by a login as many as it has sessions for", async (t) => {
  for (const via of ["local", "ssh"] as const) {
    const joined: string[] = [];
    const nothing = (): undefined => undefined;
    const feed: LiveFeed = {
      hasRoom: false,
      join: (points) => void joined.push(...points.map(({ name, filter }) => `${name} ${filter}`)),
      ...{ clock: nothing, bytes: nothing, gap: nothing, grown: nothing, counts: nothing, blind: nothing },
      end: () => Promise.resolve(),
    };
    const live: LiveView = { wantsPackets: true, countsEveryMs: null, begin: () => feed, mark: nothing };
    const run = await setUp(t, { live }, {}, { via });
    const { outputs } = await run.start();
    run.running.set("cart", "uid-a2");
    await run.look();
    run.agents[0]?.say("ended node-a.point.shop_client.eth0 1700000003 network namespace is gone");
    run.running.set("client", "uid-new");
    for (let tries = 0; tries < 5 && run.agents.length < 3; tries += 1) await run.look();
    t.equal(joined[0], "cart/eth0@node-a udp port 53");
    t.equal(joined.length, via === "ssh" ? 1 : 2);
    t.equal(/client cannot be seen live: node-a's login/.test(run.notes.join()), via === "ssh");
    await run.finish();
    t.match(await outputs, { joined: ["shop/cart", "shop/client"] });
  }
});

t.test("pods that their node's capture has join nothing; another one of the same name does", async (t) => {
  const run = await setUp(t);
  run.running.set("web", "uid-b1");
  const { outputs } = await run.start({ captured: ["shop/web"] });
  await run.look();
  t.equal(run.agents.length, 1);
  run.running.set("web", "uid-b2");
  await run.look();
  t.equal(run.agents.length, 2);
  await run.finish();
  t.strictSame(await outputs, { joined: ["shop/web"], leftOut: [] });
});

t.test("no more are captured at once than may be", async (t) => {
  const run = await setUp(t);
  const { outputs } = await run.start({ max: 2 });
  for (const [name, uid] of [
    ["web", "uid-b1"],
    ["api", "uid-b2"],
  ] as const)
    run.running.set(name, uid);
  await run.look();
  await run.look();
  t.equal(run.agents.length, 2);
  await run.finish();
  t.strictSame(await outputs, { joined: ["shop/web"], leftOut: [] });
});

t.test("what is not granted is not joined, and said once", async (t) => {
  const run = await setUp(t, {
    demand: (request) => {
      if ("node" in request && request.node === "node-b")
        throw new HopbookError("PERMISSION_DENIED", "not granted");
    },
  });
  const { outputs } = await run.start();
  run.running.set("web", "uid-b1");
  await run.look();
  await run.look();
  t.equal(run.agents.length, 1);
  await run.finish();
  t.strictSame(await outputs, { joined: [], leftOut: ["shop/web"] });
  t.match(run.marks(), [
    { kind: "left-out", text: /pod shop\/web on node-b came, and is not captured: not granted/ },
  ]);
});

t.test("where nothing can join it says so or what is meant, and looks for nothing", async (t) => {
  const alone = await setUp(t);
  const named: Input = { capture: "captures", pods: ["shop/client", "node/node-a"] };
  const { notes } = await captureJoin.plan(named, alone.context);
  t.match(notes, [/looks for no pods/]);
  t.strictSame(await (await alone.start(named)).outputs, { joined: [], leftOut: [] });
  await alone.finish();

  t.throws(() => captureJoin.check?.({ capture: "captures", pods: "a b c" }));
});

t.test(
  "beside rings those that come are rings as well, of a part of the room, and kept with the others",
  async (t) => {
    const run = await setUp(t, {}, { ring: "10x100MB", freezes: 1 });
    const { outputs } = await run.start();
    run.running.set("web", "uid-b1");
    await run.look();
    const [first, web] = run.agents;
    t.strictSame(first?.words.slice(6, 8), ["10", "100"]);
    t.strictSame(web?.words.slice(6, 8), ["10", "6"]);
    t.match(run.demands.at(-1), { kind: "capture", bytes: (10 * 2 + 1) * 6_000_000 });
    await freezeCaptures({ capture: "captures", lastMs: null }, { why: "a test", sinceMs: 0 }, run.context);
    t.strictSame(
      run.agents.map(({ told }) => told.filter((word) => word.startsWith("freeze"))),
      [["freeze"], ["freeze"]],
    );
    await run.finish();
    t.match(await outputs, { joined: ["shop/web"] });
  },
);

t.test("a ring for which the node has no room is not joined", async (t) => {
  const tools = { "node-b": { freeDiskBytes: 100_000_000 } } as unknown as FoundPoints["tools"];
  const run = await setUp(t, {}, { ring: "10x100MB" }, { tools });
  const { outputs } = await run.start();
  run.running.set("web", "uid-b1");
  await run.look();
  await run.finish();
  t.match(run.marks(), [{ kind: "left-out", text: /Cannot capture on node-b: its rings may take/ }]);
  t.match(await outputs, { leftOut: ["shop/web"] });
});
