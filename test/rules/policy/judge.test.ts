import t from "tap";
import type { PolicyFacts, PolicyPod } from "../../../lib/model/cni/network-policy.js";
import { judgePolicies, type PolicyVerdict } from "../../../lib/rules/policy/judge.js";
import { fc } from "../../fixtures/property.js";

const pod = (name: string, changes: Partial<PolicyPod> = {}): PolicyPod => ({
  ...{ namespace: "shop", name, labels: { app: name }, hostNetwork: false },
  ports: [{ name: "http", port: 8080, protocol: "TCP" }],
  ...changes,
});
const WEB = pod("web");
const CLIENT = pod("client", { labels: { app: "client", tier: "front" } });
const NAMESPACES = { shop: { env: "prod" }, other: { env: "test" } };

type Spec = Readonly<Record<string, unknown>>;

const policy = (name: string, spec: Spec, namespace = "shop"): unknown => ({
  metadata: { name, namespace },
  spec,
});
const facts = (policies: readonly unknown[], changes: Partial<PolicyFacts> = {}): PolicyFacts => ({
  ...{ policies, namespaces: NAMESPACES, pods: [WEB, CLIENT], unread: [] },
  ...changes,
});

const SENT = {
  from: { pod: "shop/client", ip: "10.0.1.2" },
  to: { pod: "shop/web", ip: "10.0.2.2" },
  packet: { protocol: "tcp", port: 8080 },
} as const;

function judge(spec: Spec, changes: Partial<Parameters<typeof judgePolicies>[1]> = {}): PolicyVerdict {
  return judgePolicies(
    facts([policy("deny-web", { podSelector: {}, ...spec })]),
    { ...SENT, ...changes },
    "ingress",
  );
}

const ingress = (...rules: readonly unknown[]): Spec => ({ ingress: rules });

t.test("the missing rule is named by policy, port and peer; near ones say what they admit", async (t) => {
  t.strictSame(judge(ingress()), {
    kind: "denied",
    missing: "no ingress rule of shop/deny-web admits TCP port 8080 from shop/client",
    rules: [],
  });
  const rules = [
    {
      from: [
        { podSelector: { matchLabels: { app: "cart" } } },
        { ipBlock: { cidr: "10.0.0.0/8", except: ["10.0.1.0/24"] } },
      ],
    },
    { ports: [{ port: 80, endPort: 90 }, { protocol: "UDP", port: "dns" }, { protocol: "SCTP" }] },
    {
      from: [
        {
          namespaceSelector: {
            matchExpressions: [
              { key: "env", operator: "Exists" },
              { key: "x", operator: "DoesNotExist" },
            ],
          },
          podSelector: { matchExpressions: [{ key: "app", operator: "NotIn", values: ["client"] }] },
        },
      ],
    },
  ];
  t.match(judge(ingress(...rules)), {
    rules: [
      "rule 1 of shop/deny-web admits all ports from pods app=cart or 10.0.0.0/8 except 10.0.1.0/24: not shop/client",
      "rule 2 of shop/deny-web admits TCP 80-90 or UDP dns or all of SCTP from anybody: not this port",
      "rule 3 of shop/deny-web admits all ports from pods app notin (client) of namespaces env,!x: not shop/client",
    ],
  });
});

