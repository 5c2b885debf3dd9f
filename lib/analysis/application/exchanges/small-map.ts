/**
 * A map whose first entry stands in itself: there are thousands, most of which never have a second one, and a Map of the
 * language has some hundred bytes before it has any. In the order of insertion.
 */
export class SmallMap<K, V> {
  private key: K | null = null;
  private value: V | null = null;
  private entries: Map<K, V> | null = null;

  get size(): number {
    if (this.entries !== null) return this.entries.size;
    return this.value === null ? 0 : 1;
  }

  get(key: K): V | undefined {
    if (this.entries !== null) return this.entries.get(key);
    return this.value !== null && this.key === key ? this.value : undefined;
  }

  set(key: K, value: NonNullable<V>): void {
    if (this.entries === null && (this.value === null || this.key === key)) {
      this.key = key;
      this.value = value;
      return;
    }
    this.all().set(key, value);
  }

  delete(key: K): void {
    if (this.entries !== null) this.entries.delete(key);
    else if (this.key === key) this.value = null;
  }

  /** The oldest entry; undefined where there is none. */
  first(): readonly [K, V] | undefined {
    return this.all().entries().next().value;
  }

  values(): Iterable<V> {
    if (this.entries !== null) return this.entries.values();
    return this.value === null ? [] : [this.value];
  }

  private all(): Map<K, V> {
    if (this.entries !== null) return this.entries;
    this.entries = new Map();
    if (this.value !== null) this.entries.set(this.key!, this.value);
    return this.entries;
  }
}
