import type { Snapshot } from '../component/state.ts';

/** How far back a repeat is recognised. */
const LENGTH = 1024;

/** Modulo 2^32. Not by %: of numbers as large as times it is a slow division. */
function low32(us: number): number {
  return us - Math.floor(us / 2 ** 32) * 2 ** 32;
}

/** The last 1,024 sequence numbers of one emitter on one subject, with the t0 each came with. */
export class SequenceWindow {
  /** Highest number seen; -1 before the first. */
  highest = -1;
  /** [LENGTH] slot seq % LENGTH: the number seen there, -1 for none. */
  private seqs = new Float64Array(0);
  /** [LENGTH] t0 modulo 2^32 of that number: enough to tell a repeat from a restart. */
  private t0s = new Uint32Array(0);
  private zeroT0Us = -1;
  private zeroLayer = '';

  /**
   * Whether this number says that its emitter started anew: a number seen before with another t0
   * (a repeat has the same), or, where no emitter is named, a 0 unlike the last 0.
   */
  startsAnew(seq: number, t0Us: number, layerName: string, unnamed: boolean): boolean {
    if (this.highest < 0) return false;
    if (this.has(seq) && this.t0s[seq % LENGTH] !== low32(t0Us)) return true;
    if (seq !== 0 || !unnamed) return false;
    return this.zeroT0Us !== t0Us || this.zeroLayer !== layerName;
  }

  noteZero(t0Us: number, layerName: string): void {
    this.zeroT0Us = t0Us;
    this.zeroLayer = layerName;
  }

  has(seq: number): boolean {
    return seq > this.highest - LENGTH && this.seqs[seq % LENGTH] === seq;
  }

  add(seq: number, t0Us: number): void {
    if (this.seqs.length === 0) {
      this.seqs = new Float64Array(LENGTH).fill(-1);
      this.t0s = new Uint32Array(LENGTH);
    }
    if (seq > this.highest) this.highest = seq;
    else if (seq <= this.highest - LENGTH) return;
    this.seqs[seq % LENGTH] = seq;
    this.t0s[seq % LENGTH] = low32(t0Us);
  }

  clear(): void {
    this.highest = -1;
    this.seqs.fill(-1);
  }

  snapshot(): Snapshot {
    return {
      highest: this.highest,
      seqs: this.seqs.slice(),
      t0s: this.t0s.slice(),
      zeroT0Us: this.zeroT0Us,
      zeroLayer: this.zeroLayer,
    };
  }

  static restore(snapshot: Snapshot): SequenceWindow {
    const kept = snapshot as unknown as {
      highest: number;
      seqs: Float64Array;
      t0s: Uint32Array;
      zeroT0Us: number;
      zeroLayer: string;
    };
    const window = new SequenceWindow();
    window.highest = kept.highest;
    window.seqs = Float64Array.from(kept.seqs);
    window.t0s = Uint32Array.from(kept.t0s);
    window.zeroT0Us = kept.zeroT0Us;
    window.zeroLayer = kept.zeroLayer;
    return window;
  }
}
