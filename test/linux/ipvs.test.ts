import t from "tap";
import { parseProcIpvs } from "../../lib/linux/ipvs.js";

t.test("/proc/net/ip_vs", async (t) => {
  const services = parseProcIpvs(
    [
      "IP Virtual Server version 1.2.1 (size=4096)",
      "Prot LocalAddress:Port Scheduler Flags",
      "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn",
      "TCP  0A600001:01BB rr ",
      "  -> C0000202:192B      Masq    1      3          4         ",
      "UDP  [FD00:0000:0000:0000:0000:0000:0000:000A]:0035 wrr ",
      "  -> [FD01:0000:0000:0000:0000:0000:0000:0001]:0035      Tunnel    5      0          0",
      "FWM  00000007 sh ",
      "  -> C0000203:0000      Route   1      0          0",
      "  -> XX:1 Masq 1 0 0",
      `  -> [${":".repeat(39)}]:0035 Masq 1 0 0`,
      "  -> C0000204:0050 Masq 1 x 0",
      "  -> C0000204:0050 constructor 1 0 0",
      "  -> C0000204:0050 Local 1",
    ].join("\n"),
  );
  t.match(services, [
    {
      ...{ protocol: "tcp", ip: "10.96.0.1", port: 443, scheduler: "rr" },
      servers: [{ ip: "192.0.2.2", port: 6443, forward: "masquerade", weight: 1, active: 3, inactive: 4 }],
    },
    { ip: "fd00::a", port: 53, servers: [{ ip: "fd01::1", forward: "tunnel" }] },
    {
      ...{ protocol: "mark", mark: 7 },
      servers: [
        { port: null, forward: "route" },
        { ip: "192.0.2.4", port: 80, forward: "route", weight: 1, active: null, inactive: null },
      ],
    },
  ]);
  t.equal(services.flatMap(({ servers }) => servers).length, 4);
});
