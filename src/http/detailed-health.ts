import {
  type PartitionsShown,
  partitionsShown,
  type SharedView,
} from '../component/partition-view.ts';

/** What is known of the machine, the chips and the services; null where it is not known. */
export interface HealthReadings {
  readonly cpuPercent: number | null;
  readonly memoryPercent: number | null;
  readonly diskPercent: number | null;
  readonly gpus: number;
  readonly loihi2Connected: boolean;
  readonly spinnakerConnected: boolean;
  /** Each null where it is not configured. */
  readonly nats: boolean | null;
  readonly prometheus: boolean | null;
  readonly database: boolean | null;
  /** Undefined where one process has the whole stream. */
  readonly partitions?: SharedView | undefined;
}

/** The answer of /health/detailed, field by field. */
export interface DetailedHealth {
  readonly status: 'healthy' | 'degraded';
  readonly timestamp: string;
  readonly version: string;
  readonly system: {
    readonly cpu_percent: number | null;
    readonly memory_percent: number | null;
    readonly disk_usage: number | null;
    readonly gpu_available: boolean;
    readonly gpu_count: number;
  };
  readonly hardware: {
    readonly loihi2_connected: boolean;
    readonly spinnaker_connected: boolean;
  };
  readonly services: {
    readonly nats: boolean | null;
    readonly prometheus: boolean | null;
    readonly database: boolean | null;
  };
  /** Only where workers share the frames. */
  readonly partitions?: PartitionsShown;
}

const MEMORY_PERCENT_MAX = 90;

/** `degraded` when memory is over 90 %, or no hardware is connected. */
export function detailedHealth(
  readings: HealthReadings,
  timestamp: string,
  version: string,
): DetailedHealth {
  const { memoryPercent, loihi2Connected, spinnakerConnected } = readings;
  const isFull = memoryPercent !== null && memoryPercent > MEMORY_PERCENT_MAX;
  const partitions = partitionsShown(readings.partitions);
  const isDegraded = isFull || !(loihi2Connected || spinnakerConnected);
  return {
    status: isDegraded ? 'degraded' : 'healthy',
    timestamp,
    version,
    system: {
      cpu_percent: toTenths(readings.cpuPercent),
      memory_percent: toTenths(memoryPercent),
      disk_usage: toTenths(readings.diskPercent),
      gpu_available: readings.gpus > 0,
      gpu_count: readings.gpus,
    },
    hardware: { loihi2_connected: loihi2Connected, spinnaker_connected: spinnakerConnected },
    services: {
      nats: readings.nats,
      prometheus: readings.prometheus,
      database: readings.database,
    },
    ...(partitions === null ? {} : { partitions }),
  };
}

function toTenths(value: number | null): number | null {
  return value === null ? null : Math.round(value * 10) / 10;
}
