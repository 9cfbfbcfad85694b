import type { Incident, IncidentSeries } from './incident-schemas.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import type { LivePower } from './live-power.ts';
import type { LiveSpikes, Population } from './live-spikes.ts';

/** How much is shown before an incident, which is its baseline too, and after it. */
const BEFORE_US = 10_000_000;
const AFTER_US = 5_000_000;
/** Of one that goes on, its beginning. */
const LENGTH_US_MAX = 50_000_000;
const STEP_US = 100_000;
/** Points of a baseline that say something. */
const BASELINE_MIN = 10;
const OUTSIDE_SHARE = 0.01;
/** Incidents whose series are still added to, and how many of them at one look. */
const GROWING_MAX = 64;

/**
 * The series around each incident: the rate of its layer, else the power of its chip, kept for as
 * long as the incident is. Its baseline is where the values of the ten seconds before lay.
 */
export class LiveIncidentSeries {
  private readonly spikes: LiveSpikes;
  private readonly power: LivePower;
  private readonly kept = new Map<string, IncidentSeries>();
  private readonly growing = new Map<string, Incident>();

  constructor(spikes: LiveSpikes, power: LivePower) {
    this.spikes = spikes;
    this.power = power;
  }

  take(incident: Incident): void {
    const id = incident.incident_id;
    if (this.kept.size >= LIVE_LIMITS.incidents && !this.kept.has(id)) forgetFirst(this.kept);
    if (this.growing.size >= GROWING_MAX && !this.growing.has(id)) forgetFirst(this.growing);
    this.growing.set(id, incident);
    this.capture(incident);
  }

  /** Once a second: what comes after an incident is told by no record of it. */
  look(): void {
    for (const [id, incident] of [...this.growing]) {
      const endUs = this.capture(incident);
      if (endUs !== undefined && endUs >= lastUs(incident)) this.growing.delete(id);
    }
  }

  get(id: string): IncidentSeries | undefined {
    return this.kept.get(id);
  }

  /** Gives up to when the series is there. */
  private capture(incident: Incident): number | undefined {
    const fromUs = incident.started_us - BEFORE_US;
    const toUs = lastUs(incident);
    const found = this.rate(incident, fromUs, toUs) ?? this.watts(incident, fromUs, toUs);
    if (found === undefined) return undefined;
    const { incident_id, started_us, ended_us } = incident;
    this.kept.set(incident_id, {
      ...{ incident_id, name: found.name, unit: found.unit, started_us },
      ...(ended_us === undefined ? {} : { ended_us }),
      points: { t_us: found.t_us, values: found.values },
      baseline: baselineOf(found, started_us),
    });
    return found.untilUs;
  }

  private rate({ device_type, chip_id, layer_name }: Incident, fromUs: number, toUs: number) {
    if (layer_name === undefined) return undefined;
    const part = this.spikes.parts.get(`${device_type}/${chip_id}/${layer_name}`);
    if (part === undefined) return undefined;
    const name = `rate of layer ${layer_name} of ${device_type}/${chip_id}`;
    return { name, unit: 'Hz', untilUs: part.lastUs, ...ratesOf(part, fromUs, toUs) };
  }

  private watts({ device_type, chip_id }: Incident, fromUs: number, toUs: number) {
    const all = this.power.totalOf(`${device_type}/${chip_id}`);
    if (all === undefined) return undefined;
    const inside = all.t_us.flatMap((us, i) => (us >= fromUs && us < toUs ? [i] : []));
    return {
      ...{ name: `power of ${device_type}/${chip_id}`, unit: 'W' },
      untilUs: all.t_us.at(-1) ?? Number.NEGATIVE_INFINITY,
      t_us: inside.map((i) => all.t_us[i] as number),
      values: inside.map((i) => all.values[i] as number),
    };
  }
}

interface Points {
  readonly t_us: number[];
  readonly values: number[];
}

function lastUs({ started_us, ended_us }: Incident): number {
  const most = started_us + LENGTH_US_MAX;
  return ended_us === undefined ? most : Math.min(most, ended_us + AFTER_US);
}

/** Mean rate of a layer's neurons, from the spikes of its raster that were counted. */
function ratesOf({ raster, neuronCount }: Population, fromUs: number, toUs: number): Points {
  const { binUs, bins } = LIVE_LIMITS;
  const points: Points = { t_us: [], values: [] };
  // Where the raster takes each k-th spike only, the others are made up for.
  const scale = raster.shown > 0 ? raster.received / raster.shown : 1;
  const first = Math.max(0, Math.floor(fromUs / STEP_US) * (STEP_US / binUs));
  const from = Math.max(first, raster.newest - bins + 1);
  const to = Math.min(raster.newest + 1, Math.ceil(toUs / binUs));
  if (to <= from) return points;
  const { cells, covered, first: start, count } = raster.columns(from, to);
  const wide = STEP_US / binUs;
  const aligned = Math.ceil(start / wide) * wide - start;
  for (let at = aligned; at + wide <= count; at += wide) {
    if (covered.subarray(at, at + wide).includes(0)) continue;
    let spikes = 0;
    for (let i = at * raster.rows; i < (at + wide) * raster.rows; i++) spikes += cells[i] as number;
    points.t_us.push((start + at) * binUs);
    points.values.push((spikes * scale) / neuronCount / (STEP_US / 1e6));
  }
  return points;
}

/** Where all but a hundredth at each end of the values before the incident lay. */
function baselineOf({ t_us, values }: Points, startedUs: number): IncidentSeries['baseline'] {
  const before = values.filter((_, i) => (t_us[i] as number) + STEP_US <= startedUs);
  if (before.length < BASELINE_MIN) return null;
  before.sort((a, b) => a - b);
  const at = (share: number) => before[Math.round(share * (before.length - 1))] as number;
  return { low: at(OUTSIDE_SHARE), median: at(0.5), high: at(1 - OUTSIDE_SHARE) };
}

function forgetFirst(map: Map<string, unknown>): void {
  const first = map.keys().next().value;
  if (first !== undefined) map.delete(first);
}
