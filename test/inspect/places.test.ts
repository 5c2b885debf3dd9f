import t from "tap";
import { planInspection, planSuperset, runInspection } from "../../lib/inspect/index.js";
import {
  arrivalDevice,
  familiesOf,
  hostDevicesOf,
  nodesOf,
  podPlace,
  routedAddresses,
} from "../../lib/inspect/places.js";
import { isNetnsPath, toFilePart } from "../../lib/inspect/values.js";
import type { NodeAccess } from "../../lib/model/access.js";
import type { End } from "../../lib/model/cluster.js";
import type { FlowPath, Hop } from "../../lib/model/hops.js";
import { trustAll } from "../fixtures/trust.js";

const END: End = {
  kind: "pod",
  text: "shop/client",
  pod: "shop/client",
  node: "node-a",
  ip: "10.1.0.1",
  port: null,
  addresses: [{ ip: "10.1.0.1", port: null }],
  netns: { kind: "path", path: "/run/netns/a" },
  hostNetwork: false,
  cniHostInterfaces: [],
};
const FAR: End = { ...END, pod: "shop/web", node: "node-b", ip: "10.2.0.1", addresses: [] };

const hop = (node: string, role: Hop["role"], name: string): Hop => ({
  index: 0,
  id: `${node}.${role}.${name}`,
  node,
  role,
  interface: name,
  netns: { kind: "host" },
  mtuBytes: null,
  encapsulation: { kind: "none" },
  evidence: [],
});

const PATH: FlowPath = {
  from: END,
  to: FAR,
  recipe: "x",
  hops: [hop("node-a", "host-veth", "v1"), hop("node-a", "nic", "eth0"), hop("node-b", "nic", "eth0")],
  replyHops: null,
  underlay: {},
  tunnels: {},
  notes: [],
};

t.test("ends that stand in no namespace of a pod", async (t) => {
  t.equal(podPlace({ ...END, node: null }), null);
  t.equal(podPlace({ ...END, netns: null }), null);
  t.equal(podPlace({ ...END, netns: { kind: "host" } }), null);
  t.equal(podPlace({ ...END, hostNetwork: true }), null);
  t.equal(podPlace({ ...END, netns: { kind: "path", path: "/run/../x" } }), null);
  t.match(podPlace({ ...END, pod: null }), { netns: { pod: "10.1.0.1" } });
});

t.test("nodes and devices of a path, also of a way back of its own", async (t) => {
  const back = [hop("node-c", "nic", "eth9"), hop("node-a", "pod", "eth0"), hop("node-a", "nic", "-x")];
  const path = { ...PATH, replyHops: back };
  t.strictSame(nodesOf(path), ["node-a", "node-b", "node-c"]);
  t.strictSame(nodesOf({ ...PATH, from: { ...END, node: null } }), ["node-a", "node-b"]);
  t.strictSame(hostDevicesOf(path, "node-a"), ["v1", "eth0"]);
  t.strictSame(hostDevicesOf(path, "node-c"), ["eth9"]);
});

t.test("addresses and families", async (t) => {
  const service: End = { ...END, kind: "service", ip: "10.96.0.1" };
  t.strictSame(routedAddresses(service), ["10.1.0.1"]);
  t.strictSame(routedAddresses({ ...service, addresses: [] }), ["10.96.0.1"]);
  t.strictSame(routedAddresses({ ...END, ip: "x%y" }), ["10.1.0.1"]);
  t.strictSame(familiesOf(PATH), [4]);
  t.strictSame(familiesOf({ ...PATH, to: { ...FAR, ip: "fd00::1" } }), [4, 6]);
  t.strictSame(familiesOf({ ...PATH, from: { ...END, ip: "?" }, to: { ...FAR, ip: "?" } }), [4]);
  const six = planSuperset({ ...PATH, to: { ...FAR, ip: "fd00::1" } }).map(({ kind }) => kind);
  t.ok(six.includes("ip6tables"));
});

