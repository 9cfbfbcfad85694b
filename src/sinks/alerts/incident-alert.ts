import type { DerivedRecord } from '../../component/derived-record.ts';

/** The name that alerts of incidents have; its runbook has the same. */
export const ANOMALY_ALERT = 'SpikescopeAnomaly';
/** Chips and what runs on them. */
const TEAM = 'hardware';

export interface AlertLinks {
  readonly page: string | undefined;
  readonly runbook: string;
  readonly dashboard: string | undefined;
}

/** The last state of an incident, as Alertmanager is told of it. */
export interface IncidentAlert {
  readonly incidentId: string;
  readonly isOpen: boolean;
  /** When this was so, by the times of frames. */
  readonly atMs: number;
  readonly startedMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** What a record of the stream `anomaly` says; undefined for all others. */
export function incidentAlert(
  { record, fields, t0Us }: DerivedRecord,
  links: AlertLinks,
): IncidentAlert | undefined {
  const incidentId = text(fields['incident_id']);
  if (record !== 'anomaly' || incidentId === '') return undefined;
  const startedUs = fields['started_us'];
  const labels = {
    alertname: ANOMALY_ALERT,
    severity: text(fields['severity']) || 'warning',
    team: TEAM,
    detector: text(fields['detector']),
    series: text(fields['series']),
    device_type: text(fields['device_type']),
    chip_id: text(fields['chip_id']),
    layer_name: text(fields['layer_name']),
    core_id: text(fields['core_id']),
  };
  const annotations = {
    summary: summaryOf(labels),
    description: text(fields['text']),
    incident_id: incidentId,
    runbook_url: links.runbook,
    dashboard_url: links.dashboard ?? '',
    page_url: links.page ?? '',
  };
  return {
    incidentId,
    // A muted one is over for whoever would be told of it.
    isOpen: fields['event'] !== 'closed' && fields['muted'] !== true,
    atMs: t0Us / 1000,
    startedMs: (typeof startedUs === 'number' ? startedUs : t0Us) / 1000,
    labels: withoutEmpty(labels),
    annotations: withoutEmpty(annotations),
  };
}

function summaryOf(labels: Readonly<Record<string, string>>): string {
  const { detector, series, device_type, chip_id, layer_name, core_id } = labels;
  const place = [
    `${device_type}/${chip_id}`,
    ...(layer_name === '' ? [] : [`layer ${layer_name}`]),
    ...(core_id === '' ? [] : [`core ${core_id}`]),
  ];
  return `${detector} of ${series}: ${place.join(', ')}`;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Alertmanager takes an empty label for one that is not there. */
function withoutEmpty(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== ''));
}
