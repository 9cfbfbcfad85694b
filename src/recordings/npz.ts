import type { FileHead } from './file-head.ts';
import { type NpzLayout, npzLayout } from './npz-layout.ts';
import { type NpzMatrix, NpzPotentialReader } from './npz-potentials.ts';
import { type NpzPair, NpzSpikeReader } from './npz-spikes.ts';
import type { ReadingNotes } from './reading-notes.ts';
import { RecordingError } from './recording-error.ts';
import type {
  SampleContext,
  SampleFile,
  SampleFormat,
  SampleKind,
  SampleReader,
} from './samples.ts';
import { scannedGlimpse } from './scanned-order.ts';
import { listZip, type ZipListing, type ZipMember } from './zip-listing.ts';

const MAGIC = Buffer.from('PK\x03\x04', 'latin1');
const SUFFIX = '.npy';
/** Each pair takes two open streams. */
const PAIRS_MAX = 256;
/** As order-check.ts counts samples; one of an array takes more. */
const SAMPLE_BYTES = 4;

/**
 * Archives of NumPy arrays, stored or deflated: `<layer>_i` and `<layer>_t` as from Brian2's
 * monitors, `<layer>_times` and `<layer>_senders` as from NEST's, and a matrix of potentials with
 * its axes (`t_ms`, `v_mV`, `layer`, `neuron`).
 */
export const npz: SampleFormat = {
  name: 'npz',
  metaFormats: ['npz', 'npz-brian2', 'npz-vm'],

  recognise(file: FileHead): SampleKind | undefined {
    if (!isZip(file)) return undefined;
    return layoutOf(listZip(file.path, file.size))?.kind;
  },

  async open(file: FileHead, context: SampleContext) {
    const listing = isZip(file) ? listZip(file.path, file.size) : undefined;
    const layout = listing && layoutOf(listing);
    if (listing === undefined || layout === undefined || layout.kind !== context.kind) {
      throw new RecordingError('table', `${file.name}: ${wrongArrays(listing, context.kind)}`);
    }
    return layout.potentials === undefined
      ? spikeFile(file, listing, layout, context)
      : potentialFile(file, listing, layout, context);
  },
};

function isZip(file: FileHead): boolean {
  return MAGIC.equals(file.bytes.subarray(0, MAGIC.length));
}

function arrayNames({ members }: ZipListing): string[] {
  return members.flatMap(({ name }) =>
    name.endsWith(SUFFIX) ? [name.slice(0, -SUFFIX.length)] : [],
  );
}

function layoutOf(listing: ZipListing): NpzLayout | undefined {
  return npzLayout(arrayNames(listing));
}

function wrongArrays(listing: ZipListing | undefined, kind: SampleKind): string {
  if (listing === undefined) return 'is no zip archive, as numpy.savez writes it.';
  const names = arrayNames(listing).slice(0, 8).join(', ') || 'none';
  return kind === 'spikes'
    ? `no spikes among its arrays (${names}). Name them E_t and E_i (s) or E_times and E_senders \
(ms) for a layer E.`
    : `no potentials among its arrays (${names}). Name them t_ms, v_mV (neurons, times), layer and \
neuron.`;
}

function memberOf({ members }: ZipListing, name: string): ZipMember {
  return members.find((member) => member.name === `${name}${SUFFIX}`) as ZipMember;
}

function sampleFile(
  file: FileHead,
  listing: ZipListing,
  about: Pick<SampleFile, 'format' | 'kind' | 'unit' | 'namesLayers'>,
  samples: number,
  open: (notes: ReadingNotes) => Promise<SampleReader>,
): SampleFile {
  const read = (notes: ReadingNotes) => {
    if (listing.isCut) {
      notes.truncated = true;
      notes.remark(`${file.name} lacks its directory: the file was cut off; arrays before the cut \
are read.`);
    }
    return open(notes);
  };
  return {
    ...about,
    path: file.path,
    timestepUs: undefined,
    samplesAtOnce: 1,
    bytes: samples * SAMPLE_BYTES,
    read,
    glimpse: scannedGlimpse({ read, kind: about.kind }),
  };
}

function spikeFile(
  file: FileHead,
  listing: ZipListing,
  layout: NpzLayout,
  context: SampleContext,
): SampleFile {
  if (layout.spikes.length > PAIRS_MAX) {
    throw new RecordingError(
      'too_large',
      `${file.name}: ${layout.spikes.length} layers, at most ${PAIRS_MAX} of a file are read. \
Spread them over several files.`,
    );
  }
  const pairs: NpzPair[] = layout.spikes.map((arrays) => {
    const timeUnitUs = arrays.namedUnitUs ?? context.timeUnitUs ?? arrays.usualUnitUs;
    if (timeUnitUs === undefined) {
      throw new RecordingError(
        'table',
        `${file.name}: the array ${arrays.times} has no unit. Name it ${arrays.times}_ms, or give \
"time_unit": "ms" in a meta.json.`,
      );
    }
    const [timesMember, idsMember] = [arrays.times, arrays.ids].map((name) =>
      memberOf(listing, name),
    ) as [ZipMember, ZipMember];
    return { ...arrays, timesMember, idsMember, timeUnitUs };
  });
  const about = {
    format: pairs.every((pair) => pair.isNest) ? 'nest-npz' : 'npz',
    kind: 'spikes',
    unit: '1',
    namesLayers: context.layer !== undefined || pairs.every((pair) => pair.layer !== ''),
  } as const;
  // Without sizes in a cut file, what the data could hold at most.
  const bytes = pairs.reduce(
    (sum, { timesMember: one }) => sum + (one.bytes ?? one.storedBytes),
    0,
  );
  return sampleFile(file, listing, about, Math.ceil(bytes / 4), (notes) =>
    NpzSpikeReader.open(file.path, pairs, context.layer, notes),
  );
}

function potentialFile(
  file: FileHead,
  listing: ZipListing,
  layout: NpzLayout,
  context: SampleContext,
): SampleFile {
  const { times, timeUnitUs, values, unit, layers, neurons } = layout.potentials as NonNullable<
    NpzLayout['potentials']
  >;
  const unitUs = timeUnitUs ?? context.timeUnitUs;
  if (unitUs === undefined) {
    throw new RecordingError(
      'table',
      `${file.name}: the array ${times} has no unit. Name it t_ms, t_us or t_s, or give \
"time_unit": "ms" in a meta.json.`,
    );
  }
  const matrix: NpzMatrix = {
    times: memberOf(listing, times),
    timeUnitUs: unitUs,
    values: memberOf(listing, values),
    layers: layers === undefined ? undefined : memberOf(listing, layers),
    neurons: neurons === undefined ? undefined : memberOf(listing, neurons),
    onlyLayer: context.layer,
  };
  const about = {
    format: 'npz-vm',
    kind: 'membrane',
    unit: context.unit ?? unit ?? 'mV',
    namesLayers: layers !== undefined || context.layer !== undefined,
  } as const;
  const bytes = matrix.values.bytes ?? matrix.values.storedBytes;
  return sampleFile(file, listing, about, Math.ceil(bytes / 4), (notes) =>
    NpzPotentialReader.open(file.path, matrix, notes),
  );
}
