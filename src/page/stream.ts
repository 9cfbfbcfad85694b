import type { PageState } from './state.ts';

/** How it stands with the connection to the service. */
export type Connection = 'connecting' | 'open' | 'lost' | 'full' | 'refused';

const RETRY_MS = 1500;

/**
 * The page's connection: asks for the topics of the view that is shown, tries again for ever, and
 * lets go while nobody looks at the tab.
 */
export class LiveStream {
  connection: Connection = 'connecting';
  private readonly state: PageState;
  private readonly changed: () => void;
  private topics: readonly string[] = [];
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(state: PageState, changed: () => void) {
    this.state = state;
    this.changed = changed;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.close();
      else this.connect();
    });
  }

  show(topics: readonly string[]): void {
    if (topics.join() === this.topics.join()) return;
    this.topics = topics;
    if (!document.hidden) this.connect();
  }

  private connect(): void {
    this.close();
    const source = new EventSource(`/api/live?topics=${this.topics.join(',')}&seconds=30`);
    this.source = source;
    source.addEventListener('open', () => {
      this.state.begin();
      this.become('open');
    });
    source.addEventListener('error', () => {
      if (source !== this.source) return;
      source.close();
      void this.explain();
    });
    for (const topic of this.topics) {
      source.addEventListener(topic, (event) => {
        this.state.take(topic, JSON.parse((event as MessageEvent<string>).data));
        this.changed();
      });
    }
  }

  /** A stream says only that it failed; another request says why. */
  private async explain(): Promise<void> {
    let connection: Connection = 'lost';
    try {
      const answer = await fetch('/api/overview', { cache: 'no-store' });
      if (answer.status === 401) location.assign('/login');
      else if (!answer.ok) connection = 'refused';
      else if (this.connection === 'lost' || this.connection === 'open') connection = 'connecting';
      else connection = 'full';
    } catch {
      // Nobody answers: it is stopped, or the network is gone.
    }
    this.become(connection);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), RETRY_MS);
  }

  private become(connection: Connection): void {
    this.connection = connection;
    this.changed();
  }

  private close(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }
}
