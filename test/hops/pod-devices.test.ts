import t from "tap";
import { discover, external, outward, type Wiring } from "./clusters.js";
import { calico, cali, cilium, viaCiliumHost, vxlanCalico } from "./wirings.js";

/** Pods whose own device is no plain pair, or whose other end is not found. */

const same = (hops: readonly string[]): string[][] => [[...hops], [...hops]];
const ways = (...rest: readonly string[]): string[][] =>
  [1, 2].map((n) => ["pod eth0", `host-veth ${cali(n)}`, ...rest]);

t.test("pods without a host side: what shows their packets is a hop, and it is said", async (t) => {
  for (const kind of ["macvlan", "ipvlan"]) {
    const path = await discover(() => ({ host: [], pod: { kind, peer: 2, elsewhere: true } }));
    t.strictSame(outward(path), same(["pod eth0", "nic eth0"]), kind);
    t.match(
      path.notes.join("\n"),
      new RegExp(`shop/client's eth0 is of kind ${kind}: .* leave by eth0 itself`),
    );
  }
  const hardware: Wiring = { host: [], pod: { kind: undefined, peer: undefined, elsewhere: false } };
  const path = await discover(() => hardware);
  t.strictSame(outward(path), same(["pod eth0"]));
  t.match(path.notes.join("\n"), /shop\/web's eth0 is a device of the machine's own \(SR-IOV/);
});

t.test("a pod with a kernel of its own is told, and its device is found without an address", async (t) => {
  const wire = (n: number): Wiring => ({ ...calico(n, vxlanCalico(n)), pod: { ips: [] } });
  for (const [isolation, said] of [
    ["vm", /shop\/client's processes are in a virtual machine \(Kata\)/],
    ["user-kernel", /shop\/client's processes are on a kernel of their own in user space \(gVisor\)/],
  ] as const) {
    const path = await discover(wire, { isolation });
    t.strictSame(outward(path), ways("tunnel vxlan.calico", "nic eth0"));
    t.match(path.notes.join("\n"), said);
    t.equal(path.notes.length, 2, path.notes.join("\n"));
  }
  await t.rejects(
    discover((n) => ({ ...wire(n), podWays: [] })),
    { code: "HOP_UNRESOLVED" },
  );
  const path = await discover((n) => ({ ...wire(n), podWays: [] }), { isolation: "user-kernel" });
  t.match(path.hops[0]?.evidence, [/only device with an end on the host/]);
  t.equal(path.notes.length, 2, "that it has no route is how it is with gVisor");
});

t.test("a pair without an end on the host that is found: the run goes on by the host's routes", async (t) => {
  const wire = (n: number): Wiring => ({ ...calico(n, vxlanCalico(n)), pod: { peer: 99 } });
  const path = await discover(wire);
  t.equal(path.recipe, "calico-vxlan");
  t.strictSame(outward(path), same(["pod eth0", "tunnel vxlan.calico", "nic eth0"]));
  t.match(
    path.notes[0],
    /^Cannot find the host side of shop\/client's eth0: .*peer-index: no device of the host has index 99/,
  );
});

t.test("netkit: what passes its host side need not be seen there", async (t) => {
  const wire = (n: number): Wiring => {
    const wiring = cilium(n, viaCiliumHost(n), { devices: [external(44, "cilium_vxlan", "vxlan", 8472)] });
    return {
      ...wiring,
      pod: { kind: "netkit" },
      host: wiring.host.map((device) => ({ ...device, kind: "netkit" })),
    };
  };
  const path = await discover(wire);
  t.equal(path.recipe, "cilium-vxlan");
  t.match(path.hops[1], { role: "host-veth", passedBy: ["request", "reply"] });
  t.strictSame(
    path.hops[3]?.encapsulation,
    { kind: "vxlan", port: 8472, outer: 4 },
    "each packet has its own VNI",
  );
});
