/** More separate ranges than this on one connection at one hop are joined, lowest first. */
const MOST_RANGES = 1024;

/** Which bytes of a stream a hop has shown, as sorted, disjoint ranges [start, end). */
export class RangeSet {
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];

  /** True where the whole range was there already. */
  add(start: number, end: number): boolean {
    const last = this.ends.length - 1;
    // The usual case: the next bytes in order.
    if (last >= 0 && start === this.ends[last]) {
      this.ends[last] = end;
      return false;
    }
    if (last < 0 || start > this.ends[last]!) {
      this.starts.push(start);
      this.ends.push(end);
      if (this.starts.length > MOST_RANGES) this.joinLowest();
      return false;
    }
    if (this.covers(start, end)) return true;
    this.insert(start, end);
    return false;
  }

  covers(start: number, end: number): boolean {
    const at = this.firstEndingFrom(start);
    return at < this.starts.length && this.starts[at]! <= start && end <= this.ends[at]!;
  }

  private insert(start: number, end: number): void {
    const at = this.firstEndingFrom(start);
    let until = at;
    let [low, high] = [start, end];
    while (until < this.starts.length && this.starts[until]! <= end) {
      low = Math.min(low, this.starts[until]!);
      high = Math.max(high, this.ends[until]!);
      until++;
    }
    this.starts.splice(at, until - at, low);
    this.ends.splice(at, until - at, high);
    if (this.starts.length > MOST_RANGES) this.joinLowest();
  }

  /** Index of the first range whose end is not below a position. */
  private firstEndingFrom(position: number): number {
    let [low, high] = [0, this.ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ends[middle]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private joinLowest(): void {
    this.starts.splice(1, 1);
    this.ends.splice(0, 1);
  }
}
