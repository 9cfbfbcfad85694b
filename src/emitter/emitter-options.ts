import { shown } from '../frames/frame-error.ts';
import { PREFIX_DEFAULT } from '../frames/subject.ts';
import { healthFrame } from './frame-builders.ts';
import { frameMessage } from './frame-message.ts';
import type { NatsClientOptions } from './nats-session.ts';
import type { OnProblem } from './problem-reports.ts';

export type Delivery = 'core' | 'jetstream';

export interface EmitterOptions {
  /** `nats://host:port`, several of one cluster, or `tls://…`; by default the local one. */
  readonly servers?: string | readonly string[] | undefined;
  /** Credentials, TLS and all else that the NATS client takes. */
  readonly nats?: NatsClientOptions | undefined;
  /** First tokens of every subject; `spikeformer` by default. */
  readonly prefix?: string | undefined;
  /** `loihi2`, `spinnaker`, `cpu`, …: of all frames that do not say otherwise. */
  readonly deviceType: string;
  readonly chipId: string;
  /** Who publishes, for people; the name on the wire has a UUID after it. `emitter` by default. */
  readonly name?: string | undefined;
  readonly runId?: string | undefined;
  /**
   * `core`, the default: a frame has arrived when the server has it. `jetstream`: when a stream has
   * stored it.
   */
  readonly delivery?: Delivery | undefined;
  /**
   * Spikes in denser columns where that says the same: about a quarter of the bytes. Off by
   * default, as readers that know the u32 columns only refuse such frames (docs/wire.md).
   */
  readonly dense?: boolean | undefined;
  /** Spikes wait no longer than about this for their frame to be full; 1,000 by default. */
  readonly batchMs?: number | undefined;
  /** Bytes that wait for NATS at most; what is more is dropped, and counted. 32 MiB by default. */
  readonly bufferBytesMax?: number | undefined;
  /** Pause between attempts to connect, and up to half as much again; 1,000 by default. */
  readonly reconnectWaitMs?: number | undefined;
  /**
   * How long frames that wait for NATS keep a process alive that has nothing else to do, without
   * `close`; 5,000 by default.
   */
  readonly exitWaitMs?: number | undefined;
  /** Told of each kind of problem once a second at most. By default a warning of the process. */
  readonly onError?: OnProblem | undefined;
}

/** The same with defaults, checked. */
export interface EmitterSettings {
  readonly servers: readonly string[];
  readonly nats: NatsClientOptions;
  readonly prefix: string;
  readonly deviceType: string;
  readonly chipId: string;
  readonly name: string;
  readonly runId: string | undefined;
  readonly delivery: Delivery;
  readonly dense: boolean;
  readonly batchMs: number;
  readonly bufferBytesMax: number;
  readonly reconnectWaitMs: number;
  readonly exitWaitMs: number;
  readonly onError: OnProblem | undefined;
}

const KIB = 1024;

/** @throws TypeError or FrameError that names the option, or the field that it becomes */
export function emitterSettings(options: EmitterOptions): EmitterSettings {
  const { deviceType, chipId, runId, prefix = PREFIX_DEFAULT, delivery = 'core' } = options;
  frameMessage(healthFrame({ deviceType, chipId, runId, t0Us: 0, status: 'ok' }), { prefix });
  if (delivery !== 'core' && delivery !== 'jetstream') {
    throw new TypeError(`delivery: needs core or jetstream, got ${shown(delivery)}`);
  }
  const { dense = false } = options;
  if (typeof dense !== 'boolean') {
    throw new TypeError(`dense: needs true or false, got ${shown(dense)}`);
  }
  if (options.onError !== undefined && typeof options.onError !== 'function') {
    throw new TypeError(`onError: needs a function, got ${shown(options.onError)}`);
  }
  const { name = 'emitter' } = options;
  return {
    ...serverSettings(options, name),
    prefix,
    deviceType,
    chipId,
    name,
    runId,
    delivery,
    dense,
    batchMs: amount(options, 'batchMs', 1000, 1, 60_000),
    bufferBytesMax: amount(options, 'bufferBytesMax', 32 * KIB ** 2, 64 * KIB, 4 * KIB ** 3),
    reconnectWaitMs: amount(options, 'reconnectWaitMs', 1000, 1, 300_000),
    exitWaitMs: amount(options, 'exitWaitMs', 5000, 0, 3_600_000),
    onError: options.onError,
  };
}

function amount(
  options: EmitterOptions,
  name: 'batchMs' | 'bufferBytesMax' | 'reconnectWaitMs' | 'exitWaitMs',
  fallback: number,
  min: number,
  max: number,
): number {
  const value: unknown = options[name] ?? fallback;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  throw new TypeError(`${name}: needs a number from ${min} to ${max}, got ${shown(value)}`);
}

/** The client overlooks a user in a URL, and takes digits of a password for the port. */
function serverSettings(
  { servers = 'nats://127.0.0.1:4222', nats = {} }: EmitterOptions,
  name: string,
): Pick<EmitterSettings, 'servers' | 'nats'> {
  const list: readonly unknown[] = [servers].flat();
  if (list.length === 0) throw new TypeError('servers: is empty');
  const found = list.map(parseServer);
  const withUser = found.find(({ user }) => user !== '');
  return {
    servers: found.map(({ address }) => address),
    nats: {
      name,
      ...(found.some(({ isTls }) => isTls) && { tls: {} }),
      ...(withUser !== undefined && credentials(withUser)),
      ...nats,
    },
  };
}

interface Server {
  readonly address: string;
  readonly isTls: boolean;
  readonly user: string;
  readonly password: string;
}

function parseServer(text: unknown): Server {
  const form = /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?([^@/]+)\/?$/i.exec(String(text));
  const address = form?.[3];
  if (typeof text !== 'string' || address === undefined) {
    // What can't be read may hold a password: it is not shown.
    throw new TypeError('servers: needs nats://host:port or tls://host:port');
  }
  const [user = '', password = ''] = (form?.[2] ?? '').split(/:(.*)/s);
  return { address, isTls: form?.[1]?.toLowerCase() === 'tls', user, password };
}

function credentials({ user, password }: Server): NatsClientOptions {
  const plain = (text: string) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };
  if (password === '') return { token: plain(user) };
  return { user: plain(user), pass: plain(password) };
}
