import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CAPTURE_SCRIPTS } from "../../lib/capture/scripts.js";
import { validateValue } from "../../lib/document/index.js";
import { findArgvFault } from "../../lib/permissions/index.js";
import { findPoints, readKept } from "../../lib/steps/capture-points.js";
import { captureStart } from "../../lib/steps/capture-start.js";
import type { PointInput } from "../../lib/steps/point-input.js";
import { podLocate } from "../../lib/steps/pod-locate.js";
import { keyOf, replayNode, type Recording } from "../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "./samples.js";

const ROOT = join(import.meta.dirname, "../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const SCRIPTS = new Map(
  Object.entries(CAPTURE_SCRIPTS).map(([name, text]) => [name, new Set([text])] as const),
);
const textOf = (recorded: Recording[string] | undefined): string =>
  (typeof recorded === "string" ? recorded : recorded?.stdout) ?? "";
type Input = Parameters<typeof captureStart.plan>[0];

const TOOLS = ["tcpdump", "timeout", "nsenter", "ip"];

interface Nodes {
  readonly ssh?: string;
  /** What tcpdump says of each filter. */
  readonly verdict?: string;
  readonly freeKiB?: number;
  readonly tools?: readonly string[];
  readonly links?: string;
  readonly exitCode?: number;
}

/** The recorded nodes, with tools and a tcpdump that compiles. */
function setUp({
  ssh = "",
  verdict = "ok ID 12",
  freeKiB,
  tools = TOOLS,
  ...said
}: Nodes = {}): FakeContext & {
  readonly asked: () => string[];
  readonly actions: readonly string[];
} {
  const asked: string[] = [];
  const actions: string[] = [];
  const accesses = Object.entries(RECORDED).map(([node, recording]) =>
    replayNode(node, recording).beside({
      exec: async (argv, options, run) => {
        asked.push(`${node} ${keyOf(argv)}`);
        actions.push(options.action);
        const answer = (stdout: string) =>
          replayNode(node, { [keyOf(argv)]: { stdout, exitCode: said.exitCode ?? 0 } }).exec(argv, options);
        if (!keyOf(argv).startsWith("hopbook-filter-check ")) return run();
        const [, devices, ...words] = argv.slice(4);
        const links =
          devices === "y" ? [`links ${said.links ?? textOf(recording["ip -d -j address show"])}`] : [];
        const paths = tools.map((name) => `path ${name} /usr/sbin/${name}`);
        const disk = freeKiB === undefined ? [] : [`freeKiB ${freeKiB}`];
        const verdicts = words.filter((_, index) => index % 4 === 0).map((id) => verdict.replace("ID", id));
        return answer(
          ["uid 0", `ssh ${ssh}`, "clock 1", ...disk, ...paths, ...links, ...verdicts, ""].join("\n"),
        );
      },
    }),
  );
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  const fake = fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    recipeDirs: [join(ROOT, "runbooks/cni")],
  });
  return { ...fake, asked: () => asked, actions };
}

const filterOf = (argv: readonly string[]): string => argv.at(-1) ?? "";

t.test("points by name: each its own tcpdump where it is, with the filter as the last word", async (t) => {
  const input: Input = {
    points: ["shop/client", { pod: "shop/web", interface: "any" }, { node: "node-a", interface: "eth0" }],
    filter: "udp port 53",
  };
  t.strictSame(validateValue(input, captureStart.inputSchema), []);
  const { commands, outputs, notes } = await captureStart.plan(input, setUp().context);
  t.strictSame(
    commands.map(({ node, action }) => `${node} ${action}`),
    [
      ...["node-a netns/tcpdump", "node-b netns/tcpdump"],
      // With whatever tells of pods on a node.
      ...["node-a", "node-b"].flatMap((node) => Array.from({ length: 5 }, () => `${node} runtime/pods`)),
    ],
  );
  t.equal(outputs.hops, 3);
  t.match(notes, [/^3 captures on 2 nodes/]);
  const [a, b] = commands.map(({ argv }) => argv);
  for (const argv of [a, b]) t.equal(findArgvFault("netns/tcpdump", argv ?? [], SCRIPTS), undefined);
  t.strictSame(a?.slice(-12), [
    ...["node-a.point.shop_client.eth0", "/run/netns/cni-ca", "eth0", "320", "n", "udp port 53"],
    ...["node-a.point.eth0", "-", "eth0", "320", "n", "udp port 53"],
  ]);
  t.strictSame(b?.slice(-6, -3), ["node-b.point.shop_web.any", "/run/netns/cni-wb", "any"]);
});

