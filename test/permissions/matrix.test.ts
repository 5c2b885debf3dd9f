import t from "tap";
import { fc, inDepth } from "../fixtures/property.js";
import type { GrantBlock, GrantSource } from "../../lib/model/permissions.js";
import {
  declared,
  effective,
  grantAll,
  parseGrant,
  SCOPES,
  type Decision,
  type Grant,
  type GrantFlags,
  type PermissionRequest,
  type Scope,
} from "../../lib/permissions/index.js";
import { ALLOW, allowAllBut, BEYOND, DENY, EVERYTHING, REQUESTS, without } from "./samples.js";

/** The same flags as a profile's block: what is granted by a file. */
function blockOf(flags: GrantFlags, effect: "allow" | "deny"): GrantBlock {
  const entries = Object.entries(flags).map(([name, value]) => {
    const scope = name.slice(effect.length).toLowerCase();
    const list = typeof value === "string" && scope !== "mutate" ? value.split(",") : [value].flat();
    return [scope, value === true ? true : list];
  });
  return Object.fromEntries(entries) as GrantBlock;
}

function sourceOf(allow: GrantFlags, deny: GrantFlags = {}): GrantSource {
  return {
    allow: blockOf(allow, "allow"),
    deny: blockOf(deny, "deny"),
    dir: "/etc/hopbook",
    placeOf: (path) => `profile.yaml:${path.join(".")}`,
  };
}

const GRANTED_BY: Readonly<Record<string, (allow: GrantFlags, deny: GrantFlags) => Grant>> = {
  flags: (allow, deny) => parseGrant({ ...allow, ...deny }),
  profile: (allow, deny) => parseGrant({}, { sources: [sourceOf(allow, deny)] }),
  "profile, denied by flag": (allow, deny) => parseGrant(deny, { sources: [sourceOf(allow)] }),
  "flags, denied by profile": (allow, deny) => parseGrant(allow, { sources: [sourceOf({}, deny)] }),
  "-A": (_, deny) => parseGrant({ allowAll: true, ...deny }),
  "--yes": (_, deny) => parseGrant({ yes: true, ...deny }),
  answer: (_, deny) => grantAll(parseGrant(deny), "the person at the terminal"),
};
const ALL_AT_ONCE = ["-A", "--yes", "answer"];

for (const scope of SCOPES) {
  for (const [how, make] of Object.entries(GRANTED_BY)) {
    t.test(`${scope} by ${how}`, async (t) => {
      const ask = (
        source: typeof EVERYTHING,
        grant: Grant,
        request: PermissionRequest = REQUESTS[scope],
      ): Decision => effective(declared(source), grant).check(request);
      const all = allowAllBut();
      t.match(
        ask(without(scope), make(all, {})),
        { allowed: false, by: "declaration", flag: null, scope },
        "not declared",
      );
      const given = ask(EVERYTHING, make(all, {}));
      t.match(given, { allowed: true, scope }, "granted");
      t.ok(given.by.length > 0, `granted by ${given.by}`);
      t.match(
        ask(EVERYTHING, make(all, DENY[scope])),
        { allowed: false, scope, reason: /denied by/ },
        "denied",
      );
      t.equal(ask(EVERYTHING, make(all, {}), BEYOND[scope]).allowed, false, "never more than declared");
      if (ALL_AT_ONCE.includes(how)) return;
      t.match(
        ask(EVERYTHING, make(allowAllBut(scope), {})),
        { allowed: false, by: "no grant", flag: new RegExp(`--allow-${scope}`), scope },
        "declared, not granted",
      );
      t.match(
        ask(EVERYTHING, make({ ...ALLOW.node, ...ALLOW[scope] }, {})),
        { allowed: true },
        "this one alone",
      );
      t.match(
        given.by,
        how.startsWith("flags") ? /^--allow-/ : /^profile\.yaml:allow\./,
        "it says who granted it",
      );
    });
  }
}

t.test("the flag that a refusal names is enough", async (t) => {
  for (const scope of SCOPES) {
    const flags = allowAllBut(scope);
    const { flag } = effective(declared(EVERYTHING), parseGrant(flags)).check(REQUESTS[scope]);
    const [, name = "", value] = /^'?--allow-([a-z]+)(?:=([^']*))?'?$/.exec(flag ?? "") ?? [];
    const more = { [`allow${name.charAt(0).toUpperCase()}${name.slice(1)}`]: value ?? true };
    const again = effective(declared(EVERYTHING), parseGrant({ ...flags, ...more })).check(REQUESTS[scope]);
    t.ok(again.allowed, `${scope}: ${flag}`);
  }
});

t.test("a denial of all changes, captures or traffic denies shells, which could do them", async (t) => {
  for (const flags of [{ denyMutate: true }, { denyCapture: true }, { denyTraffic: true }]) {
    const policy = effective(declared(EVERYTHING), parseGrant({ yes: true, ...flags }));
    t.match(policy.check(REQUESTS.shell), { allowed: false, reason: /denied by --deny/ });
  }
  const policy = effective(declared(EVERYTHING), parseGrant({ yes: true, denyMutate: "ip **" }));
  const shell = (argv: string[]): boolean =>
    policy.check({ kind: "exec", node: "node-a", via: "ssh", action: "node/shell", argv }).allowed;
  t.notOk(shell(["nsenter", "-t", "1", "-n", "ip", "link"]), "behind nsenter");
  t.notOk(shell(["env", "-i", "/sbin/ip", "link"]), "behind env, by a path");
  t.ok(shell(["sh", "-c", "ip link"]), "not within text: said in docs/permissions.md");
});

