import t from "tap";
import {
  judgeIdentity,
  parseAgentPolicy,
  type IdentityEntry,
} from "../../../lib/linux/ebpf/identity-policy.js";

/** As cilium-dbg's source prints them; never recorded of a cluster. */
const JSON_OF = (id: number, identity: number, enabled: string): string =>
  JSON.stringify(
    [
      {
        id,
        spec: { options: {} },
        status: {
          identity: { id: identity, labels: ["k8s:app=web", "k8s:io.kubernetes.pod.namespace=shop"] },
          policy: { realized: { id: identity, "policy-enabled": enabled } },
        },
      },
    ],
    null,
    2,
  );
const TABLE = `POLICY   DIRECTION   IDENTITY   PORT/PROTO   PROXY PORT   AUTH TYPE   BYTES   PACKETS   PREFIX   COOKIE
Deny     Ingress     3000       8080/TCP     NONE         disabled    -       -         24       0
Allow    Ingress     1          ANY          NONE         disabled    66      1         0        0
Allow    Ingress     2000       8080/TCP     NONE         disabled    0       0         24       0
Allow    Ingress     4000       80-95/TCP    NONE         disabled    0       0         20       0
Allow    Ingress     5000       UDP          NONE         disabled    0       0         8        0
Allow    Ingress     6000       8/ICMP       NONE         disabled    0       0         24       0
Allow    Egress      0          ANY          NONE         disabled    0       0         0        0
`;
const said = (table = TABLE, enabled = "ingress"): string =>
  `#endpoint 10.1.1.7\n${JSON_OF(77, 2001, enabled)}\n#policy\n${table}`;

t.test("endpoints with their identity, what decides for them, and their policy map", async (t) => {
  const [endpoint, ...more] = parseAgentPolicy(said());
  t.match(endpoint, {
    ...{ id: 77, ip: "10.1.1.7", identity: 2001, enforced: ["ingress"] },
    labels: ["k8s:app=web", "k8s:io.kubernetes.pod.namespace=shop"],
  });
  t.strictSame(more, []);
  t.equal(endpoint?.policy?.length, 7);
  t.match(endpoint?.policy?.[0], {
    isDeny: true,
    identity: 3000,
    port: "8080/TCP",
    text: /^Deny Ingress 3000 8080\/TCP NONE/,
  });
  const old =
    "DIRECTION   IDENTITY   PORT/PROTO   PROXY PORT   BYTES   PACKETS\nIngress     1          ANY          NONE         0       0\n";
  t.match(parseAgentPolicy(said(old))[0]?.policy, [{ isDeny: false, direction: "ingress", identity: 1 }]);
  const empty =
    "POLICY DIRECTION IDENTITY PORT/PROTO\nPolicy stats empty. Perhaps the policy enforcement is disabled?\n";
  t.strictSame(parseAgentPolicy(said(empty))[0]?.policy, []);
  t.equal(parseAgentPolicy(`${said()}\n${said().replace("10.1.1.7", "fd00::7")}`).length, 2);
});

t.test("what decides: none, one way, both; an audit drops nothing", async (t) => {
  const enforced = (enabled: string) => parseAgentPolicy(said(TABLE, enabled))[0]?.enforced;
  t.strictSame(["none", "egress", "both", "audit-both", "odd"].map(enforced), [
    [],
    ["egress"],
    ["ingress", "egress"],
    [],
    [],
  ]);
});

t.test("no output is too odd, and a map that is not understood as a whole was not read", async (t) => {
  for (const text of [
    "",
    "x",
    "#endpoint",
    "#endpoint x\n[]\n",
    "#endpoint 10.0.0.1\n{",
    "#endpoint 10.0.0.1\n[1]\n#policy\n",
  ])
    t.strictSame(parseAgentPolicy(text), []);
  const odd = [
    "",
    "#unread",
    "POLICY DIRECTION LABELS (source:key[=value]) PORT/PROTO",
    "A B DIRECTION IDENTITY PORT/PROTO",
    "DIRECTION IDENTITY PROTO",
    "DIRECTION IDENTITY PORT/PROTO\nSideways 1 ANY",
    "DIRECTION IDENTITY PORT/PROTO\nIngress one ANY",
    "POLICY DIRECTION IDENTITY PORT/PROTO\nPerhaps Ingress 1 ANY",
  ];
  for (const table of odd) t.equal(parseAgentPolicy(said(table))[0]?.policy, null, table);
  t.match(parseAgentPolicy('#endpoint 10.0.0.1\n[{"id":1}]\n'), [
    { id: 1, identity: null, labels: [], policy: null },
  ]);
});

t.test("a packet against the map: a denial before all, then what allows", async (t) => {
  const policy = parseAgentPolicy(said())[0]?.policy ?? [];
  const judge = (identity: number, more: object = {}) =>
    judgeIdentity(policy, {
      direction: "ingress",
      identity,
      protocol: "tcp",
      family: 4,
      port: 8080,
      ...more,
    });
  t.match(judge(2000), { kind: "admitted", by: { identity: 2000 } });
  t.match(judge(3000), { kind: "denied" });
  t.match(judge(1), { kind: "admitted" }, "any port");
  t.match(judge(9999), { kind: "missing" });
  t.match(judge(2000, { port: 81 }), { kind: "missing" });
  t.match(judge(2000, { protocol: "udp" }), { kind: "missing" });
  t.match(judge(2000, { port: null }), { kind: "undecided" });
  t.match(
    [judge(4000, { port: 80 }), judge(4000, { port: 95 }), judge(4000, { port: 96 })].map(({ kind }) => kind),
    ["admitted", "admitted", "missing"],
  );
  t.match(judge(5000, { protocol: "udp", port: 1 }), { kind: "admitted" });
  t.match(judge(6000, { protocol: "icmp", port: null }), { kind: "admitted" });
  t.match(judge(6000, { protocol: "icmp", port: null, family: 6 }), { kind: "missing" });
  t.match(judge(7, { direction: "egress" }), { kind: "admitted" }, "identity 0 is any");
  const hex: IdentityEntry = { ...policy[1]!, identity: 9999, port: "0x50/12/TCP" };
  t.match(
    judgeIdentity([hex], { direction: "ingress", identity: 9999, protocol: "tcp", family: 4, port: 80 }),
    { kind: "undecided" },
  );
});
