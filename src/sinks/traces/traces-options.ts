import { z } from 'zod';

/** What of tracing is Spikescope's own; where spans go and how is for the OTEL_* variables. */
export const tracesOptions = z.strictObject({
  enabled: z
    .boolean()
    .optional()
    .describe(
      'Send traces over OTLP; where unset, when an OTEL_* variable names an endpoint or otlp.',
    ),
  own_work: z
    .boolean()
    .default(false)
    .describe(
      'Also trace what Spikescope itself does: batches of messages, HTTP requests it makes.',
    ),
});