t.test("what admits", async (t) => {
  const admits = (rule: unknown, changes = {}): string => judge(ingress(rule), changes).kind;
  t.equal(admits({}), "admitted", "a rule without peers and ports is for all");
  t.equal(admits({ ports: [{ port: "http" }] }), "admitted", "a named port of the pod's");
  t.equal(admits({ ports: [{ port: "http" }] }, { packet: { protocol: "tcp", port: 9090 } }), "denied");
  t.equal(admits({ ports: [{}] }), "admitted", "all of TCP");
  t.equal(admits({ ports: [{ port: 8080 }] }, { packet: { protocol: "udp", port: 8080 } }), "denied");
  t.equal(admits({ ports: [{ port: 8080 }] }, { packet: { protocol: "icmp", port: null } }), "denied");
  t.equal(admits({ from: [{ namespaceSelector: {} }] }), "admitted");
  t.equal(admits({ from: [{ namespaceSelector: { matchLabels: { env: "test" } } }] }), "denied");
  const outside = { from: { pod: null, ip: "198.51.100.7" } };
  t.equal(admits({ from: [{ ipBlock: { cidr: "198.51.100.0/24" } }] }, outside), "admitted");
  t.equal(
    admits({ from: [{ ipBlock: { cidr: "198.51.100.0/24", except: ["198.51.100.0/28"] } }] }, outside),
    "denied",
  );
  t.equal(admits({ from: [{ podSelector: {} }] }, outside), "denied", "a selector finds pods alone");
  t.equal(judge({ podSelector: { matchLabels: { app: "db" } }, ...ingress() }).kind, "open", "not this pod");
  t.equal(judge({ policyTypes: ["Egress"], ...ingress() }).kind, "open", "not this direction");
});

t.test("egress: the sender's policies, with the destination's named ports", async (t) => {
  const out = (spec: Spec, namespace?: string): PolicyVerdict =>
    judgePolicies(facts([policy("out", { podSelector: {}, ...spec }, namespace)]), SENT, "egress");
  t.equal(
    out({ egress: [{ to: [{ podSelector: { matchLabels: { app: "web" } } }], ports: [{ port: "http" }] }] })
      .kind,
    "admitted",
  );
  t.match(out({ policyTypes: ["Egress"] }), {
    missing: "no egress rule of shop/out admits TCP port 8080 to shop/web",
  });
  t.equal(out({ ingress: [] }).kind, "open", "without rules of it, and without its type");
  t.equal(out({ policyTypes: ["Egress"] }, "other").kind, "open", "of another namespace");
});

t.test("what could not be read is a doubt, and only where it matters", async (t) => {
  const asked = (changes: Partial<PolicyFacts>, spec: Spec, more = {}): PolicyVerdict =>
    judgePolicies(
      facts([policy("p", { podSelector: {}, ...spec })], changes),
      { ...SENT, ...more },
      "ingress",
    );
  const rule = ingress({ from: [{ podSelector: { matchLabels: { app: "client" } } }] });
  t.strictSame(asked({ pods: [WEB] }, rule), {
    kind: "unknown",
    doubts: ["the labels of shop/client could not be read"],
  });
  t.equal(asked({ pods: [WEB] }, ingress({})).kind, "admitted", "a rule for all asks for no label");
  t.equal(asked({ pods: [WEB] }, ingress()).kind, "denied");
  t.match(asked({ pods: [CLIENT] }, { podSelector: { matchLabels: { app: "web" } } }), {
    doubts: [/labels of shop\/web/],
  });
  const numbered = ingress({ from: [{ podSelector: { matchLabels: { version: 2 } } }] });
  t.strictSame(asked({}, numbered), {
    kind: "unknown",
    doubts: ["a selector's matchLabels are not all text"],
  });
  t.match(asked({ unread: ["shop"] }, {}), { doubts: ["the NetworkPolicies of shop could not be read"] });
  const env = ingress({ from: [{ namespaceSelector: { matchLabels: { env: "prod" } } }] });
  t.match(asked({ namespaces: { shop: null } }, env), {
    doubts: ["the labels of the namespace shop could not be read"],
  });
  t.match(asked({ pods: [WEB, { ...CLIENT, hostNetwork: true }] }, rule), {
    doubts: [/in its node's own network/],
  });
  t.match(asked({}, rule, { from: { ...SENT.from, seenAs: "10.77.0.1" } }), {
    doubts: [/with the address 10\.77\.0\.1/],
  });
  t.match(asked({}, ingress({ ports: [{ port: 80 }] }), { packet: { protocol: "tcp", port: null } }), {
    doubts: [/port .* not known/],
  });
  t.equal(
    asked({ pods: [{ ...WEB, hostNetwork: true }, CLIENT] }, ingress()).kind,
    "open",
    "not for a node's network",
  );
});

/** Small worlds, in which an oracle can write down all that is admitted. */
const key = fc.constantFrom("a", "b");
const value = fc.constantFrom("x", "y");
const labels = fc.dictionary(key, value, { maxKeys: 2 });
const expression = fc.record({
  key,
  operator: fc.constantFrom("In", "NotIn", "Exists", "DoesNotExist"),
  values: fc.array(value, { minLength: 1, maxLength: 2 }),
});
const selector = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const cidr = fc.constantFrom("10.0.0.0/8", "10.0.1.0/24", "10.0.1.2/32", "10.0.2.0/24", "0.0.0.0/0");
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({ ipBlock: fc.record({ cidr, except: fc.array(cidr, { maxLength: 1 }) }) }),
);
const port = fc.oneof(
  fc.record({ protocol: fc.constantFrom("TCP", "UDP") }),
  fc.record({ port: fc.constantFrom<number | string>(80, 81, 8080, "http", "dns") }),
  fc.record({
    port: fc.constantFrom(79, 80),
    endPort: fc.constantFrom(81, 8080),
    protocol: fc.constantFrom("TCP", "UDP"),
  }),
);
const rulesOf = (word: string): fc.Arbitrary<unknown[]> =>
  fc.array(
    fc.record(
      { [word]: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) },
      { requiredKeys: [] },
    ),
    { maxLength: 2 },
  );
