import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { parseDocument } from "../../../lib/document/index.js";
import { findProfile, loadProfile } from "../../../lib/cluster/index.js";
import { readCluster } from "../../../lib/cluster/profile/profile.js";

const HEAD = "apiVersion: hopbook.dev/v1\nkind: ClusterProfile\nmetadata: {name: prod-eu}\n";
const read = (body: string) =>
  readCluster(parseDocument(`${HEAD}${body}`, "/etc/clusters/prod.yaml")).profile;

t.test("paths are the file's, defaults filled in, access laid over", (t) => {
  const profile = read(`access: {via: ssh, user: core, sshConfig: ./ssh_config, identityFile: ~/.ssh/id}
nodes:
  - {name: node-a, address: 10.77.0.11}
  - {name: node-b, access: {user: root, sudo: false, port: 2222}}
  - {name: node-c, access: {via: local, pid: 12, startTimeTicks: 99}}
`);
  t.match(profile, { name: "prod-eu", cni: "auto", interfaces: {}, workDir: "/var/tmp" });
  t.strictSame(profile.nodes, [
    {
      name: "node-a",
      address: "10.77.0.11",
      access: {
        via: "ssh",
        sudo: true,
        user: "core",
        sshConfig: "/etc/clusters/ssh_config",
        identityFile: join(homedir(), ".ssh/id"),
      },
    },
    {
      name: "node-b",
      access: {
        via: "ssh",
        sudo: false,
        user: "root",
        port: 2222,
        sshConfig: "/etc/clusters/ssh_config",
        identityFile: join(homedir(), ".ssh/id"),
      },
    },
    { name: "node-c", access: { via: "local", pid: 12, startTimeTicks: 99 } },
  ]);
  t.end();
});

const REFUSED: Record<string, [string, RegExp]> = {
  "two nodes of one name": [
    "access: {via: local}\nnodes: [{name: a}, {name: a}]",
    /prod\.yaml:5:27.*two nodes are called a/s,
  ],
  "an unknown key": ["access: {via: ssh, usr: core}\nnodes: [{name: a}]", /usr.*did you mean "user"/s],
  "no access at all": ["nodes: [{name: a}]", /a has no access/],
  "a key of another way in": [
    "access: {via: local, user: core}\nnodes: [{name: a}]",
    /user has no meaning with via: local/,
  ],
  "an address that looks like an option": [
    "access: {via: ssh}\nnodes: [{name: a, address: -oProxyCommand=x}]",
    /address/,
  ],
  "a name with a control character": ['access: {via: ssh}\nnodes: [{name: "a\\u001b[2J"}]', /name/],
  "a user that looks like an option": ["access: {via: ssh, user: -oX}\nnodes: [{name: a}]", /user/],
  "a jump host that looks like an option": [
    "access: {via: ssh, proxyJump: -oX}\nnodes: [{name: a}]",
    /proxyJump/,
  ],
  "a relative work folder": ["access: {via: ssh}\nworkDir: tmp\nnodes: [{name: a}]", /workDir/],
  "no node": ["nodes: []", /at least 1/],
  "an underlay interface that is none": [
    "access: {via: ssh}\ninterfaces: {underlay: a/b}\nnodes: [{name: a}]",
    /underlay/,
  ],
};

for (const [name, [body, detail]] of Object.entries(REFUSED)) {
  t.test(`refused: ${name}`, (t) => {
    t.throws(() => read(body), { code: "DOCUMENT_INVALID", detail });
    t.end();
  });
}

t.test("which profile is used", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "hopbook-profile-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const home = join(root, "home");
  const cwd = join(root, "cwd");
  mkdirSync(join(home, ".config/hopbook/clusters"), { recursive: true });
  mkdirSync(cwd);
  await t.rejects(findProfile({ cwd, home }), {
    code: "CLUSTER_NOT_FOUND",
    hint: /--cluster/,
    detail: /hopbook\.yaml/,
  });
  const body = `${HEAD}access: {via: local}\nnodes: [{name: a}]\n`;
  writeFileSync(join(home, ".config/hopbook/clusters/prod.yaml"), body);
  writeFileSync(join(cwd, "hopbook.yaml"), body);
  t.equal(await findProfile({ cwd, home }), join(cwd, "hopbook.yaml"));
  t.equal(await findProfile({ cwd, home, flag: "prod" }), join(home, ".config/hopbook/clusters/prod.yaml"));
  t.equal(await findProfile({ cwd, home, flag: "./hopbook.yaml" }), join(cwd, "hopbook.yaml"));
  await t.rejects(findProfile({ cwd, home, flag: "../../etc" }), { code: "CLUSTER_NOT_FOUND" });
  t.match(await loadProfile(join(cwd, "hopbook.yaml")), { file: join(cwd, "hopbook.yaml") });
  await t.rejects(loadProfile(join(cwd, "none.yaml")), { code: "FILE_UNREADABLE" });
});
