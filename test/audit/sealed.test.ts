import t from "tap";
import { ask, only, PATH, type Look } from "./kit.js";

/** Between the nodes WireGuard seals the packets: what nodes do to its messages is told by its own port. */
const path = {
  ...PATH,
  hops: PATH.hops.map((hop) => ({
    ...hop,
    encapsulation: hop.role === "nic" ? ({ kind: "wireguard", outer: 4 } as const) : hop.encapsulation,
  })),
};
const save = (rule: string): string =>
  `*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n${rule}\nCOMMIT\n`;
const sockets = (...ports: readonly number[]): Look => ({
  ...{ at: "node-b", kind: "sockets", argv: "ss -Hlntu" },
  text: ports.map((port) => `udp   UNCONN 0 0 0.0.0.0:${String(port)} 0.0.0.0:*\n`).join(""),
});
const faults = (rule: string, ...ports: readonly number[]): readonly string[] =>
  only(
    "fault",
    ask("rules", [{ at: "node-b", kind: "iptables", text: save(rule) }, sockets(...ports)], { path }),
  );

const DROP = "-A INPUT -i ens4 -p udp -m udp --dport 51820 -j DROP";

t.test(
  "rules: what drops WireGuard's messages at the far node is named by the port that it listens on",
  async (t) => {
    t.match(faults(DROP, 51820, 53), [/tunnel's packet from 192\.0\.2\.1 to 192\.0\.2\.2/]);
    t.strictSame(faults(DROP.replace("51820", "4789"), 51820), [], "another tunnel's rule is none of its");
  },
);

t.test("rules: where its port is not known nothing is said of its messages", async (t) => {
  t.strictSame(faults(DROP), [], "it listens on none of the usual ones");
  t.strictSame(faults(DROP, 51820, 51821), [], "on several");
  t.strictSame(faults(DROP.replace("51820", "4500"), 4500), []);
  const esp = {
    ...path,
    hops: path.hops.map((hop) =>
      hop.role === "nic" ? { ...hop, encapsulation: { kind: "esp", outer: 4 } as const } : hop,
    ),
  };
  const looks = [
    { at: "node-b", kind: "iptables", text: save(DROP.replace("51820", "4500")) } as const,
    sockets(4500),
  ];
  t.strictSame(only("fault", ask("rules", looks, { path: esp })), [], "IPsec may go without UDP");
});
