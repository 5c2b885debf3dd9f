import t from "tap";
import { Bench } from "./bench.js";

/** Away from pods the sender's node masquerades: the same packet has another source behind it. */
t.test("what is masqueraded on the way is followed, and not called lost", async (t) => {
  const bench = await Bench.open("nat");
  t.teardown(() => bench.close());
  for (const to of ["node/node-b", "node/node-b:22", "10.77.0.1"]) {
    const { stdout, exitCode } = await bench.run("--from", "shop/client", "--to", to, "--output", "json");
    const { flows } = JSON.parse(stdout) as {
      flows: { verdict: { status: string }; hops: { role: string; request: { packets: number } }[] }[];
    };
    t.strictSame(
      flows.map((flow) => flow.verdict.status),
      ["delivered"],
      to,
    );
    for (const hop of flows[0]?.hops ?? []) t.ok(hop.request.packets >= 4, `${to}: seen at the ${hop.role}`);
    t.equal(exitCode, 0);
  }
});
