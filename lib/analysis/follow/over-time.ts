const FIRST_SLOT_US = 1000;
const MOST_SLOTS = 120;

/** Packets over time: counts in slots of one width, which doubles as time goes on, so that there are never many. */
export class OverTime {
  slotUs = FIRST_SLOT_US;
  counts: number[] = [];
  /** How many slots before the first one there were since the clock's zero. */
  private first = 0;

  /** By one clock; in any order. */
  note(timeUs: number, packets = 1): void {
    let slot = Math.floor(timeUs / this.slotUs);
    const index = slot - this.first;
    if (index >= 0 && index < this.counts.length) {
      this.counts[index]! += packets;
      return;
    }
    if (this.counts.length === 0) this.first = slot;
    while (this.reach(slot) > MOST_SLOTS) {
      this.widen();
      slot = Math.floor(timeUs / this.slotUs);
    }
    for (; slot < this.first; this.first--) this.counts.unshift(0);
    while (this.counts.length <= slot - this.first) this.counts.push(0);
    this.counts[slot - this.first]! += packets;
  }

  /** Of the first slot. */
  get beginUs(): number {
    return this.first * this.slotUs;
  }

  /** Takes over what others counted: widths are one another's multiples, so that nothing is lost. */
  addAll(others: readonly OverTime[]): this {
    for (const { counts, beginUs, slotUs } of others) {
      while (this.slotUs < slotUs) this.widen();
      for (const [index, packets] of counts.entries())
        if (packets > 0) this.note(beginUs + index * slotUs, packets);
    }
    return this;
  }

  private reach(slot: number): number {
    const last = Math.max(slot, this.first + this.counts.length - 1);
    return last - Math.min(slot, this.first) + 1;
  }

  /** Makes slots twice as wide, in place: there are thousands of these counts. */
  widen(): void {
    const { first, counts } = this;
    this.slotUs *= 2;
    this.first = Math.floor(first / 2);
    let used = 0;
    for (let index = 0; index < counts.length; index++) {
      const to = Math.floor((first + index) / 2) - this.first;
      if (to < used) counts[to]! += counts[index]!;
      else counts[used++] = counts[index]!;
    }
    counts.length = used;
  }
}
