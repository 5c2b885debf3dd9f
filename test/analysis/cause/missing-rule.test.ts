import t from "tap";
import type { FlowEvidence } from "../../../lib/model/evidence.js";
import { ask, counted, flowOf, VETH_B, type Asked } from "./kit.js";

/** Which rule of which NetworkPolicy is missing, by what the run read of the API. */

const POLICY = {
  metadata: { namespace: "shop", name: "deny-web" },
  spec: {
    podSelector: { matchLabels: { app: "web" } },
    policyTypes: ["Ingress"],
    ingress: [{ from: [{ podSelector: { matchLabels: { app: "client" } } }], ports: [{ port: 9090 }] }],
  },
};
const pod = (name: string): object => ({
  namespace: "shop",
  name,
  labels: { app: name },
  hostNetwork: false,
  ports: [],
});
const FACTS = { policies: [POLICY], namespaces: { shop: {} }, pods: [pod("client"), pod("web")], unread: [] };
const WEB = flowOf("tcp", 8080);
const TIER = `cali-tw-${VETH_B.interface}`;
const LOOKS = counted(
  "node-b",
  [
    { rule: `FORWARD -o ${VETH_B.interface} -g ${TIER}`, to: 4 },
    {
      rule: `cali-pi-knp/shop/deny-web -m comment --comment "KubernetesNetworkPolicy shop/deny-web ingress"`,
      to: 4,
    },
    {
      rule: `${TIER} -m comment --comment "End of tier default. Drop if no policies passed packet" -j DROP`,
      to: 4,
    },
  ],
  [TIER, "cali-pi-knp/shop/deny-web"],
);

function cause(policies: unknown, asked: Asked = {}): { summary: string; evidence: readonly string[] } {
  const text = typeof policies === "string" ? policies : JSON.stringify(policies);
  const { cause: found } = ask({ flow: WEB, looks: LOOKS, policies: text, ...asked });
  return { summary: found?.summary ?? "", evidence: found?.evidence ?? [] };
}

t.test("the rule that counted is told with the rule that is missing", async (t) => {
  const { summary, evidence } = cause(FACTS);
  t.match(summary, /no ingress rule of shop\/deny-web admits TCP port 8080 from shop\/client/);
  t.match(
    evidence.join("\n"),
    /rule 1 of shop\/deny-web admits TCP 9090 from pods app=client: not this port/,
  );
  const icmp = cause(FACTS, { flow: flowOf("icmp") });
  t.match(icmp.summary, /admits ICMP from shop\/client/);
  t.match(icmp.evidence.join("\n"), /left to the CNI/);
});

t.test("where the API's objects do not say it, the policy's name stands alone", async (t) => {
  const named = /NetworkPolicy shop\/deny-web ingress/;
  for (const text of ["{", "[]", JSON.stringify({ ...FACTS, policies: [] })])
    t.match(cause(text).summary, named, text);
  const unread = cause({ ...FACTS, unread: ["shop"] });
  t.match(unread.summary, named);
  t.match(
    unread.evidence.join("\n"),
    /which rule is missing is not known: the NetworkPolicies of shop could not be read/,
  );
  const since = { ...POLICY, spec: { ...POLICY.spec, ingress: [{}] } };
  t.match(
    cause({ ...FACTS, policies: [since] }).evidence.join("\n"),
    /admit it now, by rule 1 of shop\/deny-web/,
  );
  const odd = {
    ...FACTS,
    namespaces: { shop: 1 },
    pods: [{ namespace: "shop" }, { namespace: "shop", name: "web", ports: [{}, { name: "x", port: 1 }] }],
  };
  t.match(cause(odd).evidence.join("\n"), /the labels of shop\/web could not be read/);
});

t.test("without a rule that counted, the API's word alone is a doubt", async (t) => {
  const said = (asked: Asked): string =>
    ask({ flow: WEB, policies: JSON.stringify(FACTS), ...asked }).caveats.join("\n");
  t.match(
    said({}),
    /by the API's NetworkPolicies the packets are to be dropped: no ingress rule of shop\/deny-web admits/,
  );
  t.notMatch(said({ policies: JSON.stringify({ ...FACTS, policies: [] }) }), /NetworkPolicies/);
  t.notMatch(said({ direction: "reply" }), /NetworkPolicies/, "an answer is let through by its connection");
  const without = (to: FlowEvidence["to"]): string => said({ flow: { ...WEB, to } });
  t.match(without({ ...WEB.to, addresses: [] }), /TCP port 8080/);
  const masked = {
    ...WEB,
    from: { ...WEB.from, addresses: [...WEB.from.addresses, { ip: "10.77.0.11", port: null }] },
  };
  const anyPort = { ...POLICY, spec: { ...POLICY.spec, ingress: [{ from: POLICY.spec.ingress[0]?.from }] } };
  const byPeer = JSON.stringify({ ...FACTS, policies: [anyPort] });
  t.notMatch(
    said({ flow: masked, policies: byPeer }),
    /NetworkPolicies/,
    "who it comes from is then not sure",
  );
});
