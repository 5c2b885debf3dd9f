import { SmallMap } from "./small-map.js";

/** A map that forgets its oldest entry for a new one where it is full, and tells of it. */
export class BoundedMap<K, V> extends SmallMap<K, V> {
  constructor(
    private readonly most: number,
    private readonly forgotten: (value: V, key: K) => void,
  ) {
    super();
  }

  override set(key: K, value: NonNullable<V>): void {
    if (this.size >= this.most && this.get(key) === undefined) {
      const [oldest, old] = this.first()!;
      this.delete(oldest);
      this.forgotten(old, oldest);
    }
    super.set(key, value);
  }
}
