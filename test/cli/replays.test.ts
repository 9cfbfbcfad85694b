import { copyFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_ROUTES } from '../../src/http/live/api.ts';
import {
  type RecordingsAnswer,
  type ReplayState,
  recordingsSchema,
  replaySchema,
} from '../../src/sinks/live/replay-schemas.ts';
import { type ServiceProcess, startService } from '../integration/service-process.ts';
import { until } from '../integration/until.ts';
import { runProgram } from './program.ts';

/** The recordings of `npm start` over HTTP, as a notebook would replay them. */
const DEMO = join(import.meta.dirname, '../../fixtures/demo');
let service: ServiceProcess;
beforeAll(async () => {
  service = await startService(['demo', '--http', '127.0.0.1:0']);
});
afterAll(async () => expect(await service.stop()).toBe(0));

type Body = Readonly<Record<string, unknown>>;

async function ask(
  url: string,
  method = 'GET',
  body?: object,
): Promise<{ status: number; body: Body }> {
  const json = { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(url, { method, ...(body === undefined ? {} : json) });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Body) };
}

async function begin(body: object, at = service): Promise<ReplayState> {
  const answer = await ask(`${at.url}/api/replays`, 'POST', body);
  // Nobody waits for the thread to start.
  expect(answer).toMatchObject({ status: 201, body: { state: 'opening' } });
  return replaySchema.parse(answer.body);
}

async function stateOf({ id }: { id: string }, at = service): Promise<ReplayState> {
  return replaySchema.parse((await ask(`${at.url}/api/replays/${id}`)).body);
}

async function reached(replay: { id: string }, ...states: string[]): Promise<ReplayState> {
  let state = await stateOf(replay);
  await until(
    `it is ${states}`,
    async () => {
      state = await stateOf(replay);
      return states.includes(state.state);
    },
    () => state,
  );
  return state;
}

async function steer({ id }: { id: string }, control: object): Promise<void> {
  const answer = await ask(`${service.url}/api/replays/${id}`, 'POST', control);
  expect(answer.status).toBe(200);
}

async function end({ id }: { id: string }, at = service): Promise<void> {
  expect((await ask(`${at.url}/api/replays/${id}`, 'DELETE')).status).toBe(204);
  expect((await ask(`${at.url}/api/replays/${id}`)).status).toBe(404);
}

it('lists what is in the folder, with what it holds', async () => {
  let listed: RecordingsAnswer = { is_configured: false, recordings: [], left: 0 };
  await until('all are read', async () => {
    listed = recordingsSchema.parse((await ask(`${service.url}/api/recordings`)).body);
    return listed.recordings.every(({ state }) => state === 'known');
  });
  expect(listed).toMatchObject({ is_configured: true, left: 0 });
  expect(listed.recordings.map(({ name }) => name)).toEqual(['nest-layered', 'sanafe-loihi']);
  for (const { name, spikes, duration_us, layers } of listed.recordings) {
    const analysis = await analyze(join(DEMO, name));
    expect([spikes, duration_us]).toEqual([analysis.total_spikes, analysis.duration_us]);
    expect(layers).toBe(Object.keys(analysis.layers).length);
  }
});

interface Analysis {
  readonly total_spikes: number;
  readonly duration_us: number;
  readonly layers: Readonly<Record<string, { readonly spikes: number }>>;
}

async function analyze(path: string): Promise<Analysis> {
  return JSON.parse((await runProgram('analyze', path, '--json')).stdout) as Analysis;
}

