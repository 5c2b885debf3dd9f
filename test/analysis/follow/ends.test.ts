import t from "tap";
import { FlowEnds, NEITHER, REPLY, REQUEST } from "../../../lib/analysis/follow/ends.js";
import { CLIENT, packetOf, SERVER } from "./kit.js";

t.test("a ping goes from the client, its answer back, and neither the other way round", async (t) => {
  const ends = new FlowEnds([{ ip: CLIENT, port: null }], [{ ip: SERVER, port: null }], "icmp");
  const four = (isThere: boolean, icmpType: number): number => {
    const [source0, destination0] = isThere ? [0x0a000001, 0x0a000002] : [0x0a000002, 0x0a000001];
    return ends.directionOf(packetOf({ protocol: 1, source0, destination0, icmpType }));
  };
  t.strictSame([four(true, 8), four(false, 0)], [REQUEST, REPLY]);
  t.strictSame([four(true, 0), four(false, 8), four(true, 13)], [NEITHER, NEITHER, NEITHER]);
  const endsOfSix = new FlowEnds([{ ip: "::1", port: null }], [{ ip: "::2", port: null }], "icmp");
  const six = (isThere: boolean, icmpType: number): number => {
    const [source3, destination3] = isThere ? [1, 2] : [2, 1];
    const words = { source0: 0, destination0: 0, source3, destination3 };
    return endsOfSix.directionOf(packetOf({ version: 6, protocol: 58, ...words, icmpType }));
  };
  t.strictSame([six(true, 128), six(false, 129)], [REQUEST, REPLY]);
  t.strictSame([six(true, 129), six(false, 128), six(true, 8)], [NEITHER, NEITHER, NEITHER]);
});
