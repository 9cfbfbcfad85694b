import { timeUnitUs } from './column-names.ts';
import type { FileHead } from './file-head.ts';
import { Hdf5File } from './hdf5-file.ts';
import { hdf5Start, requireWholeHdf5 } from './hdf5-signature.ts';
import { type SpikeColumns, spikeColumns } from './hdf5-spikes.ts';
import { RecordingError } from './recording-error.ts';
import type { FileLayer, SampleContext, SampleFile, SampleFormat, SampleKind } from './samples.ts';
import { hasReports, openReports } from './sonata-report.ts';

const SPIKES = '/spikes';
const POPULATIONS_MAX = 4096;
/** Value of the enumerated attribute `sorting`: none, by_id, by_time. */
const SORTED_BY_ID = 1;

/**
 * SONATA's spikes, `/spikes/<population>/{timestamps, node_ids}`, a layer a population; the layout
 * before it, `/spikes/{timestamps, gids}`; and reports of potentials. Ids count from 0 in a
 * population. What Spikescope writes states more in attributes (sonata-write.ts).
 * Source: github.com/AllenInstitute/sonata, docs/SONATA_DEVELOPER_GUIDE.md.
 */
export const sonata: SampleFormat = {
  name: 'sonata',
  metaFormats: ['sonata', 'sonata-report'],

  async recognise(head: FileHead): Promise<readonly SampleKind[]> {
    if (hdf5Start(head) === undefined) return [];
    requireWholeHdf5(head);
    return Hdf5File.with(head.path, (file) => {
      const kinds: SampleKind[] = [];
      if (isOldLayout(file) || populations(file).length > 0) kinds.push('spikes');
      if (hasReports(file)) kinds.push('membrane');
      return kinds;
    });
  },

  async open(head: FileHead, context: SampleContext): Promise<readonly SampleFile[]> {
    requireWholeHdf5(head);
    return Hdf5File.with(head.path, (file) => {
      if (context.kind === 'membrane') return openReports(file, context);
      if (isOldLayout(file)) return [oldLayout(file, context)];
      const names = populations(file);
      if (names.length === 0) {
        throw new RecordingError(
          'table',
          `${head.name}: has no spikes: no /spikes/<population>/timestamps is in it.`,
        );
      }
      return names.map((name) => population(file, name, context));
    });
  },
};

function isOldLayout(file: Hdf5File): boolean {
  const names = file.children(SPIKES);
  return names.includes('timestamps') && (names.includes('gids') || names.includes('node_ids'));
}

function populations(file: Hdf5File): string[] {
  const names = file
    .children(SPIKES)
    .filter((name) => file.children(`${SPIKES}/${name}`).includes('timestamps'));
  if (names.length <= POPULATIONS_MAX) return names;
  throw new RecordingError(
    'too_large',
    `${file.name}: ${names.length} populations, at most ${POPULATIONS_MAX} are read.`,
  );
}

function population(file: Hdf5File, name: string, context: SampleContext): SampleFile {
  const path = `${SPIKES}/${name}`;
  const layer: FileLayer = {
    name: context.layer ?? name,
    layerName: context.layer ?? file.text(path, 'layer_name'),
    neuronCount: file.number(path, 'neuron_count'),
    neuronType: file.text(path, 'neuron_type'),
    neuronOffset: file.number(path, 'neuron_offset'),
    deviceType: file.text(path, 'device_type'),
    chipId: file.text(path, 'chip_id'),
  };
  const columns = columnsOf(file, path, 'node_ids', context);
  return spikeColumns({ ...columns, layer, localIds: true });
}

function oldLayout(file: Hdf5File, context: SampleContext): SampleFile {
  const ids = file.children(SPIKES).includes('gids') ? 'gids' : 'node_ids';
  const layer = context.layer === undefined ? undefined : { name: context.layer };
  return spikeColumns({ ...columnsOf(file, SPIKES, ids, context), layer, localIds: false });
}

type Columns = Omit<SpikeColumns, 'layer' | 'localIds'>;

function columnsOf(file: Hdf5File, group: string, ids: string, context: SampleContext): Columns {
  const times = file.requireDataset(`${group}/timestamps`);
  const idColumn = file.requireDataset(`${group}/${ids}`);
  const { length } = times;
  if (length !== idColumn.length) {
    throw new RecordingError(
      'table',
      `${file.name}: ${times.path} has ${length} values and ${idColumn.path} ${idColumn.length}: \
each spike needs both.`,
    );
  }
  const step = file.number(group, 'timestep_us');
  return {
    path: file.path,
    format: 'sonata',
    times: times.path,
    ids: idColumn.path,
    length,
    unitUs: unitOfTimes(file, times.path, context),
    isUnordered: file.number(group, 'sorting') === SORTED_BY_ID,
    timestepUs: step !== undefined && step > 0 ? step : undefined,
    startUs: file.number('/', 'start_us'),
    endUs: file.number('/', 'end_us'),
  };
}

/** As the attribute `units` says; ms where there is none. */
function unitOfTimes(file: Hdf5File, path: string, context: SampleContext): number {
  const unit = file.text(path, 'units');
  if (unit === undefined) return context.timeUnitUs ?? 1000;
  const unitUs = timeUnitUs(unit);
  if (unitUs !== undefined) return unitUs;
  throw new RecordingError(
    'table',
    `${file.name}: ${path} is in ${JSON.stringify(unit)}, which is no unit of time that is known \
(s, ms, us, ns).`,
  );
}
