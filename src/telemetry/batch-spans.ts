import {
  createTraceState,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import type { InboundMessage } from '../component/message.ts';
import type { Inlet } from '../component/source.ts';
import type { Frame } from '../frames/frame.ts';
import type { TraceContext } from '../frames/header.ts';
import type { RunningSpan, SpanIds } from './log.ts';

export interface BatchSpansParts {
  readonly tracer: Tracer;
  /** Where the messages go. */
  readonly inlet: Inlet;
  /** First tokens of the subjects. */
  readonly prefix: string;
  /** Links of one span; more of them are only counted. */
  readonly linksMax: number;
  /** What the log asks for the ids of the span in which a line is written. */
  readonly running: RunningSpan;
  /** Runs the callback once, after what is ready in this turn of the event loop. */
  readonly afterTurn: (callback: () => void) => void;
}

interface Batch {
  readonly span: Span;
  readonly ids: SpanIds;
  /** The senders' spans by their `traceparent`; undefined where the span is not recorded. */
  readonly links: Map<string, SpanContext> | undefined;
  messages: number;
  unlinked: number;
  /** Of all messages so far; undefined once they differ. */
  subject: string | undefined;
  endMs: number;
}

/**
 * An inlet that makes one `process` span of what a turn of the event loop delivers, from its first
 * message to the end of its last, with a link to each span that a message names. Wired only where
 * Spikescope's own work is traced: a message then costs no object, only its share of the batch.
 */
export class BatchSpans implements Inlet {
  private readonly parts: BatchSpansParts;
  private readonly template: string;
  private open: Batch | undefined;

  constructor(parts: BatchSpansParts) {
    this.parts = parts;
    this.template = `${parts.prefix}.{kind}.{device_type}.{chip_id}`;
  }

  message(message: InboundMessage): void {
    this.open ??= this.begin(message.subject);
    const batch = this.open;
    const { inlet, running, linksMax } = this.parts;
    batch.messages++;
    if (message.subject !== batch.subject) batch.subject = undefined;
    if (message.trace !== undefined) link(batch, message.trace, linksMax);
    running.ids = batch.ids;
    try {
      inlet.message(message);
    } catch (error) {
      batch.span.setStatus({ code: SpanStatusCode.ERROR, message: String(error) });
      throw error;
    } finally {
      running.ids = undefined;
      batch.endMs = performance.now();
    }
  }

  /** What needs no decoding came from this process itself. */
  frame(frame: Frame): void {
    this.parts.inlet.frame(frame);
  }

  gather(): void {
    this.parts.inlet.gather?.();
  }

  gathered(): void {
    this.parts.inlet.gathered?.();
  }

  private begin(subject: string): Batch {
    const span = this.parts.tracer.startSpan(`process ${this.template}`, {
      root: true,
      kind: SpanKind.CONSUMER,
      attributes: {
        // The older name of the key goes when those who read traces no longer look for it.
        'messaging.system': 'nats',
        'messaging.system.name': 'nats',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.template': this.template,
      },
    });
    this.parts.afterTurn(this.end);
    return {
      span,
      ids: span.spanContext(),
      links: span.isRecording() ? new Map() : undefined,
      messages: 0,
      unlinked: 0,
      subject,
      endMs: 0,
    };
  }

  /** Ends the span of this turn, where there is one. */
  readonly end = (): void => {
    const batch = this.open;
    if (batch === undefined) return;
    this.open = undefined;
    const { span, links, messages, unlinked, subject, endMs } = batch;
    if (links !== undefined) {
      span.setAttributes({
        'messaging.batch.message_count': messages,
        'messaging.destination.name': subject ?? `${this.parts.prefix}.>`,
        ...(unlinked > 0 && { 'spikescope.batch.unlinked_message_count': unlinked }),
      });
      for (const context of links.values()) span.addLink({ context });
    }
    span.end(endMs);
  };
}

/** Messages of one span share a link. */
function link(batch: Batch, trace: TraceContext, linksMax: number): void {
  const { links } = batch;
  if (links === undefined || links.has(trace.traceparent)) return;
  if (links.size >= linksMax) {
    batch.unlinked++;
    return;
  }
  const context = parseTraceParent(trace.traceparent);
  if (context === null) return;
  context.isRemote = true;
  if (trace.tracestate !== undefined) context.traceState = createTraceState(trace.tracestate);
  links.set(trace.traceparent, context);
}
