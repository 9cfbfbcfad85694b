import type { Incident } from '../anomalies/incident.ts';
import type { IncidentResult } from './result.ts';

/** Incidents of a recording that are listed; the operator itself bounds those open at once. */
const INCIDENTS_MAX = 10_000;

/** The last state of each incident, in the order they opened. */
export class IncidentList {
  private readonly byId = new Map<string, Incident>();
  private left = 0;

  take(incident: Incident): void {
    if (!this.byId.has(incident.id) && this.byId.size >= INCIDENTS_MAX) this.left++;
    else this.byId.set(incident.id, incident);
  }

  result(): IncidentResult[] {
    return [...this.byId.values()].map((incident) => ({
      detector: incident.detector,
      series: incident.coreId === undefined ? incident.series : `core ${incident.coreId}`,
      device_type: incident.deviceType,
      chip_id: incident.chipId,
      layer_name: incident.layerName ?? null,
      t_start_us: incident.startedUs,
      t_end_us: incident.endedUs ?? null,
      severity: incident.severity,
      score: incident.score,
      text: incident.text,
    }));
  }

  /** What there is to say of those that are not listed. */
  remarks(): string[] {
    return this.left === 0 ? [] : [`Of more than ${INCIDENTS_MAX} incidents the rest is left out.`];
  }
}
