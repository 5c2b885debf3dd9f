import { nearest } from "../document/index.js";
import { objectOf, type CelType, type ObjectType } from "../cel/index.js";
import type { RunbookStep } from "./types.js";

/** Goes through a runbook's steps in their order and knows which of them have ended when the next one begins. */
export class StepOrder {
  readonly #needs: ReadonlyMap<string, readonly string[]>;
  /** Steps that another one may cancel. */
  readonly #cancelled: ReadonlySet<string>;
  readonly #types = new Map<string, CelType>();
  readonly #running = new Set<string>();

  constructor(all: readonly RunbookStep[]) {
    this.#needs = new Map(all.map(({ id, needs }) => [id, needs]));
    this.#cancelled = new Set(
      all.flatMap(({ control }) => (control?.type === "cancel" ? control.steps : [])),
    );
  }

  /** `steps`, as expressions of this step see it. */
  before(step: RunbookStep): ObjectType {
    // What a step waits for or cancels has not ended when its own condition is asked.
    const waited = this.#closure(step.needs);
    return this.#typeOf([...this.#running].filter((id) => !waited.has(id)));
  }

  /** `steps` after the last one, when everything has ended. */
  after(): ObjectType {
    return this.#typeOf([]);
  }

  /** What ran in the background has ended: `finally` begins. */
  endAll(): void {
    this.#running.clear();
  }

  /** The step was seen; `type` is what `steps.ID` is from here on. */
  pass(step: RunbookStep, type: CelType): void {
    this.#types.set(step.id, type);
    if (step.background) {
      this.#running.add(step.id);
      return;
    }
    for (const id of this.#closure([...step.needs, ...joinedBy(step)])) this.#running.delete(id);
  }

  /**
   * Steps and all that they need: whoever has waited for one has waited for those. One that may be cancelled may end
   * while what it needs still runs.
   */
  #closure(ids: readonly string[]): ReadonlySet<string> {
    const found = new Set<string>();
    const open = [...ids];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (found.has(id)) continue;
      found.add(id);
      if (!this.#cancelled.has(id)) open.push(...(this.#needs.get(id) ?? []));
    }
    return found;
  }

  #typeOf(running: readonly string[]): ObjectType {
    const ended = [...this.#types].filter(([id]) => !running.includes(id));
    const names = ended.map(([id]) => id);
    return objectOf(Object.fromEntries(ended), {
      explain: (name) => {
        const shown = JSON.stringify(name);
        if (running.includes(name)) {
          const message = `the step ${shown} may still run in the background`;
          const suggestion = `wait for it before: needs: [${name}], or a step with wait: [${name}]`;
          return { message, suggestion, rule: "background-step" };
        }
        if (this.#needs.has(name)) {
          const suggestion = "a step sees only those above it: change their order";
          return { message: `the step ${shown} has not run by then`, suggestion, rule: "later-step" };
        }
        const near = nearest(name, names);
        const suggestion = near === undefined ? {} : { suggestion: `did you mean ${JSON.stringify(near)}?` };
        return { message: `there is no step ${shown}`, rule: "unknown-step", ...suggestion };
      },
    });
  }
}

/** What has ended for certain behind a step that waits or cancels: nothing where it may be skipped, or fail. */
function joinedBy(step: RunbookStep): readonly string[] {
  if (step.control === null) return [];
  const isCertain = step.if === undefined && step.needs.length === 0 && !step.continueOnError;
  return isCertain ? step.control.steps : [];
}
