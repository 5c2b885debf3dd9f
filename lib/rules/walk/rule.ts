import type { Action, LoadedRule, MapElement } from "../chain.js";
import type { At } from "../node.js";
import type { Packet } from "../packet.js";
import type { WalkRecord } from "./record.js";
import { withDoubt, withElement, type World } from "./world.js";

/** A place in the kernel, without the packet. */
export type Place = Omit<At, "packet">;

/** Packets where rules look at them: each is looked at by all rules of a chain, one after the other. */
export class Sights {
  readonly #place: Place;
  readonly #known = new Map<Packet, At>();
  #last: At | null = null;

  constructor(place: Place) {
    this.#place = place;
  }

  of(packet: Packet): At {
    if (this.#last?.packet === packet) return this.#last;
    const known = this.#known.get(packet);
    const at = known ?? { ...this.#place, packet };
    if (known === undefined) this.#known.set(packet, at);
    this.#last = at;
    return at;
  }
}

/** What a rule did in one world. */
interface Done {
  readonly world: World;
  readonly action: Exclude<Action, { readonly kind: "either" }>;
}

const GO_ON: Done["action"] = { kind: "go-on" };

interface Walked {
  readonly sights: Sights;
  readonly record: WalkRecord;
}

/** All that a rule may do with a packet; where a test is in doubt, both. null: it passes it over, as most rules do. */
export function applyRule(rule: LoadedRule, start: World, { sights, record }: Walked): Done[] | null {
  const steps = rule.steps();
  const [first] = steps;
  if (first?.kind === "test" && first.test(sights.of(start.packet)) === false) return null;
  return followSteps(rule, start, { sights, record });
}

function followSteps(rule: LoadedRule, start: World, { sights, record }: Walked): Done[] {
  const done: Done[] = [];
  const steps = rule.steps();
  const follow = (first: World, from: number): void => {
    let world = first;
    for (let at = from; at < steps.length; at += 1) {
      const step = steps[at]!;
      if (step.kind === "count") {
        record.count(rule, world.conditions === null);
        continue;
      }
      const where = sights.of(world.packet);
      if (step.kind === "test") {
        const truth = step.test(where);
        if (truth === true) continue;
        if (truth === false) {
          done.push({ world, action: GO_ON });
          return;
        }
        done.push({ world: withDoubt(world, truth, { id: rule.key, holds: false }), action: GO_ON });
        world = withDoubt(world, truth, { id: rule.key, holds: true });
        continue;
      }
      const action = step.act(where);
      if (action.kind === "go-on") {
        if (action.packet !== undefined) world = { ...world, packet: action.packet };
        continue;
      }
      if (action.kind !== "either") {
        done.push({ world: withElement(world, elementOf(action)), action });
        return;
      }
      for (const way of action.ways) {
        const one = withDoubt(world, way.doubt, { id: rule.key, holds: true });
        if (way.action.kind === "go-on") follow(withPacket(one, way.action), at + 1);
        else if (way.action.kind !== "either")
          done.push({ world: withElement(one, elementOf(way.action)), action: way.action });
      }
      return;
    }
    done.push({ world, action: GO_ON });
  };
  follow(start, 0);
  return done;
}

function elementOf(action: Action): MapElement | undefined {
  return "by" in action ? action.by : undefined;
}

function withPacket(world: World, { packet }: Extract<Action, { readonly kind: "go-on" }>): World {
  return packet === undefined ? world : { ...world, packet };
}
