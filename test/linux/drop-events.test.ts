import t from "tap";
import { parseTrace } from "../../lib/linux/drop-events.js";

t.test("tracefs: lines that are cut, and events of ordinary life", async (t) => {
  const at = "x-1 [000] ..s1. 10.5: ";
  const events = parseTrace(
    [
      `${at}netif_receive_skb: dev=eth0 skbaddr=1 len=84`,
      `${at}kfree_skb: skbaddr=1 protocol=2048 location=ip_rcv+0x1/0x2 reason: OTHERHOST`,
      `${at}netif_receive_skb: dev=eth0 skbaddr=2`,
      `${at}kfree_skb: skbaddr=2`,
      `${at}kfree_skb: location=skb_queue_purge reason: QUEUE_PURGE`,
      `${at}kfree_skb: location=ip6_mc_input+0x1/0x2`,
      `${at}netif_receive_skb: dev=eth0 skbaddr=3 len=84`,
      "x-1 [000] ..s1. 10.7: kfree_skb: skbaddr=3 location=late",
      `${at}netif_receive_skb: dev=eth0 len=84`,
      `${at}other: skbaddr=1`,
      "noise",
    ].join("\n"),
  );
  t.match(events, [
    { atSec: 10.5, protocol: 2048, location: "ip_rcv", reason: "OTHERHOST", device: "eth0", bytes: 84 },
    { protocol: 0, location: "unknown", reason: "NOT_SPECIFIED", device: null, bytes: null },
    { atSec: 10.7, device: null },
  ]);
  t.equal(events.length, 3);
});
