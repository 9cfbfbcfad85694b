import type { SecretFile } from '../../component/secret-file.ts';

/** An alert of Alertmanager's API, version 2. */
export interface PostableAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL?: string;
}

const PATH = '/api/v2/alerts';
const REQUEST_MS_MAX = 10_000;
const REASON_CHARS_MAX = 300;
/** It was understood and is not wanted; anything else may be otherwise next time. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

/** What trying again would not help. */
export class AlertsRefused extends Error {
  override name = 'AlertsRefused';
}

/**
 * Sends alerts in one request.
 * @throws AlertsRefused where Alertmanager does not want them; Error where it could not be asked
 */
export async function postAlerts(
  url: string,
  token: SecretFile<string> | undefined,
  alerts: readonly PostableAlert[],
  signal: AbortSignal,
): Promise<void> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token.latest()}` };
  const response = await fetch(`${url.replace(/\/+$/, '')}${PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify(alerts),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS_MAX)]),
  });
  const text = await response.text();
  if (response.ok) return;
  const reason = `${response.status} ${text.slice(0, REASON_CHARS_MAX).trim()}`;
  throw REFUSALS.has(response.status) ? new AlertsRefused(reason) : new Error(reason);
}