t.test("the device by which a node sees an end's packets arrive", async (t) => {
  t.equal(arrivalDevice(PATH, "node-a", END), "v1");
  t.equal(arrivalDevice(PATH, "node-b", END), "eth0");
  t.equal(arrivalDevice(PATH, "node-b", FAR), null, "no host side is known");
  t.equal(arrivalDevice(PATH, "node-a", { ...END, hostNetwork: true }), null, "made on the node");
  const local = { ...PATH, hops: [hop("node-a", "host-veth", "v1"), hop("node-a", "host-veth", "v2")] };
  t.equal(
    arrivalDevice({ ...local, to: { ...FAR, node: "node-a" } }, "node-a", { ...FAR, node: "node-a" }),
    "v2",
  );
});

t.test("a pod is looked at only where the break touches it", async (t) => {
  const pods = (
    role: Hop["role"],
    first: Hop["role"] | null,
    status: "lost" | "rejected" = "lost",
  ): string[] =>
    planInspection(PATH, {
      status,
      direction: "request",
      lastSeen: { node: "node-a", role, interface: "x" },
      firstMissing: first === null ? null : { node: "node-b", role: first, interface: "x" },
    }).flatMap(({ netns }) => (netns === "host" ? [] : [netns.pod]));
  t.strictSame(new Set(pods("nic", "nic")), new Set());
  t.strictSame(new Set(pods("nic", "pod")), new Set(["shop/web"]));
  t.strictSame(new Set(pods("nic", "nic", "rejected")), new Set(["shop/web"]));
  const silent = { status: "lost", direction: "request", lastSeen: null, firstMissing: null } as const;
  t.strictSame(
    planInspection(PATH, silent).filter(({ netns }) => netns !== "host"),
    [],
  );
  const unsent = { ...silent, firstMissing: { node: "node-a", role: "pod", interface: "eth0" } } as const;
  t.ok(planInspection(PATH, unsent).some(({ netns }) => netns !== "host"));
});

t.test("what nodes print stands in argv and file names only as what it should be", async (t) => {
  t.equal(toFilePart(""), "_");
  t.equal(toFilePart("../a b"), "__a_b");
  t.ok(isNetnsPath("/run/netns/cni-1"));
  t.notOk(isNetnsPath("/run/../etc"));
  const odd = { address: null, gateway: null, remoteMac: null, remoteVtep: "x y" };
  const path = {
    ...PATH,
    underlay: { "node-b": { ip: "-rf", interface: "eth0" } },
    tunnels: { "node-a": { ...odd, interface: "-rf" } },
  };
  t.notOk(planSuperset(path).some(({ argv }) => argv.includes("-rf") || argv.includes("x y")));
});

t.test("output that was cut, or a failure that is no error, is told", async (t) => {
  const run = async (exec: () => Promise<unknown>) => {
    const access = { node: "node-a", via: "local", exec } as unknown as NodeAccess;
    const [record] = await runInspection(
      planInspection(PATH, { status: "rejected", direction: null, lastSeen: null, firstMissing: null }).slice(
        0,
        1,
      ),
      { accesses: trustAll([access]), save: () => undefined },
    );
    return record;
  };
  const answer = {
    stdout: Buffer.from(""),
    stderr: Buffer.from(""),
    exitCode: 0,
    timedOut: false,
    truncated: true,
  };
  t.match(await run(() => Promise.resolve(answer)), { exitCode: null, stderr: "output cut" });
  const cut = { ...answer, exitCode: null, signal: null, truncated: false };
  const stderrOf = async (result: object) => (await run(() => Promise.resolve(result)))?.stderr;
  t.equal(await stderrOf({ ...cut, canceled: true }), "the run was interrupted");
  t.equal(await stderrOf({ ...cut, signal: "SIGTERM" }), "ended by SIGTERM");
  t.equal(await stderrOf(cut), "its end is not known", "no reason is empty");
  t.equal(
    await stderrOf({ ...cut, stderr: Buffer.from("half a line\n"), canceled: true }),
    "half a line; the run was interrupted",
  );
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what others throw is not always an error
  t.match(await run(() => Promise.reject("gone")), { exitCode: null, stderr: "gone" });
});
