import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import type { FrameHeader, FrameKind } from '../../src/frames/header.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { type Message, T0_US } from './odd-stream.ts';

const SPAN_US = 1000;

interface Place {
  readonly chip?: number;
  readonly layer?: number;
}

/** A stream of frames of 1 ms, said one after the other. */
export class MadeStream {
  readonly messages: Message[] = [];
  private readonly encoder = new FrameEncoder();
  private readonly seqs = new Map<string, number>();
  private arrivedUs = T0_US;

  /** Spikes of a layer in one ms, of run `a` and emitter `e` where nothing else is said. */
  spikes(step: number, { chip = 0, layer = 0, ...said }: Place & Partial<SpikesFrame> = {}): void {
    this.send({
      kind: 'spikes',
      ...this.header(step, chip, 'spikes'),
      ...{ layerName: `layer ${layer}`, neuronType: 'lif', neuronCount: 100, neuronOffset: 0 },
      neuronId: Uint32Array.of(step % 100, (step * 7 + layer) % 100),
      dtUs: Uint32Array.of(100, 100 + ((step * 13) % 800)),
      ...{ timestep0: undefined, timestepUs: undefined },
      ...said,
    });
  }

  power(step: number, emitter: string): void {
    this.send({
      kind: 'power',
      ...this.header(step, 0, 'power'),
      ...{ emitter, dtUs: Uint32Array.of(0), watts: Float32Array.of(1), joules: undefined },
      ...{ stepUs: undefined, rail: 'total', component: 'total', origin: 'measured' },
    });
  }

  log(step: number, chip: number, eventType: string): void {
    this.send({
      kind: 'log',
      ...this.header(step, chip, 'log'),
      ...{ level: 'INFO', text: 'why', line: undefined, eventType, names: new Map() },
      ...{ errorMessage: undefined, requiresAttention: undefined },
      ...{ spikeCount: undefined, timestep: undefined, spikeRate: undefined },
    });
  }

  /** An earlier message comes once more. */
  again(index: number): void {
    const { subject, data } = this.messages.at(index) as Message;
    this.add(subject, data);
  }

  /** The emitter of a chip's spikes counts from 0 again. */
  restart(chip: number): void {
    this.seqs.delete(`spikes/${chip}`);
  }

  private header(step: number, chip: number, kind: FrameKind): FrameHeader {
    const seq = this.seqs.get(`${kind}/${chip}`) ?? 0;
    this.seqs.set(`${kind}/${chip}`, seq + 1);
    return {
      ...{ deviceType: 'loihi2', chipId: `chip${chip}`, t0Us: T0_US + step * SPAN_US },
      ...{ spanUs: SPAN_US, seq, runId: 'a', emitter: 'e', arrivedUs: Number.NaN, restarts: 0 },
    };
  }

  private send(frame: Frame): void {
    this.add(formatSubject('spikeformer', frame), this.encoder.encode(frame, 'json').slice());
  }

  private add(subject: string, data: Uint8Array): void {
    this.arrivedUs += 100;
    this.messages.push({ subject, data, arrivedUs: this.arrivedUs, isCheck: false });
  }
}
