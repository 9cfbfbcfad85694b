import { DiagLogLevel, diag } from '@opentelemetry/api';
import { scrubText } from '../component/scrub.ts';

export interface SdkMessages {
  /** What the SDK warns of; each text once. */
  readonly warn: (text: string) => void;
  /** The receiver answered that it refused some of the spans of a batch. */
  readonly refused: (spans: number) => void;
}

/** Different texts that are told apart. */
const TEXTS_MAX = 64;

/**
 * Hears what the OpenTelemetry SDK says of itself; its own way would be the console. That spans
 * were refused one by one it says nowhere else.
 */
export function hearSdkMessages({ warn, refused }: SdkMessages): () => void {
  const told = new Set<string>();
  const tell = (message: string, ...more: unknown[]): void => {
    const text = scrubText([message, ...more].map(String).join(' '));
    const spans = refusedSpans(message, more[0]);
    if (spans > 0) refused(spans);
    // The numbers of refused spans differ each time.
    const kind = spans > 0 ? message : text;
    if (told.has(kind) || told.size >= TEXTS_MAX) return;
    told.add(kind);
    warn(`OpenTelemetry: ${text}`);
  };
  const quiet = (): void => {};
  const logger = { error: tell, warn: tell, info: quiet, debug: quiet, verbose: quiet };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  return () => diag.disable();
}

/** From `Received Partial Success response: {"rejectedSpans":3,…}`. */
function refusedSpans(message: string, json: unknown): number {
  if (!message.startsWith('Received Partial Success') || typeof json !== 'string') return 0;
  const spans = /"rejectedSpans":"?(\d+)/.exec(json)?.[1];
  return Number(spans ?? 0);
}
