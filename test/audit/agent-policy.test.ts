import t from "tap";
import { ask, PATH, type Look } from "./kit.js";

const HEAD = "POLICY DIRECTION IDENTITY PORT/PROTO PROXY PORT";

function endpoint(
  ip: string,
  id: number,
  { enabled = "none", rows = [HEAD] }: { enabled?: string; rows?: readonly string[] } = {},
): string {
  const status = {
    identity: { id: id + 1000, labels: [`k8s:app=${String(id)}`] },
    policy: { realized: { "policy-enabled": enabled } },
  };
  return `#endpoint ${ip}\n${JSON.stringify([{ id, status }])}\n#policy\n${rows.join("\n")}\n`;
}

const look = (at: string, text: string): Look => ({
  ...{ at, kind: "agent-policy", text },
  argv: "sh -c TEXT hopbook-agent-policy 10.1.1.7",
});

const said = (
  web: Parameters<typeof endpoint>[2],
  asked = {},
  client: Parameters<typeof endpoint>[2] = {},
): string[] =>
  ask(
    "agent-policy",
    [look("node-a", endpoint("10.1.0.5", 5, client)), look("node-b", endpoint("10.1.1.7", 7, web))],
    asked,
  );

t.test("agent-policy: what the pods' maps say of the packets", async (t) => {
  t.strictSame(said({}), [
    "fine: Cilium's policy of endpoint 5 (shop/client), egress: none decides",
    "fine: Cilium's policy of endpoint 7 (shop/web), ingress: none decides",
  ]);
  const web = (...rows: readonly string[]) => ({ enabled: "ingress", rows: [HEAD, ...rows] });
  t.match(said(web("Allow Ingress 1005 8080/TCP NONE")), [
    /fine/,
    /ingress: admits TCP port 8080 of identity 1005 \(k8s:app=5\)$/,
  ]);
  t.match(
    said(web("Allow Ingress 1 ANY NONE"))[0],
    /^doubt: .* has no entry that admits TCP port 8080 of identity 1005/,
  );
  t.match(said(web("Deny Ingress 1005 ANY NONE"))[0], /^doubt: .*: denies TCP port 8080/);
  t.match(
    said(web("Allow Ingress 1005 0x1/2/TCP NONE"))[0],
    /^doubt: .*what it says of TCP port 8080 .* is not known/,
  );
  t.match(said({ enabled: "ingress", rows: ["#unread"] })[0], /^doubt: .*it is not known what it says/);
  t.match(said(web("Allow Ingress 1005 8/ICMP NONE"), { protocol: "icmp" })[1], /admits ICMP of identity/);
  t.match(
    said({}, {}, { enabled: "egress" })[0],
    /^doubt: .*endpoint 5 \(shop\/client\), egress: has no entry/,
  );
});

t.test(
  "agent-policy: where no agent runs nothing is said; where one cannot tell that is a doubt",
  async (t) => {
    const failed = (exitCode: number, stderr: string): Look => ({ ...look("node-b", ""), exitCode, stderr });
    t.strictSame(ask("agent-policy", []), []);
    t.strictSame(
      ask("agent-policy", [failed(3, "no cilium-agent runs here"), failed(127, "sh: not found")]),
      [],
    );
    t.match(ask("agent-policy", [failed(4, "the agent's container has no cilium-dbg")]), [
      /^doubt: what Cilium's policy of shop\/web says is not known: the agent's container has no cilium-dbg$/,
    ]);
    t.match(ask("agent-policy", [look("node-b", "")]), [
      /^doubt: .* not known: 10\.1\.1\.7 is no endpoint of it$/,
    ]);
    const decided = endpoint("10.1.1.7", 7, { enabled: "ingress", rows: [HEAD] });
    t.match(ask("agent-policy", [look("node-b", decided)]), [
      /^doubt: .*ingress: the other end's identity is not known$/,
    ]);
    t.match(ask("agent-policy", [look("node-b", endpoint("10.1.1.7", 7))]), [/^fine: .*none decides$/]);
    const host = { ...PATH, hops: PATH.hops.slice(0, -1) };
    t.strictSame(
      ask("agent-policy", [look("node-b", "")], { path: host }),
      [],
      "a node's own network has no endpoint",
    );
    t.strictSame(said({}, { path: { ...PATH, to: { ...PATH.to, node: null } } }), [
      "fine: Cilium's policy of endpoint 5 (shop/client), egress: none decides",
    ]);
  },
);
