import { z } from 'zod';
import { duration } from '../../component/duration.ts';

/** Where the webhook of Alertmanager goes. */
export const ALERTS_PATH = '/api/alerts';

const address = z.url({ protocol: /^https?$/ });

/** Alerts out to Alertmanager, and back from it to NATS. */
export const alertOptions = z.strictObject({
  alertmanager: z
    .strictObject({
      url: address
        .optional()
        .describe(
          'Alertmanager, such as http://127.0.0.1:9093; incidents are sent where it is set.',
        ),
      token_file: z
        .string()
        .min(1)
        .optional()
        .describe('File with what requests carry as "Authorization: Bearer …".'),
      keep_alive: duration(100_000, 3_600_000_000)
        .prefault('1m')
        .describe(
          'How often open incidents are sent again; unheard of for four times that, they end.',
        ),
      incidents_max: z
        .int()
        .min(1)
        .max(100_000)
        .default(1000)
        .describe('Incidents that are told of at once; those beyond are dropped.'),
    })
    .prefault({}),
  page_url: address.optional().describe('The live page, as people reach it; alerts link it.'),
  runbook_url: z
    .string()
    .min(1)
    .default('docs/runbooks/SpikescopeAnomaly.md')
    .describe('The page that alerts of incidents link for what to do.'),
  dashboard_url: address.optional().describe('A dashboard that alerts of incidents link.'),
  webhook_token_file: z
    .string()
    .min(1)
    .optional()
    .describe(
      `File with the token that Alertmanager sends; ${ALERTS_PATH} is there where it is set.`,
    ),
  confirm: z.enum(['server', 'stream']).optional().describe(
    'What must have an alert before the webhook is answered: NATS, or a stream in it; by default \
a stream with delivery jetstream, else NATS.',
  ),
});

export type AlertOptions = z.output<typeof alertOptions>;
