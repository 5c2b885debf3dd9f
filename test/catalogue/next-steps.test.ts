import t from "tap";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { loadNextSteps } from "../../lib/catalogue/next-steps.js";
import { RUNBOOK_DIR } from "../../lib/catalogue/places.js";
import { loadRunbook, type Runbook } from "../../lib/runbook/index.js";
import type { Timing } from "../../lib/steps/connect/attribute.js";
import type { EgressVerdict } from "../../lib/steps/egress/judge-egress.js";
import type { LossVerdict } from "../../lib/steps/loss/judge-loss.js";
import type { SizesVerdict } from "../../lib/steps/mtu/sizes.js";
import type { NodesVerdict } from "../../lib/steps/nodes/matrix.js";
import type { WaysVerdict } from "../../lib/steps/pods/judge-ways.js";
import type { PoliciesVerdict } from "../../lib/steps/policy/judge-policies.js";
import type { ServiceVerdict } from "../../lib/steps/service/judge-service.js";
import type { DnsVerdict } from "../../lib/traffic/index.js";

type Outcome = Runbook["checks"][number]["outcomes"][number];

/** Every code that a judge can give: the compiler asks for a new one here. */
type Codes<Verdict extends { readonly code: string }> = Readonly<Record<Verdict["code"], true>>;

const loss: Codes<LossVerdict> = { ok: true, lossy: true, "no-traffic": true, "not-known": true };
const ways: Codes<WaysVerdict> = { ok: true, lost: true, refused: true, silent: true, "not-known": true };
const mtu: Codes<SizesVerdict> = {
  ...{ ok: true, "mtu-hole": true, "mtu-device": true, "nothing-passes": true, "not-known": true },
};
const nodes: Codes<NodesVerdict> = {
  ...{ ok: true, unreachable: true, "large-lost": true, "tunnel-lost": true, lossy: true, "not-known": true },
};
const policy: Codes<PoliciesVerdict> = {
  ...{ ok: true, denied: true, other: true, "read-otherwise": true, "not-known": true },
};
const egress: Codes<EgressVerdict> = {
  ...{ ok: true, "no-service": true, "not-left": true, "no-answer": true, refused: true },
  ...{ "reply-lost": true, "not-known": true },
};
const service: Codes<ServiceVerdict> = {
  ...{ ok: true, refused: true, lost: true, silent: true, "not-known": true },
  ...{ "no-endpoints": true, "service-broken": true },
};
const connect: Codes<Timing> = {
  ...{ none: true, "not-connected": true, "slow-name": true, "slow-leg": true, "slow-far-end": true },
  ...{ "not-known": true, "tls-none": true, "tls-alert": true, "tls-wrong-name": true, "tls-expired": true },
  "tls-not-yet-valid": true,
};
const dns: Codes<DnsVerdict> = {
  ...{ "no-nameserver": true, "wrong-nameserver": true, "nobody-listens": true, "query-dropped": true },
  ...{ "service-not-translated": true, "reply-dropped": true, "server-silent": true, "no-endpoints": true },
  ...{ "node-local-down": true, "no-answer": true, "endpoint-dead": true, "aaaa-dropped": true },
  ...{ "answers-lost": true, "tcp-blocked": true, "upstream-silent": true, servfail: true, refused: true },
  ...{ "server-error": true, "name-unknown": true, "name-without-address": true, slow: true },
  ...{ "slow-search": true, none: true },
};

/** By the playbook whose outcomes are called by what its judge says. */
const JUDGED: Readonly<Record<string, object>> = {
  ...{ connect, dns, egress, mtu },
  ...{ "node-to-node": nodes, "packet-loss": loss, "policy-drop": policy },
  ...{ "trace-nodes": ways, "trace-service": service },
};
const WELL = new Set(["ok", "none"]);
const OF_JUDGE = "${{ steps.judge.outputs.code }}";

const steps = await loadNextSteps();
const files = readdirSync(RUNBOOK_DIR).filter((file) => file.endsWith(".yaml"));
const runbooks = await Promise.all(files.map((file) => loadRunbook(join(RUNBOOK_DIR, file))));

/** What an outcome can be called, where outcomes before it have taken what they ask for. */
function codesOf(outcome: Outcome, before: readonly Outcome[], name: string): readonly string[] {
  const { code = "" } = outcome;
  if (!code.includes("${{")) return [code];
  const taken = new Set(before.map((one) => oneCode(one) ?? ""));
  const own = Object.keys(JUDGED[name] ?? {}).filter((one) => !WELL.has(one) && !taken.has(one));
  return own.length === 0 || !code.endsWith(OF_JUDGE)
    ? [code]
    : own.map((one) => code.replace(OF_JUDGE, one));
}

function oneCode({ if: condition = "" }: Outcome): string | undefined {
  return /^\$\{\{ steps\.judge\.outputs\.code == "([a-z-]+)" \}\}$/.exec(condition)?.[1];
}

/** Where the outcome is of flows by their verdict, that verdict itself says what to do. */
function verdictOf({ if: condition = "" }: Outcome): string | undefined {
  return /findings\.flows\.exists\(f, f\.verdict\.status == "([a-z]+)"/.exec(condition)?.[1];
}

t.test("every outcome of a playbook that is not well ends with what a person does now", async (t) => {
  const always = new Set<string>(
    steps.verdicts.filter(({ at }) => at === undefined).map(({ status }) => status),
  );
  const given = new Set<string>();
  for (const { metadata, checks } of runbooks) {
    for (const { id, outcomes } of checks) {
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome.status === "pass") continue;
        const what = `${metadata.name}, ${id}, outcome ${index + 1}`;
        const verdict = verdictOf(outcome);
        if (outcome.code === undefined && verdict !== undefined) {
          t.ok(always.has(verdict), `${what}: the verdict ${verdict} has steps`);
          continue;
        }
        for (const code of codesOf(outcome, outcomes.slice(0, index), metadata.name)) {
          given.add(code);
          t.ok(Object.hasOwn(steps.outcomes, code), `${what}: the code "${code}" has steps`);
        }
      }
    }
  }
  t.same(
    Object.keys(steps.outcomes).filter((code) => !given.has(code)),
    [],
    "no outcome has these codes",
  );
});

t.test(
  "hopbook's own commands in them are those of playbooks that are there, with inputs that they have",
  async (t) => {
    const known = new Map(runbooks.map((runbook) => [runbook.metadata.name, runbook.inputs]));
    const all = [steps.causes, steps.outcomes].flatMap((one) => Object.values(one).flat());
    const texts = [...all, ...steps.verdicts.flatMap(({ next }) => next)];
    for (const [, name = "", rest = ""] of texts.flatMap((text) => [
      ...text.matchAll(/`hopbook (?:run|plan) ([a-z-]+)([^`]*)`/g),
    ])) {
      const inputs = known.get(name);
      t.ok(inputs, `hopbook run ${name}`);
      for (const [, flag = ""] of rest.matchAll(/ --(?:no-)?([a-z-]+)/g)) {
        const input = flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
        t.ok(Object.hasOwn(inputs ?? {}, input), `hopbook run ${name} --${flag}`);
      }
    }
  },
);
