import type { SharedView } from '../../component/partition-view.ts';
import { type AnyPipeline, kindsRead } from '../../component/pipeline.ts';
import { membraneBoundsOf } from '../../numerics/membrane-buckets.ts';
import { LIVE_LIMITS } from '../../sinks/live/live-limits.ts';
import type { LiveStore } from '../../sinks/live/live-store.ts';
import type { MetricValues } from '../../sinks/live/metric-values.ts';
import { RateMeter } from '../../sinks/live/rate-meter.ts';
import type {
  ConversionsUpdate,
  MembraneUpdate,
  Overview,
  TopologyUpdate,
} from '../../sinks/live/schemas.ts';
import { deliveryOf, type FoundGap, GapWatch, sinksOf } from './delivery.ts';

export interface LiveViewOptions {
  readonly version: string;
  readonly source: string;
  readonly connected: () => boolean | undefined;
  readonly live: LiveStore;
  readonly values: MetricValues;
  readonly pipelines: readonly AnyPipeline[];
  /** Sets gauges that are read only when somebody asks. */
  readonly refresh: () => void;
  readonly traceUrl: string | undefined;
  /** Whether log lines are kept that can be analysed. */
  readonly logsStored: boolean;
  readonly nowUs: () => number;
  /** What was found missing of the stream last; undefined where frames come by none. */
  readonly streamGap?: (() => FoundGap | undefined) | undefined;
  /** How the partitions stand; undefined where one process has all frames. */
  readonly partitions?: (() => SharedView) | undefined;
}

/** What the page shows of the metrics and the live store together. */
export class LiveView {
  readonly live: LiveStore;
  private readonly options: LiveViewOptions;
  private readonly meter = new RateMeter();
  private readonly gaps: GapWatch;
  private readonly startedUs: number;

  constructor(options: LiveViewOptions) {
    this.options = options;
    this.live = options.live;
    this.startedUs = options.nowUs();
    this.gaps = new GapWatch(options.streamGap ?? (() => undefined));
  }

  /** Once a second: what speeds are measured from. */
  tick(): void {
    const { values, live, nowUs } = this.options;
    const nowMs = nowUs() / 1000;
    const { meter } = this;
    meter.tick();
    for (const [layer, spikes] of values.by('neural_spikes_total', 'layer')) {
      meter.sample(`layer/${layer}`, spikes, nowMs);
    }
    for (const { id, spikes } of live.chips.all()) meter.sample(`chip/${id}`, spikes, nowMs);
    for (const [kind, frames] of values.by('spikescope_frames_total', 'kind')) {
      meter.sample(`kind/${kind}`, frames, nowMs);
    }
    for (const [name, records] of values.by('spikescope_records_total', 'pipeline')) {
      meter.sample(`pipeline/${name}`, records, nowMs);
    }
    meter.sample('documents', values.count('spikescope_documents_total'), nowMs);
    this.gaps.look(values, nowUs());
    live.incidentSeries.look();
    meter.sample('spikes', values.count('neural_spikes_total'), nowMs);
    meter.sample('frames', values.count('spikescope_frames_total'), nowMs);
  }

  overview(): Overview {
    const { version, source, connected, live, nowUs, values } = this.options;
    this.options.refresh();
    return {
      ...{ version, source, connected: connected() ?? null },
      ...{ now_us: nowUs(), started_us: this.startedUs, totals: this.totals() },
      incidents_open: live.incidents.open,
      logs_stored: this.options.logsStored,
      errors: live.logs.lastErrors(),
      chips: this.chips(),
      layers: this.layers(),
      pipelines: this.pipelines(),
      sinks: sinksOf(values, this.meter),
      delivery: deliveryOf(values, this.gaps, this.options.partitions?.()),
    };
  }

  private totals(): Overview['totals'] {
    const { values } = this.options;
    const { meter } = this;
    return {
      frames: values.count('spikescope_frames_total'),
      spikes: values.count('neural_spikes_total'),
      spikes_per_second: meter.perSecond('spikes'),
      frames_per_second: meter.perSecond('frames'),
      watts: values.sum('neuromorphic_power_watts'),
      energy_joules: values.sum('neuromorphic_energy_joules_total'),
      frames_invalid: values.count('spikescope_frames_invalid_total'),
      frames_missing: values.count('spikescope_frames_missing_total'),
      frames_repeated: values.count('spikescope_frames_repeated_total'),
      samples_late: values.count('spikescope_samples_late_total'),
      windows_incomplete: values.count('spikescope_windows_incomplete_total'),
      dropped: values.count('spikescope_dropped_total'),
    };
  }

