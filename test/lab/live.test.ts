import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { openCapture } from "../../lib/packets/open.js";
import { waitUntil } from "../fixtures/patience.js";
import { Bench, folderOf } from "./bench.js";
import { LISTENING } from "./cli.js";
import { fetchPages } from "./traffic.js";

/** A run's packets while it goes on, in the programs of Wireshark. */

const bench = await Bench.open("live");
t.teardown(() => bench.close());

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

/** Of more than 2000 bytes on the wire. */
const PAGES = 10;

/** `hopbook capture … -o - | reader`, with some traffic once it listens. */
async function pipe(t: Test, profile: string, reader: string) {
  const cwd = bench.makeFolder();
  const said = join(cwd, "said");
  const script = `{ node "$1" capture --pod shop/client --pod shop/web --duration 6s --yes --cluster "$2" -o - 2>said
    echo $? >code; } | ${reader}`;
  const child = spawn("sh", ["-c", script, "sh", bench.cli.bin, profile], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const isListening = (): boolean => existsSync(said) && readFileSync(said, "utf8").includes(LISTENING);
  t.ok(await waitUntil(isListening), "it listens");
  await fetchPages(bench.lab, "shop/client", Array<string>(PAGES).fill("http://192.168.218.65:8080/"));
  await ended;
  const exitCode = Number(readFileSync(join(cwd, "code"), "utf8"));
  return {
    stdout,
    stderr,
    exitCode,
    said: readFileSync(said, "utf8"),
    dir: folderOf(join(cwd, "artifacts")),
    cwd,
  };
}

t.test(
  "tshark reads all points of two nodes, entered by ssh, as one stream in order",
  { skip: !hasTshark },
  async (t) => {
    const fields = "-T fields -e frame.interface_name -e frame.time_epoch -e tcp.dstport";
    const { stdout, stderr, exitCode, said, dir } = await pipe(
      t,
      bench.lab.files.sshProfile,
      `tshark -n -r - ${fields}`,
    );
    t.equal(exitCode, 0, said);
    t.equal(stderr.replace(/^Running as user "root".*\n/gm, ""), "", "without a warning");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => line.split("\t"));
    t.strictSame([...new Set(lines.map(([name]) => name))].sort(), ["client/eth0@node-a", "web/eth0@node-b"]);
    const times = lines.map(([, time]) => Number(time));
    t.strictSame(
      times,
      [...times].sort((a, b) => a - b),
    );
    t.match(said, `${lines.length} packets went to the live stream`);
    const frames = ["node-a/node-a.point.shop_client.eth0", "node-b/node-b.point.shop_web.eth0"].map(
      (name) => {
        const reader = openCapture(join(dir, "captures", `${name}.pcap`));
        while (reader.next());
        reader.close();
        return reader.frame;
      },
    );
    t.equal(frames[0]! + frames[1]!, lines.length, "the files have the same packets");
    await bench.expectClean(t);
  },
);

t.test("a reader that goes away ends the run as an interrupt does; its files are kept", async (t) => {
  const { exitCode, said, dir, cwd } = await pipe(t, bench.lab.files.profile, "head -c 2000 >some");
  t.equal(exitCode, 130, said);
  t.equal(statSync(join(cwd, "some")).size, 2000);
  t.match(said, "evidence: ");
  t.ok(statSync(join(dir, "captures/node-a/node-a.point.shop_client.eth0.pcap")).size > 24);
  await bench.expectClean(t);
});
