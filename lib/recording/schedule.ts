import { filesDone, isAtRest, turn, watchWorks, type Works } from "./at-rest.js";

/**
 * A moment of the recorded run that has its place in the order. What came from outside (an answer, a line, the end of a
 * wait) is armed, and given in its turn; what the run did itself (it asked, wrote, looked at the time, ended a step) is met.
 */
export interface Moment {
  readonly seq: number;
  state: "waiting" | "late" | "done";
  arrival: Arrival | null;
}

interface Arrival {
  /** Whether it may come now: what it answers has been said. */
  readonly mayCome: () => boolean;
  /** It may come all the same where nothing else goes on any more. */
  readonly mayBeForced: () => boolean;
  /** It came from the person or the clock, in the middle of whatever went on. */
  readonly isAbrupt?: boolean;
  readonly deliver: () => Promise<void> | void;
}

/**
 * Gives what was recorded in its order: nothing comes before all that the run did until then is done again, and before
 * what came earlier has had its effect. No time decides, so that a replay of the same runbook is the same run, however
 * slow the machine is. A runbook that was changed may never do what stands next in the order: where nothing waits but for
 * the recording, and nothing goes on on this machine, the next that was asked for is given.
 */
export class Schedule {
  readonly #order: Moment[] = [];
  readonly #armed = new Set<Moment>();
  readonly #works: Works;
  #head = 0;
  #isSorted = true;
  #isRunning = false;
  #isClosed = false;
  #isRushed = false;
  #activity = 0;

  constructor(works: Works = watchWorks()) {
    this.#works = works;
  }

  add(seq: number): Moment {
    const moment: Moment = { seq, state: "waiting", arrival: null };
    this.#order.push(moment);
    this.#isSorted = false;
    return moment;
  }

  /** From now on it can come. */
  arm(moment: Moment, arrival: Arrival): void {
    if (moment.state === "done") return;
    moment.arrival = arrival;
    this.#armed.add(moment);
    this.stir();
  }

  /** The run has done it again; or it will not come any more, or has come in another way. */
  meet(moment: Moment): void {
    if (moment.state === "done") return;
    moment.state = "done";
    this.#armed.delete(moment);
    this.stir();
  }

  /** Something happened: what waited for it may come now. */
  stir(): void {
    this.#activity += 1;
    if (!this.#isRunning && !this.#isClosed) void this.#run();
  }

  close(): void {
    this.#isClosed = true;
    this.#works.end();
  }

  /** The replay has failed: whatever is still asked for is given at once, so that it ends. */
  rush(): void {
    this.#isRushed = true;
    this.stir();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (this.#armed.size > 0 && !this.#isClosed) {
      // Who asked first also says what else it wants before anything is answered.
      await turn();
      const next = this.#findNext();
      const isAtOnce = this.#isRushed || next?.arrival?.isAbrupt === true;
      if (next !== undefined && (isAtOnce || (await filesDone(this.#works, this.#count))))
        await this.#give(next);
      else if (next === undefined && (await isAtRest(this.#works, this.#count)) && !(await this.#giveUp()))
        break;
    }
    this.#isRunning = false;
  }

  readonly #count = (): number => this.#activity;

  async #give(moment: Moment): Promise<void> {
    moment.state = "done";
    this.#armed.delete(moment);
    this.#activity += 1;
    await moment.arrival?.deliver();
  }

  #findNext(): Moment | undefined {
    if (this.#isRushed) return this.#armed.size === 0 ? undefined : first([...this.#armed]);
    this.#sort();
    const late = [...this.#armed].filter((moment) => moment.state === "late" && mayCome(moment));
    if (late.length > 0) return first(late);
    while (this.#order[this.#head] !== undefined && this.#order[this.#head]?.state !== "waiting")
      this.#head += 1;
    const head = this.#order[this.#head];
    return head !== undefined && mayCome(head) ? head : undefined;
  }

  /** Goes on with the next that can come; false where there is none. */
  async #giveUp(): Promise<boolean> {
    const ready = [...this.#armed].filter(mayCome);
    if (ready.length > 0) {
      this.#giveUpBefore(first(ready).seq);
      return true;
    }
    const forced = [...this.#armed].filter((moment) => moment.arrival?.mayBeForced() === true);
    if (forced.length === 0) return false;
    const next = first(forced);
    this.#giveUpBefore(next.seq);
    await this.#give(next);
    return true;
  }

  /** What should have come before is not waited for any more. */
  #giveUpBefore(seq: number): void {
    for (let at = this.#head; at < this.#order.length; at += 1) {
      const moment = this.#order[at];
      if (moment === undefined || moment.seq >= seq) break;
      if (moment.state === "waiting") moment.state = "late";
    }
  }

  #sort(): void {
    if (this.#isSorted) return;
    this.#order.sort((a, b) => a.seq - b.seq);
    this.#isSorted = true;
  }
}

function mayCome(moment: Moment): boolean {
  return moment.arrival?.mayCome() === true;
}

function first(moments: readonly Moment[]): Moment {
  return moments.reduce((a, b) => (b.seq < a.seq ? b : a));
}
