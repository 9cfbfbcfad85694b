import { FrameEncoder } from '../../src/frames/encode.ts';
import type { Frame } from '../../src/frames/frame.ts';
import type { FrameHeader } from '../../src/frames/header.ts';
import type { SpikesFrame } from '../../src/frames/spikes.ts';
import { formatSubject } from '../../src/frames/subject.ts';
import { Random } from '../../src/simulation/random.ts';

const CHIPS = 3;
const LAYERS = 4;
const SPAN_US = 1000;
const STEPS = 5000;
export const T0_US = 1_700_000_000_000_000;

const NOT_TOLD = { temperatureC: undefined, forgotten: undefined };

export interface Message {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly arrivedUs: number;
  /** The clock finds what it finds before this one. */
  readonly isCheck: boolean;
}

/** What a stream is like: shares of what is odd about it. */
export interface Oddities {
  readonly runs: readonly (string | undefined)[];
  readonly isOdd: boolean;
  /** Each chip by itself, and not all in step. */
  readonly areApart: boolean;
  /** Records and log lines that come of it, among others. */
  readonly events: readonly string[];
  /** Windows that close at other times than panes do. */
  readonly rates?: { readonly window: string; readonly lateness: string };
}

/** One frame a layer and ms of a few chips, with all that can happen between. */
export class Stream {
  readonly messages: Message[] = [];
  private readonly random: Random;
  private readonly encoder = new FrameEncoder();
  private readonly seqs = new Map<string, number>();
  private readonly emitters = new Array<string>(CHIPS).fill('e');
  private readonly odd: Oddities;
  private arrivedUs = T0_US;

  constructor(seed: number, odd: Oddities) {
    this.random = new Random(seed, 'joined');
    this.odd = odd;
    for (let step = 0; step < STEPS; step++) {
      for (let chip = 0; chip < CHIPS; chip++) {
        const at = odd.areApart ? step + chip * 37 : step;
        for (let layer = 0; layer < LAYERS; layer++) this.step(at, chip, layer);
      }
    }
  }

  private chance(oneIn: number): boolean {
    return this.random.u32() % oneIn === 0;
  }

  private step(step: number, chip: number, layer: number): void {
    if (this.odd.isOdd) this.happen(step, chip);
    // A part stops for a while; the fault that detectors look for is a rate ten times as high.
    if (this.odd.isOdd && chip === 1 && layer === 2 && step > 3000 && step < 3400) return;
    const isBurst = chip === 0 && layer === 1 && step > 2500 && step < 3300;
    const spikes = isBurst ? 20 : this.random.u32() % 3;
    this.spikes(step, chip, layer, spikes);
  }

  private spikes(step: number, chip: number, layer: number, spikes: number): void {
    const { random } = this;
    const neuronCount = 100 + layer;
    const dtUs = Uint32Array.from({ length: spikes }, () => random.u32() % SPAN_US);
    if (!this.odd.isOdd || !this.chance(100)) dtUs.sort();
    const frame: SpikesFrame = {
      kind: 'spikes',
      ...this.header(step, chip, 'spikes'),
      ...{ layerName: `layer ${layer}`, neuronType: 'lif', neuronCount, neuronOffset: 0 },
      neuronId: Uint32Array.from({ length: spikes }, () => random.u32() % neuronCount),
      dtUs,
      ...{ timestep0: undefined, timestepUs: undefined },
    };
    if (this.odd.isOdd) this.disturbed(frame);
    else this.send(frame);
  }

  /** Most as they are; some lost, twice, late, malformed, with other neurons or steps. */
  private disturbed(frame: SpikesFrame): void {
    const { random } = this;
    const kind = random.u32() % 2000;
    if (kind === 0) return;
    if (kind === 1) this.send(frame);
    if (kind === 2) this.send({ ...frame, t0Us: frame.t0Us - 100_000 * (random.u32() % 6) });
    else if (kind === 3) this.send({ ...frame, timestep0: 5 });
    else if (kind === 4) this.send({ ...frame, neuronType: 'izhikevich' });
    else if (kind === 5) this.send({ ...frame, spanUs: SPAN_US + 200 });
    else if (kind === 6) this.send({ ...frame, t0Us: frame.t0Us + 700 });
    else if (kind === 7 && this.chance(20)) this.send({ ...frame, neuronCount: 300 });
    else this.send(frame);
    if (kind === 8) this.sendBytes(frame, Buffer.from('{"v":1,"kind":"spikes"'));
  }

  private happen(step: number, chip: number): void {
    if (this.chance(4000)) this.emitters[chip] = `e${this.messages.length}`;
    const kind = this.random.u32() % 900;
    if (kind === 0) this.power(step, chip);
    if (kind === 1) this.health(step, chip);
    if (kind === 2) this.membrane(step, chip);
    if (kind === 3 && this.chance(6)) this.log(step, chip);
  }

  private power(step: number, chip: number): void {
    this.send({
      kind: 'power',
      ...this.header(step, chip, 'power'),
      ...{ dtUs: Uint32Array.of(0, 500), watts: Float32Array.of(1, 1 + (step % 7)) },
      ...{ joules: undefined, stepUs: undefined, rail: 'total', component: 'total' },
      origin: 'measured',
    });
  }

  private health(step: number, chip: number): void {
    const status = this.chance(2) ? 'ok' : 'down';
    const header = this.header(step, chip, 'health');
    this.send({ kind: 'health', ...header, status, text: 'x', ...NOT_TOLD });
  }

  private membrane(step: number, chip: number): void {
    this.send({
      kind: 'membrane',
      ...this.header(step, chip, 'membrane'),
      ...{ layerName: 'layer 0', neuronId: Uint32Array.of(1), dtUs: Uint32Array.of(0) },
      ...{ values: Float32Array.of(-50), unit: 'mV', neuronOffset: 0 },
    });
  }

  private log(step: number, chip: number): void {
    const [runId] = this.odd.runs;
    const eventType = ['mute', 'unmute', 'run_end'][this.random.u32() % 3] as string;
    this.send({
      kind: 'log',
      ...this.header(step, chip, 'log'),
      ...{ runId, level: 'INFO', text: 'why', line: undefined, eventType, names: new Map() },
      ...{ errorMessage: undefined, requiresAttention: undefined, durationUs: 300_000 },
      ...{ spikeCount: undefined, timestep: undefined, spikeRate: undefined },
    });
  }

  private header(step: number, chip: number, kind: Frame['kind']): FrameHeader {
    const chipId = `chip${chip}`;
    const seq = this.seqs.get(`${kind}/${chipId}`) ?? 0;
    this.seqs.set(`${kind}/${chipId}`, seq + 1);
    const { runs, isOdd } = this.odd;
    const run = isOdd && this.chance(3000) ? chip + 1 : chip + Math.floor(step / 2000);
    return {
      ...{ deviceType: 'loihi2', chipId, t0Us: T0_US + step * SPAN_US, spanUs: SPAN_US, seq },
      runId: runs[run % runs.length],
      ...{ emitter: this.emitters[chip], arrivedUs: Number.NaN, restarts: 0 },
    };
  }

  private send(frame: Frame): void {
    this.sendBytes(frame, this.encoder.encode(frame, this.chance(3) ? 'msgpack' : 'json').slice());
  }

  private sendBytes(frame: Frame, data: Uint8Array): void {
    this.arrivedUs += 100;
    const isCheck = this.odd.isOdd && this.chance(5000);
    const subject = formatSubject('spikeformer', frame);
    this.messages.push({ subject, data, arrivedUs: this.arrivedUs, isCheck });
  }
}