t.test("pods of pod/locate are taken as they were found there, and not as a runbook says", async (t) => {
  const fake = setUp();
  const { pods } = (await podLocate.plan({ pods: "shop/client" }, fake.context)).outputs;
  const before = fake.asked().length;
  const forged = pods.map((pod) => ({ ...pod, netns: "/proc/1/ns/net", node: "node-b" }));
  const { commands } = await captureStart.plan({ points: forged, filter: "" }, fake.context);
  t.strictSame([commands[0]?.node, commands[0]?.argv.at(-5)], ["node-a", "/run/netns/cni-ca"]);
  t.strictSame(
    fake
      .asked()
      .slice(before)
      .map((text) => text.split(" ")[1]),
    ["hopbook-filter-check"],
    "nothing was asked for again, and the rest by one command",
  );
  const elsewhere = pods.map((pod) => ({ ...pod, sandbox: "of another run" }));
  const again = await captureStart.plan({ points: elsewhere, filter: "" }, fake.context);
  t.equal(
    again.commands[0]?.argv.at(-5),
    "/run/netns/cni-ca",
    "another sandbox is looked up by the pod's name",
  );
});

t.test("a ring: its words, its room, and what does not fit is refused in the plan", async (t) => {
  const input: Input = { points: ["shop/client", { node: "node-a", interface: "eth0" }], ring: "10x100MiB" };
  t.strictSame(validateValue(input, captureStart.inputSchema), []);
  const { commands, notes } = await captureStart.plan(input, setUp().context);
  const [argv = []] = commands.map((command) => command.argv);
  t.equal(findArgvFault("netns/tcpdump", argv, SCRIPTS), undefined);
  t.strictSame(argv.slice(10, 12), ["10", "104"]);
  t.match(notes[0], /going round in 10 files of 104 MB at a point, 2\.0 GiB a node/);
  const full = captureStart.plan(input, setUp({ freeKiB: 1_000_000 }).context);
  await t.rejects(full, {
    code: "NODE_DISK_FULL",
    message: /rings may take 2\.0 GiB and 64\.0 MiB have to stay free, and 976\.6 MiB are free/,
  });
  await t.rejects(captureStart.plan({ ...input, ring: "1x1MB" }, setUp().context), { code: "INPUT_INVALID" });
  t.throws(() => captureStart.check?.({ flows: [], ring: "10x100MiB" }), {
    code: "INPUT_INVALID",
    message: /ring is given with flows/,
  });
});

t.test("a login's packets are left out at the node's interfaces, not in pods", async (t) => {
  const { context } = setUp({ ssh: "192.0.2.9 50000 10.77.0.11 22" });
  const input: Input = { points: ["shop/client", { node: "node-a", interface: "eth0" }], filter: "tcp" };
  const argv = (await captureStart.plan(input, context)).commands[0]?.argv ?? [];
  t.equal(argv.at(-7), "tcp");
  t.equal(filterOf(argv), "not (tcp port 22 and host 10.77.0.11 and host 192.0.2.9) and (tcp)");
});

t.test(
  "a node is asked once for all that captures there need, and its devices where it says none of them",
  async (t) => {
    const fake = setUp();
    const input: Input = { points: [{ node: "node-a", interface: "eth0" }], filter: "tcp" };
    await captureStart.plan(input, fake.context);
    t.strictSame(
      fake.asked().map((text) => text.split(" ").slice(0, 4).join(" ")),
      ["node-a hopbook-filter-check /var/tmp y"],
    );
    const silent = setUp({ links: "" });
    await captureStart.plan(input, silent.context);
    t.strictSame(silent.asked().at(-1), "node-a ip -d -j address show");
    const broken = setUp({ exitCode: 1 });
    await t.rejects(captureStart.plan(input, broken.context), { code: "COMMAND_FAILED" });
    const bare = setUp({ tools: ["timeout", "nsenter"], verdict: "error tool tcpdump" });
    await t.rejects(captureStart.plan(input, bare.context), {
      code: "TOOL_MISSING",
      message: /node-a: it has no tcpdump/,
    });
  },
);

t.test("what tcpdump refuses is refused in the plan, in its own words", async (t) => {
  const { context } = setUp({ verdict: "bad ID tcpdump: can't parse filter expression: syntax error" });
  await t.rejects(captureStart.plan({ points: "shop/client", filter: "udp port" }, context), {
    ...{
      code: "INPUT_INVALID",
      message: /Cannot use the filter "udp port" at client\/eth0@node-a: can't parse/,
    },
  });
});

