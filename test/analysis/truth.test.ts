import t from "tap";
import { describeFailure, findFailure } from "./truth/check.js";
import { inventOdd } from "./truth/invent-odd.js";
import { inventLive, inventReal, inventScenario } from "./truth/invent.js";
import { play } from "./truth/traffic.js";

/** The analysis of generated captures says what was done to them; the slow suite tries thousands. */

const SEEDS = 12;
const HEALTHY_SEEDS = 12;
const LIVE_SEEDS = 8;
const REAL_SEEDS = 8;
const ODD_SEEDS = 12;

t.test("what the generator loses is lost, and nothing else", async (t) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const scenario = inventScenario(seed, "healthy");
    const { network, ends } = play(scenario);
    const missing = network.tally.list().reduce((sum, leg) => sum + leg.missing.most, 0);
    if (missing > 0 || ends.some(({ replies }, flow) => isMute(flow, replies.arrived)))
      t.fail(`healthy ${seed} loses ${missing}`);
    function isMute(flow: number, arrived: number): boolean {
      return arrived === 0 && scenario.flows[flow]!.server === "answers";
    }
  }
  const lossy = Array.from({ length: SEEDS }, (_, seed) => play(inventScenario(seed)));
  const losing = lossy.filter(({ network }) => network.tally.list().some(({ missing }) => missing.least > 0));
  t.ok(losing.length > SEEDS / 4, "some scenarios lose");
});

t.test("generated captures are judged by what happened", async (t) => {
  const dir = t.testdir();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const failure = await findFailure(dir, inventScenario(seed));
    if (failure !== null) t.fail(`seed ${seed}`, { failure: describeFailure(failure) });
  }
  t.pass("all seeds");
});

/** Each showed a fault of its own, of which it is the smallest example at hand. */
const ONCE_WRONG: ReadonlyMap<number, string> = new Map([
  [258, "a copy that comes when the packet is settled"],
  [468, "a retransmission that looks like a piece which comes late"],
  [759, "two clients behind one address that say the same at once"],
  [1167, "pieces that are joined, and cut again behind"],
  [1222, "a retransmission of what a place has shown in a joined frame"],
  [1349, "a packet whose TTL falls between two places, by a clock that is wrong at a third"],
  [1310, "packets that are all the same, by a clock that is hours off"],
  [1453, "an ACK that is repeated and lost, where its place shows both forms"],
  [1459, "two pairs of ends of which the addresses have the same exclusive or"],
  [2602, "a reply that stops, where one way alone tells of the clocks"],
  [3222, "a piece that is sent again as a packet of its own, for the clocks"],
  [7068, "ACKs that are alike, and where their capture began late seem doubled"],
  [7966, "a reply that stops, where the clocks are farther apart than the places"],
  [3359, "a translation that is seen from behind first"],
  [
    4986,
    "datagrams that are all the same, of clients that keep their addresses where the server's is translated",
  ],
  [
    6063,
    "datagrams that are all the same, a client of which shows soon after another behind the translation",
  ],
  [
    6895,
    "a retransmission, for the clocks, where a place shows each packet before and behind the translation",
  ],
  [11845, "doubled frames that are cut into pieces, and lost behind"],
  [17817, "clocks of which one side tells by resets alone that are all the same, the first of them lost"],
  [7605, "a copy of a FIN that was complete before it came"],
  [9847, "replies of one backend that stop in front of a place which shows no replies"],
]);

t.test("what was judged wrongly once", async (t) => {
  const dir = t.testdir();
  for (const [seed, what] of ONCE_WRONG) {
    const failure = await findFailure(dir, inventScenario(seed, seed % 4 === 0 ? "healthy" : "any"));
    t.equal(failure === null ? "" : describeFailure(failure), "", what);
  }
});

t.test("healthy captures raise no alarm", async (t) => {
  const dir = t.testdir();
  for (let seed = 1; seed <= HEALTHY_SEEDS; seed++) {
    const failure = await findFailure(dir, inventScenario(seed, "healthy"));
    if (failure !== null) t.fail(`healthy seed ${seed}`, { failure: describeFailure(failure) });
  }
  t.pass("all seeds");
});

