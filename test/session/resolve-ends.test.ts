import t from "tap";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { shareKube } from "../../lib/kube/index.js";
import { openProfile } from "../../lib/session/cluster-profile.js";
import { resolveEnds } from "../../lib/session/resolve-ends.js";
import { mostMs } from "../fixtures/patience.js";

const profileOf = (rest: object): string =>
  JSON.stringify({
    ...{ apiVersion: "hopbook.dev/v1", kind: "ClusterProfile", metadata: { name: "x" }, ...rest },
  });

async function endsOf(
  cwd: string,
  signal = new AbortController().signal,
  bound: Parameters<typeof resolveEnds>[1] = {},
) {
  const { profile } = await openProfile({ cwd, cluster: "hopbook.yaml" });
  return resolveEnds({ profile, openKube: shareKube(), signal }, bound);
}

t.test("of ssh's, what it makes of its configuration, jump hosts and theirs included", async (t) => {
  const config = `Host node-a
  HostName 192.0.2.7
  Port 2222
  ProxyJump jack@bastion:24,[2001:db8::1]
Host bastion
  HostName 192.0.2.8
  HostKeyAlias gate
  ProxyJump outer
Host loop
  ProxyJump ssh://round
Host round
  ProxyJump loop
Host *
  UserKnownHostsFile /dev/null
`;
  const cwd = t.testdir({
    ssh_config: config,
    broken: "NoSuchWord yes\n",
    "hopbook.yaml": profileOf({
      nodes: [
        { name: "node-a", access: { via: "ssh", sshConfig: "./ssh_config", user: "ops" } },
        { name: "here", access: { via: "local" } },
        { name: "loop", access: { via: "ssh", sshConfig: "./ssh_config" } },
        { name: "node-z", address: "192.0.2.9", access: { via: "ssh", sshConfig: "./broken" } },
      ],
    }),
  });
  const ends = await endsOf(cwd);
  t.match(ends, [
    { of: "loop", settings: { "round: ProxyJump": "loop", "loop: ProxyJump": "round" } },
    {
      of: "node-a",
      settings: {
        ...{ HostName: "192.0.2.7", Port: "2222", User: "ops", UserKnownHostsFile: "/dev/null" },
        "jack@bastion:24: HostName": "192.0.2.8",
        "jack@bastion:24: Port": "24",
        "jack@bastion:24: User": "jack",
        "jack@bastion:24: HostKeyAlias": "gate",
        "outer: HostName": "outer",
        "[2001:db8::1]: HostName": "2001:db8::1",
      },
    },
    { of: "node-z", settings: { unresolved: /Cannot tell where ssh would enter node-z: .*NoSuchWord/i } },
  ]);
  await t.rejects(endsOf(cwd, AbortSignal.abort()), { code: "INTERRUPTED" });
});

t.test("where ssh waits for what does not come, all nodes together are given up in time", async (t) => {
  const cwd = t.testdir({
    ssh_config: 'Match exec "sleep 30"\n  Port 1\n',
    quick: "Host *\n  Port 2\n",
    "hopbook.yaml": profileOf({
      nodes: [
        { name: "quick", access: { via: "ssh", sshConfig: "./quick" } },
        ...Array.from({ length: 40 }, (_, index) => ({
          ...{ name: `n${index}`, access: { via: "ssh", sshConfig: "./ssh_config" } },
        })),
      ],
    }),
  });
  const startedAt = Date.now();
  const ends = await endsOf(cwd, undefined, { allWithinMs: mostMs(700) });
  t.ok(Date.now() - startedAt < mostMs(5000), "not as long as 40 nodes take, one after the other");
  t.match(ends.find(({ of }) => of === "quick")?.settings, { Port: "2" });
  const late = ends.filter(({ settings }) => /took too long .* looked up/.test(settings["unresolved"] ?? ""));
  t.equal(late.length, 40);
});

t.test("hosts that jump on and on are given up", async (t) => {
  const hosts = Array.from({ length: 20 }, (_, index) => `Host h${index}\n  ProxyJump h${index + 1}\n`);
  const cwd = t.testdir({
    ssh_config: hosts.join(""),
    "hopbook.yaml": profileOf({ nodes: [{ name: "h0", access: { via: "ssh", sshConfig: "./ssh_config" } }] }),
  });
  t.match(await endsOf(cwd), [{ settings: { unresolved: /more than 15 hosts/ } }]);
});

t.test("of the API its server and what that is believed by", async (t) => {
  const kubeconfig = (cluster: object): string =>
    JSON.stringify({
      ...{ apiVersion: "v1", kind: "Config", "current-context": "c" },
      clusters: [{ name: "c", cluster }],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      users: [{ name: "u", user: {} }],
    });
  const cwd = t.testdir({
    "hopbook.yaml": profileOf({ kube: { kubeconfig: "./kubeconfig" } }),
    "ca.pem": "ca",
  });
  const server = "https://192.0.2.1:6443";
  const ca = "sha256:6959097001d10501ac7d54c0bdb8db61420f658f2922cc26e46d536119a31126";
  const table: [object, object][] = [
    [{ server }, { server, ca: "system", tlsServerName: "", proxy: "" }],
    [{ server, "certificate-authority-data": "c2VjcmV0" }, { ca: /^sha256:[0-9a-f]{64}$/ }],
    [{ server, "certificate-authority": join(cwd, "ca.pem") }, { ca }],
    [{ server, "insecure-skip-tls-verify": true }, { ca: "unchecked" }],
    [
      { server, "tls-server-name": "api.test", "proxy-url": "http://127.0.0.1:1" },
      { tlsServerName: "api.test", proxy: "http://127.0.0.1:1" },
    ],
  ];
  for (const [cluster, settings] of table) {
    writeFileSync(join(cwd, "kubeconfig"), kubeconfig(cluster));
    t.match(await endsOf(cwd), [{ of: "the API of context c", settings }]);
  }
  writeFileSync(join(cwd, "kubeconfig"), kubeconfig({ server, "certificate-authority": "/no/such/ca" }));
  await t.rejects(endsOf(cwd), { code: "FILE_UNREADABLE", message: /CA certificates \/no\/such\/ca/ });
});
