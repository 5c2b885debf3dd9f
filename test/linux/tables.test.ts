import t from "tap";
import { parseFdb } from "../../lib/linux/fdb.js";
import { parseNeighbours } from "../../lib/linux/neighbours.js";
import { parseRules } from "../../lib/linux/rules.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("recorded: neighbours, with their device and of one device", async (t) => {
  t.match(parseNeighbours(recorded("iproute2-6.1/neighbours.json")), [
    { ip: "10.1.0.9", dev: "v0", mac: null, states: ["INCOMPLETE"], isProxy: false },
    { ip: "10.1.0.10", dev: "v0", states: ["FAILED"] },
  ]);
  t.match(parseNeighbours(recorded("iproute2-6.1/neighbours-of-device.json")), [
    { ip: "10.1.0.9", dev: null },
    { ip: "10.1.0.10", dev: null },
  ]);
  t.match(parseNeighbours(recorded("iproute2-6.1/neighbours-proxy.json")), [
    { ip: "10.1.0.11", isProxy: true, states: [] },
  ]);
});

t.test("neighbours of a control plane, and what is none", async (t) => {
  const text = JSON.stringify([
    { dst: "FD00::1", dev: "br0", lladdr: "66:00:00:00:00:0B", extern_learn: null, state: ["NOARP", 7] },
    { dst: "10.0.0.1", dev: "../x" },
    { dst: "224.0.0", dev: "eth0" },
    {},
  ]);
  t.strictSame(parseNeighbours(text), [
    {
      ...{ ip: "fd00::1", dev: "br0", mac: "66:00:00:00:00:0b", states: ["NOARP"] },
      ...{ isExternal: true, isProxy: false },
    },
  ]);
});

t.test("recorded: the forwarding database", async (t) => {
  const fdb = parseFdb(recorded("iproute2-6.1/fdb.json"));
  const of = (mac: string): unknown => fdb.find((entry) => entry.mac === mac);
  t.match(of("66:00:00:00:00:0c"), { dev: "vx0", dst: "10.1.0.7", state: "permanent", flags: ["self"] });
  t.match(of("66:00:00:00:00:0d"), { dst: "10.1.0.6", port: 4790, vni: 6, sourceVni: 5 });
  t.match(of("00:00:00:00:00:00"), { dst: "10.1.0.9" });
  t.match(parseFdb('[{"mac":"AA:00:00:00:00:01","dev":"br0","vlan":5,"nhid":9,"master":"br0"},{}]'), [
    { mac: "aa:00:00:00:00:01", dev: "br0", vlan: 5, nexthopId: 9, master: "br0", dst: null },
  ]);
});

t.test("recorded: rules of policy routing", async (t) => {
  const rules = parseRules(recorded("iproute2-6.1/rules.json"));
  const at = (priority: number): unknown => rules.find((rule) => rule.priority === priority);
  t.match(at(0), { from: null, to: null, table: "local", action: "lookup" });
  t.match(at(500), {
    ...{ from: "10.1.0.0/24", mark: "0x1", markMask: "0xff", inDevice: "v0", table: "200" },
  });
  t.match(at(501), { to: "10.9.0.0/16", action: "blackhole", table: null });
  t.match(at(502), { isInverted: true, suppressedPrefixBits: 0 });
  t.match(at(503), { protocol: "tcp", destinationPorts: { first: 80, last: 90 }, sourcePorts: null });
  t.match(parseRules('[{"priority":9,"src":"fd00::1","goto":100,"sport":53,"table":7},{}]'), [
    { from: "fd00::1", action: "goto", sourcePorts: { first: 53, last: 53 }, table: "7" },
  ]);
});
