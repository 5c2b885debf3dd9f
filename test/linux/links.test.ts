import t from "tap";
import { bareLink, findLink, parseLinks } from "../../lib/linux/links.js";
import { localEndOf, remoteEndOf, wornBy } from "../../lib/wire/registry.js";
import { recorded } from "../fixtures/linux/recorded.js";

t.test("recorded: ip -d -j address show", async (t) => {
  const links = parseLinks(recorded("iproute2-6.1/addresses.json"));
  const v0 = findLink(links, "v0");
  t.match(v0, {
    ...{ kind: "veth", up: true, mtuBytes: 1500, mac: "5a:c3:2b:1d:fc:d5", peerName: "v1" },
    ...{ alias: 'a "quoted" alias', peerElsewhere: false, master: null, statistics: null },
    addresses: ["10.1.0.1", "fd01::1", "fe80::58c3:2bff:fe1d:fcd5"],
  });
  t.match(v0?.addressInfo[1], { prefixBits: 64, scope: "global", flags: ["tentative"], label: null });
  t.equal(findLink(links, "v9"), undefined);
  t.equal(findLink(links, null), undefined);
});

t.test("recorded: ip -j -s -d link show", async (t) => {
  const links = parseLinks(recorded("iproute2-6.1/links.json"));
  t.strictSame(findLink(links, "v1")?.statistics, {
    received: { bytes: 372, packets: 4, errors: 0, dropped: 0 },
    sent: { bytes: 180, packets: 2, errors: 0, dropped: 0 },
  });
  const vx0 = findLink(links, "vx0")!;
  t.match(vx0, { kind: "vxlan", data: { link: "v0" } });
  t.match([localEndOf(vx0), remoteEndOf(vx0), wornBy(vx0, 4)], ["10.1.0.1", "10.1.0.9", { vni: 10 }]);
  const vxe = findLink(links, "vxe")!;
  t.equal(wornBy(vxe, 4)?.vni, undefined, "it is told its network with each packet");
  t.match(findLink(links, "tap0"), { kind: "tun", data: { type: "tap" } });
  t.match(findLink(links, "mv0"), { kind: "macvlan", data: { mode: "bridge" } });
  t.equal(findLink(links, "lo")?.kind, null);
});

t.test("what is down, in words of the kernel", async (t) => {
  const up = (more: object): boolean | undefined =>
    parseLinks(JSON.stringify([{ ifname: "a", ifindex: 1, flags: ["UP"], ...more }]))[0]?.up;
  t.strictSame(
    [
      up({}),
      up({ operstate: "UNKNOWN" }),
      up({ operstate: "DOWN" }),
      up({ operstate: "LOWERLAYERDOWN" }),
      up({ flags: ["UP", "NO-CARRIER"] }),
      up({ flags: [] }),
    ],
    [true, true, false, false, false, false],
  );
});

t.test("iproute2 5.0: counters of 32 bits, another namespace's end, a bridge's port", async (t) => {
  const [link] = parseLinks(
    JSON.stringify([
      {
        ...{ ifindex: 7, link_index: 2, ifname: "veth7", flags: ["UP"], mtu: 1450, master: "br0" },
        ...{ address: "66:00:00:00:00:0B", link_netnsid: 3 },
        linkinfo: {
          ...{ info_kind: "veth", info_slave_kind: "bridge" },
          info_slave_data: {
            state: "forwarding",
            hairpin: true,
            learning: false,
            isolated: true,
            flood: false,
          },
        },
        stats: { rx: { bytes: 1, packets: 2, errors: 3, dropped: 4 }, tx: { bytes: 5 } },
      },
    ]),
  );
  t.match(link, {
    ...{ peerIndex: 2, peerElsewhere: true, peerNamespaceId: 3, master: "br0", mac: "66:00:00:00:00:0b" },
    bridgePort: { name: "veth7", hairpin: true, learning: false, isolated: true, flood: false },
    statistics: { received: { errors: 3, dropped: 4 }, sent: { bytes: 5, packets: 0 } },
  });
});

t.test("a hostile interface name is no device", async (t) => {
  const names = ["--help", "a\u001b[2J", "sixteen-bytes-xx", "eth0", "../x"];
  const links = parseLinks(JSON.stringify(names.map((ifname, ifindex) => ({ ifname, ifindex, link: "-x" }))));
  t.strictSame(
    links.map(({ name, peerName }) => [name, peerName]),
    [["eth0", null]],
  );
  t.strictSame(parseLinks("[{}, 7]"), []);
  t.match(bareLink("x"), { name: "x", kind: null, data: {} });
});

t.test("a program's device that says it is a tunnel is one", async (t) => {
  const of = (link_type: string): string =>
    JSON.stringify([{ ifname: "tunl0", link_type, linkinfo: { info_kind: "tun" } }]);
  t.equal(parseLinks(of("ipip"))[0]?.kind, "ipip");
  t.equal(parseLinks(of("none"))[0]?.kind, "tun");
});
