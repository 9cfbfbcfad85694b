import type { AnyPipeline } from '../../component/pipeline.ts';
import { NO_SINKS } from '../../component/record-sinks.ts';
import type { Frame } from '../../frames/frame.ts';
import { LiveView } from '../../http/live/live-view.ts';
import { LiveStore } from '../../sinks/live/live-store.ts';
import { MetricValues } from '../../sinks/live/metric-values.ts';
import { MetricStore } from '../../sinks/prometheus/metric-store.ts';
import { defineOwnMetrics } from '../../telemetry/own-metrics.ts';
import { startTopology, type Topology } from '../../topology/topology.ts';
import type { ReplayTask } from './replay-messages.ts';

const SECOND_US = 1_000_000;
/** Seconds that pass at once where nothing came for longer: what expires has expired by then. */
const SECONDS_MAX = 4000;
/** Speeds are measured over the last few. */
const SECONDS_SHOWN = 6;

/**
 * One pass through a recording: door, pipelines and metrics of its own, and what the page shows of
 * them. Its clock is the recording's, so that it gives the same whenever and however it is played.
 */
export class ReplayPass {
  readonly view: LiveView;
  private readonly store: MetricStore;
  private readonly topology: Topology;
  private nowUs: number;
  private tickedUs: number;

  constructor(task: ReplayTask, pipelines: readonly AnyPipeline[], startUs: number) {
    this.nowUs = startUs;
    this.tickedUs = startUs;
    this.store = new MetricStore({
      seriesMax: task.seriesMax,
      refused: (metric) => own.seriesRefused.series(metric).add(1),
    });
    const own = defineOwnMetrics(this.store);
    const live = new LiveStore(() => this.nowUs / 1000);
    this.topology = startTopology({
      prefix: task.prefix,
      limits: task.limits,
      pipelines,
      pipelineOptions: new Map(Object.entries(task.pipelineOptions)),
      define: this.store,
      own,
      sinks: live.beside(NO_SINKS),
      watches: [live],
      heard: (deviceType, chipId) => this.store.heard(deviceType, chipId),
      dead: () => {},
      // Counted, and shown in the topology; the pipeline's live twin is the one that is logged.
      onFailure: () => {},
    });
    this.view = new LiveView({
      ...{ version: task.version, source: `recording ${task.recording}`, live, pipelines },
      ...{ connected: () => undefined, values: new MetricValues(this.store) },
      ...{ refresh: () => {}, traceUrl: task.traceUrl, logsStored: false },
      nowUs: () => this.nowUs,
    });
  }

  frame(frame: Frame): void {
    this.passTo(frame.arrivedUs);
    this.topology.inlet.frame(frame);
  }

  /** Time goes on: what happens once a second by the clock happens by that of the recording. */
  private passTo(us: number): void {
    const { tickedUs } = this;
    const seconds = Math.floor((us - tickedUs) / SECOND_US);
    for (let i = Math.max(0, seconds - SECONDS_MAX) + 1; i <= seconds; i++) {
      this.nowUs = tickedUs + i * SECOND_US;
      this.store.tick();
      if (seconds - i < SECONDS_SHOWN) this.view.tick();
    }
    if (seconds > 0) this.tickedUs = tickedUs + seconds * SECOND_US;
    this.nowUs = Math.max(this.nowUs, us);
  }

  /** The recording has ended: what is covered whole is closed. */
  complete(): void {
    this.topology.complete();
  }

  close(): void {
    this.topology.close();
  }
}
