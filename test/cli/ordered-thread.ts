import { type PageJob, PageThread } from '../../src/cli/reports/page-thread.ts';
import type { MadePage, PageRefusal } from '../../src/http/reports/page-answer.ts';

type Answer = MadePage | PageRefusal;

/**
 * Who asks for a page first looks for its recordings, which takes as long as it takes: this thread
 * takes what was asked for at once in the order of the keys, when all of it is there.
 */
export class OrderedThread extends PageThread {
  private together = 0;
  private waiting: { readonly job: PageJob; readonly take: (page: Promise<Answer>) => void }[] = [];

  /** The next so many are asked for at once. */
  gather(count: number): void {
    this.together = count;
  }

  override page(job: PageJob): Promise<Answer> {
    if (this.together === 0) return super.page(job);
    return new Promise((take) => {
      this.waiting.push({ job, take });
      if (this.waiting.length === this.together) this.takeAll();
    });
  }

  private takeAll(): void {
    const all = this.waiting.sort((a, b) => (keyOf(a.job) < keyOf(b.job) ? -1 : 1));
    this.waiting = [];
    this.together = 0;
    for (const { job, take } of all) take(super.page(job));
  }
}

/** Reports before comparisons. */
function keyOf({ kind, key }: PageJob): string {
  return `${kind === 'reports' ? 0 : 1} ${key}`;
}