  private chips(): Overview['chips'] {
    const { values, live } = this.options;
    const chipLabels = ['device_type', 'chip_id'] as const;
    const watts = values.by('neuromorphic_power_watts', ...chipLabels);
    const joules = values.by('neuromorphic_energy_joules_total', ...chipLabels);
    const lags = values.by('spikescope_event_lag_seconds', ...chipLabels);
    const health = values.by('neuromorphic_chip_health_status', ...chipLabels);
    return live.chips.all().map((chip) => {
      const { id, deviceType, chipId, status, reason, temperatureC } = chip;
      const said = health.get(id);
      return {
        ...{ id, device_type: deviceType, chip_id: chipId, frames: chip.frames },
        connected: said === undefined ? chip.connected : said === 1,
        ...(status === undefined ? {} : { status }),
        ...(reason === undefined ? {} : { reason }),
        ...(temperatureC === undefined ? {} : { temperature_c: temperatureC }),
        watts: watts.get(id) ?? null,
        energy_joules: joules.get(id) ?? null,
        spikes_per_second: this.meter.perSecond(`chip/${id}`),
        heard_us: Number.isNaN(chip.heardUs) ? 0 : chip.heardUs,
        lag_seconds: lags.get(id) ?? null,
      };
    });
  }

  private layers(): Overview['layers'] {
    const { values, live } = this.options;
    const parts = [...live.spikes.parts.values()];
    return [...values.by('neural_spikes_total', 'layer')].map(([layer_name, spikes]) => {
      const own = parts.filter((part) => part.layerName === layer_name);
      return {
        ...{ layer_name, spikes, spikes_per_second: this.meter.perSecond(`layer/${layer_name}`) },
        neurons: own.reduce((sum, { neuronCount }) => sum + neuronCount, 0),
        chips: own.length,
        mean_rate_hz: live.rates.meanHz(layer_name),
      };
    });
  }

  private pipelines(): Overview['pipelines'] {
    const { values, pipelines } = this.options;
    const records = values.by('spikescope_records_total', 'pipeline');
    const failures = values.by('spikescope_pipeline_failures_total', 'pipeline');
    return pipelines.map(({ name }) => ({
      name,
      records_per_second: this.meter.perSecond(`pipeline/${name}`),
      records: records.get(name) ?? 0,
      failures: failures.get(name) ?? 0,
    }));
  }

  membrane(revision: number): MembraneUpdate {
    const { values, live } = this.options;
    return live.membrane.since(revision, (layer, unit) =>
      values.membrane(layer, unit, [...membraneBoundsOf(unit)]),
    );
  }

  conversions(revision: number): ConversionsUpdate {
    const { live, traceUrl } = this.options;
    const conversions = live.conversions.since(revision);
    return { conversions, ...(traceUrl === undefined ? {} : { trace_url: traceUrl }) };
  }

  topology(clients: number, clientsMax: number): TopologyUpdate {
    const { values, source, connected, pipelines, refresh } = this.options;
    refresh();
    const states = new Map(this.pipelines().map((state) => [state.name, state]));
    const bytes = values.by('spikescope_queue_bytes', 'queue');
    return {
      ...{ source, connected: connected() ?? null },
      kinds: [...values.by('spikescope_frames_total', 'kind')].map(([kind, frames]) => {
        return { kind, frames, frames_per_second: this.meter.perSecond(`kind/${kind}`) };
      }),
      pipelines: pipelines.map((pipeline) => ({
        ...(states.get(pipeline.name) as Overview['pipelines'][number]),
        ...{ summary: pipeline.summary, reads: [...kindsRead(pipeline)] },
        derives: projectionsOf(pipeline),
      })),
      queues: [...values.by('spikescope_queue_depth', 'queue')].map(([queue, entries]) => {
        return { queue, entries, bytes: bytes.get(queue) ?? null };
      }),
      dropped: values.rows('spikescope_dropped_total').map(({ labels, value }) => {
        return { sink: labels[0] ?? '', reason: labels[1] ?? '', count: value };
      }),
      page: { clients, clients_max: clientsMax },
    };
  }

  /** Bins of the raster's time that a client without history is sent. */
  static binsOf(seconds: number): number {
    return Math.min(LIVE_LIMITS.bins, Math.ceil((seconds * 1e6) / LIVE_LIMITS.binUs));
  }
}

function projectionsOf({ metrics, derived, log, spans }: AnyPipeline): string[] {
  const reached = { metrics, derived, log, traces: spans };
  return Object.entries(reached).flatMap(([sink, projection]) =>
    projection === undefined ? [] : [sink],
  );
}
