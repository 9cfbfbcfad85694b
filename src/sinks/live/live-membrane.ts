import type { MembraneFrame } from '../../frames/membrane.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { PointSeries } from './point-series.ts';
import type { MembraneUpdate } from './schemas.ts';

interface MembraneLayer {
  readonly id: string;
  readonly device_type: string;
  readonly chip_id: string;
  readonly layer_name: string;
  readonly unit: string;
  samples: number;
  /** Of its last frame. */
  revision: number;
  not_finite: number;
  readonly traces: Map<number, PointSeries>;
}

export interface MembraneHistogram {
  readonly le: readonly number[];
  /** Not cumulative; the last is +Inf. */
  readonly count: readonly number[];
}

/** Points of a trace closer together are one. */
const POINT_US = 1000;
/** Samples of a neuron taken from one frame: traces are drawn, not measured. */
const SAMPLES_A_FRAME = 256;

/** Potentials over time of the first neurons of each layer; histograms are the metrics' own. */
export class LiveMembrane {
  private readonly layers = new LatestMap<MembraneLayer>(LIVE_LIMITS.seriesMax);
  /** By layer's name, whichever chip it came from last. */
  private readonly last = new Map<string, MembraneLayer>();

  take(frame: MembraneFrame, revision: number): void {
    const { deviceType, chipId, layerName, unit, neuronId, dtUs, values } = frame;
    const id = this.idOf(frame);
    const layer: MembraneLayer = this.layers.get(id) ?? {
      ...{ id, device_type: deviceType, chip_id: chipId, layer_name: layerName, unit },
      ...{ samples: 0, not_finite: 0, traces: new Map<number, PointSeries>() },
      revision: -1,
    };
    layer.samples += values.length;
    const stride = Math.max(1, Math.ceil(dtUs.length / SAMPLES_A_FRAME));
    for (let j = 0; j < neuronId.length && j < LIVE_LIMITS.tracesMax * 4; j++) {
      const trace = traceOf(layer, (neuronId[j] as number) + frame.neuronOffset);
      if (trace === undefined) continue;
      for (let i = 0; i < dtUs.length; i += stride) {
        const value = values[i * neuronId.length + j] as number;
        if (Number.isFinite(value)) trace.add(frame.t0Us + (dtUs[i] as number), value, revision);
        else layer.not_finite++;
      }
    }
    // Of what changes at one time, what came first stays first.
    if (layer.revision !== revision) this.layers.set(id, layer, revision);
    layer.revision = revision;
    if (this.last.get(layerName) === layer) return;
    if (this.last.size >= LIVE_LIMITS.seriesMax) this.last.clear();
    this.last.set(layerName, layer);
  }

  /** The same string each time, as far as one of each name comes at a time. */
  private idOf({ deviceType, chipId, layerName, unit }: MembraneFrame): string {
    const last = this.last.get(layerName);
    if (last?.chip_id === chipId && last.device_type === deviceType && last.unit === unit) {
      return last.id;
    }
    return `${deviceType}/${chipId}/${layerName}/${unit}`;
  }

  since(
    revision: number,
    histogramOf: (layerName: string, unit: string) => MembraneHistogram,
  ): MembraneUpdate {
    const layers = this.layers.since(revision).map(({ revision: _, ...layer }) => {
      const { le, count } = histogramOf(layer.layer_name, layer.unit);
      return {
        ...layer,
        histogram: { le: [...le], count: [...count] },
        traces: [...layer.traces].map(([neuron_id, trace]) => ({
          neuron_id,
          potentials: trace.since(revision),
        })),
      };
    });
    return { layers };
  }
}

function traceOf(layer: MembraneLayer, neuron: number): PointSeries | undefined {
  const known = layer.traces.get(neuron);
  if (known !== undefined) return known;
  if (layer.traces.size >= LIVE_LIMITS.tracesMax) return undefined;
  const trace = new PointSeries(LIVE_LIMITS.pointsKept * 2, POINT_US);
  layer.traces.set(neuron, trace);
  return trace;
}
