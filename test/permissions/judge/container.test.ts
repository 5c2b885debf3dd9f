import t from "tap";
import { CLUSTER_SCRIPTS, planContainerExec } from "../../../lib/cluster/index.js";
import type { Argv } from "../../../lib/model/access.js";
import { declared, effective, parseGrant, type GrantFlags } from "../../../lib/permissions/index.js";

const SCRIPTS = new Map(Object.entries(CLUSTER_SCRIPTS).map(([name, text]) => [name, new Set([text])]));
const PLACE = { namespace: "shop", pod: "client", sandboxId: "a1", container: null };

function judge(
  words: Argv,
  flags: GrantFlags = { yes: true },
  more: { readonly exec?: readonly string[]; readonly shell?: boolean } = {},
): { readonly allowed: boolean; readonly reason: string; readonly flag: string | null } {
  const { exec = ["container/exec"], shell = false } = more;
  const policy = effective(
    declared({ node: { via: ["ssh"], select: ["*"] }, exec: [...exec], shell }),
    parseGrant(flags),
    { scripts: SCRIPTS },
  );
  const argv = planContainerExec(PLACE, words, { seconds: 5 });
  return policy.check({ kind: "exec", node: "node-a", via: "ssh", action: "container/exec", argv });
}

t.test("nothing runs in a container that is not declared and granted by its own name", async (t) => {
  t.ok(judge(["curl", "-k", "https://web"]).allowed);
  t.match(judge(["curl", "x"], { yes: true }, { exec: ["pod/*", "netns/*"] }), {
    allowed: false,
    flag: null,
  });
  t.match(judge(["curl", "x"], { allowNode: "*" }), { allowed: false, flag: "--allow-exec=container/exec" });
  t.ok(judge(["curl", "x"], { allowNode: "*", allowExec: "container/exec" }).allowed);
  t.match(judge(["curl", "x"], { yes: true, denyExec: "container/exec" }), { allowed: false });
});

t.test("what runs other programs needs permissions.shell as well", async (t) => {
  for (const words of [
    ["sh", "-c", "id"],
    ["perl", "-e", "1"],
    ["psql", "-c", "select 1"],
  ] as const) {
    t.match(judge(words), { allowed: false, reason: /does not declare permissions.shell/ }, words[0]);
    t.ok(judge(words, { yes: true }, { shell: true }).allowed, words[0]);
    const granted = { allowNode: "*", allowExec: "container/exec" };
    t.match(judge(words, granted, { shell: true }), { allowed: false, flag: "--allow-shell" }, words[0]);
  }
});

t.test(
  "captures are steps of their own, and a denial of traffic or of a command holds in a container too",
  async (t) => {
    t.match(judge(["tcpdump", "-i", "any"], { allowAll: true }), {
      allowed: false,
      reason: /captures are made by/,
    });
    t.match(judge(["curl", "x"], { yes: true, denyTraffic: true }), {
      allowed: false,
      reason: /deny-traffic/,
    });
    t.ok(judge(["cat", "/etc/hosts"], { yes: true, denyTraffic: true }).allowed);
    t.match(judge(["reboot"], { yes: true, denyMutate: "reboot" }), {
      allowed: false,
      reason: /deny-mutate/,
    });
    t.ok(judge(["ls"], { yes: true, denyMutate: "reboot" }).allowed);
  },
);