t.test("what cannot be is refused before any node is asked", async (t) => {
  const flows = [{}] as never;
  for (const [input, message] of [
    [{}, /neither flows nor points/],
    [{ flows, points: "shop/a" }, /both flows and points/],
    [{ flows, filter: "udp" }, /flows, which have their own/],
    [{ points: "shop/a", tools: {} }, /tools are given with points/],
    [{ points: "shop/a", filter: "udp\n-w x" }, /none of printable ASCII/],
    [{ points: "shop/a", snaplen: 9000 }, /keeps more than headers/],
    [{ points: [{ interface: "eth0" }] }, /names neither a pod nor/],
    [{ points: [{ pod: "app=web" }] }, /is no name of a pod/],
    [{ points: [] }, /no pod and no node is named/],
  ] as const)
    t.throws(() => captureStart.check?.(input), { code: "INPUT_INVALID", message });
  t.doesNotThrow(() => captureStart.check?.({ points: "shop/a", snaplen: 9000, payload: true }));
});

t.test("an interface or a node that is not there is named with those that are", async (t) => {
  const { context } = setUp();
  for (const [points, hint] of [
    [{ node: "node-a", interface: "ens99" }, /There are .*eth0.*, and any for all/],
    [{ pod: "shop/client", interface: "net1" }, /There are eth0, and any/],
    [{ node: "node-x", interface: "any" }, /The nodes are node-a, node-b/],
  ] as const)
    await t.rejects(captureStart.plan({ points: [points], filter: "" }, context), {
      code: "TARGET_NOT_FOUND",
      hint,
    });
});

t.test("nothing but what it may do is done while it plans", async (t) => {
  const { context, actions } = setUp();
  await captureStart.plan({ points: ["shop/client", "node/node-b"], filter: "" }, context);
  t.strictSame([...new Set(actions)].sort(), [...(captureStart.planActions ?? [])].sort());
});

t.test("a point may have a filter of its own beside that of all; of one place once", async (t) => {
  const { context } = setUp();
  const filtersAt = async (
    points: PointInput[],
    filter: string,
  ): Promise<readonly (readonly [string, string])[]> => {
    const found = await findPoints({ points, filter }, context);
    return found.points.map((point) => [point.name, point.filter.replace(/^not \(.*?\) and /, "")] as const);
  };
  const at = (node: string, filter?: string) => ({
    node,
    interface: "any",
    ...(filter === undefined ? {} : { filter }),
  });
  t.strictSame(await filtersAt([at("node-a", "host 10.0.0.1"), at("node-b", " ")], "udp port 53"), [
    ["any@node-a", "(host 10.0.0.1) and (udp port 53)"],
    ["any@node-b", "udp port 53"],
  ]);
  t.strictSame(await filtersAt([{ pod: "shop/client", filter: "icmp" }], ""), [
    ["client/eth0@node-a", "icmp"],
  ]);
  t.strictSame(await filtersAt([at("node-a", "icmp"), at("node-a", "udp"), at("node-a", "udp")], ""), [
    ["any@node-a", "((icmp) or (udp)) or (udp)"],
  ]);
  t.strictSame(await filtersAt([at("node-a", "icmp"), at("node-a")], "tcp"), [["any@node-a", "tcp"]]);
  const [any] = (await findPoints({ points: [at("node-a")], filter: "" }, context)).points;
  t.match(Object.values(any?.roles ?? {}), [/^(nic|host-veth|tunnel)$/]);
  t.strictSame(Object.keys(any?.roles ?? {}), Object.keys(any?.links ?? {}));
  for (const filter of ["udp\n-w x", "x".repeat(20_000)])
    t.throws(() => captureStart.check?.({ points: [at("node-a", filter)] }), { code: "INPUT_INVALID" });
});

t.test("points that a node kept are held to their form", (t) => {
  const point = {
    ...{
      id: "p",
      node: "node-a",
      role: "pod",
      interface: "eth0",
      netns: { kind: "own" },
      pcap: "captures/p.pcap",
    },
    ...{ filter: "udp", name: "client/eth0@node-a", encapsulation: { kind: "none" }, pod: null, ips: [] },
  };
  const spell = (change: object): string =>
    JSON.stringify({ filter: "udp", points: [{ ...point, ...change }] });
  t.equal(readKept(spell({})).points.length, 1);
  for (const text of [
    "",
    "null",
    "[]",
    "{}",
    `{"filter": "", "points": {}}`,
    `{"filter": "", "points": [null]}`,
  ])
    t.throws(() => readKept(text), { code: "EVIDENCE_INVALID" }, text);
  for (const change of [
    { id: 1 },
    { netns: { kind: "path" } },
    { netns: null },
    { encapsulation: { kind: "vxlan" } },
  ])
    t.throws(() => readKept(spell(change)), { code: "EVIDENCE_INVALID" }, JSON.stringify(change));
  t.throws(() => readKept(spell({ filter: "udp\n-w x" })), { code: "INPUT_INVALID" });
  t.end();
});
