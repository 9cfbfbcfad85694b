import { csv } from './csv.ts';
import { csvWide } from './csv-wide.ts';
import { nest } from './nest.ts';
import { nwb } from './nwb.ts';
import type { SampleFormat } from './samples.ts';
import { sonata } from './sonata.ts';

/** Formats of files of spikes and potentials, in the order in which they are tried. */
export const SAMPLE_FORMATS: readonly SampleFormat[] = [nest, csvWide, csv, nwb, sonata];