describe('a replay', () => {
  it('has at its end the numbers of the analysis', async () => {
    const analysis = await analyze(join(DEMO, 'nest-layered'));
    const replay = await begin({ recording: 'nest-layered', at_us: 1e15 });
    const state = await reached(replay, 'ended');
    expect([state.start_us, state.end_us, state.at_us]).toEqual([0, 5_000_000, 5_000_000]);
    const { body } = await ask(`${service.url}/api/replays/${replay.id}/overview`);
    expect(body).toMatchObject({
      totals: { spikes: analysis.total_spikes, windows_incomplete: 0, samples_late: 0 },
    });
    const layers = (body['layers'] as { layer_name: string; spikes: number }[]).map(
      ({ layer_name, spikes }) => [layer_name, { spikes }] as const,
    );
    expect(analysis.layers).toMatchObject(Object.fromEntries(layers));
    await end(replay);
  });

  it('shows at a time the same, whatever the way there', async () => {
    const views = ['raster?from=0&to=5000', 'rates', 'power', 'cores', 'membrane', 'populations'];
    const shown = async (replay: { id: string }) => {
      const of = views.map((view) => ask(`${service.url}/api/replays/${replay.id}/${view}`));
      const answers = await Promise.all(of);
      expect(answers.map(({ status }) => status)).toEqual(views.map(() => 200));
      // When a raster began is counted in looks, not in time.
      const text = JSON.stringify(answers.map(({ body }) => body));
      return text.replace(/"since":\d+/g, '');
    };
    const straight = await begin({ recording: 'sanafe-loihi', at_us: 700_000 });
    await reached(straight, 'paused');
    const first = await shown(straight);
    expect(first.length).toBeGreaterThan(10_000);
    await end(straight);
    const wandering = await begin({ recording: 'sanafe-loihi', at_us: 1_400_000, speed: 100 });
    await reached(wandering, 'paused');
    expect(await shown(wandering)).not.toBe(first);
    await steer(wandering, { at_us: 300_000 });
    await until('it went back', async () => (await stateOf(wandering)).at_us === 300_000);
    await reached(wandering, 'paused');
    await steer(wandering, { at_us: 700_000 });
    await until('it went on', async () => (await stateOf(wandering)).at_us === 700_000);
    await reached(wandering, 'paused');
    expect(await shown(wandering)).toBe(first);
    await end(wandering);
  });

  it('plays, and tells of it in its stream', async () => {
    const replay = await begin({ recording: 'nest-layered', playing: true, speed: 10 });
    const stop = new AbortController();
    const { signal } = stop;
    const at = `${service.url}/api/replays/${replay.id}/live?topics=replay,raster`;
    const answer = await fetch(at, { signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      // Which of the topics comes first is not said.
      if (text.includes('"state":"ended"') && text.includes('event: raster\n')) break;
    }
    expect(text).toContain('event: begin\n');
    expect(text).toContain('event: raster\n');
    const metrics = await service.metrics();
    expect(metrics.sum('spikescope_page_replays')).toBe(1);
    await end(replay);
    await service.until('it is gone, and who looked', (seen) => {
      return seen.sum('spikescope_page_replays') + seen.sum('spikescope_page_clients') === 0;
    });
  });

  it('is one for each client, and as many as may be in all', async () => {
    const first = await begin({ recording: 'nest-layered', client: 'a' });
    const second = await begin({ recording: 'sanafe-loihi', client: 'a' });
    expect((await ask(`${service.url}/api/replays/${first.id}`)).status).toBe(404);
    const more = [
      await begin({ recording: 'nest-layered', client: 'b' }),
      await begin({ recording: 'nest-layered' }),
      await begin({ recording: 'nest-layered' }),
    ];
    const full = { recording: 'nest-layered', client: 'c' };
    expect(await ask(`${service.url}/api/replays`, 'POST', full)).toMatchObject({
      status: 503,
      body: { error: expect.stringContaining('as many as may be') },
    });
    expect((await service.metrics()).sum('spikescope_dropped_total', 'replays')).toBe(1);
    for (const replay of [second, ...more]) await end(replay);
    await end(await begin(full));
  });

  it.each([
    [{}, 400, 'recording'],
    [{ recording: 'nest-layered', speed: 0 }, 400, 'speed'],
    [{ recording: 'nest-layered', at_us: -1 }, 400, 'at_us'],
    [{ recording: 'nest-layered', x: 1 }, 400, 'x'],
    [{ recording: '../../package.json' }, 404, 'recording'],
    [{ recording: '..' }, 404, 'recording'],
    [{ recording: 'nest-layered/meta.json' }, 404, 'recording'],
    [{ recording: join(DEMO, 'nest-layered') }, 404, 'recording'],
  ])('is refused for %j', async (body, status, parameter) => {
    const answer = await ask(`${service.url}/api/replays`, 'POST', body);
    expect(answer.status).toBe(status);
    expect(answer.body['error']).toMatch(new RegExp(`^${parameter}: `));
  });

  it('answers every view that the API has, and names what is wrong with a request', async () => {
    const replay = await begin({ recording: 'nest-layered', at_us: 1_000_000 });
    await reached(replay, 'paused');
    const at = `${service.url}/api/replays/${replay.id}`;
    const views = API_ROUTES.filter(({ path, answer, method }) => {
      return (
        answer !== undefined &&
        method === undefined &&
        !/replays|recordings|comparisons|incident$/.test(path)
      );
    });
    expect(views.length).toBeGreaterThan(12);
    const queries = { '/api/spikes': '?population=cpu/0/L1', '/api/raster': '?from=0&to=1000' };
    for (const { path, answer } of views) {
      const query = queries[path as keyof typeof queries] ?? '';
      const got = await ask(`${at}${path.slice(4)}${query}`);
      expect(got.status, path).toBe(200);
      expect(answer?.safeParse(got.body).error, path).toBeUndefined();
    }
    expect((await ask(`${at}/incident?id=x`)).status).toBe(404);
    const wrong = await ask(`${at}/raster?from=1`);
    expect([wrong.status, wrong.body['parameter']]).toEqual([400, 'to']);
    expect((await ask(`${at}/nothing`)).status).toBe(404);
    expect((await ask(`${at}/control`, 'POST', {})).status).toBe(404);
    expect((await ask(`${at}/live?topics=x`)).status).toBe(400);
    expect((await ask(`${service.url}/api/replays/${'x'.repeat(36)}/overview`)).status).toBe(404);
    await end(replay);
  });
});

describe('a folder', () => {
  let folder: string;
  let other: ServiceProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spikescope-recordings-'));
    writeFileSync(join(folder, '<img src=x>.csv'), 'time_ms,neuron\n1,0\n2,1\n30,0\n');
    writeFileSync(join(folder, 'nothing.bin'), 'no recording at all');
    writeFileSync(join(folder, 'large.csv'), '');
    truncateSync(join(folder, 'large.csv'), 300_000_000);
    copyFileSync(join(DEMO, 'nest-layered/meta.json'), join(folder, 'meta.json'));
    const variables = { SPIKESCOPE_HTTP_RECORDINGS: folder, SPIKESCOPE_HTTP_REPLAYS_MAX: '1' };
    const bytes = { SPIKESCOPE_HTTP_RECORDING_BYTES_MAX: '1000000' };
    other = await startService(['demo', '--http', '127.0.0.1:0'], { ...variables, ...bytes });
  });
  afterAll(async () => {
    expect(await other.stop()).toBe(0);
    rmSync(folder, { recursive: true });
  });

  it('may hold what is large, and what is no recording: it is said', async () => {
    let listed: RecordingsAnswer['recordings'] = [];
    await until('all are read', async () => {
      const { body } = await ask(`${other.url}/api/recordings`);
      listed = recordingsSchema.parse(body).recordings;
      return listed.every(({ state }) => state !== 'reading' && state !== 'waiting');
    });
    const byName = Object.fromEntries(listed.map((each) => [each.name, each]));
    expect(byName['<img src=x>.csv']).toMatchObject({ state: 'known', spikes: 3 });
    expect(byName['large.csv']).toMatchObject({ state: 'unread', spikes: null });
    expect(byName['nothing.bin']?.state).toBe('unreadable');
    // Whoever looks at the page learns no path of the machine.
    expect(JSON.stringify(listed)).not.toContain(folder);
  });

  it('replays beside what is live: nothing of it is in /metrics', async () => {
    const replay = await begin({ recording: '<img src=x>.csv', at_us: 1e9 }, other);
    await until('it has ended', async () => (await stateOf(replay, other)).state === 'ended');
    const { body } = await ask(`${other.url}/api/replays/${replay.id}/overview`);
    const [layer] = body['layers'] as { layer_name: string; spikes: number }[];
    expect(layer?.spikes).toBe(3);
    const metrics = await other.until('what is live is there', (seen) => {
      return seen.sum('neural_spikes_total', 'layer="L1"') > 0;
    });
    expect(metrics.sum('neural_spikes_total', `layer="${layer?.layer_name}"`)).toBe(0);
    await end(replay, other);
  });

  it('gives no recording that is larger than may be, and says what is wrong with one', async () => {
    const large = await ask(`${other.url}/api/replays`, 'POST', { recording: 'large.csv' });
    expect(large).toMatchObject({
      status: 413,
      body: { error: expect.stringContaining('recording_bytes_max') },
    });
    const replay = await begin({ recording: 'nothing.bin' }, other);
    let state = await stateOf(replay, other);
    await until('it has failed', async () => {
      state = await stateOf(replay, other);
      return state.state === 'failed';
    });
    expect(state.error).toContain('nothing.bin');
    expect(state.error).not.toContain(folder);
    const again = await ask(`${other.url}/api/replays`, 'POST', { recording: 'nothing.bin' });
    expect(again.status).toBe(503);
    await end(replay, other);
  });
});
