import { spawnSync } from "node:child_process";
import t from "tap";
import { useCluster, whyNoCluster } from "./use.js";

/** A few of the soak's runs (`npm run test:soak`): each takes away all that it made, and opens nothing that stays open. */

const RUNS = 10;

const why = whyNoCluster();
if (why !== null) {
  t.fail(why);
  process.exit(1);
}
const cluster = await useCluster((text) => t.comment(text));
t.teardown(() => cluster.release());
if (cluster.own === null) {
  t.comment("the images of this suite are in our own cluster only");
  process.exit(0);
}

t.test(`${RUNS} runs, made and taken away`, (t) => {
  const argv = ["--expose-gc", "bin/run-compiled.js", "test/cluster/soak.ts", `${RUNS}`];
  const env = { ...process.env };
  // What tap puts into its tests counts as ours there.
  delete env["NODE_OPTIONS"];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    ...{ cwd: new URL("../..", import.meta.url), env, encoding: "utf8", timeout: 600_000 },
  });
  t.equal(status, 0, `${stdout}${stderr}`);
  t.match(stdout, /nothing leaked/);
  t.end();
});
