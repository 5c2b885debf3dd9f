import t from "tap";
import { validateValue } from "../../lib/document/index.js";
import { flowSchema, MAX_OBJECTS, toolsSchema } from "../../lib/steps/objects.js";
import { STEP_KINDS } from "../../lib/steps/registry.js";
import { makeFlow } from "./samples.js";

type Json = Record<string, unknown>;

const copy = (): Json => JSON.parse(JSON.stringify(makeFlow())) as Json;

/** The same with another value at a place. */
function withValue(path: readonly (string | number)[], value: unknown): Json {
  const flow = copy();
  const holder = path.slice(0, -1).reduce<Json>((inner, key) => inner[key] as Json, flow);
  holder[path.at(-1) ?? ""] = value;
  return flow;
}

t.test("a flow as steps make it fits", (t) => {
  t.strictSame(validateValue(copy(), flowSchema), []);
  t.strictSame(validateValue(withValue(["path", "hops", 0, "target"], "shop/client"), flowSchema), []);
  t.strictSame(validateValue(withValue(["path", "replyHops"], []), flowSchema), []);
  t.strictSame(validateValue({ "shop/client": { workDir: "/tmp" }, "node-a": {} }, toolsSchema), []);
  t.end();
});

const HOP = ["path", "hops", 0] as const;
const HOSTILE: readonly (readonly [readonly (string | number)[], readonly unknown[]])[] = [
  [["id"], ["../x", "", "f0/1", "f0 -w", 7]],
  [["protocol"], ["sctp"]],
  [
    ["path", "from", "node"],
    ["../../etc", "a/b", "-rf", "a\nb", "a..b", ""],
  ],
  [
    ["path", "from", "pod"],
    ["a/b/c", "../b", "a/..", "-a/b"],
  ],
  [
    ["path", "to", "ip"],
    ["10.0.0.1 or tcp", "$(id)", "", "10.0.0.1\n"],
  ],
  [
    ["path", "to", "port"],
    [-1, 65_536, 1.5, "80"],
  ],
  [
    ["path", "from", "netns", "path"],
    ["/proc/1/../2/ns/net", "netns", "/a\nb"],
  ],
  [
    [...HOP, "id"],
    ["../../../root/.ssh/x", "a/b", "-x", ".x", "x".repeat(400)],
  ],
  [
    [...HOP, "node"],
    ["../x", "a/b", ""],
  ],
  [
    [...HOP, "target"],
    ["../x", "a/b/c", "-a"],
  ],
  [
    [...HOP, "interface"],
    ["-i", "a/b", "a b", "x".repeat(16), "", "a\u0000"],
  ],
  [
    [...HOP, "role"],
    ["A role", ""],
  ],
  [
    [...HOP, "netns"],
    [{ kind: "path", path: "../x" }, { kind: "other" }, "host"],
  ],
  [
    [...HOP, "encapsulation"],
    [{ kind: "vxlan; id" }, { kind: "vxlan", port: 70_000 }, null],
  ],
  [
    ["path", "underlay"],
    [{ "../x": {} }, []],
  ],
];

for (const [path, values] of HOSTILE) {
  t.test(`refused where it enters: ${path.join(".")}`, (t) => {
    for (const value of values)
      t.not(validateValue(withValue(path, value), flowSchema).length, 0, JSON.stringify(value));
    t.end();
  });
}

t.test("tools of a node: a folder is a path that does not climb", (t) => {
  for (const tools of [{ "../x": {} }, { a: { workDir: "/tmp/../etc" } }, { a: { workDir: "tmp" } }])
    t.not(validateValue(tools, toolsSchema).length, 0, JSON.stringify(tools));
  t.end();
});

t.test("one may not be repeated without end", (t) => {
  const flows = Array.from({ length: MAX_OBJECTS + 1 }, copy);
  for (const name of ["capture/start", "traffic/probe"]) {
    const schema = STEP_KINDS.get(name)?.inputSchema ?? {};
    t.match(validateValue({ flows }, schema), [{ path: ["flows"] }], name);
    t.strictSame(validateValue({ flows: flows.slice(1) }, schema), []);
  }
  t.end();
});
