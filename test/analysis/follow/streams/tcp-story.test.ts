import t from "tap";
import { TcpStory } from "../../../../lib/analysis/follow/streams/tcp-story.js";
import { TCP } from "../../../../lib/analysis/dissect/tcp.js";
import { packetOf } from "../kit.js";

const sighting = (source: number): Parameters<TcpStory["noteReset"]>[2] => ({
  ...{ source, timeUs: source, frame: 1, recordOffset: 0 },
});

t.test("a reset's phase, by who sent it and what was said before", async (t) => {
  const phase = (by: 0 | 1, ...said: readonly (0 | 1)[]): string | undefined => {
    const story = new TcpStory();
    story.note(packetOf({ tcpFlags: TCP.syn }), 0);
    story.note(packetOf({ tcpFlags: TCP.syn | TCP.ack }), 1);
    for (const direction of said) story.note(packetOf({ tcpFlags: TCP.ack, payloadBytes: 5 }), direction);
    story.noteReset(packetOf({ tcpFlags: TCP.rst }), by, sighting(0));
    return story.reset?.phase;
  };
  t.strictSame(
    [phase(1), phase(1, 0), phase(0, 0), phase(1, 0, 1), phase(0, 0, 1)],
    ["handshake", "handshake", "data", "data", "data"],
  );
});

t.test(
  "the first reset counts, at each place that shows it, and not the other side's behind it",
  async (t) => {
    const story = new TcpStory();
    const reset = packetOf({ tcpFlags: TCP.rst });
    story.noteReset(reset, 1, sighting(1));
    story.noteReset(reset, 1, sighting(1));
    story.noteReset(reset, 0, sighting(2));
    story.noteReset(reset, 1, sighting(0));
    t.equal(story.reset?.by, 1);
    t.strictSame(
      story.reset?.sightings.map(({ source }) => source),
      [1, 0],
    );
  },
);
