import type { RecordingInfo } from '../../recordings/recording.ts';

/** Layers that are drawn; the others are in the numbers, and said to be left out of pictures. */
export const LAYERS_DRAWN_MAX = 24;
/** Points of a line over time. */
export const POINTS_MAX = 250;
/** Bins of all layers together from which rates and spectra are made, 4 bytes each. */
const BINS_MAX = 2 ** 24;
/** Bins that a short recording is cut into at least, where its clock allows. */
const BINS_WANTED = 512;
const BIN_USUAL_US = 1000;
const BIN_LEAST_US = 10;

/** How the time of a recording is divided for its pictures; known before its first frame. */
export interface PicturePlan {
  readonly startUs: number;
  readonly lengthUs: number;
  /** The bins of which spectra are made, and how many lie wholly or partly in the recording. */
  readonly binUs: number;
  readonly bins: number;
  /** The points of lines over time: each a whole number of bins. */
  readonly pointUs: number;
  readonly points: number;
}

/** Undefined for a recording that covers no time. */
export function planPictures(info: RecordingInfo): PicturePlan | undefined {
  const { startUs, durationUs } = info;
  const lengthUs = durationUs - startUs;
  if (!(lengthUs > 0)) return undefined;
  const names = new Set(info.layers.map(({ name }) => name));
  const layers = Math.min(LAYERS_DRAWN_MAX, Math.max(1, names.size));
  // 1 ms shows rhythms up to 500 Hz; finer where the recording is short, coarser where it is long.
  const short = Math.max(BIN_LEAST_US, roundDown(lengthUs / BINS_WANTED));
  const long = roundUp((lengthUs * layers) / BINS_MAX);
  const binUs = Math.max(long, Math.min(short, BIN_USUAL_US));
  const bins = Math.ceil(lengthUs / binUs);
  const pointUs = roundUp(Math.ceil(bins / POINTS_MAX)) * binUs;
  return { startUs, lengthUs, binUs, bins, pointUs, points: Math.ceil(lengthUs / pointUs) };
}

/** The next of 1, 2 and 5 with zeros, at least 1. */
export function roundUp(least: number): number {
  let step = 1;
  for (let i = 0; step < least; i++) step = nextStep(step, i);
  return step;
}

function roundDown(most: number): number {
  let step = 1;
  for (let i = 0; nextStep(step, i) <= most; i++) step = nextStep(step, i);
  return step;
}

function nextStep(step: number, index: number): number {
  return index % 3 === 1 ? (step / 2) * 5 : step * 2;
}
