import t from "tap";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { GONE_CLUSTER, hopbook } from "./helpers.js";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const RUNBOOK = join(ROOT, "runbooks/trace-path.yaml");
const RECIPE = join(ROOT, "runbooks/cni/calico-vxlan.yaml");

t.test("list names the runbooks, and as JSON their files", async (t) => {
  const { code, out } = await hopbook(["list"]);
  t.equal(code, 0);
  t.match(out, /^Connections are refused or reset:\n( {2}\S.*\n)* {2}trace-path +Follow packets/m);
  const json = JSON.parse((await hopbook(["list", "-o", "json"])).out) as unknown;
  const trace = (json as { name: string }[]).find(({ name }) => name === "trace-path");
  t.match(trace, { title: String, file: /trace-path\.yaml$/, valid: true });
});

t.test("suggest says which runbook fits an error's text, or that none does", async (t) => {
  const { code, out } = await hopbook(["suggest", "curl: (56) Recv failure:", "Connection reset by peer"]);
  t.equal(code, 0);
  t.match(
    out,
    /^count-resets: Count .*\n {2}for: Connections .* \("connection reset by peer"\)\n {2}hopbook run count/,
  );
  const json = JSON.parse((await hopbook(["suggest", "which veth", "-o", "json"])).out) as unknown;
  t.match(json, [{ name: "find-interface", symptom: String, phrase: String, example: /^hopbook run/ }]);
  const none = await hopbook(["suggest", "my cat sleeps"]);
  t.equal(none.code, 0);
  t.match(none.out, /^No runbook says that it is for this.*hopbook list\n$/);
  const empty = await hopbook(["suggest", "10.0.0.1"]);
  t.equal(empty.code, 2);
  t.match(empty.err, /the text has no words/);
});

t.test(
  "a folder's own runbooks are grouped and suggested; without symptoms they are among the others",
  async (t) => {
    const own = "apiVersion: hopbook.dev/v1\nkind: Runbook\n";
    const steps = "steps:\n  - {id: w, uses: time/wait, with: {duration: 1s}}\n";
    const dir = t.testdir({
      "hopbook.yaml": GONE_CLUSTER,
      runbooks: {
        "a.yaml": `${own}metadata: {name: a, title: A, symptoms: [{when: Payments hang, says: [acquirer timeout 55]}]}\n${steps}`,
        "b.yaml": `${own}metadata: {name: b, title: B}\n${steps}`,
        "c.yaml": "just text",
        "d.yaml": `${own}metadata: {name: d, title: D, symptoms: [{when: x}]}\n${steps}`,
      },
    });
    const cluster = ["--cluster", join(dir, "hopbook.yaml")];
    const listed = (await hopbook(["list", ...cluster])).out;
    t.match(listed, /^Payments hang:\n {2}a +A\n/m);
    t.match(listed, /^Others:\n {2}b +B\n {2}c +broken: .*\n {2}d +broken: /m);
    t.match(
      (await hopbook(["suggest", "ACQUIRER timeout", ...cluster])).out,
      /^a: A\n {2}for: Payments hang/,
    );
  },
);

t.test("show has inputs, permissions, steps, checks and an example that can be typed", async (t) => {
  const { code, out } = await hopbook(["show", "trace-path"]);
  t.equal(code, 0);
  t.match(out, /--from \(string, required\)\n {6}Where the traffic starts/);
  t.match(out, /--\[no-\]traffic \(boolean, default on\)/);
  t.match(out, /--protocol \(string, default auto\)\n[^]*?values: auto, icmp, udp, tcp\n/);
  t.match(out, /run netns\/tcpdump: capture packets/);
  t.match(out, /path: .* \(path\/discover, while planning\)/);
  t.match(out, /delivered: Every packet arrived/);
  t.match(out, /hopbook run trace-path --from shop\/client --to shop\/web:8080\n$/);
  t.notMatch(out, /undefined|default \)|default ,/);
  t.match((await hopbook(["show", "pod-interfaces"])).out, /hopbook run pod-interfaces --pod POD\n$/);
  const json = JSON.parse((await hopbook(["show", RUNBOOK, "--output", "json"])).out) as unknown;
  t.match(json, { name: "trace-path", inputs: { to: { type: "array" } }, steps: [{ phase: "discovery" }] });
});

