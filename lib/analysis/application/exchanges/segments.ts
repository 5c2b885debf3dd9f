/** What one side of a connection sent. Sequences are signed 32 bits. */
export class Segments {
  /** Up to where the other side has acknowledged it; null: it never has. */
  acknowledged: number | null = null;
  /** It has said that nothing more is to come. */
  hasFinished = false;
  private next: number | null = null;
  /** The first bytes that were passed over: a lost segment comes again behind others. */
  private hole: { from: number; readonly to: number } | null = null;

  /** The sequence behind the last byte; null where there was none. */
  get end(): number | null {
    return this.next;
  }

  /** Whether bytes wait for their acknowledgement. Nothing is known of it where none was ever seen. */
  get isOwed(): boolean {
    const { next, acknowledged } = this;
    return next !== null && acknowledged !== null && ((next - acknowledged) | 0) > 0;
  }

  /** True where the segment begins with a byte that is new. */
  note(sequence: number, length: number): boolean {
    const ahead = this.next === null ? 0 : (sequence - this.next) | 0;
    if (ahead >= 0) {
      if (ahead > 0) this.hole ??= { from: this.next!, to: sequence };
      this.next = (sequence + length) | 0;
      return true;
    }
    if (((sequence + length - this.next!) | 0) > 0) this.next = (sequence + length) | 0;
    if (this.hole?.from !== sequence) return false;
    this.hole.from = (sequence + length) | 0;
    if (((this.hole.from - this.hole.to) | 0) >= 0) this.hole = null;
    return true;
  }
}