t.test("a change in a pod that is not declared is said as it would be declared", async (t) => {
  const policy = effective(
    declared({ ...EVERYTHING, mutate: ["ip link set * up"] }),
    parseGrant({ yes: true }),
  );
  const argv = ["nsenter", "--net=/p", "--", "ip", "link", "set", "eth0", "down"];
  t.match(policy.check({ kind: "exec", node: "node-a", via: "ssh", action: "node/mutate", argv }), {
    reason: "permissions.mutate of the runbook does not declare ip link set eth0 down",
  });
});

t.test("no pattern of a change covers a shell or a capture", async (t) => {
  const mutate = ["sh **", "tcpdump **", "nsenter **", "find **", "ping **", "timeout **", "env **"];
  const policy = effective(declared({ ...EVERYTHING, mutate }), parseGrant({ yes: true, denyTraffic: true }));
  const change = (command: string): Decision =>
    policy.check({
      ...{ kind: "exec", node: "node-a", via: "ssh", action: "node/mutate" },
      argv: command.split(" "),
    });
  t.match(change("sh -c x"), { allowed: false, reason: /counts as a shell/ });
  t.match(change("nsenter -t 1 -p ls"), { allowed: false, reason: /counts as a shell/ });
  t.match(change("nsenter --net=/p sh -c x"), { allowed: false, reason: /counts as a shell/ });
  t.match(change("find / -exec rm {} +"), { allowed: false, reason: /counts as a shell/ });
  t.match(change("timeout 5 sh"), { allowed: false, reason: /counts as a shell/ });
  t.match(change("tcpdump -i any"), { allowed: false, reason: /captures are made by the steps/ });
  t.match(change("timeout 5 tcpdump -i any"), { allowed: false, reason: /captures/ });
  t.match(change("ping -c 1 x"), { allowed: false, by: "--deny-traffic" });
  t.match(change("find /sys -delete"), { allowed: true });
  t.match(
    policy.check({ kind: "exec", node: "node-a", via: "ssh", action: "node/mutate", argv: ["find", "a\0"] }),
    { allowed: false, reason: /NUL/ },
  );
});

t.test("an action's own name does not grant a change", async (t) => {
  t.throws(() => parseGrant({ allowExec: "node/mutate" }), {
    code: "USAGE",
    hint: "Grant it with --allow-mutate",
  });
  t.throws(() => parseGrant({ allowExec: "node/shell" }), { code: "USAGE" });
  const policy = effective(
    declared({ node: {}, exec: ["node/*", "node/mutate", "node/shell"] }),
    parseGrant({ yes: true }),
  );
  t.match(policy.check(REQUESTS.mutate), { allowed: false, by: "declaration", scope: "mutate" });
  t.match(policy.check(REQUESTS.shell), { allowed: false, by: "declaration", scope: "shell" });
  const denied = effective(declared(EVERYTHING), parseGrant({ yes: true, denyExec: "node/*" }));
  t.match(denied.check(REQUESTS.mutate), { allowed: false, by: "--deny-exec" });
  t.match(denied.check(REQUESTS.shell), { allowed: false, by: "--deny-exec" });
});

/** allowed ⇒ declared ∧ granted ∧ ¬denied, judged scope by scope from the same sets by another way. */
t.test("for random sets of declared, granted and denied", async (t) => {
  const someScopes = fc.uniqueArray(fc.constantFrom(...SCOPES));
  const everything = fc.constantFrom<GrantFlags>({}, { yes: true }, { allowAll: true });
  const sets = fc.record({ declaredScopes: someScopes, allow: someScopes, deny: someScopes, everything });
  const merge = (table: Readonly<Record<Scope, GrantFlags>>, scopes: readonly Scope[]): GrantFlags =>
    Object.assign({}, ...scopes.map((scope) => table[scope])) as GrantFlags;
  const specOf = (scopes: readonly Scope[]): typeof EVERYTHING =>
    Object.fromEntries(Object.entries(EVERYTHING).filter(([name]) => scopes.includes(name as Scope)));
  const atNode: readonly Scope[] = ["node", "exec", "capture", "traffic", "mutate", "shell"];
  let allowedCount = 0;
  fc.assert(
    fc.property(sets, fc.constantFrom(...SCOPES), fc.constantFrom(...SCOPES), (given, scope, more) => {
      const { declaredScopes, allow, deny, everything } = given;
      const ask = (
        allowed: readonly Scope[],
        denied: readonly Scope[],
        request = REQUESTS[scope],
      ): boolean => {
        const flags = { ...merge(ALLOW, allowed), ...merge(DENY, denied), ...everything };
        return effective(declared(specOf(declaredScopes)), parseGrant(flags)).check(request).allowed;
      };
      const allowed = ask(allow, deny);
      if (allowed) allowedCount += 1;
      const needed: Scope[] = atNode.includes(scope) ? ["node", scope] : [scope];
      const isAll = Object.keys(everything).length > 0;
      const might = needed.every(
        (name) => declaredScopes.includes(name) && (isAll || allow.includes(name)) && !deny.includes(name),
      );
      if (allowed && !might) return false;
      // The other way holds too, but for shells, which a denied change, capture or traffic takes along.
      if (might && !allowed && scope !== "shell") return false;
      if (!allowed && ask(allow, [...deny, more])) return false;
      if (ask([...allow, more], deny) && !declaredScopes.includes(scope)) return false;
      return !ask([...allow, more], deny, BEYOND[scope]);
    }),
    { numRuns: inDepth(700, 4000) },
  );
  t.ok(allowedCount > 50, `${allowedCount} of them were allowed`);
});
