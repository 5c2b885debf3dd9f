import t from "tap";
import { agreeOnFamily, byFamilies } from "../../../lib/cluster/ends/family.js";
import { nodeEnd, outsideEnd } from "../../../lib/cluster/ends/kinds.js";
import type { Family } from "../../../lib/linux/address.js";
import type { End } from "../../../lib/model/cluster.js";
import { replayNode } from "../../fixtures/nodes/replay.js";

const pod = (name: string, ips: readonly [string, ...string[]], port: number | null = null): End => ({
  ...{ kind: "pod", text: `shop/${name}`, pod: `shop/${name}`, node: "node-a" },
  ...byFamilies(ips, port),
  ...{ netns: { kind: "path", path: "/x" }, hostNetwork: false, cniHostInterfaces: [] },
});
const client = pod("client", ["10.0.1.2", "fd00:1::2"]);
const web = pod("web", ["10.0.2.2", "fd00:2::2"], 80);
const web6 = pod("web", ["fd00:2::2", "10.0.2.2"], 80);
const only4 = pod("old", ["10.0.2.9"]);
const only6 = pod("new", ["fd00:2::9"]);

const access = replayNode("node-a", {
  "ip -j route get fd00:2::2": '[{"dst":"fd00:2::2","dev":"eth0","prefsrc":"fd00:10::1"}]',
  "ip -j route get fd00:2::9": { stderr: "RTNETLINK answers: Network is unreachable", exitCode: 2 },
  "ip -j route get 2001:db8::1": "[]",
});
const accesses = new Map([["node-a", access]]);
const node = nodeEnd({ text: "node/node-a", node: "node-a", ip: "10.77.0.11", port: null });

async function agree(from: End, to: End, family?: Family): Promise<readonly string[]> {
  const ends = await agreeOnFamily(from, to, { facts: { accesses }, family });
  return ends.map(({ ip }) => ip);
}

t.test("a pod's first address leads, and the first of the other family stands by", (t) => {
  t.match(byFamilies(["fd00::1", "fd00::2", "10.0.0.1"], 80), {
    ...{ ip: "fd00::1", port: 80, addresses: [{ ip: "fd00::1", port: 80 }] },
    otherFamily: { ip: "10.0.0.1", port: 80, addresses: [{ ip: "10.0.0.1", port: 80 }] },
  });
  t.notOk("otherFamily" in byFamilies(["10.0.0.1", "10.0.0.2"], null));
  t.end();
});

t.test("the destination's first family is followed, as far as the source has it", async (t) => {
  t.strictSame(await agree(client, web), ["10.0.1.2", "10.0.2.2"]);
  t.strictSame(await agree(client, web6), ["fd00:1::2", "fd00:2::2"]);
  t.strictSame(await agree(only4, web6), ["10.0.2.9", "10.0.2.2"], "else the source's");
  t.strictSame(await agree(client, only6), ["fd00:1::2", "fd00:2::9"]);
  await t.rejects(agree(only4, only6), {
    code: "TARGET_NOT_FOUND",
    message: /the one has IPv4 addresses alone, the other IPv6/,
    detail: /shop\/old.*: 10\.0\.2\.9\n.*shop\/new.*: fd00:2::9/,
  });
});

t.test("the family that is asked for, or a clear word that there is none", async (t) => {
  t.strictSame(await agree(client, web, 6), ["fd00:1::2", "fd00:2::2"]);
  t.strictSame(await agree(client, web6, 4), ["10.0.1.2", "10.0.2.2"]);
  await t.rejects(agree(client, only4, 6), {
    code: "TARGET_NOT_FOUND",
    message: /Cannot follow IPv6: there is no address of it for .*shop\/old/,
    hint: /follow IPv4/,
  });
  const outside = outsideEnd("203.0.113.9", { ip: "203.0.113.9", port: null });
  await t.rejects(agree(client, outside, 6), { message: /for .*203\.0\.113\.9/ });
  const [from, to] = await agreeOnFamily(client, web, { facts: { accesses }, family: 6 });
  t.strictSame([from.otherFamily?.ip, to.otherFamily?.ip], ["10.0.1.2", "10.0.2.2"], "and back");
  t.strictSame(to.addresses, [{ ip: "fd00:2::2", port: 80 }]);
});

t.test(
  "a node is known by its default route's address, else by that of its route to the other end",
  async (t) => {
    t.strictSame(await agree(node, web6), ["fd00:10::1", "fd00:2::2"]);
    const known = replayNode("node-a", {
      "ip -j route get 2001:db8::1": '[{"dst":"2001:db8::1","dev":"eth0","prefsrc":"fd00:77::11"}]',
    });
    const ends = await agreeOnFamily(node, web6, {
      facts: { accesses: new Map([["node-a", known]]) },
      family: 6,
    });
    t.equal(ends[0].ip, "fd00:77::11");
    t.strictSame(await agree(web, node, 6), ["fd00:2::2", "fd00:10::1"]);
    t.strictSame(
      await agree(node, web),
      ["10.77.0.11", "10.0.2.2"],
      "the family that it has is not asked for",
    );
    await t.rejects(agree(node, only6, 6), { message: /IPv6.*node\/node-a/ });
    await t.rejects(agree(node, node, 6), { code: "TARGET_NOT_FOUND" }, "its default route names none");
    const written = { ...node, text: "10.77.0.11" };
    await t.rejects(
      agree(written, web, 6),
      { code: "TARGET_NOT_FOUND" },
      "an address says which family it is",
    );
  },
);
