import { BoundedMap } from "./bounded-map.js";
import type { Outcomes } from "./outcomes.js";

const MOST_WALKS = 64;
const MOST_REFUSED = 64;
/** A resolver goes on to the next domain at once. */
const GAP_US = 10_000_000;

interface Refused {
  readonly name: string;
  readonly type: string;
  readonly tookUs: number | null;
}

interface Walk {
  readonly firstUs: number;
  lastUs: number;
  readonly refused: Refused[];
}

/** One answer, as a walk needs it. */
interface Answered {
  readonly name: string;
  readonly type: string;
  readonly askedUs: number | null;
  readonly timeUs: number;
}

/**
 * A resolver that has a list of search domains asks for a short name in one after the other (resolv.conf(5)): what
 * looks like many errors is one walk, and no error where it ends with an answer.
 */
export class SearchWalks {
  private readonly walks = new BoundedMap<string, Walk>(MOST_WALKS, (walk) => this.fail(walk));

  constructor(private readonly outcomes: Outcomes) {}

  /** The name does not exist (NXDOMAIN). */
  refuse({ name, type, askedUs, timeUs }: Answered): void {
    const key = firstLabel(name);
    const refused = { name, type, tookUs: askedUs === null ? null : timeUs - askedUs };
    const known = this.current(key, timeUs);
    const isNext = known?.refused.every((one) => one.name !== name || one.type !== type) === true;
    if (known !== undefined && isNext && known.refused.length < MOST_REFUSED) {
      known.refused.push(refused);
      known.lastUs = timeUs;
      return;
    }
    if (known !== undefined) this.fail(known);
    this.walks.set(key, { firstUs: askedUs ?? timeUs, lastUs: timeUs, refused: [refused] });
  }

  /** The name exists: true where that was the end of a walk, which is counted. */
  find({ name, timeUs }: Answered): boolean {
    const key = firstLabel(name);
    const walk = this.current(key, timeUs);
    if (walk === undefined) return false;
    this.walks.delete(key);
    const names = namesOf(walk);
    if (names.includes(name)) {
      // It has come into being meanwhile.
      this.fail(walk);
      return false;
    }
    const outcome = `${commonStart([...names, name])} → NXDOMAIN for ${count(names.length)} before it, then answered`;
    this.outcomes.add({ protocol: "dns", outcome, kind: "ok" }, timeUs - walk.firstUs);
    return true;
  }

  finish(): void {
    for (const walk of this.walks.values()) this.fail(walk);
  }

  /** The walk that goes on at `timeUs`; one that ended before is counted. */
  private current(key: string, timeUs: number): Walk | undefined {
    const walk = this.walks.get(key);
    if (walk === undefined || timeUs - walk.lastUs <= GAP_US) return walk;
    this.walks.delete(key);
    this.fail(walk);
    return undefined;
  }

  private fail(walk: Walk): void {
    const names = namesOf(walk);
    if (names.length > 1) {
      const outcome = `${commonStart(names)} → NXDOMAIN for all ${count(names.length)} that were asked for`;
      this.outcomes.add({ protocol: "dns", outcome, kind: "error" }, walk.lastUs - walk.firstUs);
      return;
    }
    for (const { name, type, tookUs } of walk.refused)
      this.outcomes.add({ protocol: "dns", outcome: `NXDOMAIN for ${name}. ${type}`, kind: "error" }, tookUs);
  }
}

function namesOf(walk: Walk): readonly string[] {
  return [...new Set(walk.refused.map(({ name }) => name))];
}

function firstLabel(name: string): string {
  return name.split(".", 1)[0]!;
}

function commonStart(names: readonly string[]): string {
  const [first = [], ...others] = names.map((name) => name.split("."));
  const length = first.findIndex((label, index) => others.some((labels) => labels[index] !== label));
  return (length < 0 ? first : first.slice(0, length)).join(".");
}

/** One of them may be the name as it was given: not each is of a search domain. */
function count(names: number): string {
  return names === 1 ? "1 name" : `${names} names`;
}
