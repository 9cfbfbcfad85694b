import type { DerivedRecord } from '../../component/derived-record.ts';
import type { Incident, IncidentsUpdate, LiveMute } from './incident-schemas.ts';
import { LatestMap } from './latest-map.ts';
import { LIVE_LIMITS } from './live-limits.ts';
import { known, numberOf, optionalText, textOf } from './record-fields.ts';

/** Incidents as `anomaly` records tell of them, and mutes: the last state of each. */
export class LiveIncidents {
  private readonly incidents = new LatestMap<Incident>(LIVE_LIMITS.incidents);
  private readonly mutes = new LatestMap<LiveMute>(LIVE_LIMITS.mutes);

  /** Gives the incident as it is now; undefined for a record of none. */
  take({ fields, t0Us }: DerivedRecord, revision: number): Incident | undefined {
    const id = textOf(fields['incident_id']);
    if (id === '') return undefined;
    const incident = {
      incident_id: id,
      event: textOf(fields['event']),
      detector: textOf(fields['detector']),
      series: textOf(fields['series']),
      device_type: optionalText(fields['device_type']),
      chip_id: optionalText(fields['chip_id']),
      layer_name: optionalText(fields['layer_name']),
      core_id: numberOf(fields['core_id']),
      severity: textOf(fields['severity']),
      score: numberOf(fields['score']),
      p_value: numberOf(fields['p_value']),
      expected: numberOf(fields['expected']),
      observed: numberOf(fields['observed']),
      text: textOf(fields['text']),
      started_us: numberOf(fields['started_us']) ?? t0Us,
      ended_us: numberOf(fields['ended_us']),
      muted: fields['muted'] === true,
    };
    const made = known(incident) as Incident;
    this.incidents.set(id, made, revision);
    return made;
  }

  /** A `mute` record. */
  takeMute({ fields, t0Us }: DerivedRecord, revision: number): void {
    const event = textOf(fields['event']);
    const places = ['device_type', 'chip_id', 'layer_name'].map((name) => textOf(fields[name]));
    const [device_type = '', chip_id = ''] = places;
    const mute = {
      ...{ id: places.join('/'), event, device_type, chip_id, t_us: t0Us },
      layer_name: optionalText(fields['layer_name']),
      reason: textOf(fields['reason']),
      user: optionalText(fields['user_id']),
      until_us: numberOf(fields['until_us']),
    };
    this.mutes.set(mute.id, known(mute) as LiveMute, revision);
  }

  get open(): number {
    return this.incidents.since(0).filter(isOpen).length;
  }

  since(revision: number): IncidentsUpdate {
    const { open, incidents, mutes } = this;
    return { open, incidents: incidents.since(revision), mutes: mutes.since(revision) };
  }
}

function isOpen({ event, muted }: Incident): boolean {
  return event !== 'closed' && !muted;
}