const spec = fc.record(
  {
    podSelector: selector,
    policyTypes: fc.subarray(["Ingress", "Egress"]),
    ingress: rulesOf("from"),
    egress: rulesOf("to"),
  },
  { requiredKeys: ["podSelector"] },
);
const world = fc.record({
  policies: fc.array(fc.record({ spec, namespace: fc.constantFrom("shop", "other") }), { maxLength: 3 }),
  client: labels,
  web: labels,
  clientNamespace: fc.constantFrom("shop", "other"),
  namespaces: fc.record({ shop: labels, other: labels }),
  number: fc.constantFrom(80, 81, 8080),
  protocol: fc.constantFrom<"tcp" | "udp">("tcp", "udp"),
});

interface Selector {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: readonly { key: string; operator: string; values: string[] }[];
}

/** All labelings there are that a selector takes, as texts. */
function labelingsOf({ matchLabels = {}, matchExpressions = [] }: Selector): Set<string> {
  const options = [undefined, "x", "y"];
  const every = options.flatMap((a) => options.map((b) => ({ a, b })));
  const wanted: Record<string, (own: string | undefined, values: string[]) => boolean> = {
    In: (own, values) => values.some((one) => one === own),
    NotIn: (own, values) => values.every((one) => one !== own),
    Exists: (own) => own !== undefined,
    DoesNotExist: (own) => own === undefined,
  };
  const fits = every.filter(
    (own) =>
      JSON.stringify({ ...own, ...matchLabels }) === JSON.stringify(own) &&
      matchExpressions.every((one) => wanted[one.operator]!(own[one.key as "a" | "b"], one.values)),
  );
  return new Set(fits.map(({ a, b }) => `${String(a)} ${String(b)}`));
}

interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except: readonly string[] };
}

const PREFIX_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  "10.0.0.0/8": ["10.0.1.2", "10.0.2.2"],
  "10.0.1.0/24": ["10.0.1.2"],
  "10.0.1.2/32": ["10.0.1.2"],
  "10.0.2.0/24": ["10.0.2.2"],
  "0.0.0.0/0": ["10.0.1.2", "10.0.2.2"],
};

