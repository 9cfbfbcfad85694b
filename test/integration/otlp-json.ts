/** OTLP traces as JSON (opentelemetry-proto), as far as the tests look at them. */
export interface OtlpTraces {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] };
    readonly scopeSpans?: readonly {
      readonly scope?: { readonly name?: string; readonly version?: string };
      readonly spans?: readonly OtlpSpan[];
    }[];
  }[];
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly flags?: number;
  readonly kind?: number;
  /** Absent where it is 0. */
  readonly startTimeUnixNano?: string;
  readonly endTimeUnixNano?: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

export type Attributes = Readonly<Record<string, unknown>>;

/** A span as the receiver understood it. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly traceState: string | undefined;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** ns since the Unix epoch. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Attributes;
  /** `<trace id>-<span id>` each. */
  readonly links: readonly string[];
  readonly status: 'unset' | 'ok' | 'error';
  readonly statusMessage: string | undefined;
  readonly resource: Attributes;
  readonly scope: string;
}

export interface SpanNode {
  readonly span: ReceivedSpan;
  /** By their start, then by name. */
  readonly children: readonly SpanNode[];
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

export function spansOf({ resourceSpans = [] }: OtlpTraces): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => ({
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId || undefined,
        traceState: span.traceState || undefined,
        kind: KINDS[span.kind ?? 0] ?? 'unspecified',
        startNs: BigInt(span.startTimeUnixNano ?? 0),
        endNs: BigInt(span.endTimeUnixNano ?? 0),
        attributes: attributesOf(span.attributes),
        links: (span.links ?? []).map(({ traceId, spanId }) => `${traceId}-${spanId}`),
        status: STATUSES[span.status?.code ?? 0] ?? 'unset',
        statusMessage: span.status?.message || undefined,
        resource: attributesOf(resource?.attributes),
        scope: `${scope?.name}@${scope?.version}`,
      })),
    ),
  );
}

/** In OTLP's JSON a 64-bit integer is a text. */
function attributesOf(list: readonly OtlpAttribute[] = []): Attributes {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const [[type, plain] = []] = Object.entries(value);
      return [key, type === 'intValue' ? Number(plain) : plain];
    }),
  );
}

/** Spans by their parents; those whose parent is not among them are the roots. */
export function treeOf(spans: readonly ReceivedSpan[]): SpanNode[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const inOrder = spans.toSorted(
    (a, b) => Number(a.startNs - b.startNs) || a.name.localeCompare(b.name),
  );
  const nodesOf = (parent: string | undefined): SpanNode[] =>
    inOrder
      .filter(({ parentSpanId }) => {
        const isRoot = parentSpanId === undefined || !ids.has(parentSpanId);
        return parent === undefined ? isRoot : parentSpanId === parent;
      })
      .map((span) => ({ span, children: nodesOf(span.spanId) }));
  return nodesOf(undefined);
}

/** A tree as names, for a look at its shape: `[['model_conversion', [['calibration', []], …]]]`. */
export type NameTree = readonly (readonly [name: string, children: NameTree])[];

export function namesOf(tree: readonly SpanNode[]): NameTree {
  return tree.map(({ span, children }) => [span.name, namesOf(children)]);
}
