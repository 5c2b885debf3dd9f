import t from "tap";
import { joinViews } from "../../lib/live/join.js";
import type { LiveFeed, LiveView } from "../../lib/model/live/view.js";

function view(
  name: string,
  said: string[],
  { wantsPackets = true, countsEveryMs = null as number | null } = {},
) {
  const state = { hasRoom: true };
  const say =
    (what: string) =>
    (...values: readonly unknown[]): void =>
      void said.push(`${name} ${what} ${String(values[0])}`);
  const feed: LiveFeed = {
    get hasRoom() {
      return state.hasRoom;
    },
    ...{ clock: say("clock"), bytes: say("bytes"), gap: say("gap"), grown: say("grown") },
    ...{ counts: say("counts"), blind: say("blind") },
    join: (points) => void said.push(`${name} join ${points.map(({ id }) => id).join()}`),
    end: async () => void said.push(`${name} end`),
  };
  const made: LiveView = {
    wantsPackets,
    countsEveryMs,
    begin: () => feed,
    mark: ({ text }) => void said.push(`${name}: mark ${text}`),
  };
  return { made, state };
}

t.test("who does not watch these captures is left out", async (t) => {
  const said: string[] = [];
  const { made } = view("one", said);
  const away: LiveView = { ...made, begin: () => null };
  t.equal(joinViews([away, away])?.begin([], null), null);
  joinViews([away, made])?.begin([], null)?.gap("p");
  t.strictSame(said, ["one gap p"]);
});

t.test("several watch the same captures, each what it wants", async (t) => {
  const said: string[] = [];
  const [one, other] = [view("one", said), view("other", said, { wantsPackets: false, countsEveryMs: 500 })];
  t.equal(joinViews([]), null);
  t.equal(joinViews([one.made]), one.made);
  const joined = joinViews([one.made, other.made]);
  t.match(joined, { wantsPackets: true, countsEveryMs: 500 });
  const feed = joined?.begin([], null);
  if (feed == null) throw new Error("nobody watches");
  other.state.hasRoom = false;
  t.equal(feed.hasRoom, true, "who wants no packets has no say");
  one.state.hasRoom = false;
  t.equal(feed.hasRoom, false);
  joined?.mark({ timeMs: 0, text: "x" });
  t.strictSame(said.splice(0), ["one: mark x", "other: mark x"]);
  feed.join([{ ...{ id: "q", node: "n", name: "q" }, ...{ description: "", filter: "", snaplenBytes: 1 } }]);
  t.strictSame(said.splice(0), ["one join q", "other join q"]);
  feed.clock("n", { aheadMs: 0, errorMs: 0 });
  feed.bytes("p", new Uint8Array());
  feed.gap("p");
  feed.grown("p", 1);
  feed.counts("p", { captured: 1, received: 1, droppedByKernel: 0, droppedByInterface: 0 });
  feed.blind("n", "why");
  await feed.end(new Map());
  t.strictSame(said, [
    ...["one clock n", "other clock n", "one bytes p", "one gap p", "one grown p", "other grown p"],
    ...["one counts p", "other counts p", "one blind n", "other blind n", "one end", "other end"],
  ]);
});