t.test("as an oracle that writes down all that is admitted", (t) => {
  fc.assert(
    fc.property(world, fc.constantFrom("ingress" as const, "egress" as const), (made, direction) => {
      const client = { ...CLIENT, namespace: made.clientNamespace, labels: made.client };
      const web = { ...WEB, labels: made.web };
      const policies = made.policies.map((one, index) =>
        policy(`p${String(index)}`, one.spec as Spec, one.namespace),
      );
      const sent = {
        from: { pod: `${client.namespace}/client`, ip: "10.0.1.2" },
        to: SENT.to,
        packet: { protocol: made.protocol, port: made.number },
      };
      const found = judgePolicies(
        facts(policies, { pods: [client, web], namespaces: made.namespaces }),
        sent,
        direction,
      );
      return found.kind === expected(made, direction, { client, web });
    }),
    { numRuns: 3000 },
  );
  t.end();
});

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

function expected(
  made: World,
  direction: "ingress" | "egress",
  pods: { readonly client: PolicyPod; readonly web: PolicyPod },
): PolicyVerdict["kind"] {
  const text = (own: PolicyPod["labels"]): string => `${String(own?.["a"])} ${String(own?.["b"])}`;
  const [own, other] = direction === "ingress" ? [pods.web, pods.client] : [pods.client, pods.web];
  const otherIp = direction === "ingress" ? "10.0.1.2" : "10.0.2.2";
  const word = direction === "ingress" ? "Ingress" : "Egress";
  const chosen = made.policies.filter(({ spec: given, namespace }) => {
    const types = given.policyTypes ?? [];
    const isTyped =
      types.length > 0 ? types.includes(word) : word === "Ingress" || (given.egress ?? []).length > 0;
    return namespace === own.namespace && isTyped && labelingsOf(given.podSelector).has(text(own.labels));
  });
  if (chosen.length === 0) return "open";
  const isAdmitted = chosen.some(({ spec: given }) =>
    ((given[direction] ?? []) as Record<string, unknown>[]).some((rule) => {
      const peers = (rule[direction === "ingress" ? "from" : "to"] ?? []) as Peer[];
      const ports = (rule["ports"] ?? []) as {
        protocol?: string;
        port?: number | string;
        endPort?: number;
      }[];
      const who = peers.flatMap((one) => {
        if (one.ipBlock !== undefined) {
          const without = one.ipBlock.except.flatMap((each) => PREFIX_MEMBERS[each] ?? []);
          return (PREFIX_MEMBERS[one.ipBlock.cidr] ?? []).filter((ip) => !without.includes(ip));
        }
        const namespaces = (["shop", "other"] as const).filter((name) =>
          one.namespaceSelector === undefined
            ? name === own.namespace
            : labelingsOf(one.namespaceSelector).has(text(made.namespaces[name])),
        );
        const isIt =
          namespaces.includes(other.namespace as "shop") &&
          labelingsOf(one.podSelector ?? {}).has(text(other.labels));
        return isIt ? [otherIp] : [];
      });
      const numbers = ports.flatMap((one) => {
        const name = (one.protocol ?? "TCP").toLowerCase();
        const named = one.port === "http" ? [8080] : one.port === "dns" ? [] : null;
        const from = one.port === undefined ? 0 : Number(one.port);
        const to = one.port === undefined ? 65_535 : (one.endPort ?? from);
        const list = named ?? [80, 81, 8080].filter((each) => each >= from && each <= to);
        return list.map((each) => `${named === null ? name : "tcp"} ${String(each)}`);
      });
      const isPort = ports.length === 0 || numbers.includes(`${made.protocol} ${String(made.number)}`);
      return (peers.length === 0 || who.includes(otherIp)) && isPort;
    }),
  );
  return isAdmitted ? "admitted" : "denied";
}

t.test("no object is too odd", (t) => {
  const odd = fc.anything({ maxDepth: 3 });
  fc.assert(
    fc.property(odd, odd, (given, rule) => {
      const policies = [
        given,
        policy("p", { podSelector: given, ingress: [rule, { from: [rule], ports: [given] }] }),
      ];
      return judgePolicies(facts(policies), SENT, "ingress").kind.length > 0;
    }),
    { numRuns: 500 },
  );
  t.end();
});
