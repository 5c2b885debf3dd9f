import t from "tap";
import { optionOf, parseIptablesSave } from "../../lib/linux/iptables-save.js";

t.test("options: the value behind one, unless it is negated", async (t) => {
  const { rules, chains } = parseIptablesSave(
    [
      "# Warning: iptables-legacy tables present, use iptables-legacy-save to see them",
      "*nat",
      ":SVC-X - [0:0]",
      ":PREROUTING ACCEPT [7:8]",
      '-A PREROUTING ! -s 10.0.0.0/8 -d 10.96.0.1/32 -p tcp -m comment --comment "a \\"b\\" \\\\ c" -m tcp --dport 443 -j SVC-X',
      "-A SVC-X -p tcp -m tcp -j DNAT --to-destination [fd00::1]:443",
      "COMMIT",
    ].join("\n"),
  );
  t.strictSame(chains, [
    { table: "nat", name: "SVC-X", policy: null, packets: 0 },
    { table: "nat", name: "PREROUTING", policy: "ACCEPT", packets: 7 },
  ]);
  const [first, second] = rules;
  const of = (option: string): string | null => optionOf(first!, option);
  t.strictSame(["-s", "-d", "-p", "--dport", "-j", "-g"].map(of), [
    null,
    "10.96.0.1/32",
    "tcp",
    "443",
    "SVC-X",
    null,
  ]);
  t.equal(of("--comment"), 'a "b" \\ c');
  t.equal(optionOf(second!, "--to-destination"), "[fd00::1]:443");
  t.equal(optionOf({ words: ["-j"] }, "-j"), null, "a line that is cut");
});
