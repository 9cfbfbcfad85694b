import type { PullWindow } from './pull-session.ts';

/**
 * What the readers of one process may have on its way together. All of it lies in front of what the
 * server answers, so with a window of its own for each reader claims, commits and renewals of
 * leases wait the longer the more readers there are; and of what waits for one connection a server
 * keeps 64 MiB by default, and then cuts it.
 */
export class PullShare {
  private readonly whole: PullWindow;
  private readonly readers = new Set<object>();

  /** `messages` of each reader, `bytes` of all. */
  constructor(whole: PullWindow) {
    this.whole = whole;
  }

  /** For one reader. */
  window(): PullWindow {
    const { whole, readers } = this;
    const window = {
      messages: whole.messages,
      get bytes(): number {
        return whole.bytes / Math.max(1, readers.size);
      },
      used: (isUsed: boolean): void => {
        if (isUsed) readers.add(window);
        else readers.delete(window);
      },
    };
    return window;
  }
}
