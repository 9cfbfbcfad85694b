import type { IncidentsUpdate } from '../sinks/live/incident-schemas.ts';
import type {
  BenchmarksUpdate,
  ConversionsUpdate,
  CoresUpdate,
  LiveBenchmark,
  LiveConversion,
  LogLine,
  LogsUpdate,
  MembraneUpdate,
  Overview,
  PowerUpdate,
  RasterUpdate,
  RatesUpdate,
  TopologyUpdate,
} from '../sinks/live/schemas.ts';
import { RasterStore } from './raster-store.ts';

interface Points {
  t_us: number[];
  values: number[];
}

const POINTS_MAX = 2400;
const LINES_MAX = 1000;

/** All that the page knows, put together from what it is sent. */
export class PageState {
  /** Where the routes of what is shown begin. */
  readonly api: string;
  /** The address of another view of the same. */
  readonly link: (view: string) => string;
  overview: Overview | undefined;
  topology: TopologyUpdate | undefined;
  raster: RasterStore;
  leHz: readonly number[] = [];
  readonly rates = new Map<string, RatesUpdate['layers'][number]>();
  readonly rails = new Map<string, PowerUpdate['rails'][number]>();
  readonly inferences = new Map<string, PowerUpdate['inferences'][number]>();
  readonly cores = new Map<string, CoresUpdate['chips'][number]>();
  coresRefused = 0;
  readonly membrane = new Map<string, MembraneUpdate['layers'][number]>();
  readonly incidents = new Map<string, IncidentsUpdate['incidents'][number]>();
  readonly mutes = new Map<string, IncidentsUpdate['mutes'][number]>();
  lines: LogLine[] = [];
  readonly conversions = new Map<string, LiveConversion>();
  traceUrl: string | undefined;
  readonly benchmarks = new Map<string, LiveBenchmark>();
  /** Topics that have come at least once since the connection was made. */
  readonly loaded = new Set<string>();

  constructor(api = '/api', link = (view: string): string => `#/${view}`) {
    this.api = api;
    this.link = link;
    this.raster = new RasterStore(api);
  }

  /** Whether it is a recording that is replayed, not what is live. */
  get isReplay(): boolean {
    return this.api !== '/api';
  }

  /** A new connection begins with everything: what was known makes way for it as it comes. */
  begin(): void {
    this.loaded.clear();
  }

  take(topic: string, data: unknown): void {
    const isFirst = !this.loaded.has(topic);
    this.loaded.add(topic);
    if (isFirst) this.forget(topic);
    if (topic === 'overview') this.overview = data as Overview;
    else if (topic === 'topology') this.topology = data as TopologyUpdate;
    else if (topic === 'raster') this.raster.take(data as RasterUpdate);
    else if (topic === 'rates') this.takeRates(data as RatesUpdate);
    else if (topic === 'power') this.takePower(data as PowerUpdate);
    else if (topic === 'cores') this.takeCores(data as CoresUpdate);
    else if (topic === 'membrane') this.takeMembrane(data as MembraneUpdate);
    else this.takeLists(topic, data);
  }

  private forget(topic: string): void {
    if (topic === 'raster') this.raster = new RasterStore(this.api);
    else if (topic === 'logs') this.lines = [];
    const maps: Readonly<Record<string, Map<string, unknown>[]>> = {
      rates: [this.rates],
      power: [this.rails, this.inferences],
      cores: [this.cores],
      membrane: [this.membrane],
      incidents: [this.incidents, this.mutes],
      conversions: [this.conversions],
      benchmarks: [this.benchmarks],
    };
    for (const map of maps[topic] ?? []) map.clear();
  }

  private takeRates({ le_hz, layers }: RatesUpdate): void {
    this.leHz = le_hz;
    for (const layer of layers) {
      const windows = joined(this.rates.get(layer.id)?.windows, layer.windows);
      this.rates.set(layer.id, { ...layer, windows });
    }
  }

  private takePower({ rails, inferences }: PowerUpdate): void {
    for (const rail of rails) {
      this.rails.set(rail.id, {
        ...rail,
        watts: joined(this.rails.get(rail.id)?.watts, rail.watts),
      });
    }
    for (const each of inferences) this.inferences.set(`${each.hardware}/${each.model_name}`, each);
  }

  private takeCores({ chips, cores_refused }: CoresUpdate): void {
    for (const chip of chips) this.cores.set(chip.id, chip);
    this.coresRefused = cores_refused;
  }

  private takeMembrane({ layers }: MembraneUpdate): void {
    for (const layer of layers) {
      const before = this.membrane.get(layer.id)?.traces;
      const traces = layer.traces.map((trace) => {
        const old = before?.find(({ neuron_id }) => neuron_id === trace.neuron_id);
        return { ...trace, potentials: joined(old?.potentials, trace.potentials) };
      });
      this.membrane.set(layer.id, { ...layer, traces });
    }
  }

  private takeLists(topic: string, data: unknown): void {
    if (topic === 'incidents') {
      const { incidents, mutes } = data as IncidentsUpdate;
      for (const each of incidents) this.incidents.set(each.incident_id, each);
      for (const each of mutes) this.mutes.set(each.id, each);
    } else if (topic === 'logs') {
      this.lines = [...this.lines, ...(data as LogsUpdate).lines].slice(-LINES_MAX);
    } else if (topic === 'conversions') {
      const { conversions, trace_url } = data as ConversionsUpdate;
      this.traceUrl = trace_url;
      for (const each of conversions) this.conversions.set(each.conversion_id, each);
    } else if (topic === 'benchmarks') {
      for (const each of (data as BenchmarksUpdate).benchmarks) {
        this.benchmarks.set(JSON.stringify([each.hardware, each.model]), each);
      }
    }
  }
}

/** Points with those that came after them; time that goes back begins anew. */
function joined(before: Points | undefined, more: Points): Points {
  const first = more.t_us[0];
  if (before === undefined || first === undefined) return before ?? more;
  let keep = before.t_us.length;
  while (keep > 0 && (before.t_us[keep - 1] as number) >= first) keep--;
  return {
    t_us: [...before.t_us.slice(0, keep), ...more.t_us].slice(-POINTS_MAX),
    values: [...before.values.slice(0, keep), ...more.values].slice(-POINTS_MAX),
  };
}
