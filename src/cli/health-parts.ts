import type { Inlet } from '../component/source.ts';
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
  readonly monitor: ChipMonitor;
  /** Resolves when the machine was looked at once, or that takes long. */
  start(inlet: Inlet): Promise<void>;
  readings(nats: boolean | undefined): HealthReadings;
  /** Sets gauges that are read only when somebody asks. */
  beforeScrape(): void;
  stop(): void;
}

export interface HealthPartsOptions {
  readonly config: Config;
  readonly telemetry: OwnTelemetry;
  /** Undefined where there is nobody to ask. */
  readonly pings: ChipPings | undefined;
  /** Undefined where no store is configured. */
  readonly database: ServiceProbe | undefined;
}

const FIRST_LOOK_MS_MAX = 1000;
/** A fault that goes on is in the log as often. */
const FAULT_EVERY_MS = 60_000;

export function createHealthParts(options: HealthPartsOptions): HealthParts {
  const { config, telemetry, database } = options;
  const monitor = createMonitor(options);
  const checks = createHealthChecks(config.health, stateFolder(config), database, telemetry.log);
  const all = Object.values(checks);
  return {
    monitor,
    start: async (inlet) => {
      monitor.start(inlet);
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
      loihi2Connected: monitor.isConnected('loihi2'),
      spinnakerConnected: monitor.isConnected('spinnaker'),
      nats: nats ?? null,
      prometheus: checks.prometheus?.value ?? null,
      database: checks.database?.value ?? null,
    }),
    beforeScrape: () => telemetry.own.healthCheckAge.series().set(monitor.roundAgeMs / 1000),
    stop: () => {
      monitor.stop();
      for (const check of all) check?.stop();
    },
  };
}

function createMonitor({ config, telemetry, pings }: HealthPartsOptions): ChipMonitor {
  const { health } = config;
  const { own, log } = telemetry;
  const clock = new ArrivalClock();
  let saidMs = Number.NEGATIVE_INFINITY;
  return new ChipMonitor({
    options: {
      chips: health.chips,
      chipsMax: health.chips_max,
      checkMs: health.check_interval / 1000,
      retryMs: health.retry_interval / 1000,
      silenceMs: health.silence / 1000,
      forgetMs: health.forget_after / 1000,
      forgetReportingMs: health.forget_reporting_after / 1000,
    },
    pings,
    timers: TIMERS,
    nowUs: () => clock.nowUs(),
    checked: (outcome) => own.healthChecks.series(outcome).add(1),
    refused: () => own.stateRefused.series('chips_watched').add(1),
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
