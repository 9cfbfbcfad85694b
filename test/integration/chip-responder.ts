import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { pack } from 'msgpackr';

/** What a chip of a test does when it is asked: its status, or bytes of its own; or nothing. */
export type Answer = 'ok' | 'degraded' | 'down' | Uint8Array | undefined;

/** A chip: a plain subscription that answers pings, and frames that it publishes. */
export class TestChip {
  readonly name: string;
  answer: Answer = 'ok';
  asked = 0;
  private readonly emitter: NatsConnection;
  private readonly names: { readonly device_type: string; readonly chip_id: string };
  private subscription: Subscription | undefined;
  private frames = 0;

  constructor(emitter: NatsConnection, deviceType: string, chipId: string) {
    this.emitter = emitter;
    this.names = { device_type: deviceType, chip_id: chipId };
    this.name = `${deviceType}.${chipId}`;
  }

  /** Listens for pings; resolves when the server knows. */
  async listen(): Promise<void> {
    this.subscription = this.emitter.subscribe(`spikeformer.ping.${this.name}`, {
      callback: (_, ping) => this.reply(ping),
    });
    await this.emitter.flush();
  }

  /** Listens no more; resolves when the server knows. */
  async leave(): Promise<void> {
    this.subscription?.unsubscribe();
    await this.emitter.flush();
  }

  spike(): void {
    const frame = {
      ...{ v: 1, kind: 'spikes', ...this.names, t0: this.frames * 1000, span_us: 1000 },
      ...{ emitter: 'chip', seq: this.frames, layer_name: 'l', neuron_count: 1 },
      ...{ neuron_id: Buffer.alloc(4), dt: Buffer.alloc(4) },
    };
    this.frames++;
    this.emitter.publish(`spikeformer.spikes.${this.name}`, pack(frame));
  }

  private reply(ping: Msg): void {
    this.asked++;
    if (this.answer === undefined) return;
    if (typeof this.answer !== 'string') {
      ping.respond(this.answer);
      return;
    }
    const health = { v: 1, kind: 'health', ...this.names, t0: this.asked, span_us: 0 };
    ping.respond(pack({ ...health, status: this.answer }));
  }
}
