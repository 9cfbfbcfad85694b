import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NatsServer, startNatsServer } from '../integration/nats-server.ts';
import { until } from '../integration/until.ts';
import { PATIENT } from './frame-reader.ts';

const HOST = join(import.meta.dirname, 'host-program.ts');
/** Far longer than any host here has work for; one that hangs is killed, and fails the test. */
const KILLED_MS = 120_000;
/** Where NATS is not there, a host that has something to send waits no longer than this. */
const IN_VAIN_MS = 300;
/** Nobody listens there. */
const NOWHERE = 'nats://127.0.0.1:9';

let nats: NatsServer;

beforeAll(async () => {
  nats = await startNatsServer();
});

afterAll(() => nats.stop());

interface Ended {
  readonly code: number;
  readonly publishedSamples: number;
  readonly bufferedSamples: number;
  readonly batchedSamples: number;
  readonly isConnected: boolean;
  readonly problems: readonly string[];
}

/** Runs a host until it ends by itself. */
async function host(what: string, server: string): Promise<Ended> {
  const options = { timeout: KILLED_MS, killSignal: 'SIGKILL' } as const;
  // The way to a server may take a while; that is not what ends a host here.
  const patienceMs = server === NOWHERE ? IN_VAIN_MS : PATIENT.timeoutMs;
  const args = [HOST, what, server, String(patienceMs)];
  const { stdout } = await promisify(execFile)(process.execPath, args, options);
  return JSON.parse(stdout) as Ended;
}

describe('a host ends by itself', () => {
  it.each(['idle', 'pings'])('when it has nothing to send: %s', async (what) => {
    const ended = await host(what, nats.url);
    expect(ended).toMatchObject({ code: 0, isConnected: true, problems: [] });
  });

  it.each(['idle', 'pings'])('where NATS is not there: %s', async (what) => {
    const ended = await host(what, NOWHERE);
    expect(ended).toMatchObject({ code: 0, isConnected: false });
    expect(ended.problems).toEqual([expect.stringMatching(/^connection: waiting for NATS at /)]);
  });

  it('after what it recorded has gone, though it did not close', async () => {
    const ended = await host('leaves', nats.url);
    expect(ended).toMatchObject({ code: 0, publishedSamples: 25_000, problems: [] });
    expect(ended).toMatchObject({ batchedSamples: 0, bufferedSamples: 0 });
  });

  it('with what it recorded, where nobody takes it', async () => {
    const ended = await host('leaves', NOWHERE);
    expect(ended).toMatchObject({ code: 0, publishedSamples: 0, bufferedSamples: 25_000 });
  });

  it('after close', async () => {
    expect(await host('closes', nats.url)).toMatchObject({ code: 0, publishedSamples: 1 });
  });

  it('but not while it serves benchmarks', async () => {
    const asker = await connect({ servers: nats.url });
    let isOver = false;
    const ended = host('serves', nats.url).finally(() => {
      isOver = true;
    });
    const request = JSON.stringify({ model: 'm', hardware: 'cpu' });
    await until('it has answered', async () => {
      expect(isOver).toBe(false);
      const patient = { timeout: PATIENT.timeoutMs };
      return asker.request('spikeformer.benchmark-run.cpu', request, patient).then(
        () => true,
        () => false,
      );
    });
    expect(await ended).toMatchObject({ code: 0, problems: [] });
    await asker.close();
  });
});
