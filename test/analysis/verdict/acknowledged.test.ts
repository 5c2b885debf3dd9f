import t from "tap";
import { brief, judge } from "../helpers/judge.js";
import type { SimPacket } from "../helpers/run.js";

/** What the other end acknowledged arrived, whatever a capture lacks. */

const BYTES = 100;
const STEP_US = 1000;
type Change = Partial<Pick<SimPacket, "hidden" | "reach">>;

/** A client's request in three segments, each acknowledged, and the answer in three, each acknowledged. */
function talk(change: (name: string) => Change | null, more: readonly SimPacket[] = []): SimPacket[] {
  let atUs = 0;
  const packets: SimPacket[] = [];
  const add = (name: string, reply: boolean, tcp: SimPacket["tcp"]): void => {
    atUs += STEP_US;
    const changed = change(name);
    if (changed !== null)
      packets.push({ atUs, reply, id: packets.length + (reply ? 900 : 1), tcp, ...changed });
  };
  const payload = Buffer.alloc(BYTES, 7);
  add("syn", false, { seq: 1000, flags: "S" });
  add("syn-ack", true, { seq: 5000, ack: 1001, flags: "S." });
  add("ack", false, { seq: 1001, ack: 5001, flags: "." });
  for (let index = 0; index < 3; index++) {
    const seq = 1001 + index * BYTES;
    add(`request ${index}`, false, { seq, ack: 5001, flags: "P.", payload });
    add(`request ${index} acked`, true, { seq: 5001, ack: seq + BYTES, flags: "." });
  }
  for (let index = 0; index < 3; index++) {
    const seq = 5001 + index * BYTES;
    add(`reply ${index}`, true, { seq, ack: 1301, flags: "P.", payload });
    add(`reply ${index} acked`, false, { seq: 1301, ack: seq + BYTES, flags: "." });
  }
  return [...packets, ...more];
}

const again = (reply: boolean, atUs: number, reach = Infinity): SimPacket => ({
  ...{ atUs, reply, id: 700 + (atUs % 97), reach },
  tcp: { seq: reply ? 5101 : 1101, ack: reply ? 1301 : 5001, flags: "P.", payload: Buffer.alloc(BYTES, 7) },
});
const MISSED = "1 packets that were seen at";

t.test("data that a capture lacks and the far end acknowledged", async (t) => {
  const base = { protocol: "tcp", probe: null } as const;
  const healthy = await judge(t, { ...base, packets: talk(() => ({})) });
  t.equal(brief(healthy), "delivered - - → - high");
  for (const [name, hidden, where] of [
    ["request 1", 7, "node-b cali2 and not at node-b eth0"],
    ["reply 1", 0, "node-a cali1 and not at node-a eth0"],
  ] as const) {
    const packets = talk((one) => (one === name ? { hidden: [hidden] } : {}));
    const found = await judge(t, { ...base, packets });
    t.equal(brief(found), "delivered - - → - medium", name);
    t.match(found.verdict.caveats, [new RegExp(`^${MISSED} ${where} were acknowledged by the other end`)]);
  }
});

t.test("data that were sent again, or that nobody acknowledged, are lost", async (t) => {
  const base = { protocol: "tcp", probe: null } as const;
  const request = (one: string): Change | null =>
    one === "request 1" ? { reach: 7 } : one === "request 1 acked" ? null : {};
  const repaired = await judge(t, { ...base, packets: talk(request, [again(false, 250_000)]) });
  t.equal(brief(repaired), "lost request 6 → 7 high");
  const reply = (one: string): Change | null => (one === "reply 1" ? { reach: 7 } : {});
  const replied = await judge(t, { ...base, packets: talk(reply, [again(true, 250_000)]) });
  t.equal(brief(replied), "lost reply 1 → 0 high");
  const both = (one: string): Change | null => (one === "request 0" ? { hidden: [7] } : request(one));
  const mixed = await judge(t, { ...base, packets: talk(both, [again(false, 250_000)]) });
  t.equal(brief(mixed), "lost request 6 → 7 medium", "beside one that a capture lacks");
  t.equal(mixed.verdict.lost.packets, 1);
  t.match(
    mixed.legs?.find(({ missing }) => missing > 0),
    { missing: 1, undecided: 1 },
  );
  const end = (one: string): Change | null =>
    one === "request 2" ? { reach: 7 } : /^request [12] acked|^reply/.test(one) ? null : {};
  t.match(brief(await judge(t, { ...base, packets: talk(end) })), /^lost request 6 → 7/);
});

