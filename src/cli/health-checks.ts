import { TIMERS } from '../component/timers.ts';
import { BackgroundCheck } from '../health/background-check.ts';
import { CpuPercent } from '../health/cpu-percent.ts';
import { diskPercent } from '../health/disk-percent.ts';
import { gpuCount } from '../health/gpu-count.ts';
import { memoryPercent } from '../health/memory-percent.ts';
import { checkPrometheus } from '../health/prometheus-check.ts';
import type { HealthOptions } from '../sources/health-options.ts';
import type { Log } from '../telemetry/log.ts';

/** Looks once whether a service is fine; throws where it is not. */
export type ServiceProbe = (signal: AbortSignal) => Promise<unknown>;

/** The checks of /health/detailed beside the chips; a service that is not configured has none. */
export interface HealthChecks {
  readonly cpu: BackgroundCheck<number | null>;
  readonly memory: BackgroundCheck<number | null>;
  readonly disk: BackgroundCheck<number | null>;
  readonly gpus: BackgroundCheck<number>;
  readonly prometheus: BackgroundCheck<boolean> | undefined;
  readonly database: BackgroundCheck<boolean> | undefined;
}

/** `folder` is where the service keeps its state. */
export function createHealthChecks(
  health: HealthOptions,
  folder: string,
  database: ServiceProbe | undefined,
  log: Log,
): HealthChecks {
  const check = <T>(what: string, everyUs: number, none: T, probe: Probe<T>): BackgroundCheck<T> =>
    new BackgroundCheck<T>({
      probe,
      timers: TIMERS,
      everyMs: everyUs / 1000,
      retryMs: health.retry_interval / 1000,
      timeoutMs: health.timeout / 1000,
      initial: none,
      failed: none,
      changed: (error) => {
        if (error === undefined) log.info(`${what} is fine again`);
        else log.warn(`${what}: ${reasonOf(error)}`);
      },
    });
  const look = (what: string, probe: Probe<number | null>) =>
    check(what, health.system_interval, null, probe);
  const service = (what: string, probe: ServiceProbe) =>
    check(what, health.check_interval, false, async (signal) => {
      await probe(signal);
      return true;
    });
  const cpu = new CpuPercent();
  const { prometheus_url: url } = health;
  return {
    cpu: look('reading the CPU', (signal) => cpu.read(signal)),
    memory: look('reading the memory', () => memoryPercent()),
    disk: look(`the file system of ${folder}`, () => diskPercent(folder)),
    gpus: check('counting GPUs', health.check_interval, 0, (signal) => gpuCount(signal)),
    prometheus:
      url === undefined
        ? undefined
        : service(`Prometheus at ${url}`, (signal) => checkPrometheus(url, signal)),
    database: database && service('the database', database),
  };
}

type Probe<T> = (signal: AbortSignal) => Promise<T>;

/** `fetch` has what went wrong as the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
