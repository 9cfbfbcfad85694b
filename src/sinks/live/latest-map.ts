interface Entry<V> {
  value: V;
  revision: number;
}

/**
 * The latest value of each key, at most `max` of them: the one that was changed longest ago goes,
 * and is counted.
 */
export class LatestMap<V> {
  forgotten = 0;
  private readonly entries = new Map<string, Entry<V>>();
  private readonly max: number;

  constructor(max: number) {
    this.max = max;
  }

  get size(): number {
    return this.entries.size;
  }

  get(key: string): V | undefined {
    return this.entries.get(key)?.value;
  }

  set(key: string, value: V, revision: number): void {
    const isNew = !this.entries.delete(key);
    if (isNew && this.entries.size >= this.max) {
      const oldest = this.entries.keys().next().value;
      if (oldest !== undefined) this.entries.delete(oldest);
      this.forgotten++;
    }
    this.entries.set(key, { value, revision });
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  /** Values that changed after a revision, those changed last at the end. */
  since(revision: number): V[] {
    const changed: V[] = [];
    for (const entry of this.entries.values()) {
      if (entry.revision > revision) changed.push(entry.value);
    }
    return changed;
  }
}