t.test("replies that never show before the client, which acknowledges them", async (t) => {
  const packets = talk((one) => (/^syn-ack$|^reply .$|^request . acked$/.test(one) ? { hidden: [0] } : {}));
  const found = await judge(t, { protocol: "tcp", probe: null, packets });
  t.match(brief(found), /^inconclusive reply 1 → - /);
  t.match(found.verdict.caveats, [/^8?.*acknowledged/]);
});

t.test("keep-alives, which have a byte that was acknowledged long before", async (t) => {
  const alive = [1, 2, 3, 4, 5].flatMap((time): SimPacket[] => [
    {
      ...{ atUs: time * 1_000_000, reply: true, id: 2000 + time },
      tcp: { seq: 5300, ack: 1301, flags: ".", payload: Buffer.alloc(1) },
    },
    { ...{ atUs: time * 1_000_000 + 500, id: 3000 + time }, tcp: { seq: 1301, ack: 5301, flags: "." } },
  ]);
  const packets = talk(() => ({}), alive);
  t.equal(brief(await judge(t, { protocol: "tcp", probe: null, packets })), "delivered - - → - high");
});

t.test("a client's data that the server has and never acknowledges", async (t) => {
  const packets = talk(
    (one) => (/^request [12]|^request 0 acked|^reply/.test(one) ? null : {}),
    [1, 2, 3, 4].map((time) => ({
      ...{ atUs: 200_000 * 2 ** time, id: 800 + time },
      tcp: { seq: 1001, ack: 5001, flags: "P.", payload: Buffer.alloc(BYTES, 7) },
    })),
  );
  const found = await judge(t, { protocol: "tcp", probe: null, packets });
  t.equal(brief(found), "unanswered - 7 → - high");
  t.match(found.verdict.caveats.at(-1), /^The client sent the same data again and again over 1 of 1/);
  const far = await judge(t, { protocol: "tcp", probe: null, packets, captures: { 7: null } });
  t.match(brief(far), /^inconclusive - 6 → - /);
});

const isRequest = (one: string): boolean => /^(syn|ack|request .|reply . acked)$/.test(one);

t.test(
  "requests that never show before the server, which acknowledges them: each is left open",
  async (t) => {
    const base = { protocol: "tcp", probe: null } as const;
    const packets = talk((one) => (isRequest(one) ? { hidden: [5, 6, 7] } : {}));
    const found = await judge(t, { ...base, packets });
    t.match(brief(found), /^inconclusive request 4 → 5 /);
    t.same(
      found.legs?.filter(({ undecided }) => undecided > 0).map(({ sent, undecided }) => [sent, undecided]),
      [[0, 8]],
    );
    t.match(found.verdict.caveats, [/^Requests were answered, and never seen behind node-b ens4 /]);
    const stopped = talk((one) =>
      one === "reply 1 acked" ? { reach: 2 } : isRequest(one) ? { hidden: [5, 6, 7] } : {},
    );
    const both = await judge(t, { ...base, packets: stopped });
    t.match(brief(both), /^lost request 1 → 2 /, "one that stopped where the others went on");
    t.equal(both.verdict.lost.packets, 1);
  },
);

t.test("requests that the server acknowledges by a way that they do not take are no loss", async (t) => {
  const packets = talk((one) => (isRequest(one) ? { hidden: [4, 5, 6, 7] } : { hidden: [0, 1, 2, 3, 5, 6] }));
  const found = await judge(t, { protocol: "tcp", probe: null, packets });
  t.match(brief(found), /^inconclusive request 3 → 4 /);
});

t.test("a SYN that was sent twice and answered, and never showed behind a hop", async (t) => {
  const syn = (atUs: number, id: number): SimPacket => ({
    atUs,
    id,
    reach: 6,
    tcp: { seq: 1000, flags: "S" },
  });
  const answer: SimPacket = {
    atUs: 1_002_000,
    reply: true,
    id: 900,
    tcp: { seq: 5000, ack: 1001, flags: "S." },
  };
  const packets = [syn(1000, 1), syn(1_001_000, 2), answer];
  const found = await judge(t, { protocol: "tcp", probe: null, packets });
  t.match(brief(found), /^inconclusive request 5 → 6 /);
  t.equal(found.verdict.lost.packets, 0, "which of the two was answered nobody knows");
  t.match(found.verdict.caveats, [/^Requests were answered, and never seen behind node-b/]);
});
