/** A line for whoever started the command. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** How far a long task is, on a terminal; silent where stderr is none. */
export class Progress {
  private readonly verb: string;
  private readonly unit: string;
  private readonly shown = process.stderr.isTTY === true;
  private lastMs = 0;

  constructor(verb: string, unit: string) {
    this.verb = verb;
    this.unit = unit;
  }

  at(count: number): void {
    if (!this.shown) return;
    const nowMs = performance.now();
    if (nowMs - this.lastMs < 200) return;
    this.lastMs = nowMs;
    process.stderr.write(`\r${this.verb} ${count.toLocaleString('en')} ${this.unit} `);
  }

  end(): void {
    if (this.shown && this.lastMs > 0) process.stderr.write('\n');
  }
}
