import t from "tap";
import { namespaceOf, parseEnd, withNamespace } from "../../lib/cluster/end-name.js";

const web = { namespace: "shop", name: "web", port: null };

t.test("every way to write an end", (t) => {
  const cases: readonly [string, object][] = [
    ["shop/web", { kind: "pod", ...web }],
    ["shop/web:80", { kind: "pod", ...web, port: 80 }],
    ["web", { kind: "pod", ...web, namespace: null }],
    ["pod/web", { kind: "pod", ...web, namespace: null }],
    ["shop/po/web:80", { kind: "pod", ...web, port: 80 }],
    ["svc/web:80", { kind: "service", ...web, namespace: null, port: 80 }],
    ["shop/svc/web:http", { kind: "service", ...web, port: "http" }],
    ["shop/service/web", { kind: "service", ...web }],
    ["deploy/web:80", { kind: "workload", resource: "deployments", ...web, namespace: null, port: 80 }],
    ["shop/sts/web", { kind: "workload", resource: "statefulsets", ...web }],
    ["shop/ds/web", { kind: "workload", resource: "daemonsets", ...web }],
    ["shop/job/web", { kind: "workload", resource: "jobs", ...web }],
    ["shop/rs/web", { kind: "workload", resource: "replicasets", ...web }],
    ["app=web", { kind: "selector", namespace: null, selector: "app=web", port: null }],
    [
      "shop/app=web,tier!=back:80",
      { kind: "selector", namespace: "shop", selector: "app=web,tier!=back", port: 80 },
    ],
    [
      "app.kubernetes.io/name=web",
      { kind: "selector", namespace: null, selector: "app.kubernetes.io/name=web", port: null },
    ],
    [
      "shop/app.kubernetes.io/name=web",
      { kind: "selector", namespace: "shop", selector: "app.kubernetes.io/name=web", port: null },
    ],
    ["node/n_1:80", { kind: "node", name: "n_1", port: 80 }],
    ["10.0.0.1:80", { kind: "ip", ip: "10.0.0.1", port: 80 }],
    ["[fd00::1]:80", { kind: "ip", ip: "fd00::1", port: 80 }],
    ["2001:DB8:0:0::1", { kind: "ip", ip: "2001:db8::1", port: null }],
    ["[2001:0DB8::0001]:443", { kind: "ip", ip: "2001:db8::1", port: 443 }],
    ["::FFFF:10.0.0.1", { kind: "ip", ip: "10.0.0.1", port: null }],
    ["[::ffff:a00:1]:80", { kind: "ip", ip: "10.0.0.1", port: 80 }],
    // A namespace may have the name of a kind.
    ["svc/pod/web", { kind: "pod", namespace: "svc", name: "web", port: null }],
  ];
  for (const [text, wanted] of cases) t.strictSame(parseEnd(text), wanted, text);
  t.end();
});

t.test("an address that is good on one link alone names no end", (t) => {
  for (const text of [
    "fe80::1%eth0",
    "[fe80::1%eth0]:80",
    "fe80::1%25eth0",
    "fe80::1",
    "[FE80::1]:80",
    "2001:db8::1%1",
  ])
    t.throws(() => parseEnd(text), { code: "INPUT_INVALID", message: /good on one link alone/ }, text);
  t.end();
});

t.test("what is no end is refused", (t) => {
  const cases = [
    ...[
      "",
      "/",
      "a/b/c",
      "shop/node/a",
      "shop/svc/",
      "svc/web:",
      "svc/web:0",
      "svc/web:HTTP",
      "deploy/web:http",
    ],
    ...[
      "shop/web:99999",
      "app=",
      "=web",
      "app=web,,b=c",
      "a/b/c=d",
      "app=web:http",
      "-l/app=web",
      "1.2.3",
      "we b",
    ],
    ...["shop/__proto__/web", "constructor/x/web", "x".repeat(2000)],
  ].filter((text) => text !== "app=");
  for (const text of cases) t.throws(() => parseEnd(text), { code: "INPUT_INVALID" }, text.slice(0, 40));
  t.same(
    parseEnd("app="),
    { kind: "selector", namespace: null, selector: "app=", port: null },
    "an empty value",
  );
  t.end();
});

t.test("an end without a namespace is in the other's, one that names it is not", async (t) => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["shop/client", "shop"],
    ["shop/deploy/client", "shop"],
    ["shop/app=web", "shop"],
    ["client", null],
    ["deploy/client", null],
    ["shop/svc/web:80", null],
    ["node/a", null],
    ["10.0.0.1", null],
  ];
  for (const [text, wanted] of cases) t.equal(namespaceOf(text), wanted, text);
  t.match(withNamespace(parseEnd("svc/web:80"), "shop"), { kind: "service", namespace: "shop" });
  t.match(withNamespace(parseEnd("other/web"), "shop"), { kind: "pod", namespace: "other" });
  t.match(withNamespace(parseEnd("web"), null), { kind: "pod", namespace: null });
  t.notOk("namespace" in withNamespace(parseEnd("node/a"), "shop"));
});
