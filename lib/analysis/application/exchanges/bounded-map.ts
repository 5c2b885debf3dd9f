import { SmallMap } from "./small-map.js";

/** A map that forgets its oldest entry for a new one where it is full, and tells of it. */
export class BoundedMap<K, V> {
  private readonly entries = new SmallMap<K, V>();

  constructor(
    private readonly most: number,
    private readonly forgotten: (value: V, key: K) => void,
  ) {}

  get(key: K): V | undefined {
    return this.entries.get(key);
  }

  set(key: K, value: NonNullable<V>): void {
    if (this.entries.size >= this.most && this.entries.get(key) === undefined) {
      const [oldest, old] = this.entries.first()!;
      this.entries.delete(oldest);
      this.forgotten(old, oldest);
    }
    this.entries.set(key, value);
  }

  delete(key: K): void {
    this.entries.delete(key);
  }

  values(): Iterable<V> {
    return this.entries.values();
  }
}
