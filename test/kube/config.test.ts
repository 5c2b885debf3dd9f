import t from "tap";
import { writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { readKubeConfig } from "../../lib/kube/config.js";

interface Named {
  readonly context: string;
  readonly cluster: string;
  readonly server: string;
  readonly user?: string;
  readonly current?: string;
}

/** A kubeconfig with one of each. */
function kubeconfig({ context, cluster, server, user = "ann", current }: Named): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    ...(current === undefined ? {} : { "current-context": current }),
    clusters: [{ name: cluster, cluster: { server } }],
    users: [{ name: user, user: { token: `token of ${context}` } }],
    contexts: [{ name: context, context: { cluster, user } }],
  });
}

t.test("of several files the first that says something wins", async (t) => {
  const dir = t.testdir({
    first: kubeconfig({ context: "one", cluster: "shared", server: "https://first.test" }),
    second: kubeconfig({ context: "two", cluster: "shared", server: "https://second.test", current: "two" }),
  });
  const [first, second, missing] = [join(dir, "first"), join(dir, "second"), join(dir, "missing")];
  const env = { KUBECONFIG: [missing, first, "", second].join(delimiter) };
  const config = readKubeConfig({}, { home: dir, env });
  t.equal(config.currentContext, "two", "the only one that chooses");
  t.equal(config.getCurrentCluster()?.server, "https://first.test");
  t.equal(config.getCurrentUser()?.token, "token of one");
  t.equal(readKubeConfig({ context: "one" }, { home: dir, env }).currentContext, "one");
  const named = readKubeConfig({ kubeconfig: [second] }, { home: dir, env });
  t.equal(named.getCurrentCluster()?.server, "https://second.test", "named files go before KUBECONFIG");
});

t.test("~/.kube/config where nothing is named", async (t) => {
  const text = kubeconfig({ context: "home", cluster: "h", server: "https://home.test", current: "home" });
  const home = t.testdir({ ".kube": { config: text } });
  t.equal(readKubeConfig({}, { home, env: {} }).currentContext, "home");
  t.equal(readKubeConfig({}, { home, env: { KUBECONFIG: "" } }).currentContext, "home");
});

t.test("what cannot be used is told with what there is", async (t) => {
  const text = kubeconfig({ context: "one", cluster: "c", server: "https://one.test" });
  const dir = t.testdir({
    one: text,
    broken: "clusters: [",
    dangling: text.replace('"name":"c"', '"name":"d"'),
  });
  const read = (ref: object) => () => readKubeConfig(ref, { home: dir, env: {} });
  const one = [join(dir, "one")];
  t.throws(read({ kubeconfig: [join(dir, "none")] }), { code: "CLUSTER_NOT_FOUND", message: /there is no / });
  t.throws(read({}), { code: "CLUSTER_NOT_FOUND", message: /\.kube/ });
  t.throws(read({ kubeconfig: one }), { code: "CLUSTER_NOT_FOUND", message: /no context is chosen/ });
  t.throws(read({ kubeconfig: one, context: "two" }), {
    code: "CLUSTER_NOT_FOUND",
    message: /there is no context two/,
    detail: /has: one/,
  });
  t.throws(read({ kubeconfig: [join(dir, "dangling")], context: "one" }), {
    code: "CLUSTER_NOT_FOUND",
    message: /names the cluster c, which is not there/,
  });
  t.throws(read({ kubeconfig: [join(dir, "broken")] }), { code: "FILE_UNREADABLE" });
  for (const none of ["", "\n", "only words", "- a", "apiVersion: v1\nkind: Config"]) {
    writeFileSync(join(dir, "none"), none);
    t.throws(read({ kubeconfig: [join(dir, "none")] }), {
      code: "CLUSTER_NOT_FOUND",
      message: /none has no context/,
      hint: /kubectl config view/,
    });
    t.throws(read({ kubeconfig: [join(dir, "none"), join(dir, "one")], context: "two" }), {
      message: /no context two/,
    });
  }
});
