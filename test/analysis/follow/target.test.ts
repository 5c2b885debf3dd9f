import t from "tap";
import { OWN, type Identity, type Ownership } from "../../../lib/analysis/follow/identity.js";
import { PlaceSets } from "../../../lib/analysis/follow/sets.js";
import { findTarget, Target } from "../../../lib/analysis/follow/target.js";
import { CLIENT, packetOf, SERVER } from "./kit.js";

const says = (said: Ownership, known = true): Identity => ({ known, ownership: () => said });
const target = (identity: Identity): Target =>
  new Target(
    {
      from: [{ ip: CLIENT, port: null }],
      to: [{ ip: SERVER, port: 53 }],
      ...{ protocol: "udp", identity, requestOrder: [0], replyOrder: [0], tailUs: 0 },
    },
    new PlaceSets(1),
  );
const ends = { source0: 0x0a000001, destination0: 0x0a000002 };
const request = packetOf({ ...ends, sourcePort: 9000, destinationPort: 53 });
const find = (packet: typeof request, ...identities: readonly Identity[]): unknown => {
  const found = findTarget(identities.map(target), packet, Buffer.alloc(0));
  return found === null ? null : [found.index, found.isOwn];
};

t.test("of several targets between the same ends the one whose own packet it is", async (t) => {
  t.strictSame(find(request, says(OWN.no), says(OWN.yes)), [1, true]);
  t.strictSame(find(request, says(OWN.yes, false), says(OWN.yes)), [1, true], "before one that takes all");
  t.strictSame(find(request, says(OWN.no), says(OWN.yes, false)), [1, true]);
  t.strictSame(find(request, says(OWN.no), says(OWN.unsaid), says(OWN.unsaid)), [1, true], "whose it may be");
  t.strictSame(find(request, says(OWN.unsaid), says(OWN.no)), [0, true]);
  t.strictSame(find(request, says(OWN.no), says(OWN.no)), [0, false], "nobody's of them");
  t.equal(find(packetOf({ sourcePort: 9000, destinationPort: 53 }), says(OWN.yes)), null);
});

t.test("a later fragment of which the first was not seen is ours only where all is", async (t) => {
  const later = packetOf({ ...ends, fragmentOffset: 1480 });
  t.strictSame(find(later, says(OWN.yes)), [0, false]);
  t.strictSame(find(later, says(OWN.yes, false)), [0, true]);
});
