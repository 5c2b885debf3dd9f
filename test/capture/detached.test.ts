import t from "tap";
import { assertCanStay, parseList, planDetached } from "../../lib/capture/detached.js";
import type { NodeCapturePlan } from "../../lib/capture/plan.js";
import { ALL_VIAS } from "../../lib/model/access.js";

t.test("only what outlives its client can be left on a node", async (t) => {
  const stays = ["local", "ssh", "debugPod"];
  for (const via of ALL_VIAS) {
    const check = (): void => {
      assertCanStay({ node: "node-a", via });
    };
    if (stays.includes(via)) t.doesNotThrow(check, via);
    else t.throws(check, { code: "USAGE", message: new RegExp(`node-a, which is entered by ${via}`) }, via);
  }
});

t.test("a node's captures are kept as long as they go on, and then as long as asked", async (t) => {
  const plan: NodeCapturePlan = {
    ...{ node: "node-a", action: "netns/tcpdump", dir: "/var/tmp/hopbook-4f2a", hops: [] },
    argv: ["sh", "-c", "AGENT", "hopbook-capture"],
    ...{
      leaseSeconds: 20,
      maxSeconds: 60,
      maxBytes: 1024 * 1024,
      minFreeBytes: 2048 * 1024,
      bufferKiB: 8192,
      ring: null,
    },
  };
  const about = { run: "0123456789ab", runbook: "r", target: "t", cluster: "c", owner: "me@here" };
  const { start, attach, keep, stateDir } = planDetached(plan, { about, keepMs: 1500, startedAtMs: 0 });
  t.equal(stateDir, "/var/tmp/hopbook-4f2a.detached");
  t.equal(start.leaseSeconds, 62);
  const [, , , , mode, state, dir, expires, meta, ...limits] = start.argv;
  t.strictSame([mode, state, dir, expires], ["start", stateDir, plan.dir, "62"]);
  t.match(JSON.parse(meta ?? ""), { ...about, node: "node-a", until: "1970-01-01T00:01:00.000Z" });
  t.strictSame(
    limits,
    [plan.dir, "60", "1024", "2048", "62", "8192", "0", "0"],
    "the same limits, another lease",
  );
  t.strictSame(attach.argv.slice(4), ["attach", stateDir, plan.dir]);
  t.strictSame(keep.slice(4), ["keep", stateDir, plan.dir]);
});

t.test("what a node tells of them, word by word", async (t) => {
  const meta = {
    ...{ run: "0123456789ab", node: "n", runbook: "r", target: "t", cluster: "c", owner: "o" },
    ...{ since: "2026-01-01T00:00:00Z", until: "2026-01-01T00:01:00Z", expires: "2026-01-02T00:01:00Z" },
  };
  const line = (how: string, said: object = meta): string =>
    `run /var/tmp/hopbook-x.detached ${how} 12 ${JSON.stringify(said)}`;
  const told = parseList(["live", "over", "dead", "stopped"].map((how) => line(how)).join("\n"));
  t.strictSame(
    told.map(({ agent, bytes }) => [agent, bytes]),
    [
      ["live", 12],
      ["over", 12],
      ["dead", 12],
      ["stopped", 12],
    ],
  );
  const foreign = [
    line("gone"),
    line("live", { ...meta, run: "../../etc" }),
    line("live", { ...meta, until: "soon" }),
    line("live", { ...meta, owner: undefined }),
    line("live", { ...meta, target: "x".repeat(500) }),
    "run /var/tmp/hopbook-x.detached live 12 {",
    "Welcome to node-a",
  ];
  t.strictSame(parseList(foreign.join("\n")), []);
});
