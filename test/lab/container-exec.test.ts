import t from "tap";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execInNode } from "../../lib/lab/index.js";
import type { Findings } from "../../lib/model/findings.js";
import { mostMs, waitUntil } from "../fixtures/patience.js";
import { Bench, expectError, folderOf } from "./bench.js";

/** Commands in a pod's container, with its own programs, while captures go on. */

const bench = await Bench.open("exec");
t.teardown(() => bench.close());

const CLUSTER = ["--cluster", bench.lab.files.profile];
const EXAMPLE = join(import.meta.dirname, "../../docs/examples/exec-in-pod.yaml");
const fetching = (url: string): readonly string[] => ["run", EXAMPLE, "--pod", "shop/client", "--url", url];

t.test(
  "the example of the docs: what the pod gets, its packets beside it, and what it printed",
  async (t) => {
    const ended = await bench.hopbook(...fetching("http://10.96.0.20/"), ...CLUSTER, "--yes");
    t.equal(ended.exitCode, 0, ended.stderr);
    const dir = folderOf(ended.outDir);
    const findings = JSON.parse(readFileSync(join(dir, "findings.json"), "utf8")) as Findings;
    t.match(findings.checks, [{ id: "fetched", status: "pass", message: /^It was fetched in [0-9]+ ms$/ }]);
    t.match(findings.printed, [{ step: "fetch", on: "shop/client", exitCode: 0 }]);
    t.ok(findings.flows.some(({ protocol, to }) => protocol === "tcp" && to.port === 80));
    t.match(ended.stdout, /What commands printed\n {2}fetch: curl -sSk .* on shop\/client: exit code 0/);
    await bench.expectClean(t);
  },
);

t.test("another exit code than 0 is an answer, with what was said on stderr", async (t) => {
  const ended = await bench.hopbook(...fetching("http://127.0.0.1:1/"), ...CLUSTER, "--yes");
  t.equal(ended.exitCode, 3, ended.stderr);
  t.match(ended.stdout, /curl's exit code is 7: curl: \(7\) /);
  await bench.expectClean(t);
});

t.test(
  "without its permission nothing runs in a container, and the flag that is missing is said",
  async (t) => {
    const grant = "runtime/*,node/read,netns/*,capture/*";
    const allowed = ["--allow-node=*", `--allow-exec=${grant}`, "--allow-capture=30s"];
    const ended = await bench.hopbook(...fetching("http://10.96.0.20/"), ...CLUSTER, ...allowed);
    expectError(t, ended, { exit: 4, says: [/--allow-exec=container\/exec/] });
  },
);

t.test("a command that does not end is ended, and nothing of it is left", async (t) => {
  const file = join(bench.makeFolder(), "slow.yaml");
  writeFileSync(
    file,
    JSON.stringify({
      ...{ apiVersion: "hopbook.dev/v1", kind: "Runbook", metadata: { name: "slow", title: "Slow" } },
      permissions: { node: {}, exec: ["runtime/*", "container/exec"] },
      steps: [
        {
          id: "slow",
          uses: "traffic/exec",
          with: { pod: "shop/web", argv: ["sleep", "4242"], atMost: "1s" },
        },
      ],
    }),
  );
  const ended = await bench.hopbook("run", file, ...CLUSTER, "--yes");
  t.equal(ended.exitCode, 0, ended.stderr);
  t.match(ended.stderr, /sleep in shop\/web was ended after 1\.0 s/);
  const isGone = async (): Promise<boolean> =>
    (await execInNode(bench.lab, "node-b", ["pgrep", "-f", "^sleep 4242$"])).stdout === "";
  t.ok(await waitUntil(isGone, { withinMs: mostMs(5000) }), "it is ended there too");
  await bench.expectClean(t);
});
