import { aedat4 } from './aedat4.ts';
import { csv } from './csv.ts';
import { csvWide } from './csv-wide.ts';
import { ndjsonSpikes } from './ndjson-spikes.ts';
import { nest } from './nest.ts';
import { npz } from './npz.ts';
import { nwb } from './nwb.ts';
import type { SampleFormat } from './samples.ts';
import { sonata } from './sonata.ts';
import { textTimes } from './text-times.ts';

/** Formats of files of spikes and potentials, in the order in which they are tried. */
export const SAMPLE_FORMATS: readonly SampleFormat[] = [
  nest,
  csvWide,
  csv,
  textTimes,
  ndjsonSpikes,
  npz,
  aedat4,
  nwb,
  sonata,
];
