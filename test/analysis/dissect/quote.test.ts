import t from "tap";
import { dissectFrame, dissectQuote } from "../../../lib/analysis/dissect/dissect.js";
import { Packet } from "../../../lib/analysis/dissect/packet.js";
import { NO_OPENERS } from "../../../lib/wire/open.js";
import { ethernet, icmp, ipv4, tcp } from "../helpers/packets.js";

const ENDS = { source: "192.168.1.2", destination: "192.168.2.3" };

t.test("of a quoted segment 8 bytes are enough to say which one it was", async (t) => {
  const quoted = new Packet();
  const quote = (seq: number, keptBytes: number): boolean => {
    const segment = ipv4(
      { ...ENDS, protocol: 6 },
      tcp({ sourcePort: 40_000, destinationPort: 80, seq, timestamp: 5 }),
    );
    const message = icmp(3, 4, { seq: 1400, payload: segment.subarray(0, keptBytes) });
    const bytes = ethernet(ipv4({ ...ENDS, protocol: 1 }, message));
    const error = new Packet();
    dissectFrame(bytes, { at: 0, capturedBytes: bytes.length, linktype: 1 }, { tunnels: NO_OPENERS }, error);
    return dissectQuote(bytes, error, NO_OPENERS, quoted);
  };
  t.ok(quote(77, 52));
  t.match(quoted, { sequence: 77, timestampValue: 5 });
  t.ok(quote(1_000_000, 28));
  t.match(quoted, { sequence: 1_000_000, sourcePort: 40_000, destinationPort: 80, timestampValue: 0 });
});
