/** Something that came from outside at one point of the recorded run: an answer, a line, the end of a wait. */
export interface Delivery {
  readonly seq: number;
  state: "waiting" | "late" | "done";
  arrival: Arrival | null;
}

interface Arrival {
  /** Whether it may come now: what it answers has been said. */
  readonly mayCome: () => boolean;
  /** It may come all the same where nothing else goes on any more. */
  readonly mayBeForced: () => boolean;
  readonly deliver: () => Promise<void> | void;
}

interface ScheduleOptions {
  /** How long nothing has to happen before the recorded order is given up. Default 600. */
  readonly idleMs?: number;
  /** How long before what waits for a word that does not come is given all the same. Default 500. */
  readonly forceMs?: number;
}

const TICKS = 10;

/**
 * Gives what was recorded in its order, each as soon as it was asked for: with no clock, a replay of the same runbook is
 * the same run. A runbook that was changed may never ask for the next one; once nothing happens any more, the next that
 * was asked for is given.
 */
export class Schedule {
  readonly #order: Delivery[] = [];
  readonly #armed = new Set<Delivery>();
  readonly #idleMs: number;
  readonly #forceMs: number;
  #head = 0;
  #isSorted = true;
  #isRunning = false;
  #isClosed = false;
  #isRushed = false;
  #activity = 0;

  constructor(options: ScheduleOptions = {}) {
    this.#idleMs = options.idleMs ?? 600;
    this.#forceMs = options.forceMs ?? 500;
  }

  add(seq: number): Delivery {
    const delivery: Delivery = { seq, state: "waiting", arrival: null };
    this.#order.push(delivery);
    this.#isSorted = false;
    return delivery;
  }

  /** From now on it can come. */
  arm(delivery: Delivery, arrival: Arrival): void {
    if (delivery.state === "done") return;
    delivery.arrival = arrival;
    this.#armed.add(delivery);
    this.stir();
  }

  /** It will not come any more, or has come in another way. */
  drop(delivery: Delivery): void {
    delivery.state = "done";
    this.#armed.delete(delivery);
    this.stir();
  }

  /** Something happened: what waited for it may come now. */
  stir(): void {
    this.#activity += 1;
    if (!this.#isRunning && !this.#isClosed) void this.#run();
  }

  close(): void {
    this.#isClosed = true;
  }

  /** The replay has failed: whatever is still asked for is given at once, so that it ends. */
  rush(): void {
    this.#isRushed = true;
    this.stir();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Who asked first also says what else it wants before anything is answered.
    await turn();
    while (!this.#isClosed) {
      const next = this.#findNext();
      if (next !== undefined) await this.#give(next);
      else if (this.#armed.size === 0) break;
      else await this.#waitOrGiveUp();
    }
    this.#isRunning = false;
  }

  async #give(delivery: Delivery): Promise<void> {
    delivery.state = "done";
    this.#armed.delete(delivery);
    this.#activity += 1;
    await delivery.arrival?.deliver();
    await turn();
  }

  #findNext(): Delivery | undefined {
    if (this.#isRushed) return this.#armed.size === 0 ? undefined : first([...this.#armed]);
    this.#sort();
    const late = [...this.#armed].filter((delivery) => delivery.state === "late" && mayCome(delivery));
    if (late.length > 0) return first(late);
    while (this.#order[this.#head] !== undefined && this.#order[this.#head]?.state !== "waiting")
      this.#head += 1;
    const head = this.#order[this.#head];
    return head !== undefined && mayCome(head) ? head : undefined;
  }

  async #waitOrGiveUp(): Promise<void> {
    if (!(await this.#isIdle(this.#idleMs))) return;
    const ready = [...this.#armed].filter(mayCome);
    if (ready.length > 0) {
      this.#giveUpBefore(first(ready).seq);
      return;
    }
    if (!(await this.#isIdle(this.#forceMs))) return;
    const forced = [...this.#armed].filter((delivery) => delivery.arrival?.mayBeForced() === true);
    if (forced.length === 0) return;
    const next = first(forced);
    this.#giveUpBefore(next.seq);
    await this.#give(next);
  }

  /** What should have come before is not waited for any more. */
  #giveUpBefore(seq: number): void {
    for (let at = this.#head; at < this.#order.length; at += 1) {
      const delivery = this.#order[at];
      if (delivery === undefined || delivery.seq >= seq) break;
      if (delivery.state === "waiting") delivery.state = "late";
    }
  }

  /** In several looks, so that a long computation in between does not count as idleness. */
  async #isIdle(ms: number): Promise<boolean> {
    const before = this.#activity;
    for (let tick = 0; tick < TICKS; tick += 1) {
      await new Promise((resolve) => setTimeout(resolve, ms / TICKS));
      if (this.#activity !== before || this.#isClosed) return false;
    }
    return true;
  }

  #sort(): void {
    if (this.#isSorted) return;
    this.#order.sort((a, b) => a.seq - b.seq);
    this.#isSorted = true;
  }
}

function mayCome(delivery: Delivery): boolean {
  return delivery.arrival?.mayCome() === true;
}

function first(deliveries: readonly Delivery[]): Delivery {
  return deliveries.reduce((a, b) => (b.seq < a.seq ? b : a));
}

/** Lets all that was given take its effect: promises, and what waits for the next turn of the loop. */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
