/** The keys that came last with a value each, at most `max`: the oldest goes for a new one. */
export class Recent<V> {
  private readonly byKey = new Map<string, V>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  get(key: string): V | undefined {
    return this.byKey.get(key);
  }

  set(key: string, value: V): void {
    this.byKey.delete(key);
    this.byKey.set(key, value);
    if (this.byKey.size <= this.max) return;
    const [oldest] = this.byKey.keys();
    this.byKey.delete(oldest as string);
  }

  delete(key: string): void {
    this.byKey.delete(key);
  }

  /** Oldest first. */
  entries(): [string, V][] {
    return [...this.byKey];
  }

  fill(entries: readonly (readonly [string, V])[]): void {
    this.byKey.clear();
    for (const [key, value] of entries) this.set(key, value);
  }
}
