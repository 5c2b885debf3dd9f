import t from "tap";
import { commentOf, compilePattern } from "../../../lib/analysis/cause/naming.js";
import { namePolicy } from "../../../lib/analysis/cause/detectors/policy.js";
import { NO_MATCHES, type Rule } from "../../../lib/linux/ruleset.js";
import { NAMINGS } from "../../fixtures/namings.js";

const rule = (chain: string, ...comments: string[]): Rule => ({
  ...{
    table: "filter",
    key: chain,
    chain,
    text: "",
    verdict: "drop",
    jumps: [],
    packets: 4,
    isPolicy: false,
    comments,
  },
  matches: NO_MATCHES,
});

t.test("a pattern's holes are the object's names, and all else stands for itself", (t) => {
  const chain = compilePattern("a.b+({namespace}/{name}", { whole: true });
  t.match(chain("a.b+(shop/deny-web"), { namespace: "shop", name: "deny-web" });
  t.equal(chain("aXb+(shop/deny-web"), null);
  t.equal(chain("x a.b+(shop/deny-web"), null, "the whole text");
  t.match(compilePattern("to {namespace}/{name} in", { whole: false })("x to a/b in y"), { name: "b" });
  t.end();
});

t.test("rules tell whose they are by names that are data", (t) => {
  const tier = rule("cali-tw-x", "cali:aB3", "End of tier default");
  t.equal(commentOf(tier, NAMINGS), "End of tier default");
  t.equal(commentOf(tier, []), "cali:aB3");
  t.equal(commentOf(rule("x", "cali:aB3"), NAMINGS), "cali:aB3", "better than nothing");
  const inChain = rule("filter-cali-po-knp/shop/deny-web");
  const inComment = rule("other", "KubernetesNetworkPolicy shop/deny-db ingress");
  t.equal(
    namePolicy(tier, [tier, inChain, inComment, inChain], NAMINGS)?.text,
    "NetworkPolicy shop/deny-web egress, NetworkPolicy shop/deny-db ingress",
  );
  t.equal(namePolicy(tier, [inChain], []), null);
  t.equal(namePolicy(rule("FORWARD"), [inChain], NAMINGS), null, "the rule stands in no chain of that kind");
  t.strictSame(namePolicy(rule("KUBE-FORWARD", "shop/web:http has no endpoints"), [], NAMINGS), {
    ...{ text: "Service shop/web:http, which has no endpoints", code: null, direction: null },
  });
  const local = namePolicy(rule("KUBE-EXTERNAL-SERVICES", "shop/web has no local endpoints"), [], NAMINGS);
  t.equal(local?.code, "no-local-endpoint");
  t.match(local?.text, /^on purpose: Service shop\/web is for pods of the same node/);
  t.end();
});
