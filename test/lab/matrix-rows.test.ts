import t from "tap";
import type { LabTopology } from "../../lib/lab/topologies.js";
import { listRows, nameOf, selectRows } from "./matrix-rows.js";

t.test("rows are chosen by name, and a selection that is empty throws", async (t) => {
  t.strictSame(selectRows("mtu-hole, none, kindnet/mtu-hole").map(nameOf), [
    ...["calico-vxlan/mtu-hole", "calico-vxlan/none", "kindnet/mtu-hole"],
  ]);
  t.strictSame(selectRows("flannel-host-gw"), listRows("flannel-host-gw"));
  t.throws(() => selectRows("mtu-hole,mtu"), { message: /no row "mtu": it has calico-vxlan\/none, / });
  const [some, all] = [selectRows(""), selectRows("all")];
  for (const row of listRows("calico-vxlan")) t.ok(some.map(nameOf).includes(nameOf(row)), nameOf(row));
  t.strictSame(new Set(some.map((row) => row.topology)), new Set(all.map((row) => row.topology)));
});

/** As the lab was measured, hop by hop; not by what the lab says of itself. */
const MEASURED: Readonly<Record<string, string>> = {
  none: "delivered",
  "forward-drop-a": "lost request a:host-veth>a:tunnel",
  "route-blackhole-a": "lost request a:host-veth>a:tunnel",
  "fdb-missing": "lost request a:tunnel>a:nic",
  "fdb-wrong-host": "lost request a:nic>b:nic",
  "wrong-neighbour-mac": "lost request b:tunnel>b:host-veth",
  "underlay-cut": "lost request a:nic>b:nic",
  "nic-down-b": "lost request a:nic>b:nic",
  "mtu-hole": "delivered",
  "nic-ingress-drop-b": "lost request b:nic>b:tunnel",
  "tunnel-input-drop-b": "lost request b:nic>b:tunnel",
  "forward-drop-b": "lost request b:tunnel>b:host-veth",
  "pod-route-missing-b": "lost request b:tunnel>b:host-veth",
  "rp-filter-b": "lost request b:tunnel>b:host-veth",
  "reply-drop-b": "lost reply b:host-veth>b:tunnel",
  "pod-input-drop": "unanswered b:pod>-",
  "closed-port": "rejected request b:pod>-",
  "bad-checksum": "unanswered b:pod>-",
};

t.test("what the lab says of its faults is what was measured", async (t) => {
  const rows = listRows("calico-vxlan").map(({ fault, all }) => [fault ?? "none", all.where.join()]);
  t.same(Object.fromEntries(rows), MEASURED);
  const whereOf = (topology: LabTopology, name: string): string | undefined =>
    listRows(topology)
      .find(({ fault }) => fault === name)
      ?.all.where.join();
  t.equal(whereOf("flannel-vxlan", "forward-drop-a"), "lost request a:bridge>a:tunnel");
  t.equal(whereOf("flannel-vxlan", "forward-drop-b"), "lost request b:tunnel>b:bridge");
  t.equal(
    whereOf("cilium-vxlan", "forward-drop-b"),
    "lost request b:tunnel>b:pod",
    "silence there is no loss",
  );
  t.equal(whereOf("cilium-vxlan", "reply-drop-b"), "lost reply b:host-veth>b:tunnel");
  for (const topology of ["calico-same-node", "flannel-same-node"] as const) {
    t.equal(whereOf(topology, "forward-drop-a"), "lost request a:host-veth>a:host-veth", topology);
    t.equal(whereOf(topology, "reply-drop-b"), "lost reply a:host-veth>a:host-veth", topology);
    t.equal(whereOf(topology, "closed-port"), "rejected request a:pod>-", topology);
  }
  t.equal(whereOf("kindnet", "forward-drop-a"), "lost request a:host-veth>a:nic");
  t.equal(whereOf("kindnet", "reply-drop-b"), "lost reply b:host-veth>b:nic");
});
