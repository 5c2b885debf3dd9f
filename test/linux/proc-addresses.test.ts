import t from "tap";
import { parseOwnAddresses } from "../../lib/linux/proc-addresses.js";
import { fc } from "../fixtures/property.js";

const TRIE = `Main:
  +-- 0.0.0.0/1 2 0 2
     |-- 0.0.0.0
        /0 universe UNICAST
        |-- 10.244.1.4
           /32 host LOCAL
        |-- 10.244.1.255
           /32 link BROADCAST
        |-- 127.0.0.1
           /32 host LOCAL
Local:
        |-- 10.244.1.4
           /32 host LOCAL
`;
const IF6 = `fe8000000000000060e1befffe6fc6b0 02 40 20 80     eth0
fd000000000000000000000000000007 02 40 00 80     eth0
00000000000000000000000000000001 01 80 10 80       lo
`;

t.test("a pod's own addresses, by /proc/net", async (t) => {
  t.same(parseOwnAddresses(TRIE + IF6), ["10.244.1.4", "fd00::7"]);
  t.same(parseOwnAddresses(""), []);
  t.same(parseOwnAddresses("  |-- 10.244.1\n     /32 host LOCAL\n"), [], "no address");
  fc.assert(fc.property(fc.string(), (text) => Array.isArray(parseOwnAddresses(text))));
});
