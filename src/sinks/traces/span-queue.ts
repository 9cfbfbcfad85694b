import { context, TraceFlags } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode, suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { SpanQueueLimits } from './otel-settings.ts';

/**
 * `queue_full`: more waited than may. `export_failed`: the receiver did not take it, or not in
 * time. `stopped`: neither had happened when the service ended.
 */
export type SpanDropReason = 'queue_full' | 'export_failed' | 'stopped';

export interface SpanQueueParts {
  readonly exporter: SpanExporter;
  readonly limits: SpanQueueLimits;
  readonly dropped: (reason: SpanDropReason, spans: number) => void;
  /** The first export that fails after one that did not. */
  readonly failing: (reason: string) => void;
  /** The first that does not fail after those. */
  readonly recovered: () => void;
}

/**
 * Finished spans on their way to the exporter: batched as the SDK's own batch processor does it,
 * but what is dropped is counted, and stopping has a deadline. The exporter tries again by itself
 * for as long as OTEL_EXPORTER_OTLP_TIMEOUT says.
 */
export class SpanQueue implements SpanProcessor {
  private readonly parts: SpanQueueParts;
  private readonly waiting: ReadableSpan[] = [];
  private inFlight = 0;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  private isFailing = false;
  private isClosed = false;

  constructor(parts: SpanQueueParts) {
    this.parts = parts;
  }

  /** Spans that the receiver does not have yet. */
  get depth(): { readonly messages: number } {
    return { messages: this.waiting.length + this.inFlight };
  }

  /** Takes a span that is sampled; never waits, never throws. */
  offer(span: ReadableSpan): void {
    const { limits, dropped } = this.parts;
    if (this.isClosed) dropped('stopped', 1);
    else if (this.waiting.length >= limits.spansMax) dropped('queue_full', 1);
    else {
      this.waiting.push(span);
      this.schedule();
    }
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.offer(span);
  }

  /** Never rejects: what could not be sent is counted. */
  async forceFlush(): Promise<void> {
    while (this.depth.messages > 0 && !this.isClosed) {
      this.send();
      await this.sending;
    }
  }

  async shutdown(): Promise<void> {
    await this.close(AbortSignal.timeout(this.parts.limits.exportMsMax));
  }

  /** Resolves when all is sent, or at the abort; counts what was not. */
  async close(signal: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<void>();
    const stop = () => aborted.resolve();
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([this.forceFlush(), aborted.promise]);
    signal.removeEventListener('abort', stop);
    clearTimeout(this.timer);
    const { messages } = this.depth;
    if (messages > 0 && !this.isClosed) this.parts.dropped('stopped', messages);
    this.isClosed = true;
    this.waiting.length = 0;
    this.inFlight = 0;
    // It waits for requests under way, which may take longer than there is time for.
    this.parts.exporter.shutdown().catch(() => {});
  }

  private schedule(): void {
    const { limits } = this.parts;
    if (this.sending !== undefined) return;
    if (this.waiting.length >= limits.batchSpansMax) this.send();
    else this.timer ??= setTimeout(() => this.send(), limits.delayMs).unref();
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.sending ??= this.sendBatches().finally(() => {
      this.sending = undefined;
      if (this.waiting.length > 0) this.schedule();
    });
  }

  /** What waits now, and then whole batches only. */
  private async sendBatches(): Promise<void> {
    const { batchSpansMax } = this.parts.limits;
    do {
      const batch = this.waiting.splice(0, batchSpansMax);
      if (batch.length === 0) break;
      this.inFlight = batch.length;
      const result = await this.export(batch);
      if (this.isClosed) return;
      this.inFlight = 0;
      this.tell(result, batch.length);
    } while (this.waiting.length >= batchSpansMax);
  }

  private async export(batch: ReadableSpan[]): Promise<ExportResult> {
    const { promise, resolve } = Promise.withResolvers<ExportResult>();
    const { exportMsMax } = this.parts.limits;
    const late = { code: ExportResultCode.FAILED, error: new Error(`took over ${exportMsMax} ms`) };
    const timer = setTimeout(() => resolve(late), exportMsMax).unref();
    try {
      // Requests that the exporter makes are not to be traced in turn.
      context.with(suppressTracing(context.active()), () => {
        this.parts.exporter.export(batch, resolve);
      });
    } catch (cause) {
      resolve({ code: ExportResultCode.FAILED, error: cause as Error });
    }
    return await promise.finally(() => clearTimeout(timer));
  }

  private tell({ code, error }: ExportResult, spans: number): void {
    const isFailed = code !== ExportResultCode.SUCCESS;
    if (isFailed) this.parts.dropped('export_failed', spans);
    if (isFailed && !this.isFailing) this.parts.failing(reasonOf(error));
    if (!isFailed && this.isFailing) this.parts.recovered();
    this.isFailing = isFailed;
  }
}

/** Node's error for a name with several addresses has a code and no message. */
function reasonOf(error: Error | undefined): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return error?.message || (code === undefined ? 'no reason given' : String(code));
}
