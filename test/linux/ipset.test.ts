import t from "tap";
import { parseIpsetList } from "../../lib/linux/ipset.js";
import { fc } from "../fixtures/property.js";

/** As ipset 7.17 prints it, and one without its members. */
const LIST = `Name: pools
Type: hash:net
Revision: 7
Header: family inet hashsize 1024 maxelem 65536 comment bucketsize 12 initval 0x175d7da2
Size in memory: 681
References: 1
Number of entries: 3
Members:
192.168.0.0/16
192.168.9.0/24 nomatch
10.9.0.0/16 comment "nomatch in words"

Name: two
Type: hash:ip,port
Revision: 7
Header: family inet hashsize 1024 maxelem 65536 timeout 100 bucketsize 12 initval 0xcd5af63b
Size in memory: 280
References: 0
Number of entries: 1
Members:
10.96.0.10,udp:53 timeout 99

Name: empty
Type: hash:ip
Number of entries: 0
Members:

Name: all
Type: list:set
Header: size 8
Members:
pools

Name: terse
Type: hash:ip
Number of entries: 4
`;

t.test("sets with their members, by name", (t) => {
  const sets = parseIpsetList(LIST);
  t.strictSame(
    [...sets],
    [
      [
        "pools",
        { type: "hash:net", entries: ["192.168.0.0/16", "10.9.0.0/16"], exceptions: ["192.168.9.0/24"] },
      ],
      ["two", { type: "hash:ip,port", entries: ["10.96.0.10,udp:53"], exceptions: [] }],
      ["empty", { type: "hash:ip", entries: [], exceptions: [] }],
      ["all", { type: "list:set", entries: ["pools"], exceptions: [] }],
    ],
  );
  t.equal(parseIpsetList("Members:\n10.0.0.1\n").size, 0, "a set without a type is none");
  t.equal(parseIpsetList("Name: a\nType: hash:ip\nMembers:\nType: x\n").get("a")?.type, "hash:ip");
  fc.assert(fc.property(fc.string(), (text) => parseIpsetList(`Name: a\n${text}`).size >= 0));
  t.end();
});
