import type { Incident } from '../src/anomalies/incident.ts';
import type { MuteRecord } from '../src/anomalies/mutes.ts';
import { anomalyOptions } from '../src/anomalies/options.ts';
import {
  type AnomalyRecord,
  isIncident,
  WATCHED_KINDS,
  watchAnomalies,
} from '../src/anomalies/watch-anomalies.ts';
import type { DerivedRecord } from '../src/component/derived-record.ts';
import type { WriteLog } from '../src/component/log-event.ts';
import { definePipeline } from '../src/component/pipeline.ts';

export default definePipeline({
  name: 'anomalies',
  stateVersion: 2,
  summary: 'Faults of layers, cores and chips, as incidents that open, go on and close.',
  reads: WATCHED_KINDS,
  takesJoined: true,
  options: anomalyOptions,
  through: ({ options, state, count }) => watchAnomalies(options, state('watch'), count),
  metrics: (define) => {
    const opened = define.counter({
      name: 'neuromorphic_anomalies_total',
      help: 'Incidents opened; severity is `muted` for those of a place that is muted.',
      labels: ['detector', 'severity'],
      expires: 'never',
    });
    const open = define.gauge({
      name: 'neuromorphic_anomalies_open',
      help: 'Incidents that are open, without those that are muted.',
      labels: [],
      expires: 'never',
    });
    const muted = define.gauge({
      name: 'neuromorphic_anomalies_muted',
      help: 'Incidents that are open, and muted.',
      labels: [],
      expires: 'never',
    });
    return (record) => {
      if (!isIncident(record)) return;
      const { event, detector } = record;
      const severity = record.muted ? 'muted' : record.severity;
      // One that goes on after its mute is as good as new.
      if (event === 'opened' || record.unmuted) opened.series(detector, severity).add(1);
      open.series().set(record.open);
      muted.series().set(record.openMuted);
    };
  },
  derived: (record) => (isIncident(record) ? incidentRecord(record) : muteRecord(record)),
  log: { levelMax: 'ERROR', write: writeLog },
});

function muteRecord(mute: MuteRecord): DerivedRecord {
  const { event, deviceType, chipId, layerName, reason, user, tUs, untilUs } = mute;
  return {
    record: 'mute',
    key: [deviceType, chipId, ...(layerName === undefined ? [] : [layerName])],
    t0Us: tUs,
    spanUs: 0,
    fields: {
      ...{ event, device_type: deviceType, chip_id: chipId, layer_name: layerName },
      ...{ until_us: untilUs, reason, user_id: user },
    },
  };
}

function incidentRecord(incident: Incident): DerivedRecord {
  const { deviceType, chipId, layerName, coreId, detector } = incident;
  return {
    root: 'anomaly',
    record: 'anomaly',
    key: [detector, deviceType, chipId, ...(layerName === undefined ? [] : [layerName])],
    t0Us: incident.tUs,
    spanUs: 0,
    fields: {
      incident_id: incident.id,
      event: incident.event,
      detector,
      series: incident.series,
      device_type: deviceType,
      chip_id: chipId,
      layer_name: layerName,
      core_id: coreId,
      severity: incident.severity,
      score: incident.score,
      p_value: incident.pValue ?? undefined,
      expected: incident.expected ?? undefined,
      observed: incident.observed ?? undefined,
      text: incident.text,
      started_us: incident.startedUs,
      ended_us: incident.endedUs,
      muted: incident.muted ? true : undefined,
    },
  };
}

function writeLog(record: AnomalyRecord, log: WriteLog): void {
  if (isIncident(record)) writeIncident(record, log);
  else writeMute(record, log);
}

function writeIncident(incident: Incident, log: WriteLog): void {
  const { event, severity, deviceType, chipId, layerName, text, muted, unmuted } = incident;
  if (event === 'ongoing' && !unmuted) return;
  const isTold = (event === 'opened' || unmuted) && !muted;
  const isGrave = isTold && severity === 'critical';
  const level = isGrave ? 'ERROR' : isTold && severity !== 'info' ? 'WARNING' : 'INFO';
  const before = event === 'closed' ? 'over: ' : muted ? 'muted: ' : '';
  log({
    level,
    logger: 'spikeformer.neuromorphic',
    timeUs: incident.tUs,
    eventType: unmuted ? 'anomaly_unmuted' : `anomaly_${event}`,
    message: `${before}${text}`,
    fields: {
      hardware_type: deviceType,
      chip_id: chipId,
      layer_name: layerName,
      requires_attention: isGrave ? true : undefined,
    },
  });
}

function writeMute(mute: MuteRecord, log: WriteLog): void {
  const { event, deviceType, chipId, layerName, reason, user } = mute;
  const place = layerName === undefined ? '' : `/${layerName}`;
  log({
    level: 'INFO',
    logger: 'spikeformer.neuromorphic',
    timeUs: mute.tUs,
    eventType: `anomalies_${event}`,
    message: `${deviceType}/${chipId}${place} ${event}: ${reason}`,
    fields: { hardware_type: deviceType, chip_id: chipId, layer_name: layerName, user_id: user },
  });
}
