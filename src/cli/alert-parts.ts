import type { RecordSinks } from '../component/record-sinks.ts';
import { oneLine, SecretFile } from '../component/secret-file.ts';
import type { AlertRouteOptions } from '../http/alert-route.ts';
import type { AlertOptions } from '../sinks/alerts/alert-options.ts';
import { type AlertPublisherParts, publishAlerts } from '../sinks/alerts/alert-publisher.ts';
import { type PostableAlert, postAlerts } from '../sinks/alerts/alertmanager-client.ts';
import { AlertmanagerSink, type AlertSinkEvents } from '../sinks/alerts/alertmanager-sink.ts';
import type { NatsLink } from '../sources/nats-link.ts';
import type { StateRegistry } from '../topology/state-registry.ts';
import type { Config } from './config/schema.ts';
import type { OwnTelemetry } from './own-telemetry.ts';

/** What a service needs of alerts; where nothing is configured it costs nothing. */
export interface AlertParts extends IncidentAlerts {
  /** Undefined where no token is configured. */
  readonly route: AlertRouteOptions | undefined;
  /** The webhook is answered when a stream has the alerts, unless configured otherwise. */
  confirmByStream(): void;
  /** Another one for the incidents of a part of the frames, which go where that part goes. */
  ofPart(): IncidentAlerts;
}

/** Incidents on their way to Alertmanager. */
export interface IncidentAlerts {
  readonly take: RecordSinks['derived'];
  readonly queues: Readonly<Record<string, Pick<AlertmanagerSink, 'depth'>>>;
  /**
   * Frames are those of a stream: incidents are held back while it is read again, and those that
   * are open are in checkpoints.
   */
  useStream(states: StateRegistry, isReadAgain: () => boolean): void;
  /** Begins to tell. */
  start(): void;
  /** Tells what is new, until the signal. */
  close(signal: AbortSignal): Promise<void>;
}

const TOKEN_CHARS_MIN = 16;

/** @throws OptionError where a file of the configuration can't be used */
export function openAlerts(
  config: Config,
  telemetry: OwnTelemetry,
  link: Pick<NatsLink, 'connection'>,
): AlertParts {
  const ofPart = (): IncidentAlerts => incidentAlerts(openSink(config, telemetry));
  let confirm = config.alerts.confirm ?? 'server';
  return {
    ...ofPart(),
    ofPart,
    route: openRoute(config, telemetry, {
      connection: () => link.connection,
      confirm: () => confirm,
    }),
    confirmByStream: () => {
      confirm = config.alerts.confirm ?? 'stream';
    },
  };
}

function incidentAlerts(sink: AlertmanagerSink | undefined): IncidentAlerts {
  return {
    take: sink === undefined ? undefined : (record) => sink.take(record),
    queues: sink === undefined ? {} : { alertmanager: sink },
    useStream: (states, isReadAgain) => {
      sink?.holdWhile(isReadAgain);
      if (sink !== undefined) states.slot('watch/alerts').hold(sink);
    },
    start: () => sink?.start(),
    close: async (signal) => await sink?.close(signal),
  };
}

/** @throws OptionError where a file of the configuration can't be used */
export function checkAlerts({ alerts }: Config): void {
  alertmanagerToken(alerts);
  webhookToken(alerts);
}

function alertmanagerToken({ alertmanager }: AlertOptions): SecretFile<string> | undefined {
  return secret('alerts.alertmanager.token_file', alertmanager.token_file, oneLine, 'one line');
}

function webhookToken({ webhook_token_file }: AlertOptions): SecretFile<string> | undefined {
  const holds = `one line of ${TOKEN_CHARS_MIN} characters or more`;
  return secret('alerts.webhook_token_file', webhook_token_file, longLine, holds);
}

function openSink({ alerts }: Config, telemetry: OwnTelemetry): AlertmanagerSink | undefined {
  const { url, keep_alive, incidents_max } = alerts.alertmanager;
  const token = alertmanagerToken(alerts);
  if (url === undefined) return undefined;
  const post = (posted: readonly PostableAlert[], signal: AbortSignal) =>
    postAlerts(url, token, posted, signal);
  return new AlertmanagerSink({
    post,
    links: {
      page: alerts.page_url,
      runbook: alerts.runbook_url,
      dashboard: alerts.dashboard_url,
    },
    keepAliveMs: keep_alive / 1000,
    incidentsMax: incidents_max,
    nowMs: Date.now,
    events: sinkEvents(telemetry),
  });
}

function openRoute(
  { alerts, prefix }: Config,
  { own, log }: OwnTelemetry,
  nats: Omit<AlertPublisherParts, 'prefix'>,
): AlertRouteOptions | undefined {
  const token = webhookToken(alerts);
  if (token === undefined) return undefined;
  const parts = { prefix, ...nats };
  return {
    token: () => token.latest(),
    publish: async (told) => {
      const published = await publishAlerts(parts, told);
      own.alertsPublished.series().add(published.published);
      if (published.tooLarge > 0) {
        own.dropped.series('alerts', 'too_large').add(published.tooLarge);
      }
      return published;
    },
    failed: (error) => log.warn('alerts of Alertmanager could not be published', { error }),
  };
}

function sinkEvents({ own, log }: OwnTelemetry): AlertSinkEvents {
  let failing: string | undefined;
  const up = own.alertmanagerUp.series();
  return {
    sent: (alerts) => {
      if (failing !== undefined) log.info('Alertmanager takes incidents again');
      failing = undefined;
      up.set(1);
      own.alertsSent.series().add(alerts);
    },
    dropped: (reason, alerts, why) => {
      own.dropped.series('alertmanager', reason).add(alerts);
      if (why !== undefined) log.warn(`Alertmanager refuses an incident: ${why}`);
    },
    failed: (reason) => {
      // Each reason once: it is tried again every few seconds.
      if (failing !== reason) log.warn(`incidents do not reach Alertmanager: ${reason}`);
      failing = reason;
      up.set(0);
    },
  };
}

function secret(
  option: string,
  file: string | undefined,
  parse: (bytes: Buffer) => string,
  holds: string,
): SecretFile<string> | undefined {
  if (file === undefined) return undefined;
  return new SecretFile(option, file, holds, parse);
}

function longLine(bytes: Buffer): string {
  const line = oneLine(bytes);
  if (line.length < TOKEN_CHARS_MIN) throw new Error('too short');
  return line;
}
