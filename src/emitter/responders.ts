import { headers, type Msg } from '@nats-io/transport-node';
import { type Fields, nameField } from '../frames/fields.ts';
import { shown } from '../frames/frame-error.ts';
import { readJson } from '../frames/json-read.ts';
import { FRAME_LIMITS } from '../frames/limits.ts';
import { MsgpackReader } from '../frames/msgpack-read.ts';
import { isToken } from '../frames/subject.ts';
import type { EmitterCore } from './emitter-core.ts';
import {
  type BenchmarkInput,
  benchmarkFrame,
  type HealthInput,
  healthFrame,
} from './frame-builders.ts';
import { frameMessage } from './frame-message.ts';
import { natsHeaders, reasonOf } from './nats-session.ts';

/** What a chip says of itself. */
export type HealthAnswer = Pick<HealthInput, 'status' | 'text' | 'temperatureC'>;
export type CheckHealth = () => HealthAnswer | Promise<HealthAnswer>;

export interface BenchmarkRequest {
  readonly model: string;
  readonly hardware: string;
}
/** What a run measured; `durationUs` is by default how long it took. */
export type BenchmarkAnswer = Omit<
  BenchmarkInput,
  'deviceType' | 'chipId' | 't0Us' | 'model' | 'hardware' | 'durationUs' | 'seq' | 'emitter'
> & { readonly durationUs?: number | undefined };
export type RunBenchmark = (
  request: BenchmarkRequest,
) => BenchmarkAnswer | Promise<BenchmarkAnswer>;

const JSON_OPENS = 0x7b;
/** Pings that wait for the same check; more get no answer. */
const PINGS_MAX = 64;
/** Requests that wait for the run before them. */
const RUNS_MAX = 16;
const ERROR_CHARS_MAX = 512;
/** The emitter for Python serves in the same one. */
const QUEUE = 'spikescope-benchmarks';
const MSGPACK = new MsgpackReader(FRAME_LIMITS);

type Answer = ReturnType<typeof frameMessage>;

/** The chip that answers; what is left out is the emitter's. */
export interface Chip {
  readonly deviceType?: string | undefined;
  readonly chipId?: string | undefined;
}

/**
 * Answers pings of a chip with its health, one check at a time; one that throws says `down`.
 * @throws TypeError where the chip's names are no tokens of a subject
 */
export function answerPings(core: EmitterCore, check: CheckHealth, chip: Chip): () => void {
  const { prefix, runId } = core.settings;
  const { deviceType = core.settings.deviceType, chipId = core.settings.chipId } = chip;
  if (!isToken(deviceType) || !isToken(chipId)) {
    const got = `device_type ${shown(deviceType)}, chip_id ${shown(chipId)}`;
    throw new TypeError(`${got}: a token is 1 to 64 of A-Z a-z 0-9 _ -`);
  }
  const { emitter } = core.counter;
  const header = { deviceType, chipId, runId, emitter };
  const health = async (): Promise<Answer> => {
    let answer: HealthAnswer;
    try {
      answer = await check();
    } catch (error) {
      answer = { status: 'down', text: reasonOf(error).slice(0, FRAME_LIMITS.stringCharsMax) };
      core.problems.report('callback', 1, () => `check of ${chipId}: ${reasonOf(error)}`);
    }
    return frameMessage(healthFrame({ ...header, t0Us: Date.now() * 1000, ...answer }), { prefix });
  };
  let running: Promise<Answer> | undefined;
  let waiting = 0;
  return core.serve(`${prefix}.ping.${deviceType}.${chipId}`, undefined, false, (request) => {
    if (waiting >= PINGS_MAX) return;
    running ??= health().finally(() => {
      running = undefined;
    });
    waiting++;
    void respond(core, request, running).finally(() => waiting--);
  });
}

/**
 * Answers requests for benchmarks of this hardware, one at a time; keeps the process alive.
 * @throws TypeError where the hardware is no token of a subject
 */
export function serveBenchmarks(
  core: EmitterCore,
  hardware: string,
  run: RunBenchmark,
): () => void {
  if (!isToken(hardware)) {
    throw new TypeError(`hardware: needs 1 to 64 of A-Z a-z 0-9 _ -, got ${shown(hardware)}`);
  }
  const { prefix } = core.settings;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return core.serve(`${prefix}.benchmark-run.${hardware}`, QUEUE, true, (request) => {
    // The bytes of a request are read now: they may not stay.
    const asked = requestOf(request.data, hardware);
    if (waiting >= RUNS_MAX) {
      refuse(core, request, 429, `busy: ${RUNS_MAX} runs wait already`);
      return;
    }
    waiting++;
    last = respond(
      core,
      request,
      last.then(() => runOnce(core, asked, run)),
    ).finally(() => waiting--);
  });
}

async function runOnce(
  core: EmitterCore,
  asked: BenchmarkRequest | Error,
  run: RunBenchmark,
): Promise<Answer> {
  if (asked instanceof Error) throw asked;
  const { prefix, chipId, runId } = core.settings;
  const startedMs = performance.now();
  const answer = await run(asked);
  const durationUs = answer.durationUs ?? Math.round((performance.now() - startedMs) * 1000);
  const { emitter } = core.counter;
  const t0Us = Date.now() * 1000;
  const header = { deviceType: asked.hardware, chipId, runId, emitter, t0Us };
  const frame = benchmarkFrame({ ...header, ...answer, ...asked, durationUs });
  return frameMessage(frame, { prefix });
}

function requestOf(data: Uint8Array, hardware: string): BenchmarkRequest | Error {
  try {
    const fields: Fields =
      data[0] === JSON_OPENS ? readJson(data, FRAME_LIMITS) : MSGPACK.readMap(data);
    const asked = nameField(fields, 'hardware', FRAME_LIMITS);
    if (asked !== hardware) throw new Error(`hardware: is ${asked}, this executor has ${hardware}`);
    return { model: nameField(fields, 'model', FRAME_LIMITS), hardware };
  } catch (error) {
    return error as Error;
  }
}

/** Sends the answer; never rejects. */
async function respond(core: EmitterCore, request: Msg, answer: Promise<Answer>): Promise<void> {
  try {
    const { data, headers: fields } = await answer;
    request.respond(data, { headers: natsHeaders(fields) });
  } catch (error) {
    refuse(core, request, 500, reasonOf(error));
  }
}

/** Says why there is no answer, in the headers in which NATS services do. */
function refuse(core: EmitterCore, request: Msg, code: number, why: string): void {
  const text = why.replace(/[^\x20-\x7e]/g, '?').slice(0, ERROR_CHARS_MAX);
  core.problems.report('callback', 1, () => `${request.subject}: ${text}`);
  const fields = headers();
  fields.set('Nats-Service-Error-Code', String(code));
  fields.set('Nats-Service-Error', text);
  try {
    request.respond(undefined, { headers: fields });
  } catch {
    // The connection has gone, and with it who asked.
  }
}
