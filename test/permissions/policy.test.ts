import t from "tap";
import {
  declared,
  effective,
  parseGrant,
  type GrantFlags,
  type PermissionRequest,
} from "../../lib/permissions/index.js";
import type { PermissionsSpec } from "../../lib/model/permissions.js";

const FULL: PermissionsSpec = {
  node: { via: ["ssh"], select: ["node-*"], max: 2 },
  exec: ["runtime/pods", "netns/tcpdump", "netns/probe", "capture/pull"],
  capture: { duration: "30s", bytes: "10MiB", payload: "headers" },
  traffic: ["ping"],
};

const requests = {
  node: { kind: "node", node: "node-a", via: "ssh" },
  exec: {
    kind: "exec",
    node: "node-a",
    via: "ssh",
    action: "runtime/pods",
    argv: ["crictl", "pods", "-o", "json"],
  },
  capture: {
    kind: "capture",
    node: "node-a",
    via: "ssh",
    durationMs: 30_000,
    bytes: 1000,
    payload: "headers",
    filter: "icmp",
  },
  traffic: { kind: "traffic", node: "node-a", via: "ssh", probe: "ping" },
} satisfies Record<string, PermissionRequest>;

type ScopeName = keyof typeof requests;

const GRANTS = {
  node: { allowNode: "node-a,node-b,node-c" },
  exec: { allowExec: "runtime/*,netns/tcpdump,netns/probe,capture/pull" },
  capture: { allowCapture: true },
  traffic: { allowTraffic: "ping" },
} satisfies Record<ScopeName, GrantFlags>;

const DENIALS = {
  node: { denyNode: "node-a" },
  exec: { denyExec: "runtime/pods" },
  capture: { denyCapture: true },
  traffic: { denyTraffic: "ping" },
} satisfies Record<ScopeName, GrantFlags>;

const FLAGS: Record<ScopeName, string> = {
  node: "--allow-node=node-a",
  exec: "--allow-exec=runtime/pods",
  capture: "--allow-capture",
  traffic: "--allow-traffic=ping",
};

const everyGrant: GrantFlags = { ...GRANTS.node, ...GRANTS.exec, ...GRANTS.capture, ...GRANTS.traffic };
const without = <T extends object>(source: T, name: string): T =>
  Object.fromEntries(Object.entries(source).filter(([key]) => key !== name)) as T;

for (const scope of Object.keys(requests) as ScopeName[]) {
  t.test(`scope ${scope}: not declared, declared, granted, denied`, async (t) => {
    const ask = (source: PermissionsSpec, flags: GrantFlags) =>
      effective(declared(source), parseGrant(flags)).check(requests[scope]);
    const flagsWithout = without(everyGrant, Object.keys(GRANTS[scope])[0] ?? "");

    for (const flags of [everyGrant, { yes: true }, { allowAll: true }]) {
      const undeclared = ask(without(FULL, scope), flags);
      t.match(
        undeclared,
        { allowed: false, by: "declaration", flag: null },
        `not declared: ${JSON.stringify(flags)}`,
      );
    }
    t.match(
      ask(FULL, flagsWithout),
      { allowed: false, by: "no grant", flag: FLAGS[scope] },
      "declared, not granted",
    );
    t.match(ask(FULL, everyGrant), { allowed: true, scope, node: "node-a" }, "granted");
    t.match(ask(FULL, { yes: true }), { allowed: true, by: "--yes" });
    t.match(ask(FULL, { allowAll: true }), { allowed: true, by: "--allow-all" });
    for (const flags of [everyGrant, { yes: true }, { allowAll: true }]) {
      const denied = ask(FULL, { ...flags, ...DENIALS[scope] });
      t.match(
        denied,
        { allowed: false, by: `--deny-${scope}`, flag: null },
        `denied: ${JSON.stringify(flags)}`,
      );
    }
  });
}

t.test("the node stands in front of every other scope", async (t) => {
  const policy = effective(declared(FULL), parseGrant(without(everyGrant, "allowNode")));
  for (const request of Object.values(requests)) {
    t.match(policy.check(request), { allowed: false, scope: "node", subject: "node-a", flag: FLAGS.node });
  }
  const yes = effective(declared(FULL), parseGrant({ yes: true }));
  t.match(yes.check({ ...requests.exec, node: "worker-a" }), { allowed: false, reason: /select/ });
  t.match(yes.check({ ...requests.exec, via: "local" }), { allowed: false, reason: /via/ });
});