t.test("runs under traffic that began before are judged by what happened", async (t) => {
  const dir = t.testdir();
  for (let seed = 1; seed <= LIVE_SEEDS; seed++) {
    const failure = await findFailure(dir, inventLive(seed, seed % 4 === 0 ? "healthy" : "any"));
    if (failure !== null) t.fail(`live seed ${seed}`, { failure: describeFailure(failure) });
  }
  t.pass("all seeds");
});

t.test("what real machines' packets have beside is no loss and hides none", async (t) => {
  const dir = t.testdir();
  for (let seed = 1; seed <= REAL_SEEDS; seed++) {
    const failure = await findFailure(dir, inventReal(seed, seed % 4 === 0 ? "healthy" : "any"));
    if (failure !== null) t.fail(`real seed ${seed}`, { failure: describeFailure(failure) });
  }
  t.pass("all seeds");
});

t.test("what networks rarely do is judged by what happened", async (t) => {
  const dir = t.testdir();
  for (let seed = 1; seed <= ODD_SEEDS; seed++) {
    const failure = await findFailure(dir, inventOdd(seed, seed % 4 === 0 ? "healthy" : "any"));
    if (failure !== null) t.fail(`odd seed ${seed}`, { failure: describeFailure(failure) });
  }
  t.pass("all seeds");
});

/** Each showed a fault of its own, of what networks rarely do. */
const ODD_ONCE_WRONG: ReadonlyMap<number, string> = new Map([
  [101, "later fragments behind a translation"],
  [906, "fragments that come behind segments with time stamps"],
  [145, "a loss beside path MTU discovery that went well"],
  [1935, "datagrams that are cut on their way, and of which the first fragment is lost at once"],
  [2294, "a segment that was lost before it was sent again and said to be too big"],
  [
    2886,
    "a lost frame that is sent again in pieces and merged to the same one, a retransmission's time later",
  ],
  [5910, "… and at once, as its receiver told by SACK what it lacks"],
  [20378, "… where only its order is another"],
  [40983, "segments that a router said are too big, and smaller ones that are lost elsewhere"],
  [30721, "a segment that was lost twice before a router said that it was too big"],
  [2427, "segments that errors quote, of which snap lengths leave 8 bytes"],
]);

t.test("what was judged wrongly once, of what is rare", async (t) => {
  const dir = t.testdir();
  for (const [seed, what] of ODD_ONCE_WRONG) {
    const failure = await findFailure(dir, inventOdd(seed, seed % 4 === 0 ? "healthy" : "any"));
    t.equal(failure === null ? "" : describeFailure(failure), "", what);
  }
});

t.test("what was judged wrongly once, of what real machines send", async (t) => {
  const failure = await findFailure(t.testdir(), inventReal(154));
  const what = "a piece of a retransmission that is lost, where other bytes behind it were acknowledged";
  t.equal(failure === null ? "" : describeFailure(failure), "", what);
});

/** Each showed a fault of its own, where captures begin under traffic. */
const LIVE_ONCE_WRONG: ReadonlyMap<number, string> = new Map([
  [37, "a Service's pings that a place behind it showed first"],
  [137, "connections that a place behind a translation showed first: all of them were lost"],
  [253, "pieces of a frame that was seen while other captures had not begun"],
  [291, "the first packet of all after every capture had begun is a piece of another"],
  [385, "datagrams of a port that a place behind a translation showed first"],
  [402, "replies that are lost before the last place, which shows nothing"],
  [452, "frames that are cut, of a connection whose first packet showed in the middle of its way"],
  [549, "a server's data that nobody acknowledges"],
  [859, "a connection that begins anew where its first place had begun to show"],
  [931, "a packet that passes while a capture begins"],
  [1889, "a loss behind a place of which the capture had not begun"],
  [
    40711,
    "packets that pass while the first node's capture begins, seen by another clock that nobody knows well",
  ],
  [30001, "a packet that passes while a capture begins, on a node whose clock nobody knows well"],
]);

t.test("what was judged wrongly once, under traffic", async (t) => {
  const dir = t.testdir();
  for (const [seed, what] of LIVE_ONCE_WRONG) {
    const failure = await findFailure(dir, inventLive(seed, seed % 4 === 0 ? "healthy" : "any"));
    t.equal(failure === null ? "" : describeFailure(failure), "", what);
  }
});
