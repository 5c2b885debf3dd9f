import t from "tap";
import { renderSarifFindings } from "../../lib/report/index.js";
import { ALL_SAMPLES, buildMany, everyThird } from "./many.js";
import { buildFindings, healthy } from "./samples.js";

interface Rule {
  readonly id: string;
  readonly defaultConfiguration: { readonly level: string };
}

interface Log {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly Rule[] } };
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } };
      }[];
      readonly properties?: unknown;
    }[];
  }[];
}

const OPTIONS = { version: "1.2.3", root: "/runs/one" };
const parse = (text: string): Log => JSON.parse(text) as Log;

t.test("a flow that was lost, with its share, and what detectors say", async (t) => {
  const [run] = parse(renderSarifFindings(buildFindings([everyThird], { checks: [] }), OPTIONS)).runs;
  t.strictSame(
    run?.results.map(({ ruleId, level }) => [ruleId, level]),
    [
      ["flow-lost", "error"],
      ["mtu-hole", "error"],
      ["retransmission-storm", "warning"],
      ["port-reuse", "note"],
    ],
  );
  const [lost, hole, storm] = run?.results ?? [];
  t.match(
    lost?.message.text,
    /LOST 24 of 72 request packets \(33\.3 %\) on node-b .* Cause: an iptables rule/,
  );
  t.strictSame(lost?.properties, { lost: { packets: 24, of: 72, share: 24 / 72 } });
  t.match(hole?.message.text, "do not. Next: Set the pods' MTU to 1400 or less.");
  t.equal(storm?.locations[0]?.physicalLocation.artifactLocation.uri, "captures/node-a/pod.eth0.pcap");
});

t.test("a rule is as grave as what goes by it: what is but noted is no error by default", async (t) => {
  const [run] = parse(renderSarifFindings(buildFindings([everyThird], { checks: [] }), OPTIONS)).runs;
  const levels = new Map(
    run?.tool.driver.rules.map(({ id, defaultConfiguration: { level } }) => [id, level]),
  );
  t.match(Object.fromEntries(levels), {
    ...{ "flow-lost": "error", "flow-inconclusive": "warning", "left-out": "note", check: "error" },
    ...{ "mtu-hole": "error", "retransmission-storm": "warning", "port-reuse": "note" },
  });
});

t.test("what an audit calls a fault is an error where the packets were in trouble too", async (t) => {
  const [flow] = ALL_SAMPLES["audited"]?.flows ?? [];
  if (flow?.audit === undefined) throw new Error("The sample has no audit");
  const audit = flow.audit;
  const ofAudit = (flows: Parameters<typeof buildFindings>[0]): [string, string, string][] =>
    (parse(renderSarifFindings(buildFindings(flows, { checks: [] }), OPTIONS)).runs[0]?.results ?? [])
      .filter(({ ruleId }) => ruleId.startsWith("audit-"))
      .map(({ ruleId, level, message }) => [ruleId, level, message.text]);
  const [fault, warning, ...more] = ofAudit([flow]);
  t.match(fault, ["audit-rules", "error"]);
  t.match(fault?.[2], /node-b \(request\): the request .* is dropped by a rule of FORWARD\. .*-j DROP/);
  t.match(fault?.[2], /Next: Take the rule out: `iptables-save` shows it\.$/);
  t.match(warning, ["audit-mtu", "warning"]);
  t.strictSame(more, [], "neither doubts nor what is fine");
  t.match(ofAudit([{ ...healthy, audit }])[0], ["audit-rules", "warning"]);
});

t.test("every sample: rules are listed, places are URIs, nothing steers a terminal", async (t) => {
  for (const [name, findings] of Object.entries(ALL_SAMPLES)) {
    const text = renderSarifFindings(findings, OPTIONS);

    t.notMatch(JSON.stringify(parse(text)), /\\u00[01]|[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/, name);
    const [run] = parse(text).runs;
    for (const { ruleId, ruleIndex, message, locations } of run?.results ?? []) {
      t.equal(run?.tool.driver.rules[ruleIndex]?.id, ruleId);
      t.ok(message.text.length > 0);
      for (const { physicalLocation } of locations)
        t.match(physicalLocation.artifactLocation.uri, /^(file:\/\/\/)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$/);
    }
  }
});

t.test("bounded, and what is left out is said", async (t) => {
  const text = renderSarifFindings(buildFindings(buildMany(5000), { checks: [] }), OPTIONS);
  t.ok(text.length < 6_000_000, `${text.length} characters`);
  t.match(parse(text).runs[0]?.results.at(-1)?.message.text, /^4000 more flows are not listed here: /);
});
