import t from "tap";
import { findRouteDevice } from "../../lib/linux/proc-routes.js";

const ROUTE = [
  "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT",
  "eth0\t00000000\t0101F40A\t0003\t0\t0\t0\t00000000\t0\t0\t0",
  "net1\t0001F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
  "wide\t0000F40A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0",
  "down\t0401F40A\t00000000\t0000\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
  "lost\t0401F40A\t00000000\t0201\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
  "a/b\t0401F40A\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
  "cut0\t401F40A\t00000000\t0001\t0\t0\t0\tFFFFFFFF\t0\t0\t0",
].join("\n");

const route6 = (destination: string, prefix: string, flags: string, dev: string): string =>
  `${destination} ${prefix} ${"0".repeat(32)} 00 ${"0".repeat(32)} 00000100 00000001 00000000 ${flags} ${dev}`;
const NET = `fd00${"0".repeat(28)}`;
const ROUTE6 = [
  route6(NET, "40", "00000001", "net1"),
  route6(`${NET.slice(0, 31)}7`, "80", "00000000", "down"),
  route6(NET, "ff", "00000001", "long"),
  route6(NET, "80", "00000001", "a/b"),
  route6("0".repeat(32), "00", "00200200", "lo"),
  route6("0".repeat(32), "00", "00000001", "lo"),
  "",
].join("\n");

const find = (dst: string): string | null => findRouteDevice({ route: ROUTE, route6: ROUTE6 }, dst);

t.test("the device of the longest prefix, by /proc/net/route", async (t) => {
  t.strictSame(["10.244.1.4", "10.244.2.4", "192.0.2.1"].map(find), ["net1", "wide", "eth0"]);
  t.equal(find("nonsense"), "eth0", "what is no address fits the default route alone");
});

t.test("… and by /proc/net/ipv6_route", async (t) => {
  t.strictSame(["fd00::7", "fd01::1"].map(find), ["net1", null]);
  t.equal(findRouteDevice({ route: ROUTE, route6: "" }, "fd00::7"), null);
});
