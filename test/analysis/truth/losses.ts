import type { Frame } from "./frame.js";
import type { Random } from "./random.js";
import type { LossPlan, Scenario, Way } from "./scenario.js";

interface Armed {
  readonly plan: LossPlan;
  seen: number;
  readonly connections: Set<string>;
}

/** The rules that drop frames, with what each has counted. */
export class Losses {
  readonly #armed: readonly Armed[];
  readonly #random: Random;

  constructor({ losses }: Scenario, random: Random) {
    this.#armed = losses.map((plan) => ({ plan, seen: 0, connections: new Set() }));
    this.#random = random;
  }

  /** Whether a frame of so many bytes (IP) is dropped between hop `leg` and the next one. */
  drops(frame: Frame, place: { readonly leg: number; readonly way: Way; readonly bytes: number }): boolean {
    let isDropped = false;
    for (const armed of this.#armed) {
      const { plan } = armed;
      if (plan.leg !== place.leg || plan.way !== place.way) continue;
      if (plan.flow !== null && plan.flow !== frame.flow) continue;
      if (this.#matches(armed, frame, place.bytes)) isDropped = true;
    }
    return isDropped;
  }

  #matches(armed: Armed, frame: Frame, bytes: number): boolean {
    const { rule } = armed.plan;
    const index = armed.seen;
    armed.seen += 1;
    switch (rule.kind) {
      case "all":
        return true;
      case "every":
        return index % rule.nth === rule.first;
      case "share":
        return this.#random.chance(rule.share);
      case "first of connection": {
        const key = `${frame.flow} ${frame.connection}`;
        const isFirst = !armed.connections.has(key);
        armed.connections.add(key);
        return isFirst;
      }
      case "over":
        return bytes > rule.bytes;
      case "run":
        return index >= rule.from && index < rule.from + rule.count;
      case "backend":
        return frame.backend === rule.index;
    }
  }
}
