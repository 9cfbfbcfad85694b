import type { Snapshot } from '../component/state.ts';
import type { Frame } from '../frames/frame.ts';
import { OWN_EMITTER } from '../frames/header.ts';
import { SequenceWindow } from './sequence-window.ts';

/** What one frame's number says about its subject's stream. */
export interface SequenceVerdict {
  /** Seen before: count it and skip it. */
  readonly repeated: boolean;
  /** Below the highest and not seen before: came late, counts in. */
  readonly recovered: boolean;
  /** Frames between the highest number before and this one. */
  readonly missing: number;
}

const FRESH: SequenceVerdict = { repeated: false, recovered: false, missing: 0 };
const REPEATED: SequenceVerdict = { repeated: true, recovered: false, missing: 0 };
const RECOVERED: SequenceVerdict = { repeated: false, recovered: true, missing: 0 };

const EMITTERS_MAX = 64;

interface SubjectState {
  /** How often the subject's emitter has started anew. */
  restarts: number;
  /** By emitter name (empty for none), in the order they were first heard. */
  readonly emitters: Map<string, SequenceWindow>;
  /** The one heard last, and its name. */
  last: SequenceWindow | undefined;
  lastName: string;
}

/**
 * Follows `seq` by subject and emitter (DESIGN §2): finds repeats, lost and recovered frames, and
 * emitters that started anew; sets `frame.restarts`, which tells parts to start anew as well.
 */
export class SequenceTracker {
  private readonly subjects = new Map<string, SubjectState>();
  private readonly subjectsMax: number;

  constructor(subjectsMax: number) {
    this.subjectsMax = subjectsMax;
  }

  track(subject: string, frame: Frame): SequenceVerdict {
    const state = this.stateOf(subject);
    const name = frame.emitter ?? '';
    if (name === OWN_EMITTER) {
      frame.restarts = state.restarts;
      return FRESH;
    }
    const window = this.windowOf(state, name);
    const verdict = frame.seq === undefined ? FRESH : follow(state, window, frame, frame.seq);
    frame.restarts = state.restarts;
    return verdict;
  }

  private stateOf(subject: string): SubjectState {
    const known = this.subjects.get(subject);
    if (known !== undefined) return known;
    if (this.subjects.size >= this.subjectsMax) {
      // The subject heard of first goes; should it come back, it is new.
      const [oldest] = this.subjects.keys();
      this.subjects.delete(oldest as string);
    }
    const state = { restarts: 0, emitters: new Map(), last: undefined, lastName: '' };
    this.subjects.set(subject, state);
    return state;
  }

  private windowOf(state: SubjectState, name: string): SequenceWindow {
    if (state.last !== undefined && state.lastName === name) return state.last;
    const window = state.emitters.get(name) ?? this.addWindow(state, name);
    state.last = window;
    state.lastName = name;
    return window;
  }

  private addWindow(state: SubjectState, name: string): SequenceWindow {
    if (state.emitters.size > 0) state.restarts++;
    if (state.emitters.size >= EMITTERS_MAX) {
      const [oldest] = state.emitters.keys();
      state.emitters.delete(oldest as string);
    }
    const window = new SequenceWindow();
    state.emitters.set(name, window);
    return window;
  }

  snapshot(): Snapshot {
    return [...this.subjects].map(([subject, state]) => [
      subject,
      state.restarts,
      [...state.emitters].map(([name, window]) => [name, window.snapshot()]),
    ]);
  }

  restore(snapshot: Snapshot): void {
    this.subjects.clear();
    for (const entry of snapshot as readonly (readonly Snapshot[])[]) {
      const [subject, restarts, emitters] = entry as [string, number, [string, Snapshot][]];
      this.subjects.set(subject, {
        restarts,
        emitters: new Map(emitters.map(([name, window]) => [name, SequenceWindow.restore(window)])),
        last: undefined,
        lastName: '',
      });
    }
  }
}

function follow(
  state: SubjectState,
  window: SequenceWindow,
  frame: Frame,
  seq: number,
): SequenceVerdict {
  const layerName = frame.kind === 'spikes' || frame.kind === 'membrane' ? frame.layerName : '';
  if (window.startsAnew(seq, frame.t0Us, layerName, frame.emitter === undefined)) {
    state.restarts++;
    window.clear();
  }
  if (seq === 0) window.noteZero(frame.t0Us, layerName);
  const { highest } = window;
  if (window.has(seq)) return REPEATED;
  window.add(seq, frame.t0Us);
  if (highest < 0 || seq === highest + 1) return FRESH;
  if (seq < highest) return RECOVERED;
  return { repeated: false, recovered: false, missing: seq - highest - 1 };
}
