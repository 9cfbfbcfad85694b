import type { LiveView } from './live-view.ts';
import { createTopics, type Topic } from './topics.ts';

/** What a client asked for. */
export interface Subscription {
  readonly topics: readonly string[];
  readonly bins: number;
}

/** Where events go: a response, or what leads to one. */
export interface LiveOutlet {
  /** What was written and not taken yet. */
  readonly writableLength: number;
  write(data: string | Buffer, taken?: () => void): unknown;
  on(event: 'close' | 'error', listener: () => void): unknown;
  end(): void;
}

export interface LiveHubOptions {
  readonly view: LiveView;
  readonly clientsMax: number;
  /** How many clients there are now. */
  readonly clients: (count: number) => void;
  /** A look was left out, because a client had not taken the last one yet. */
  readonly skipped: () => void;
  /** Topics beside those of the view. */
  readonly more?: Readonly<Record<string, Topic>>;
}

interface Client extends Subscription {
  readonly response: LiveOutlet;
  /** Revision up to which it has been sent each topic. */
  readonly sent: Map<string, number>;
  /** Tick at which each topic is next due. */
  readonly due: Map<string, number>;
  sentTick: number;
}

/** Short, so that what is published is on the page within a quarter of a second. */
const TICK_MS = 100;
/** Something goes over a quiet connection as often, so that both ends know it is alive. */
const QUIET_TICKS_MAX = 30;

/**
 * Server-sent events. Nothing is queued for a client: at each tick it is sent what changed since
 * what it was last sent, and while its socket has not taken that, it is sent nothing. So a slow
 * client has at most one message in memory, and gets the sum of what it missed.
 */
export class LiveHub {
  private readonly options: LiveHubOptions;
  private view: LiveView;
  private topics: Readonly<Record<string, Topic>>;
  private readonly clients = new Set<Client>();
  private timer: NodeJS.Timeout | undefined;
  private tick = 0;

  constructor(options: LiveHubOptions) {
    this.options = options;
    this.view = options.view;
    this.topics = this.topicsOf(options.view);
  }

  private topicsOf(view: LiveView): Readonly<Record<string, Topic>> {
    return { ...createTopics(view, () => this.count), ...this.options.more };
  }

  /** Shows something else from now on: clients are told to begin anew, and are sent all of it. */
  show(view: LiveView): void {
    this.view = view;
    this.topics = this.topicsOf(view);
    for (const client of this.clients) {
      client.sent.clear();
      client.due.clear();
      client.response.write('event: begin\ndata: {}\n\n');
    }
  }

  get count(): { now: number; max: number } {
    return { now: this.clients.size, max: this.options.clientsMax };
  }

  get isFull(): boolean {
    return this.clients.size >= this.options.clientsMax;
  }

  /** Takes over a response until either end closes it. */
  add(response: LiveOutlet, subscription: Subscription): void {
    const client: Client = {
      ...subscription,
      ...{ response, sent: new Map(), due: new Map(), sentTick: this.tick },
    };
    this.clients.add(client);
    this.options.clients(this.clients.size);
    response.on('close', () => this.leave(client));
    response.on('error', () => this.leave(client));
    // Ten seconds without an answer on an ordinary request are not meant for this one.
    response.write('retry: 1000\n\n');
    this.timer ??= setInterval(() => this.look(), TICK_MS);
    this.serve([client], new Map(), this.view.live.revisions.next());
  }

  private leave(client: Client): void {
    if (!this.clients.delete(client)) return;
    this.options.clients(this.clients.size);
    if (this.clients.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    this.tick++;
    this.serve([...this.clients], new Map(), this.view.live.revisions.next());
  }

  /** Clients in step are sent the same bytes: they are made once a tick. */
  private serve(clients: Client[], made: Map<string, Buffer>, upTo: number): void {
    for (const client of clients) {
      if (client.response.writableLength > 0) {
        this.options.skipped();
        continue;
      }
      const parts: Buffer[] = [];
      for (const name of client.topics) {
        if ((client.due.get(name) ?? 0) > this.tick) continue;
        const part = this.eventOf(name, client, made);
        if (part.length > 0) parts.push(part);
        client.sent.set(name, upTo);
        client.due.set(name, this.tick + (this.topics[name]?.everyTicks ?? 1));
      }
      if (parts.length === 0 && this.tick - client.sentTick < QUIET_TICKS_MAX) continue;
      client.sentTick = this.tick;
      if (parts.length === 0) client.response.write(': quiet\n\n');
      for (const part of parts) client.response.write(part);
    }
  }

  private eventOf(name: string, client: Client, made: Map<string, Buffer>): Buffer {
    const from = client.sent.get(name) ?? 0;
    const key = `${name} ${from} ${from === 0 ? client.bins : ''}`;
    let event = made.get(key);
    if (event === undefined) {
      const bins = from === 0 ? client.bins : BINS_BEHIND_MAX;
      const data = this.topics[name]?.since(from, { bins });
      const text = data === undefined ? '' : `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
      event = Buffer.from(text);
      made.set(key, event);
    }
    return event;
  }

  /** Ends all streams: a server that stops does not wait for them. */
  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    for (const client of [...this.clients]) client.response.end();
    this.clients.clear();
  }
}

/** Columns that a client may be behind before those it missed are left out. */
const BINS_BEHIND_MAX = 1500;
