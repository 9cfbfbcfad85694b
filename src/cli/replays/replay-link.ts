import { Worker } from 'node:worker_threads';
import type { LiveOutlet, Subscription } from '../../http/live/live-hub.ts';
import type { ReplayAnswer } from '../../http/replays/replay-host.ts';
import type { ReplayState } from '../../sinks/live/replay-schemas.ts';
import {
  CONTROL_PATH,
  type ReplayOrder,
  type ReplayReply,
  type ReplayTask,
  STATE_PATH,
} from './replay-messages.ts';

const SOURCE = new URL('./replay-thread.ts', import.meta.url);
/** In the package it is the compiled file beside this one. */
const FILE = import.meta.url.endsWith('.ts') ? SOURCE : new URL(SOURCE.href.replace(/ts$/, 'js'));

/** What the thread may take; past it the thread ends, and nothing else. */
const HEAP_MB_MAX = 512;
const ASKED_MAX = 64;
/** Who asks is told before its connection is given up for being silent. */
const ANSWER_MS_MAX = 8000;

export interface ReplayLinkEvents {
  /** The thread can't go on, or is gone; the text is for the log. */
  failed(text: string): void;
  ended(): void;
}

/** One thread that replays a recording, and the streams that it feeds. */
export class ReplayLink {
  private readonly worker: Worker;
  private readonly asked = new Map<number, (answer: ReplayAnswer) => void>();
  private readonly outlets = new Map<number, LiveOutlet>();
  private last = 0;
  private isReady = false;
  private readonly task: ReplayTask;

  constructor(task: ReplayTask, events: ReplayLinkEvents) {
    this.task = task;
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB_MAX };
    this.worker = new Worker(FILE, { workerData: task, resourceLimits });
    this.worker.on('message', (reply: ReplayReply) => {
      if ('ready' in reply) this.isReady = true;
      else if ('failed' in reply) events.failed(reply.failed);
      else if ('answer' in reply) this.settle(reply.answer, reply);
      else this.pass(reply.stream, reply.data);
    });
    this.worker.on('error', (error) => events.failed(String((error as Error).stack ?? error)));
    this.worker.on('exit', () => {
      for (const id of this.asked.keys()) this.settle(id, GONE);
      for (const outlet of this.outlets.values()) outlet.end();
      this.outlets.clear();
      events.ended();
    });
  }

  get streams(): number {
    return this.outlets.size;
  }

  /** Asks for what a path of the API answers, or for the state. */
  ask(path: string, query: unknown): Promise<ReplayAnswer> {
    if (this.asked.size >= ASKED_MAX) return Promise.resolve(BUSY);
    if (!this.isReady) return Promise.resolve(this.beforeReady(path, query));
    const id = ++this.last;
    const { promise, resolve } = Promise.withResolvers<ReplayAnswer>();
    const late = setTimeout(() => this.settle(id, BUSY), ANSWER_MS_MAX);
    this.asked.set(id, (answer) => {
      clearTimeout(late);
      resolve(answer);
    });
    this.order({ ask: id, path, query });
    return promise;
  }

  /** A thread takes its time to start: nobody waits for that, and what is wished is not lost. */
  private beforeReady(path: string, query: unknown): ReplayAnswer {
    if (path !== STATE_PATH && path !== CONTROL_PATH) return BUSY;
    if (path === CONTROL_PATH) this.order({ ask: 0, path, query });
    const { id, recording, control } = this.task;
    const { at_us = 0, speed = 1, playing = false } = { ...control, ...(query ?? {}) };
    const state: ReplayState = {
      ...{ id, recording, state: 'opening', playing, at_us, start_us: 0, end_us: 0, speed },
      ...{ format: null, steered: 0, samples_outside: 0, samples_invalid: 0, frames_damaged: 0 },
      ...{ truncated: false, remarks: [] },
    };
    return { status: 200, body: JSON.stringify(state) };
  }

  /** Feeds a stream until either end closes it. */
  open(outlet: LiveOutlet, { topics, bins }: Subscription): void {
    const id = ++this.last;
    this.outlets.set(id, outlet);
    const close = (): void => {
      if (this.outlets.delete(id)) this.order({ closed: id });
    };
    outlet.on('close', close);
    outlet.on('error', close);
    this.order({ open: id, topics, bins });
  }

  private pass(id: number, data: Uint8Array | string): void {
    const outlet = this.outlets.get(id);
    if (outlet === undefined) return;
    const taken = (): void => this.order({ taken: id, length: data.length });
    outlet.write(
      typeof data === 'string' ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      taken,
    );
  }

  private settle(id: number, { status, body }: ReplayAnswer): void {
    this.asked.get(id)?.({ status, body });
    this.asked.delete(id);
  }

  private order(order: ReplayOrder): void {
    this.worker.postMessage(order);
  }

  async close(): Promise<void> {
    await this.worker.terminate();
  }
}

const GONE: ReplayAnswer = { status: 404, body: JSON.stringify({ error: 'the replay has ended' }) };
const BUSY: ReplayAnswer = { status: 503, body: JSON.stringify({ error: 'busy; ask again' }) };
