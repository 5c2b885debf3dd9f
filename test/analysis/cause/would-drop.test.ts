import t from "tap";
import { ask, CLIENT, WEB, type Look } from "./kit.js";

const address = (field: string, right: string): object => ({
  match: { op: "==", left: { payload: { protocol: "ip", field } }, right },
});

function looks(expr: readonly object[]): Look[] {
  const at = { family: "inet", table: "fw" };
  const text = JSON.stringify({
    nftables: [
      {
        chain: { ...at, name: "fwd", handle: 1, type: "filter", hook: "forward", prio: 0, policy: "accept" },
      },
      { rule: { ...at, chain: "fwd", handle: 7, comment: "zone b", expr } },
    ],
  });
  return (["before", "after"] as const).map((phase) => ({ at: "node-b", kind: "nftables", text, phase }));
}

t.test("a rule without a counter that takes the lost packet is named", async (t) => {
  const rule = [address("saddr", CLIENT), address("daddr", WEB), { drop: null }];
  const { cause } = ask({ looks: looks(rule) });
  t.equal(cause?.code, "netfilter-drop");
  t.equal(cause?.summary, 'node-b: the packets would be dropped by a rule of fwd ("zone b")');
  t.match(cause?.evidence[0], /^node-b: table inet fw, chain fwd: ip saddr .* drop \(handle 7\)$/);
});

t.test("one that depends on what was not read is a doubt, and another's is none", async (t) => {
  const unread = ask({ looks: looks([address("saddr", "@bad"), { drop: null }]) });
  t.equal(unread.cause, null);
  t.match(unread.caveats, [/would be dropped by a rule of fwd if "ip saddr @bad" takes it: table inet fw/]);
  t.equal(ask({ looks: looks([address("saddr", "10.9.9.9"), { drop: null }]) }).cause, null);
  t.equal(
    ask({ looks: looks([address("saddr", CLIENT), { counter: { packets: 0, bytes: 0 } }, { drop: null }]) })
      .cause,
    null,
    "its counter would have grown",
  );
});
