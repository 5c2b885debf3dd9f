import t from "tap";
import type { NodeAccess } from "../../lib/model/access.js";
import { GuardedAccess } from "../../lib/model/guarded-access.js";
import { fakeNode } from "../steps/samples.js";
import { localFile } from "../fixtures/local-file.js";

const READ = ["ip", "link"] as const;
const OPTIONS = { action: "node/read", timeoutMs: 1 };

/** What the type checker has to refuse: `tsc` fails where one of these is no error any more. */
function forge(raw: NodeAccess, guarded: GuardedAccess, need: (access: GuardedAccess) => void): void {
  // @ts-expect-error a way in that nobody guards
  need(raw);
  const alike = { ...raw, node: guarded.node, beside: () => guarded };
  // @ts-expect-error the same in the shape of a guarded one
  need(alike);
  // @ts-expect-error a guarded one with another method in it
  need({ ...guarded, ...raw, beside: () => guarded });
  // @ts-expect-error one of its own making
  need(new GuardedAccess(raw));
  // @ts-expect-error a kind of its own
  class Sly extends GuardedAccess {}
  need(Sly.prototype);
  // @ts-expect-error what it is called is settled
  guarded.node = "node-b";
}

t.test("what is no guarded way in is refused by the type checker", (t) => {
  t.type(forge, "function", "its cases are the compiler's");
  t.end();
});

t.test("who stands beside sees every call, may refuse it, and cannot make it another one", async (t) => {
  const { access, calls } = fakeNode("node-a", () => ({ exitCode: 0 }));
  const seen: string[] = [];
  const watched = GuardedAccess.ofGuard(access).beside({
    async exec(argv, { action }, run) {
      seen.push(`${action} ${argv.join(" ")}`);
      if (argv[0] === "rm") throw new Error("no");
      return run();
    },
  });
  t.equal((await watched.exec(READ, OPTIONS)).exitCode, 0);
  await t.rejects(watched.exec(["rm"], OPTIONS), { message: "no" });
  watched.stream(["tcpdump"], { action: "netns/tcpdump" });
  t.strictSame(seen, ["node/read ip link", "node/read rm"]);
  t.strictSame(
    calls.map(({ argv }) => argv.join(" ")),
    ["ip link", "tcpdump"],
  );
  t.equal(watched.node, "node-a");
  await t.rejects(watched.pull("/a", localFile("/b"), OPTIONS), { message: "there is nothing to pull" });
});
