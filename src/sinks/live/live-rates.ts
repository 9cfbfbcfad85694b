import type { DerivedRecord } from '../../component/derived-record.ts';
import { RATE_LE_HZ } from '../../numerics/rate-buckets.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { PointSeries } from './point-series.ts';
import { numberOf, textOf } from './record-fields.ts';
import type { RatesUpdate } from './schemas.ts';

interface RateLayer {
  readonly id: string;
  readonly device_type: string;
  readonly chip_id: string;
  readonly layer_name: string;
  readonly windows: PointSeries;
  neuron_type: string;
  neuron_count: number;
  window_us: number;
  histogram: number[];
}

/** Mean rates of layers by closed window, from the records of `spike-rate`. */
export class LiveRates {
  private readonly layers = new LatestMap<RateLayer>(LIVE_LIMITS.seriesMax);

  take(record: DerivedRecord, revision: number): void {
    const { fields, t0Us, spanUs } = record;
    const names = [fields['device_type'], fields['chip_id'], fields['layer_name']].map(textOf);
    const [device_type = '', chip_id = '', layer_name = ''] = names;
    const id = names.join('/');
    const layer = this.layers.get(id) ?? {
      ...{ id, device_type, chip_id, layer_name },
      ...{ windows: new PointSeries(LIVE_LIMITS.windowsKept, 1), histogram: [] },
      ...{ neuron_type: '', neuron_count: 0, window_us: 0 },
    };
    layer.neuron_type = textOf(fields['neuron_type']);
    layer.neuron_count = numberOf(fields['neuron_count']) ?? 0;
    layer.window_us = spanUs;
    layer.histogram = [...(fields['rate_histogram'] as readonly number[])];
    layer.windows.add(t0Us, numberOf(fields['mean_rate_hz']) ?? 0, revision);
    this.layers.set(id, layer, revision);
  }

  /** Mean rate of a layer's last windows over all its chips, weighed by their neurons. */
  meanHz(layerName: string): number | null {
    let neurons = 0;
    let sum = 0;
    for (const layer of this.layers.since(0)) {
      if (layer.layer_name !== layerName) continue;
      neurons += layer.neuron_count;
      sum += (layer.windows.last ?? 0) * layer.neuron_count;
    }
    return neurons === 0 ? null : sum / neurons;
  }

  since(revision: number): RatesUpdate {
    const layers = this.layers
      .since(revision)
      .map((layer) => ({ ...layer, windows: layer.windows.since(revision) }));
    return { le_hz: [...RATE_LE_HZ], layers };
  }
}
