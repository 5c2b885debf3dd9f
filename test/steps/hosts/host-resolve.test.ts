import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { CLUSTER_SCRIPTS } from "../../../lib/cluster/index.js";
import { validateValue } from "../../../lib/document/index.js";
import { HopbookError } from "../../../lib/errors.js";
import { findArgvFault } from "../../../lib/permissions/index.js";
import { hostResolve } from "../../../lib/steps/hosts/host-resolve.js";
import { podLocate } from "../../../lib/steps/pod-locate.js";
import { PROBE_SCRIPTS } from "../../../lib/traffic/index.js";
import { keyOf, replayNode, type Recording } from "../../fixtures/nodes/replay.js";
import { fakeContext, type FakeContext } from "../samples.js";
import { sayNames, type Zone } from "./name-server.js";

const ROOT = join(import.meta.dirname, "../../..");
const RECORDED = JSON.parse(
  readFileSync(join(ROOT, "test/fixtures/nodes/calico-vxlan/healthy.json"), "utf8"),
) as Record<string, Recording>;
const SCRIPTS = new Map(
  Object.entries({ ...CLUSTER_SCRIPTS, ...PROBE_SCRIPTS }).map(
    ([name, text]) => [name, new Set([text])] as const,
  ),
);
const FILE = "nameserver 10.96.0.10\nnameserver 10.96.0.11\nsearch shop.svc\noptions ndots:2\n#done\n";
type Input = Parameters<typeof hostResolve.plan>[0];

interface Told {
  readonly zone?: Zone;
  /** In place of the zone, by server; from the node's own network that of `node SERVER`. */
  readonly zones?: Readonly<Record<string, Zone>>;
  /** By node. */
  readonly files?: Readonly<Record<string, string | { exitCode: number }>>;
  readonly fails?: Error;
  /** A program. */
  readonly lacks?: string;
}

function setUp({ zone = {}, zones = {}, files = {}, fails, lacks }: Told = {}): FakeContext {
  const accesses = Object.entries(RECORDED).map(([node, recording]) => {
    const replay = replayNode(node, recording);
    return replay.beside({
      exec: async (argv, options, run) => {
        const say = async (text: string | { exitCode: number }) => ({
          ...(await replayNode(node, { [keyOf(argv)]: text }).exec(argv, options)),
          durationMs: 0,
        });
        if (argv.includes("hopbook-resolver")) return say(files[node] ?? FILE);
        const at = argv.indexOf("hopbook-names");
        if (at === -1) return run();
        if (fails !== undefined) throw fails;
        if (lacks !== undefined) return say(`missing ${lacks}\n`);
        const server = `${argv[0] === "nsenter" ? "" : "node "}${argv[at + 2] ?? ""}`;
        return say(sayNames(argv.slice(at + 6), zones[server] ?? zone));
      },
    });
  });
  const nodes = Object.keys(RECORDED).map((name, index) => ({
    ...{ name, address: `10.77.0.1${index + 1}`, access: { via: "local" as const } },
  }));
  return fakeContext(accesses, {
    profile: { name: "recorded", nodes, cni: "auto", interfaces: {}, workDir: "/var/tmp" },
    recipeDirs: [join(ROOT, "runbooks/cni")],
  });
}

const plan = async (fake: FakeContext, input: Input) => {
  t.strictSame(validateValue(input, hostResolve.inputSchema), []);
  hostResolve.check?.(input);
  return hostResolve.plan(input, fake.context);
};

