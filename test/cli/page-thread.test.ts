import { expect, it, vi } from 'vitest';
import { PageThread } from '../../src/cli/reports/page-thread.ts';

/** A job of a thread that runs this text. */
function job(text: string, key = text) {
  const code = `import { parentPort, workerData } from 'node:worker_threads';${text}`;
  return {
    ...{ kind: 'reports' as const, key, isKept: false, task: { html: 'made' } },
    file: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
    explain: (message: string) => `explained: ${message}`,
  };
}

it('ends a thread that takes too long or too much, and makes the next page', async () => {
  const thread = new PageThread({ refused: () => {}, madeMsMax: 5000 });
  const made = job('parentPort.postMessage(workerData)');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const both = Promise.all([
    thread.page(job('setInterval(() => {}, 1000)')),
    // It waits its turn, and its time begins with it: these five seconds are not its own.
    thread.page(made),
  ]);
  await new Promise((resolve) => setImmediate(resolve));
  vi.advanceTimersByTime(5000);
  const [late, after] = await both;
  vi.useRealTimers();
  expect(late).toEqual({ status: 503, error: 'it takes longer than 5 s' });
  expect(after).toEqual({ html: 'made' });
  const patient = new PageThread({ refused: () => {} });
  const greedy = 'const all = []; for (;;) all.push(new Array(1e5).fill({}));';
  const much = await patient.page(job(greedy));
  expect(much).toMatchObject({ status: 422, error: expect.stringMatching(/^explained: .*memory/) });
  expect(await patient.page(made)).toEqual({ html: 'made' });
});

it('ends what is being made when it is closed', async () => {
  const thread = new PageThread({ refused: () => {} });
  const asked = thread.page(job('setInterval(() => {}, 1000)'));
  const waits = thread.page(job('parentPort.postMessage(workerData)'));
  await new Promise((resolve) => setImmediate(resolve));
  await thread.close();
  expect(await Promise.all([asked, waits])).toMatchObject([{ status: 503 }, { status: 503 }]);
});
