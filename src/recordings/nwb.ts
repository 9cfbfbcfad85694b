import type { FileHead } from './file-head.ts';
import { Hdf5File } from './hdf5-file.ts';
import { hdf5Start, requireWholeHdf5 } from './hdf5-signature.ts';
import { openPotentials, potentialNames } from './nwb-potentials.ts';
import { readUnits, UNITS, unitSpikes } from './nwb-units.ts';
import { RecordingError } from './recording-error.ts';
import type { SampleContext, SampleFile, SampleFormat, SampleKind } from './samples.ts';

/**
 * Neurodata Without Borders 2: spikes of `/units`, potentials of the series in `/acquisition`.
 * Times count from the start of the session. Source: the NWB format specification 2, "Units" and
 * "PatchClampSeries".
 */
export const nwb: SampleFormat = {
  name: 'nwb',
  metaFormats: ['nwb'],

  async recognise(head: FileHead): Promise<readonly SampleKind[]> {
    if (hdf5Start(head) === undefined) return [];
    requireWholeHdf5(head);
    return Hdf5File.with(head.path, (file) => {
      if (file.text('/', 'nwb_version') === undefined) return [];
      const kinds: SampleKind[] = [];
      if (hasUnits(file)) kinds.push('spikes');
      if (potentialNames(file).length > 0) kinds.push('membrane');
      return kinds;
    });
  },

  async open(head: FileHead, context: SampleContext): Promise<readonly SampleFile[]> {
    requireWholeHdf5(head);
    return Hdf5File.with(head.path, (file) => {
      const units = hasUnits(file) ? readUnits(file, context) : undefined;
      if (context.kind === 'membrane') return openPotentials(file, units?.layers ?? [], context);
      if (units !== undefined) return [unitSpikes(file, units)];
      throw new RecordingError(
        'table',
        `${head.name}: has no spikes: no /units/spike_times with its index is in it.`,
      );
    });
  },
};

function hasUnits(file: Hdf5File): boolean {
  const names = file.children(UNITS);
  return names.includes('spike_times') && names.includes('spike_times_index');
}