t.test("names by the pod's resolver, addresses as they are; the filter takes both", async (t) => {
  const fake = setUp({ zone: { "db.shop.svc": ["10.0.0.2", "10.0.0.1", "2001:db8::7"] } });
  const hosts = ["db", "FD00:0::1"];
  const { outputs, commands } = await plan(fake, { hosts, pods: ["shop/client"], filter: "tcp" });
  t.strictSame(validateValue(outputs, hostResolve.outputSchema), []);
  t.strictSame(outputs.addresses, ["10.0.0.1", "10.0.0.2", "2001:db8::7", "fd00::1"]);
  t.equal(outputs.filter, "(host 10.0.0.1 or host 10.0.0.2 or host 2001:db8::7 or host fd00::1) and (tcp)");
  t.match(outputs.hosts[0], { names: ["db.shop.svc"], by: ["shop/client by 10.96.0.10"], partial: false });
  t.match(fake.notes.join("\n"), /^info: db as db\.shop\.svc is 10\.0\.0\.1, 10\.0\.0\.2, 2001:db8::7 \(/m);
  for (const { action, argv } of commands) {
    t.ok(hostResolve.actions.includes(action), action);
    t.equal(findArgvFault(action, argv, SCRIPTS), undefined);
  }
  const asked = commands.filter(({ action }) => action === "pod/names");
  t.match(asked, [{ effect: "traffic", argv: ["nsenter"] }]);
  t.match(fake.files.get("evidence/hosts/step.json") ?? [...fake.files.keys()], {
    hosts: [{ host: "db" }, {}],
  });
});

t.test("without a filter the hosts alone; a pod that was located is not looked for again", async (t) => {
  const fake = setUp({ zone: { "web.": [], "web.shop.svc": ["10.0.0.1"] } });
  const located = await podLocate.plan({ pods: "shop/client" }, fake.context);
  const [pod] = located.outputs.pods;
  const input = { hosts: ["web"], pods: [{ pod: pod?.pod ?? "", sandbox: pod?.sandbox ?? null }] };
  const { outputs, commands } = await plan(fake, input);
  t.equal(outputs.filter, "host 10.0.0.1");
  t.strictSame(
    commands.map(({ action }) => action),
    ["pod/resolver", "pod/names"],
  );
});

t.test(
  "a server that is silent, or fails, is passed by for the next; the node asks where none answers",
  async (t) => {
    const silent = { "db.shop.svc": "silent", db: "silent" } as const;
    const good = { "db.shop.svc": ["10.0.0.1"] };
    const second = await plan(setUp({ zones: { "10.96.0.10": silent, "10.96.0.11": good } }), {
      ...{ hosts: ["db"], pods: ["shop/client"] },
    });
    t.strictSame(second.outputs.hosts[0]?.by, ["shop/client by 10.96.0.11"]);
    const failing = { "db.shop.svc": 2, db: 2 };
    const third = await plan(
      setUp({ zones: { "10.96.0.10": failing, "10.96.0.11": silent, "node 10.96.0.10": good } }),
      { hosts: ["db"], pods: ["shop/client"] },
    );
    t.strictSame(third.outputs.hosts[0]?.by, ["node-a, for shop/client, by 10.96.0.10"]);
    const none = plan(setUp({ zone: silent }), { hosts: ["db"], pods: ["shop/client"] });
    await t.rejects(none, {
      code: "TARGET_NOT_FOUND",
      message: /of db: shop\/client: no answer from 10\.96\.0\.10, 10\.96\.0\.11$/,
    });
    const failed = plan(setUp({ zone: failing }), { hosts: ["db"], pods: ["shop/client"] });
    await t.rejects(failed, { message: /: no answer that tells from 10\.96\.0\.10, 10\.96\.0\.11$/ });
    const unasked = plan(setUp({ fails: new Error("no way") }), { hosts: ["db"], pods: ["shop/client"] });
    await t.rejects(unasked, { message: /no answer/ });
    const lacking = plan(setUp({ lacks: "bash" }), { hosts: ["db"], pods: ["shop/client"] });
    await t.rejects(lacking, { message: /shop\/client: there is no bash on node-a to ask with$/ });
    const denied = setUp({ fails: new HopbookError("PERMISSION_DENIED", "no") });
    await t.rejects(plan(denied, { hosts: ["db"], pods: ["shop/client"] }), { code: "PERMISSION_DENIED" });
  },
);

t.test("a name that is not there is said by whom; of several pods one that knows it is enough", async (t) => {
  const fake = setUp();
  await t.rejects(plan(fake, { hosts: ["db"], pods: ["shop/client"] }), {
    code: "TARGET_NOT_FOUND",
    message: /shop\/client: 10\.96\.0\.10 knows no address of db\.shop\.svc, db$/,
    hint: /hopbook run dns/,
  });
  const files = { "node-b": "nameserver 10.96.0.99\n#done\n" };
  const mixed = setUp({ files, zones: { "10.96.0.99": { "db.x": ["10.0.0.9"] } } });
  const { outputs } = await plan(mixed, { hosts: ["db.x"], pods: ["shop/client", "shop/web"] });
  t.strictSame(outputs.addresses, ["10.0.0.9"]);
  t.match(mixed.notes, [
    /^warn: db\.x has no address for shop\/client: 10\.96\.0\.10 knows/,
    /^info: db\.x is 10\.0\.0\.9/,
  ]);
});

t.test("search domains that are none are passed by; a host that is none is refused", async (t) => {
  const file = `nameserver 10.96.0.10\nsearch ${"x".repeat(70)}.svc -a.svc shop.svc\noptions ndots:5\n#done\n`;
  const fake = setUp({ files: { "node-a": file }, zone: { "db.shop.svc": ["10.0.0.1"] } });
  const { outputs } = await plan(fake, { hosts: ["db"], pods: ["shop/client"] });
  t.strictSame(outputs.addresses, ["10.0.0.1"]);
  await t.rejects(plan(fake, { hosts: ["a..b"], pods: ["shop/client"] }), { code: "INPUT_INVALID" });
});

t.test("an answer that is cut is asked for again with room; where it stays so that is said", async (t) => {
  const fake = setUp({ zone: { "db.": 3, "db.shop.svc": "cut" } });
  const { outputs, commands } = await plan(fake, { hosts: ["db"], pods: ["shop/client"] });
  t.match(outputs.hosts[0], { partial: false, addresses: ["10.0.0.1"] });
  t.equal(commands.filter(({ action }) => action === "pod/names").length, 2);
  const many = Array.from({ length: 70 }, (_, index) => `10.0.1.${index + 1}`);
  const long = setUp({ zone: { "db.shop.svc": many } });
  const { outputs: taken } = await plan(long, { hosts: ["db"], pods: ["shop/client"] });
  t.equal(taken.addresses.length, 64);
  const said = long.notes.join("\n");
  t.match(said, /64 of the 70 addresses are taken/);
  t.match(said, /and 62 more \(shop\/client/);
});

t.test("nodes by their own resolvers; what has none is said", async (t) => {
  const fake = setUp({ zones: { "node 10.96.0.10": { db: ["10.0.0.1"] } }, files: { "node-b": "#none\n" } });
  const { outputs, commands } = await plan(fake, { hosts: ["db."], nodes: ["node-a", "node-b", "node-x"] });
  t.strictSame(outputs.hosts[0]?.by, ["node/node-a by 10.96.0.10"]);
  t.match(commands.at(-1)?.argv, ["sh", "-c"]);
  t.match(fake.notes.filter((note) => note.startsWith("warn")).toSorted(), [
    /node\/node-b: no process there has a plain/,
    /node\/node-x: node-x is not open to this run/,
  ]);
  const none = setUp({ files: { "node-a": { exitCode: 4 }, "node-b": "options x\n#done\n" } });
  await t.rejects(plan(none, { hosts: ["db"], pods: ["shop/client", "shop/web"] }), {
    code: "TARGET_NOT_FOUND",
    detail:
      /shop\/client: no process there has a plain.*\n.*shop\/web: its \/etc\/resolv\.conf names no server/,
  });
  await t.rejects(plan(setUp(), { hosts: ["db"] }), { code: "TARGET_NOT_FOUND", message: /no resolver's/ });
  await t.rejects(plan(setUp(), { hosts: ["db"], pods: ["shop/client"], filter: "a\nb" }), {
    code: "INPUT_INVALID",
  });
});
