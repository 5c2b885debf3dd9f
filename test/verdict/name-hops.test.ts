import t from "tap";
import type { HopRef } from "../../lib/model/findings.js";
import { nameFiles, renameHops } from "../../lib/verdict/name-hops.js";
import { buildFindings } from "../report/samples.js";
import { everyThird } from "../report/many.js";
import { beginComputing } from "../fixtures/patience.js";

const named = (file: string, pattern?: string): string => {
  const [hop] = nameFiles([file], pattern);
  return `${hop?.node ?? "-"} ${hop?.interface ?? "-"}`;
};

t.test("as files are usually called, the node is told and the file's name stays", async (t) => {
  t.equal(named("n1.eth0.pcap"), "n1 -");
  t.equal(named("/tmp/x/n1.flannel.1.pcapng.gz"), "n1 -");
  t.equal(named("run/node-a/eth0.pcap"), "node-a -");
  t.equal(named("./eth0.pcap"), "- -");
  t.equal(named("eth0.pcap.zst"), "- -");
});

t.test("by a pattern", async (t) => {
  t.equal(named("a/n1.flannel.1.pcap", "node.iface.pcap"), "n1 flannel.1");
  t.equal(named("eth0@n1.pcap.gz", "iface@node.pcap"), "n1 eth0");
  t.equal(named("d/run-7/node-a/eth0.100.pcapng", "run-*/node/iface.pcap"), "node-a eth0.100");
  t.equal(named("host7.cap", "node.pcap"), "host7 -");
  t.equal(named("a..b.pcap", "node.iface.pcap"), "a .b");
  t.throws(() => named("x.pcap", "iface@node.pcap"), { code: "USAGE", message: /x\.pcap.*does not fit/ });
  for (const pattern of ["", "x", "node.node", "nodeiface", "node*iface"])
    t.throws(() => named("x.pcap", pattern), { code: "USAGE", message: /names no hop/ }, pattern);
  const computedMs = beginComputing();
  t.throws(() => named("a.".repeat(100_000), "*x*.node.*.iface.*z.pcap"), { code: "USAGE" });
  t.ok(computedMs() < 2000, "a hostile name costs no time");
});

/** As bare captures have them: a node of its own for each file. */
const bare = (() => {
  const files = everyThird.hops.map((hop, index) => ({
    ...hop,
    node: `file ${index + 1}`,
    interface: `f${index}.pcap`,
  }));
  const ref = (index: number): HopRef => {
    const {
      node,
      role,
      interface: name,
    } = files[index] ?? everyThird.hops[0] ?? { node: "", role: "nic", interface: "" };
    return { node, role, interface: name };
  };
  const flow = {
    ...everyThird,
    hops: files,
    verdict: {
      ...everyThird.verdict,
      lastSeen: ref(4),
      firstMissing: ref(5),
      caveats: ["file 1 f0.pcap ended early", "The clock of file 6 is 3.0 ms ahead of the first node's"],
      grounds: { for: ["file 2's to 8 µs"], against: ["No capture at file 3 f2.pcap"] },
      rejectedBy: { ip: "10.0.0.1", node: "file 2", how: "TCP RST" },
    },
    legs: (everyThird.legs ?? []).map((leg) => ({ ...leg, from: ref(4), to: ref(5) })),
    rewrites: (everyThird.rewrites ?? []).map((one) => ({ ...one, before: ref(0), after: ref(1) })),
  };
  return buildFindings([flow]);
})();

t.test("hops are called so wherever they are named", async (t) => {
  const names =
    bare.flows[0]?.hops.map((_, index) => ({ node: `n${index}`, interface: index === 0 ? "eth0" : null })) ??
    [];
  const text = JSON.stringify(renameHops(bare, names));
  t.notMatch(text, /file \d/);
  const [flow] = renameHops(bare, names).flows;
  t.match(flow?.verdict.lastSeen, { node: "n4", interface: "f4.pcap" });
  t.match(flow?.legs?.[0]?.to, { node: "n5", interface: "f5.pcap" });
  t.match(flow?.rewrites?.[0]?.before, { node: "n0", interface: "eth0" });
  t.strictSame(flow?.verdict.caveats, [
    "n0 eth0 ended early",
    "The clock of n5 is 3.0 ms ahead of the first node's",
  ]);
  t.strictSame(flow?.verdict.grounds, { for: ["n1's to 8 µs"], against: ["No capture at f2.pcap"] });
  t.equal(flow?.verdict.rejectedBy?.node, "n1");
  const same = names.map(() => ({ node: "n", interface: "eth0" }));
  t.equal(renameHops(bare, same), bare, "two of one name cannot be told apart");
});
