import t from "tap";
import { listStepOrigins } from "../../lib/plan/render-origins.js";
import type { Plan, PlanStep } from "../../lib/plan/plan.js";

const at = (file: string, line: number) => ({ file, line, column: 1 });
const step = (id: string, always = false): PlanStep => ({ id, always }) as unknown as PlanStep;
const plan = (steps: readonly PlanStep[], origins?: Plan["origins"]): Plan =>
  ({ steps, ...(origins && { origins }) }) as unknown as Plan;

t.test("who set the values of a step, by file", async (t) => {
  const made = plan([step("a"), step("b"), step("end", true)], {
    "/steps/0/id": at("a.yaml", 1),
    "/steps/0/with/x/y": at("a.yaml", 2),
    "/steps/0/with/z": at("over\u001b.yaml", 9),
    "/steps/0/run/0": at("a.yaml", 3),
    "/steps/10/with/x": at("a.yaml", 4),
    "/steps/1/timeout": at("a.yaml", 5),
    "/finally/0/uses": at("a.yaml", 6),
    "/inputs/with/x": at("a.yaml", 7),
  });
  t.strictSame(listStepOrigins(made, 0), [
    "  set by a.yaml: with/x/y:2 run/0:3",
    "  set by over\\x1b.yaml: with/z:9",
  ]);
  t.strictSame(listStepOrigins(made, 1), []);
  t.strictSame(listStepOrigins(made, 2), ["  set by a.yaml: uses:6"]);
  t.strictSame(listStepOrigins(plan([step("a")]), 0), []);
});
