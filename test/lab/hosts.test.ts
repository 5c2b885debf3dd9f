import t, { type Test } from "tap";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execInPod } from "../../lib/lab/index.js";
import type { CapturesFile } from "../../lib/model/evidence.js";
import type { Findings } from "../../lib/model/findings.js";
import type { PointsFile } from "../../lib/model/points.js";
import { waitUntil } from "../fixtures/patience.js";
import { Bench, expectError, folderOf } from "./bench.js";
import { LISTENING, startCli } from "./cli.js";
import { askNames, fetchPages } from "./traffic.js";

/** Captures of hosts by their names, whose addresses change while they are captured. */

const bench = await Bench.open("hosts");
t.teardown(() => bench.close());

const [WEB, DNS] = ["192.168.218.65", "192.168.218.66"];
const NAME = "db.example.org";

/** What the lab's name server answers for NAME from now on. */
async function answer(t: Test, ...addresses: readonly string[]): Promise<void> {
  const file = join(bench.lab.dir, "nodes/node-b/files/pods/dns/more-names");
  writeFileSync(file, addresses.map((ip) => `${ip} ${NAME}\n`).join(""));
  const signal = 'read -r pid </run/pod/dnsmasq.pid && kill -HUP "$pid"';
  t.equal((await execInPod(bench.lab, "shop/dns", ["sh", "-c", signal])).exitCode, 0);
  const asked = async (): Promise<boolean> => {
    const said = await askNames(bench.lab, "shop/client", { server: DNS, names: [NAME] });
    return addresses.every((ip) => said.includes(ip)) && said.trim().split("\n").length === addresses.length;
  };
  t.ok(await waitUntil(asked), `${NAME} is ${addresses.join(", ")}`);
}

for (const [way, profile, ring] of [
  ["local", bench.lab.files.profile, []],
  ["ssh, in rings", bench.lab.files.sshProfile, ["--ring", "4x1MB"]],
] as const) {
  t.test(`a host's addresses are followed, by ${way}`, async (t) => {
    await answer(t, WEB);
    const cwd = bench.makeFolder();
    const args = [
      "capture",
      "--pod",
      "shop/client",
      "--node",
      "node-a",
      "--host",
      NAME,
      "--host-every",
      "5s",
    ];
    const more = [...ring, "--duration", "60s", "--cluster", profile, "--yes"];
    const capture = startCli(bench.cli, [...args, ...more], { cwd });
    t.ok(await capture.said(LISTENING), capture.stderr());
    t.match(capture.stderr(), /db\.example\.org is 192\.168\.218\.65 \(shop\/client by 10\.96\.0\.10\)/);
    await fetchPages(bench.lab, "shop/client", [`http://${WEB}:8080/`]);
    await askNames(bench.lab, "shop/client", { server: DNS, names: [NAME] });
    await answer(t, DNS);
    t.ok(await capture.said("db.example.org is 192.168.218.66 as well"), capture.stderr());
    await fetchPages(bench.lab, "shop/client", [`http://${WEB}:8080/`]);
    await askNames(bench.lab, "shop/client", { server: DNS, names: [NAME, NAME] });
    capture.child.kill("SIGINT");
    const { exitCode, stderr } = await capture.done;
    t.equal(exitCode, 130, stderr);
    const dir = folderOf(join(cwd, "artifacts"));
    const read = <T>(file: string): T => JSON.parse(readFileSync(join(dir, file), "utf8")) as T;
    const { points } = read<PointsFile>("evidence/points.json");
    t.strictSame(points.map(({ id, filter }) => [id, filter.replace(/^not \(.*?\) and /, "")]).slice(0, 1), [
      ["node-a.point.shop_client.eth0", `host ${WEB}`],
    ]);
    t.equal(points.length, 4, points.map(({ id }) => id).join(" "));
    t.strictSame(readdirSync(join(dir, "captures/node-a")).length, 4);
    const { captures } = read<CapturesFile>("evidence/captures.json");
    const rings = ring.length === 0 ? [] : [4, 4, 2, 2];
    t.strictSame(
      captures.flatMap((each) => each.ring?.files ?? []),
      rings,
      "those that came have smaller ones",
    );
    const { flows } = read<Findings>("findings.json");
    const web = flows.filter(({ protocol, to }) => protocol === "tcp" && to.ip === WEB);
    t.strictSame(
      web.map(({ connections }) => connections),
      [2],
      "both pages",
    );
    const dns = flows.filter(({ to, probe }) => to.ip === DNS && to.port === 53 && probe === null);
    t.ok(dns.length > 0, "what went to the address that came");
    for (const { verdict } of [...web, ...dns]) t.equal(verdict.status, "delivered");
    await bench.expectClean(t, join(cwd, "artifacts"));
  });
}

t.test("a name that nobody knows ends before anything starts", async (t) => {
  const ended = await bench.hopbook(
    ...["capture", "--pod", "shop/client", "--host", "nosuch", "--cluster", bench.lab.files.profile, "--yes"],
  );
  expectError(t, ended, {
    exit: 5,
    says: [/knows no address of nosuch\.shop\.svc\.cluster\.local/, /hopbook run dns/],
  });
  await bench.expectClean(t);
});
