/** What is to happen, in the order of its time. */
export class Agenda {
  readonly #due: { readonly atUs: number; readonly act: () => void }[] = [];
  nowUs = 0;

  at(atUs: number, act: () => void): void {
    let [low, high] = [0, this.#due.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      // The next one lies last, and of two at one time the earlier one.
      if (this.#due[middle]!.atUs > atUs) low = middle + 1;
      else high = middle;
    }
    this.#due.splice(low, 0, { atUs, act });
  }

  run(): void {
    for (let next = this.#due.pop(); next !== undefined; next = this.#due.pop()) {
      this.nowUs = next.atUs;
      next.act();
    }
  }
}
