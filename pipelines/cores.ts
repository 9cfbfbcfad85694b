import { map } from 'rxjs';
import { z } from 'zod';
import { definePipeline } from '../src/component/pipeline.ts';
import type { CoresFrame } from '../src/frames/cores.ts';

/**
 * Every core of a large machine has its series: SpiNNaker boards and Loihi racks have thousands.
 */
const CORE_SERIES_MAX = 10_000;

export default definePipeline({
  name: 'cores',
  summary: 'Utilization of each core, as its last snapshot says.',
  reads: 'cores',
  options: z.strictObject({}),
  through: () => map((frame: CoresFrame) => frame),
  metrics: (define) => {
    const loihi2 = define.gauge({
      name: 'loihi2_core_utilization_percent',
      help: 'Utilization of a Loihi 2 core, 0 to 100.',
      labels: ['chip_id', 'core_id'],
      expires: 'chip',
      chipOf: ([chipId]) => `loihi2/${chipId}`,
      seriesMax: CORE_SERIES_MAX,
    });
    const others = define.gauge({
      name: 'neuromorphic_core_utilization_percent',
      help: 'Utilization of a core of another device, 0 to 100.',
      labels: ['device_type', 'chip_id', 'core_id'],
      expires: 'chip',
      seriesMax: CORE_SERIES_MAX,
    });
    return ({ deviceType, chipId, coreId, utilizationPercent }) => {
      for (let i = 0; i < coreId.length; i++) {
        const core = String(coreId[i]);
        const gauge =
          deviceType === 'loihi2'
            ? loihi2.series(chipId, core)
            : others.series(deviceType, chipId, core);
        gauge.set(utilizationPercent[i] as number);
      }
    };
  },
});
