import { type FileHandle, open } from 'node:fs/promises';
import { NO_SINKS } from '../component/record-sinks.ts';
import type { Frame } from '../frames/frame.ts';
import type { RecordingInfo } from '../recordings/recording.ts';
import { MetricStore } from '../sinks/prometheus/metric-store.ts';
import { OpenMetricsLog } from '../sinks/prometheus/openmetrics.ts';
import { PipelineRun } from '../topology/pipeline-run.ts';
import { StateRegistry } from '../topology/state-registry.ts';
import { loadPipelines } from './load-pipelines.ts';

/**
 * The metrics that the pipelines would have shown live, sampled at the end of each window of event
 * time and at the end of the recording, into a file of OpenMetrics text.
 */
export class OpenMetricsExport {
  private readonly file: FileHandle;
  private readonly run: PipelineRun;
  private readonly log: OpenMetricsLog;
  private readonly windowUs: number;
  private readonly endUs: number;
  private nextUs: number;
  private failure: { readonly error: unknown } | undefined;

  /** @throws where the file can't be written */
  static async create(
    path: string,
    info: RecordingInfo,
    windowUs: number,
  ): Promise<OpenMetricsExport> {
    const pipelines = await loadPipelines();
    // Nothing comes late from a file in order: windows close at their end.
    const settings = new Map([['spike-rate', { window: `${windowUs}us`, lateness: '0us' }]]);
    const options = new Map(
      pipelines.map(({ name, options }) => [name, options.parse(settings.get(name) ?? {})]),
    );
    const file = await open(path, 'w');
    return new OpenMetricsExport(file, pipelines, options, info, windowUs);
  }

  private constructor(
    file: FileHandle,
    pipelines: Awaited<ReturnType<typeof loadPipelines>>,
    options: ReadonlyMap<string, unknown>,
    info: RecordingInfo,
    windowUs: number,
  ) {
    const store = new MetricStore();
    this.file = file;
    this.log = new OpenMetricsLog(store);
    this.windowUs = windowUs;
    this.endUs = info.durationUs;
    this.nextUs = (Math.floor(info.startUs / windowUs) + 1) * windowUs;
    this.run = new PipelineRun({
      pipelines,
      options,
      define: store,
      states: new StateRegistry(),
      count: () => {},
      sinks: NO_SINKS,
      onRecord: () => {},
      onFailure: (_, error) => {
        this.failure ??= { error };
      },
    });
  }

  next(frame: Frame): void {
    for (; this.nextUs <= frame.t0Us && this.nextUs < this.endUs; this.nextUs += this.windowUs) {
      this.log.sample(this.nextUs);
    }
    this.run.next(frame);
  }

  async finish(): Promise<void> {
    try {
      this.run.complete();
      if (this.failure !== undefined) throw this.failure.error;
      this.log.sample(this.endUs);
      for (const text of this.log.text()) await this.file.write(text);
    } finally {
      await this.file.close();
    }
  }
}
