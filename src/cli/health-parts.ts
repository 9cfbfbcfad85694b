import type { InboundMessage } from '../component/message.ts';
import { TIMERS } from '../component/timers.ts';
import type { HealthReadings } from '../http/detailed-health.ts';
import { ArrivalClock } from '../sources/arrival-clock.ts';
import { ChipMonitor } from '../sources/chip-monitor.ts';
import type { ChipPings } from '../sources/chip-pings.ts';
import type { NatsLink } from '../sources/nats-link.ts';
import { NatsPings } from '../sources/nats-pings.ts';
import type { Config } from './config/schema.ts';
import { createHealthChecks, type ServiceProbe } from './health-checks.ts';
import type { OwnTelemetry } from './own-telemetry.ts';
import { stateFolder } from './state-folder.ts';

/** Chips, the machine and services: watched in the background, read at once. */
export interface HealthParts {
  /** Resolves when the machine was looked at once, or that takes long. */
  start(): Promise<void>;
  readings(nats: boolean | undefined): HealthReadings;
  /** Sets gauges that are read only when somebody asks. */
  beforeScrape(): void;
  stop(): void;
}

export interface HealthPartsOptions {
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  /** Those who watch chips; each knows its own. */
  readonly monitors: () => readonly ChipMonitor[];
  /** Undefined where no store is configured. */
  readonly database: ServiceProbe | undefined;
}

export interface MonitorOptions {
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  /** Undefined where there is nobody to ask. */
  readonly pings: ChipPings | undefined;
  /** Whether an answer to a ping is health; undefined where the inlet shows it. */
  readonly isHealth?: ((answer: InboundMessage) => boolean) | undefined;
  /** Chips that are known though they never sent anything. */
  readonly chips: Config['health']['chips'];
}

const FIRST_LOOK_MS_MAX = 1000;
/** A fault that goes on is in the log as often. */
const FAULT_EVERY_MS = 60_000;

export function createHealthParts(options: HealthPartsOptions): HealthParts {
  const { config, telemetry, database, monitors } = options;
  const checks = createHealthChecks(config.health, stateFolder(config), database, telemetry.log);
  const all = Object.values(checks);
  /** Of those who have a chip of that kind; a kind that nobody has is not connected. */
  const isConnected = (deviceType: string): boolean => {
    const having = monitors().filter((monitor) => monitor.has(deviceType));
    return having.length > 0 && having.every((monitor) => monitor.isConnected(deviceType));
  };
  return {
    start: async () => {
      const looks = all.map((check) => check?.start());
      const late = Promise.withResolvers<void>();
      const callOff = TIMERS.after(FIRST_LOOK_MS_MAX, late.resolve);
      await Promise.race([Promise.all(looks), late.promise]);
      callOff();
    },
    readings: (nats) => ({
      cpuPercent: checks.cpu.value,
      memoryPercent: checks.memory.value,
      diskPercent: checks.disk.value,
      gpus: checks.gpus.value,
      loihi2Connected: isConnected('loihi2'),
      spinnakerConnected: isConnected('spinnaker'),
      nats: nats ?? null,
      prometheus: checks.prometheus?.value ?? null,
      database: checks.database?.value ?? null,
    }),
    beforeScrape: () => {
      const ages = monitors().map(({ roundAgeMs }) => roundAgeMs);
      telemetry.own.healthCheckAge.series().set(Math.max(0, ...ages) / 1000);
    },
    stop: () => {
      for (const check of all) check?.stop();
    },
  };
}

export function createMonitor(options: MonitorOptions): ChipMonitor {
  const { config, telemetry, pings, isHealth, chips } = options;
  const { health } = config;
  const { own, log } = telemetry;
  const clock = new ArrivalClock();
  let saidMs = Number.NEGATIVE_INFINITY;
  return new ChipMonitor({
    options: {
      chips,
      chipsMax: health.chips_max,
      checkMs: health.check_interval / 1000,
      retryMs: health.retry_interval / 1000,
      silenceMs: health.silence / 1000,
      forgetMs: health.forget_after / 1000,
      forgetReportingMs: health.forget_reporting_after / 1000,
    },
    pings,
    isHealth,
    timers: TIMERS,
    nowUs: () => clock.nowUs(),
    checked: (outcome) => own.healthChecks.series(outcome).add(1),
    refused: (frames) => own.stateRefused.series('chips_watched').add(frames),
    failed: (error) => {
      own.healthMonitorFailures.series().add(1);
      if (TIMERS.nowMs() - saidMs < FAULT_EVERY_MS) return;
      saidMs = TIMERS.nowMs();
      log.error('the health monitor failed', { error });
    },
  });
}

/** Pings over NATS, as the configuration says. */
export function natsPings({ prefix, health }: Config, link: NatsLink): ChipPings {
  const clock = new ArrivalClock();
  const timeoutMs = health.timeout / 1000;
  return new NatsPings({ link, prefix, timeoutMs, timers: TIMERS, nowUs: () => clock.nowUs() });
}
