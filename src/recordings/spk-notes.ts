import type { RecordingNotes } from './recording.ts';

/** Damaged places that are named; the others are counted. */
const REMARKS_MAX = 16;
/** Damaged places that are remembered, so that meeting one twice does not count it twice. */
const PLACES_MAX = 65_536;

/**
 * What reading a `.spk` file met. A frame that can't be read counts as one in `samplesInvalid`
 * (what it held is unknown), and so does a lost block whose frames nobody knows.
 */
export class SpkNotes implements RecordingNotes {
  readonly samplesOutside = 0;
  samplesInvalid = 0;
  truncated = false;
  readonly remarks: string[] = [];
  /** Blocks that are damaged or missing. */
  blocksLost = 0;
  /** Frames of damaged blocks, where the block says how many, and frames that are none. */
  framesLost = 0;
  private readonly lasting: string[] = [];
  private readonly places = new Set<string>();
  private unnamed = 0;

  /** A remark on the file as a whole, which every reading of it repeats. */
  remark(text: string): void {
    this.lasting.push(text);
    this.remarks.push(text);
  }

  /** Forgets what an earlier reading met. */
  restart(): void {
    this.samplesInvalid = 0;
    this.truncated = false;
    this.blocksLost = 0;
    this.framesLost = 0;
    this.unnamed = 0;
    this.places.clear();
    this.remarks.splice(0, this.remarks.length, ...this.lasting);
  }

  /** Something damaged at `place`, a name that is the same whenever it is met. */
  damage(place: string, lost: { blocks: number; frames: number }, text: string): void {
    if (this.places.has(place)) return;
    if (this.places.size < PLACES_MAX) this.places.add(place);
    this.blocksLost += lost.blocks;
    this.framesLost += lost.frames;
    this.samplesInvalid += Math.max(lost.blocks, lost.frames);
    if (this.places.size <= REMARKS_MAX) this.remarks.push(text);
    else this.nameMore();
  }

  /** A remark of this reading. */
  say(text: string): void {
    this.remarks.push(text);
  }

  cut(text: string): void {
    this.truncated = true;
    this.remarks.push(text);
  }

  private nameMore(): void {
    const before = this.remarks.indexOf(unnamedRemark(this.unnamed));
    const text = unnamedRemark(++this.unnamed);
    if (before >= 0) this.remarks[before] = text;
    else this.remarks.push(text);
  }
}

function unnamedRemark(count: number): string {
  return `More damaged places, counted and not named: ${count}.`;
}