t.test("check: valid files of every kind", async (t) => {
  const dir = t.testdir({ "cluster.yaml": GONE_CLUSTER });
  const { code, out, err } = await hopbook(["check", RUNBOOK, RECIPE, join(dir, "cluster.yaml")]);
  t.equal(code, 0);
  t.equal(err, "");
  t.match(
    out,
    /trace-path\.yaml: valid runbook\n.*calico-vxlan\.yaml: valid hop recipe\n.*valid cluster profile\n/,
  );
});

const BROKEN = {
  "typo.yaml": "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: a, title: A}\nstpes: []\n",
  "kind.yaml": "apiVersion: hopbook.dev/v1\nkind: Recipe\n",
  "step.yaml":
    "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: a, title: A}\nsteps:\n  - {id: w, uses: time/wiat}\n",
  "undeclared.yaml":
    "apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: a, title: A}\nsteps:\n  - {id: d, uses: drops/collect}\n",
  "recipe.yaml": "apiVersion: hopbook.dev/v1\nkind: HopRecipe\nmetadata: {name: x}\n",
  "profile.yaml": "apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: x}\nnodes: []\n",
  "text.yaml": "just text\n",
  "empty.yaml": "",
  "tab.yaml": "a:\n\t- b\n",
};

for (const name of Object.keys(BROKEN) as (keyof typeof BROKEN)[]) {
  t.test(`check ${name}: exit 2, its place and what is wrong`, async (t) => {
    const file = join(t.testdir(BROKEN), name);
    const { code, out, err } = await hopbook(["check", file]);
    t.equal(code, 2);
    t.equal(out, "");
    t.ok(err.includes(file), err);
    t.notMatch(err, /undefined|\[object|INTERNAL|at .*\.js:/);
    const json = JSON.parse((await hopbook(["check", file, "-o", "json"])).out) as {
      files: { error: { code: string; where: { line?: number } | null } }[];
    };
    t.match(json, {
      kind: "CheckReport",
      files: [{ file, error: { code: "DOCUMENT_INVALID", message: String } }],
    });
    t.type(json.files[0]?.error.where?.line, "number");
  });
}

t.test("a typo gets a caret and the near word; one bad file does not hide the others", async (t) => {
  const dir = t.testdir(BROKEN);
  const { code, out, err } = await hopbook(["check", join(dir, "typo.yaml"), RECIPE, join(dir, "step.yaml")]);
  t.equal(code, 2);
  t.match(err, /stpes: \[\][^]*\^[^]*did you mean "?steps/i);
  t.match(err, /time\/wiat[^]*did you mean "time\/wait"/);
  t.match(out, /valid hop recipe/);
});

t.test("files that cannot be read", async (t) => {
  const { code, err } = await hopbook(["check", "/nowhere/x.yaml", t.testdir(), "/dev/null"]);
  t.equal(code, 2);
  t.match(err, /^Cannot read \/nowhere\/x\.yaml: [^]*no file in it says apiVersion[^]*is not a regular file/);
});

t.test("what a broken runbook is called steers no terminal", async (t) => {
  const title = '"evil \\e[2J\\u202e"';
  const file = join(
    t.testdir({
      "a.yaml": `apiVersion: hopbook.dev/v1\nkind: Runbook\nmetadata: {name: a, title: ${title}}\nsteps:\n  - {id: w, name: ${title}, uses: time/wait, with: {duration: 1s}}\n`,
    }),
    "a.yaml",
  );
  for (const argv of [
    ["show", file],
    ["check", file],
    ["run", file, "--help"],
  ]) {
    const { out, err } = await hopbook(argv);
    // eslint-disable-next-line no-control-regex
    t.notMatch(out + err, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/, argv[0] ?? "");
  }
});

t.test("an example that can be typed: an address where the input's own description gives one", (t) => {
  for (const [name, to] of [
    ["trace-service", "10.96.0.20:80"],
    ["egress", "203.0.113.10:443"],
    ["trace-path", "shop/web:8080"],
  ] as const) {
    const page = readFileSync(join(ROOT, `runbooks/${name}.md`), "utf8");
    t.match(page, new RegExp(`^hopbook run ${name} --from shop/client --to ${to}$`, "m"));
  }
  t.end();
});
