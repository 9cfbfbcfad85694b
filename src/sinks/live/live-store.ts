import type { DerivedRecord } from '../../component/derived-record.ts';
import type { LogEvent } from '../../component/log-event.ts';
import type { LogSink, RecordSinks } from '../../component/record-sinks.ts';
import type { FrameWatch } from '../../component/source.ts';
import type { SpanRecord } from '../../component/span.ts';
import type { Frame } from '../../frames/frame.ts';
import { isAtLeast, type LogLevel } from '../../frames/log.ts';
import { LiveIncidentSeries } from './incident-series.ts';
import { LiveBenchmarks } from './live-benchmarks.ts';
import { LiveChips } from './live-chips.ts';
import { LiveConversions } from './live-conversions.ts';
import { LiveCores } from './live-cores.ts';
import { LiveIncidents } from './live-incidents.ts';
import { LiveLogs } from './live-logs.ts';
import { LiveMembrane } from './live-membrane.ts';
import { LivePower } from './live-power.ts';
import { LiveRates } from './live-rates.ts';
import { LiveSpikes } from './live-spikes.ts';
import { RevisionClock } from './revision.ts';

/** Lines of the log that the page shows, also where the log itself is written from WARNING up. */
const LOG_LEVEL: LogLevel = 'INFO';

/**
 * What the live page shows, in bounded memory: a tap at the door for frames and one behind the
 * pipelines for records. Both take and return at once; nobody who looks can hold them up.
 */
export class LiveStore implements FrameWatch {
  readonly revisions = new RevisionClock();
  readonly spikes: LiveSpikes;
  readonly chips = new LiveChips();
  readonly rates = new LiveRates();
  readonly power = new LivePower();
  readonly cores = new LiveCores();
  readonly membrane = new LiveMembrane();
  readonly logs = new LiveLogs();
  readonly incidents = new LiveIncidents();
  readonly incidentSeries: LiveIncidentSeries;
  readonly conversions = new LiveConversions();
  readonly benchmarks = new LiveBenchmarks();

  constructor(nowMs: () => number) {
    this.spikes = new LiveSpikes(this.revisions, nowMs);
    this.incidentSeries = new LiveIncidentSeries(this.spikes, this.power);
  }

  saw(frame: Frame, isRepeat: boolean): void {
    this.chips.heard(frame);
    if (isRepeat) return;
    const revision = this.revisions.now;
    if (frame.kind === 'spikes') this.spikes.add(frame);
    else if (frame.kind === 'membrane') this.membrane.take(frame, revision);
    else if (frame.kind === 'cores') this.cores.takeCores(frame, revision);
    else if (frame.kind === 'activity') this.cores.takeActivity(frame, revision);
  }

  /** The sinks with the page beside them; what they take stays as it was. */
  beside(sinks: RecordSinks): RecordSinks {
    const { derived, spans, log } = sinks;
    return {
      derived: (record) => {
        this.take(record);
        // Log lines come to the page by the log below, at whatever level goes where.
        derived?.(record);
      },
      derivedLog: (level) => derived !== undefined && sinks.derivedLog(level),
      log: this.besideLog(log),
      spans: (made) => {
        this.takeSpans(made);
        spans?.(made);
      },
    };
  }

  private besideLog(log: LogSink | undefined): LogSink {
    return {
      isEnabled: (level) => isAtLeast(level, LOG_LEVEL) || log?.isEnabled(level) === true,
      write: (event: LogEvent) => {
        this.logs.take(event, this.revisions.now);
        if (log?.isEnabled(event.level)) log.write(event);
      },
    };
  }

  private takeSpans(spans: readonly SpanRecord[]): void {
    this.conversions.takeSpans(spans, this.revisions.now);
  }

  private take(record: DerivedRecord): void {
    const revision = this.revisions.now;
    const { record: name } = record;
    if (name === 'spike-rate') this.rates.take(record, revision);
    else if (name === 'power') this.power.takePower(record, revision);
    else if (name === 'inference') this.power.takeInference(record, revision);
    else if (name === 'chip-health') this.chips.take(record);
    else if (name === 'conversion') this.conversions.take(record, revision);
    else if (name === 'benchmark') this.benchmarks.take(record, revision);
    else if (name === 'mute') this.incidents.takeMute(record, revision);
    else if (name === 'anomaly') this.takeIncident(record, revision);
  }

  private takeIncident(record: DerivedRecord, revision: number): void {
    const incident = this.incidents.take(record, revision);
    if (incident !== undefined) this.incidentSeries.take(incident);
  }
}
