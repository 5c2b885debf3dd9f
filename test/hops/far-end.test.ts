import t from "tap";
import { findFarEnd } from "../../lib/hops/far-end.js";
import { Looks } from "../../lib/hops/looks.js";
import { bareLink } from "../../lib/linux/links.js";
import { parseRouteAnswer } from "../../lib/linux/routes.js";
import { replayNode } from "../fixtures/nodes/replay.js";

const access = replayNode("node-a", {});
const view = { node: "node-a", access, links: [], routes: [], neighbours: [] };
const looks = new Looks({ access, netns: { kind: "host" } });

t.test("a device of no known kind has no far end", async (t) => {
  const notes: string[] = [];
  const link = { ...bareLink("odd0"), kind: "odd" };
  const found = await findFarEnd({ view, looks, link, gateway: "10.0.0.2", encapsulatedTo: null, notes });
  t.match(found, { remoteMac: null, remoteVtep: null });
  t.strictSame(notes, ["nothing on node-a says where odd0 ends"]);
});

t.test("a device that is told its far end with each packet, or sealed, is not asked for it", async (t) => {
  const notes: string[] = [];
  const external = { ...bareLink("vx0"), kind: "vxlan", data: { external: true, id: 0, port: 8472 } };
  for (const link of [external, { ...bareLink("wg0"), kind: "wireguard" }]) {
    const found = await findFarEnd({ view, looks, link, gateway: "10.0.0.2", encapsulatedTo: null, notes });
    t.match(found, { remoteMac: null, remoteVtep: null }, link.name);
  }
  const routed = { view, looks, link: external, gateway: "10.0.0.2", encapsulatedTo: "192.0.2.7", notes };
  t.match(await findFarEnd(routed), { remoteVtep: "192.0.2.7", saidBy: "route into vx0" });
  t.strictSame(notes, []);
});

t.test("of a route's two keys dst the encapsulation's is kept", (t) => {
  // iproute2 6.1, ip -j route get 10.9.0.5
  const text =
    '[{"dst":"10.9.0.5","encap":"ip","id":7,"src":"0.0.0.0","dst":"192.168.9.2","ttl":0,"tos":0,"dev":"vx0","prefsrc":"10.9.1.1","flags":[],"uid":0,"cache":[]}]';
  t.strictSame(parseRouteAnswer(text), {
    dev: "vx0",
    gateway: null,
    encapsulatedTo: "192.168.9.2",
    source: "10.9.1.1",
  });
  t.equal(parseRouteAnswer('[{"dst":"10.9.0.5","dev":"eth0"}]')?.encapsulatedTo, null);
  t.end();
});
