import t from "tap";
import { chmodSync } from "node:fs";
import { join, resolve } from "node:path";
import { loadGrant } from "../../lib/authority/load-grant.js";
import { RUNBOOK_DIR } from "../../lib/catalogue/places.js";
import { loadProfile } from "../../lib/cluster/index.js";
import { declared, effective, type GrantFlags, type PermissionRequest } from "../../lib/permissions/index.js";
import { EVERYTHING, REQUESTS } from "../permissions/samples.js";

const CLUSTER = `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: {name: prod}
nodes: [{name: node-a, access: {via: ssh}}]
grants:
  - runbooks: [trace-*, ./books/x.yaml]
    allow:
      node: true
      exec: [runtime/*]
      write: [out]
  - deny:
      shell: true
      mutate: ["ip link **"]
`;

t.test("grants of a cluster are for its runbooks, and say which line grants", async (t) => {
  const dir = t.testdir({ "hopbook.yaml": CLUSTER, overlay: {}, books: { "x.yaml": "" }, elsewhere: {} });
  const profile = await loadProfile(join(dir, "hopbook.yaml"));
  const check = async (
    request: PermissionRequest,
    given: {
      runbook?: string;
      files?: string[];
      overlays?: string[];
      flags?: GrantFlags;
      isClusterNamed?: boolean;
    } = {},
  ) => {
    const { runbook = "trace-path", files = ["books/x.yaml"], overlays = [], flags = {} } = given;
    const { isClusterNamed = true } = given;
    const absolute = (names: string[]): string[] => names.map((name) => resolve(dir, name));
    const { grant, notes } = await loadGrant({
      ...{ flags, profile, runbook, cwd: dir, isClusterNamed },
      ...{ sourceFiles: absolute([...files, ...overlays]), overlayFiles: absolute(overlays) },
      parts: absolute(files).map((file) => ({ file, sha256: null })),
    });
    return {
      ...effective(declared({ ...EVERYTHING, write: [join(dir, "out")] }), grant).check(request),
      notes,
    };
  };
  t.match(await check(REQUESTS.exec), { allowed: true, by: `${dir}/hopbook.yaml:9`, notes: [] });
  t.match(await check(REQUESTS.node), { allowed: true, by: `${dir}/hopbook.yaml:8` });
  t.match(await check({ kind: "write", path: join(dir, "out/x") }), {
    allowed: true,
    by: `${dir}/hopbook.yaml:10`,
  });
  t.match(await check(REQUESTS.exec, { runbook: "other", files: ["elsewhere/y.yaml"] }), {
    allowed: false,
    by: "no grant",
  });
  t.match(await check(REQUESTS.shell, { flags: { yes: true } }), {
    allowed: false,
    by: `${dir}/hopbook.yaml:12`,
  });
  t.match(await check(REQUESTS.mutate, { flags: { allowAll: true }, runbook: "other" }), {
    allowed: false,
    by: `${dir}/hopbook.yaml:13`,
  });

  t.match(
    await check(REQUESTS.exec, { files: ["x.yaml"] }),
    {
      allowed: false,
      notes: [/grants of .*hopbook\.yaml are left out: it lies in .*, where the runbook comes from/],
    },
    "who brings a runbook and a profile in one folder grants himself nothing",
  );
  t.match(
    await check(REQUESTS.shell, { files: ["x.yaml"], flags: { yes: true } }),
    { allowed: false, by: /hopbook\.yaml:12/ },
    "what it denies holds all the same",
  );
  t.match(
    await check(REQUESTS.exec, { overlays: ["overlay.yaml", "hopbook.yaml"] }),
    { allowed: true },
    "its own overlays lie beside it",
  );
  const found = { isClusterNamed: false };
  const own = { files: [join(RUNBOOK_DIR, "trace-path.yaml")] };
  t.match(
    await check(REQUESTS.exec, found),
    { allowed: false, notes: [/left out: it was not named, .*books\/x\.yaml: name it with --cluster/] },
    "a profile that was found beside somebody's runbooks grants them nothing",
  );
  t.match(await check(REQUESTS.exec, { ...found, ...own }), { allowed: true, notes: [] });
  t.match(
    await check(REQUESTS.exec, { ...found, ...own, overlays: ["../overlay.yaml"] }),
    { allowed: false },
    "nor what it lays over one of hopbook's",
  );
  t.match(
    await check(REQUESTS.shell, { ...found, flags: { yes: true } }),
    { allowed: false, by: /hopbook\.yaml:12/ },
    "what it denies holds",
  );
  chmodSync(join(dir, "hopbook.yaml"), 0o666);
  t.match(await check(REQUESTS.exec), { allowed: false, notes: [/everybody may write it/] });
});

t.test("a profile that was found says whose ssh configuration is used", async (t) => {
  const access = "{via: ssh, sshConfig: ./ssh_config}";
  const text = `apiVersion: hopbook.dev/v1
kind: ClusterProfile
metadata: {name: prod}
nodes: [{name: a, access: ${access}}, {name: b, access: ${access}}, {name: c, access: {via: local}}]
`;
  const dir = t.testdir({ "hopbook.yaml": text });
  const profile = await loadProfile(join(dir, "hopbook.yaml"));
  const places = { flags: {}, profile, runbook: "x", cwd: dir, sourceFiles: [], overlayFiles: [], parts: [] };
  const { notes } = await loadGrant({ ...places, isClusterNamed: false });
  t.match(notes, [
    /hopbook\.yaml was not named, and takes this machine for nodes \(via: local\): c$/,
    /hopbook\.yaml was not named, and logs in with .*ssh_config: .* on this machine/,
  ]);
  t.equal(notes.length, 2);
  t.strictSame((await loadGrant({ ...places, isClusterNamed: true })).notes, []);
});
