import type { DerivedRecord } from '../../component/derived-record.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { PointSeries } from './point-series.ts';
import { known, numberOf, optionalText, textOf } from './record-fields.ts';
import type { LiveInference, PowerUpdate } from './schemas.ts';

interface Rail {
  readonly id: string;
  readonly device_type: string;
  readonly chip_id: string;
  readonly rail: string;
  readonly component: string;
  readonly watts: PointSeries;
  energy_joules: number;
}

/** Points closer together are one; at most as many are kept as make two minutes. */
const POINT_US = 100_000;

/** Power of rails over time, and what inferences cost, from `power` and `inference` records. */
export class LivePower {
  private readonly rails = new LatestMap<Rail>(LIVE_LIMITS.seriesMax);
  private readonly inferences = new LatestMap<LiveInference>(LIVE_LIMITS.seriesMax);

  takePower({ fields, t0Us, spanUs }: DerivedRecord, revision: number): void {
    const names = ['device_type', 'chip_id', 'rail', 'component'].map((name) =>
      textOf(fields[name]),
    );
    const [device_type = '', chip_id = '', rail = '', component = ''] = names;
    const id = names.join('/');
    const known = this.rails.get(id) ?? {
      ...{ id, device_type, chip_id, rail, component, energy_joules: 0 },
      watts: new PointSeries(LIVE_LIMITS.pointsKept, POINT_US),
    };
    const watts = numberOf(fields['watts']);
    if (watts !== undefined) known.watts.add(t0Us + spanUs, watts, revision);
    known.energy_joules = numberOf(fields['energy_joules']) ?? known.energy_joules;
    this.rails.set(id, known, revision);
  }

  takeInference({ fields, t0Us }: DerivedRecord, revision: number): void {
    const model_name = textOf(fields['model_name']);
    const hardware = textOf(fields['hardware']);
    const inference = {
      ...{ model_name, hardware, t0_us: t0Us, count: numberOf(fields['count']) ?? 0 },
      energy_per_inference_joules: numberOf(fields['energy_per_inference_joules']),
      energy_per_synaptic_operation_joules: numberOf(
        fields['energy_per_synaptic_operation_joules'],
      ),
      latency_mean_us: numberOf(fields['latency_mean_us']),
      latency_max_us: numberOf(fields['latency_max_us']),
      baseline_name: optionalText(fields['baseline_name']),
      energy_efficiency_ratio: numberOf(fields['energy_efficiency_ratio']),
    };
    this.inferences.set(`${hardware}/${model_name}`, known(inference), revision);
  }

  /** Watts of a chip over time; undefined where none were said. */
  totalOf(chip: string): { t_us: number[]; values: number[] } | undefined {
    return this.rails.get(`${chip}/total/total`)?.watts.since(0);
  }

  since(revision: number): PowerUpdate {
    const rails = this.rails
      .since(revision)
      .map((rail) => ({ ...rail, watts: rail.watts.since(revision) }));
    return { rails, inferences: this.inferences.since(revision) };
  }
}
