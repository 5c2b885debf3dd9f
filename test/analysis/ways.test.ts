import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { findWays } from "../../lib/analysis/ways.js";
import { ethernet, icmp, ip, pcap } from "./helpers/packets.js";

const START_US = 1_790_000_000_000_000;
const [CLIENT, SERVER] = ["10.1.0.2", "10.2.0.9"];

t.test("places whose times go round in a circle are a way in the order that was given", async (t) => {
  const dir = t.testdir();
  /** When each of three places shows the requests; answers show everywhere at once. */
  const ways = (...times: readonly (readonly number[])[]): readonly (readonly number[])[] =>
    findWays(
      times.map((late, place) => {
        const records = late.flatMap((lateUs, index) => {
          const [seq, timeUs] = [index + 1, START_US + index * 1000];
          const echo = (type: number, source: string, destination: string): Buffer =>
            ethernet(ip({ source, destination, protocol: 1, id: seq }, icmp(type, 0, { id: 7, seq })));
          return [
            { timeUs: timeUs + lateUs, bytes: echo(8, CLIENT, SERVER) },
            { timeUs: timeUs + 500, bytes: echo(0, SERVER, CLIENT) },
          ];
        });
        const path = join(dir, `${place}.pcap`);
        writeFileSync(path, pcap(records));
        return { path, device: null };
      }),
    );
  t.strictSame(ways([20, 20, 20], [10, 10, 10], [30, 30, 30]), [[1, 0, 2]]);
  t.strictSame(ways([10, 30, 20], [20, 10, 30], [30, 20, 10]), [[0, 1, 2]]);
});
