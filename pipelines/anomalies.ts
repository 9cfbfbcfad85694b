import type { Incident } from '../src/anomalies/incident.ts';
import { anomalyOptions } from '../src/anomalies/options.ts';
import { WATCHED_KINDS, watchAnomalies } from '../src/anomalies/watch-anomalies.ts';
import type { DerivedRecord } from '../src/component/derived-record.ts';
import type { WriteLog } from '../src/component/log-event.ts';
import { definePipeline } from '../src/component/pipeline.ts';

export default definePipeline({
  name: 'anomalies',
  summary: 'Faults of layers, cores and chips, as incidents that open, go on and close.',
  reads: WATCHED_KINDS,
  options: anomalyOptions,
  through: ({ options, state, count }) => watchAnomalies(options, state('watch'), count),
  metrics: (define) => {
    const opened = define.counter({
      name: 'neuromorphic_anomalies_total',
      help: 'Incidents opened.',
      labels: ['detector', 'severity'],
      expires: 'never',
    });
    const open = define.gauge({
      name: 'neuromorphic_anomalies_open',
      help: 'Incidents that are open.',
      labels: [],
      expires: 'never',
    });
    return (incident) => {
      const { event, detector, severity } = incident;
      if (event === 'opened') opened.series(detector, severity).add(1);
      open.series().set(incident.open);
    };
  },
  derived,
  log: { levelMax: 'ERROR', write: writeLog },
});

function derived(incident: Incident): DerivedRecord {
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
    },
  };
}

function writeLog(incident: Incident, log: WriteLog): void {
  const { event, severity, deviceType, chipId, layerName, text } = incident;
  if (event === 'ongoing') return;
  const isGrave = event === 'opened' && severity === 'critical';
  const isOdd = event === 'opened' && severity !== 'info';
  log({
    level: isGrave ? 'ERROR' : isOdd ? 'WARNING' : 'INFO',
    logger: 'spikeformer.neuromorphic',
    timeUs: incident.tUs,
    eventType: `anomaly_${event}`,
    message: event === 'closed' ? `over: ${text}` : text,
    fields: {
      hardware_type: deviceType,
      chip_id: chipId,
      layer_name: layerName,
      requires_attention: isGrave ? true : undefined,
    },
  });
}
