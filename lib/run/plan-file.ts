import { open, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HopbookError } from "../errors.js";
import { unreadable, unwritable } from "../files/failure.js";
import { readRegularFile } from "../files/read.js";
import { digestOf, type SealedPlan } from "../plan/seal.js";
import { coerceInputs, type Runbook } from "../runbook/index.js";
import { describeFault } from "../shapes/fault.js";
import { plan as isPlan } from "../shapes/generated/plan.js";
import { SECRET } from "./plan-frame.js";
import type { RawInputs } from "../session/options.js";

const MAX_PLAN_BYTES = 64 * 1024 * 1024;

/** Writes plan.json (0600), whole or not at all. Throws ARTIFACTS_UNWRITABLE; a file that is there needs `force`. */
export async function writePlanFile(
  plan: SealedPlan,
  options: { readonly file: string; readonly force: boolean },
): Promise<string> {
  const file = resolve(options.file);
  const text = `${JSON.stringify(plan, null, 2)}\n`;
  const temporary = join(dirname(file), `.hopbook-tmp-plan-${process.pid}-${plan.run.id}`);
  try {
    if (!options.force) {
      await writeNew(file, text);
      return file;
    }
    await writeNew(temporary, text);
    await rename(temporary, file);
    return file;
  } catch (error) {
    await rm(temporary, { force: true });
    throw unwritable(file, error, {
      what: "the plan",
      elsewhere: "a file that can be written",
      whereTaken: "another file, or overwrite it with --force",
    });
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A plan that can be run. Throws FILE_UNREADABLE, PLAN_INVALID. */
export async function readPlanFile(file: string): Promise<SealedPlan> {
  const value = await readJson(file);
  if (!isPlan(value)) throw invalid(file, describeFault(isPlan, value, "plan"));
  const plan: SealedPlan = value;
  const { digest, ...body } = plan;
  if (digestOf(body) !== digest)
    throw invalid(
      file,
      `its digest is ${digestOf(body)}, and it says ${digest}: it was changed after it was made`,
    );
  if (!plan.complete) throw invalid(file, "it was made without a look at the nodes, and has no commands");
  return plan;
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = (await readRegularFile(file, MAX_PLAN_BYTES)).toString("utf8");
  } catch (error) {
    throw unreadable(file, error, { what: "the plan", hint: "Name what hopbook plan … --out FILE wrote" });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(file, "it is not JSON");
  }
}

function invalid(file: string, reason: string): HopbookError {
  return new HopbookError("PLAN_INVALID", `Cannot run the plan ${file}: ${reason}`, {
    where: { file },
    hint: "Make it anew with hopbook plan … --out FILE",
  });
}

/** The typed inputs of a plan, with those that are secret given again. Throws INPUT_INVALID. */
export function inputsOfPlan(
  runbook: Runbook,
  { inputs }: SealedPlan,
  raw: RawInputs,
): Record<string, unknown> {
  const secrets = Object.keys(inputs).filter((name) => runbook.inputs[name]?.secret === true);
  const foreign = Object.keys(raw).filter((name) => !secrets.includes(name));
  if (foreign.length > 0) {
    throw new HopbookError(
      "USAGE",
      `Cannot run the plan with ${foreign.join(", ")}: its inputs are settled`,
      {
        hint: "Make another plan for other inputs",
      },
    );
  }
  const missing = secrets.filter((name) => inputs[name] === SECRET && !Object.hasOwn(raw, name));
  if (missing.length > 0) {
    throw new HopbookError(
      "INPUT_INVALID",
      `Cannot run the plan: it does not have the secret ${missing.join(", ")}`,
      {
        hint: `Give it again: ${missing.map((name) => `--${name} …`).join(" ")}`,
      },
    );
  }
  const specs = Object.fromEntries(secrets.map((name) => [name, runbook.inputs[name]])) as Runbook["inputs"];
  const given = coerceInputs({ ...runbook, inputs: specs }, raw);
  return { ...inputs, ...Object.fromEntries(Object.keys(raw).map((name) => [name, given[name]])) };
}