t.test("node.max counts distinct nodes", async (t) => {
  const policy = effective(declared(FULL), parseGrant({ yes: true }));
  t.ok(policy.check({ ...requests.exec, node: "node-a" }).allowed);
  t.ok(policy.check({ ...requests.exec, node: "node-b" }).allowed);
  t.ok(policy.check({ ...requests.exec, node: "node-a" }).allowed);
  t.match(policy.check({ ...requests.exec, node: "node-c" }), {
    allowed: false,
    reason: /max of the runbook is 2/,
  });
});

t.test("captures and traffic stand behind the actions that make them", async (t) => {
  const argv = ["nsenter", "--net=/proc/7/ns/net", "sh", "-c", "text", "hopbook-capture", "x"];
  const exec = { kind: "exec", node: "node-a", via: "ssh", action: "netns/tcpdump", argv } as const;
  const ask = (flags: GrantFlags) => effective(declared(FULL), parseGrant(flags)).check(exec);
  t.match(ask(everyGrant), { allowed: true });
  t.match(ask(without(everyGrant, "allowCapture")), {
    allowed: false,
    scope: "capture",
    flag: "--allow-capture",
  });
  t.match(ask({ yes: true, denyCapture: true }), { allowed: false, by: "--deny-capture" });
  const ping = { ...exec, action: "netns/probe", argv: ["ping", "-c", "1", "10.0.0.1"] };
  const askPing = (flags: GrantFlags, source = FULL) =>
    effective(declared(source), parseGrant(flags)).check(ping);
  t.match(askPing(everyGrant), { allowed: true });
  t.match(askPing(without(everyGrant, "allowTraffic")), {
    allowed: false,
    scope: "traffic",
    flag: "--allow-traffic=ping",
  });
  t.match(askPing({ yes: true, denyTraffic: true }), { allowed: false, by: "--deny-traffic", flag: null });
  t.match(askPing({ yes: true }, without(FULL, "traffic")), { allowed: false, by: "declaration" });
});

t.test("capture limits: the smaller of declared and granted", async (t) => {
  const ask = (change: object, flags: GrantFlags = { yes: true }) =>
    effective(declared(FULL), parseGrant(flags)).check({ ...requests.capture, ...change });
  t.match(ask({ durationMs: 30_001 }), { allowed: false, by: "declaration", reason: /30\.0 s/ });
  t.match(ask({ bytes: 11 * 1024 ** 2 }), { allowed: false, reason: /10\.0 MiB, and 11\.0 MiB/ });
  t.match(ask({ payload: "full" }), { allowed: false, reason: /headers, and whole packets/ });
  t.match(ask({ filter: " " }), { allowed: false, reason: /requires a filter/ });
  t.match(ask({ durationMs: 6000 }, { yes: true, allowCapture: "5s,1MiB,headers" }), {
    allowed: false,
    by: "--allow-capture",
  });
  t.match(ask({ durationMs: 4000 }, { yes: true, allowCapture: "5s,1MiB" }), { allowed: true });
  const full = declared({ ...FULL, capture: { payload: "full", filterRequired: false } });
  const whole = { ...requests.capture, payload: "full", filter: "" } as const;
  t.match(effective(full, parseGrant({ yes: true })).check(whole), { allowed: true });
  t.match(effective(full, parseGrant({ yes: true, denyCapture: "full" })).check(whole), {
    allowed: false,
    by: "--deny-capture=full",
  });
  t.match(effective(full, parseGrant({ yes: true, allowCapture: "headers" })).check(whole), {
    allowed: false,
  });
});

t.test("flags that name nothing are refused", async (t) => {
  for (const flags of [
    { allowExec: "netns/tcpdmp" },
    { denyExec: ["runtime"] },
    { allowCapture: "lots" },
    { denyCapture: "headers" },
    { denyCapture: "" },
  ]) {
    t.throws(() => parseGrant(flags), { code: "USAGE" }, JSON.stringify(flags));
  }
  const values = (flags: GrantFlags) => parseGrant(flags).rules.map(({ scope, value }) => [scope, value]);
  t.same(values({ allowExec: true }), [["exec", null]]);
  t.same(values({ allowNode: ["a,b", " c "], allowExec: false, allowCapture: false, denyCapture: false }), [
    ["node", "a"],
    ["node", "b"],
    ["node", "c"],
  ]);
});
