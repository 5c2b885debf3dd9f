import t, { type Test } from "tap";
import type { RunFolder } from "../../lib/artifacts/index.js";
import { registerClocks } from "../../lib/verdict/clock-offsets.js";

/** What the manifest is told of a folder with what these steps found. */
async function clocksOf(test: Test, ...steps: readonly unknown[]): Promise<Record<string, number>> {
  const files = steps.map((found, index) => [`path${index}.json`, JSON.stringify(found)]);
  const dir = test.testdir({ evidence: steps.length === 0 ? {} : { paths: Object.fromEntries(files) } });
  const told: Record<string, number> = {};
  const registerClock = (node: string, offsetMs: number): void => void (told[node] = offsetMs);
  await registerClocks({ dir, registerClock } as unknown as RunFolder);
  return told;
}

t.test("the manifest is told how far each node's clock is off", async (t) => {
  const tools = {
    "node-a": { clockOffsetSec: 0.0124 },
    "node-b": { clockOffsetSec: -90.0021 },
    "node-c": { clockOffsetSec: null },
    "node-d": null,
  };
  t.strictSame(await clocksOf(t, { paths: [], tools }), { "node-a": 12, "node-b": -90_002 });
});

t.test("a run without a path, or with a damaged one, knows none", async (t) => {
  t.strictSame(await clocksOf(t), {});
  for (const paths of [{}, null, { tools: null }, { tools: "x" }, [1]])
    t.strictSame(await clocksOf(t, paths), {}, JSON.stringify(paths));
});

t.test("the clocks of all paths are told, also where one of them is damaged", async (t) => {
  const [dns, far] = ["node-b", "node-c"].map((node) => ({ tools: { [node]: { clockOffsetSec: 1 } } }));
  t.strictSame(await clocksOf(t, dns, null, far), { "node-b": 1000, "node-c": 1000 });
});
