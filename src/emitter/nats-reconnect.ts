import type { EmitterSettings } from './emitter-options.ts';
import { NatsSession, reasonOf } from './nats-session.ts';

export interface ReconnectEvents {
  up(session: NatsSession): void;
  down(): void;
  /** What goes wrong, in one line. */
  failed(text: string): void;
  refused(text: string): void;
}

/**
 * Connects, and connects again, until it is stopped: a server that is not there yet is no error.
 * Keeps the process alive only while it is told to.
 */
export class NatsReconnect {
  private readonly settings: EmitterSettings;
  private readonly events: ReconnectEvents;
  private session: NatsSession | undefined;
  private isStopped = false;
  private isHeld = false;
  private timer: NodeJS.Timeout | undefined;
  private endPause: (() => void) | undefined;

  constructor(settings: EmitterSettings, events: ReconnectEvents) {
    this.settings = settings;
    this.events = events;
  }

  get isConnected(): boolean {
    return this.session !== undefined;
  }

  /** Never rejects. */
  async run(): Promise<void> {
    while (!this.isStopped) {
      await this.connectOnce();
      if (!this.isStopped) await this.pause();
    }
  }

  /** Whether the process stays alive for it. */
  hold(isHeld: boolean): void {
    if (isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    this.session?.hold(isHeld);
    if (isHeld) this.timer?.ref();
    else this.timer?.unref();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.endPause?.();
    await this.session?.close();
  }

  private async connectOnce(): Promise<void> {
    const { servers, nats } = this.settings;
    const where = servers.join(', ');
    const { events } = this;
    try {
      const session = await NatsSession.open(servers, nats, events);
      if (this.isStopped) return await session.close();
      const reason = await this.use(session);
      if (!this.isStopped) events.failed(`lost NATS at ${where}: ${reason}`);
    } catch (error) {
      if (!this.isStopped) events.failed(`waiting for NATS at ${where}: ${reasonOf(error)}`);
    }
  }

  /** Until it ends; gives the reason. */
  private async use(session: NatsSession): Promise<string> {
    this.session = session;
    session.hold(this.isHeld);
    try {
      this.events.up(session);
      return await session.ended;
    } finally {
      this.session = undefined;
      this.events.down();
      await session.close();
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const waitMs = this.settings.reconnectWaitMs * (1 + Math.random() / 2);
      this.endPause = resolve;
      this.timer = setTimeout(resolve, waitMs);
      if (!this.isHeld) this.timer.unref();
    });
  }
}
