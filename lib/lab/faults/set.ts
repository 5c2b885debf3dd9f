import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HopbookError } from "../../errors.js";
import { execInNode, execInPod, execInUnderlay, type LabCommandResult } from "../enter.js";
import { requireLab } from "../state.js";
import type { LabOptions, LabState } from "../types.js";
import { findFault } from "./registry.js";
import type { Fault, FaultCommand, FaultPlace, FaultStep } from "./types.js";

const SETTLE_TIMEOUT_MS = 3000;

interface SetFaultOptions extends LabOptions {
  readonly fault: string;
  readonly on: boolean;
}

function runAt(lab: LabState, place: FaultPlace, command: FaultCommand): Promise<LabCommandResult> {
  const options = command.stdin === undefined ? {} : { stdin: command.stdin };
  if (place === "underlay") return execInUnderlay(lab, command.argv, options);
  if (place.includes("/")) return execInPod(lab, place, command.argv, options);
  return execInNode(lab, place, command.argv, options);
}

async function setStep(lab: LabState, step: FaultStep, on: boolean): Promise<void> {
  const isOn = async (): Promise<boolean> => step.isOn(await runAt(lab, step.place, step.probe));
  if ((await isOn()) === on) return;
  for (const command of on ? step.on : step.off) {
    const result = await runAt(lab, step.place, command);
    if (result.exitCode !== 0) throw refused(command, result, step.place);
  }
  const deadline = performance.now() + SETTLE_TIMEOUT_MS;
  while ((await isOn()) !== on) {
    if (performance.now() > deadline) {
      throw new HopbookError(
        "LAB_FAILED",
        `Cannot switch a fault ${on ? "on" : "off"}: it did not take effect`,
        {
          where: { node: step.place, argv: step.probe.argv },
        },
      );
    }
    await sleep(20);
  }
}

function refused(command: FaultCommand, result: LabCommandResult, place: string): HopbookError {
  const words = result.timedOut ? "it did not end in time" : result.stderr.trim();
  return new HopbookError("LAB_FAILED", `Cannot change ${place}: ${words}`, {
    where: { node: place, argv: command.argv },
  });
}

async function setSteps(lab: LabState, fault: Fault, on: boolean): Promise<void> {
  const steps = on ? fault.steps : [...fault.steps].reverse();
  for (const step of steps) await setStep(lab, step, on);
}

/**
 * Switches a fault on or off; doing so twice is the same as once. A fault that cannot be made whole is taken
 * back before the error is thrown. Throws USAGE for an unknown fault, LAB_FAILED where no lab is up or a
 * command of the fault fails.
 */
export async function setFault(options: SetFaultOptions): Promise<void> {
  const lab = requireLab(options);
  const fault = findFault(options.fault, { topology: lab.topology, nodes: lab.nodes.length });
  const folder = join(lab.dir, "faults");
  const note = join(folder, fault.name);
  if (!options.on) {
    await setSteps(lab, fault, false);
    rmSync(note, { force: true });
    return;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(note, "");
  try {
    await setSteps(lab, fault, true);
  } catch (error) {
    await setSteps(lab, fault, false).catch(() => undefined);
    rmSync(note, { force: true });
    throw error;
  }
}

/** Names of the faults that were switched on and not off again. */
export function readActiveFaults(dir: string): string[] {
  try {
    return readdirSync(join(dir, "faults")).sort();
  } catch {
    return [];
  }
}
