import type { ElasticsearchStore } from '../../src/sinks/documents/elasticsearch/store.ts';
import { rateRecord, type SinkUnderTest, sinkInto } from '../documents/sink-under-test.ts';
import type { ElasticsearchServer } from './elasticsearch.ts';
import { until } from './until.ts';

export interface KillPlan {
  readonly kills: number;
  /** Documents before each kill, and those that come when it has just happened. */
  readonly before: number;
  readonly after: number;
}

/**
 * Documents into a server that is killed with -9 in the midst of its work and started again, so
 * many times; resolves when the sink has ended, with what it has said and how many there were.
 */
export async function writeThroughKills(
  server: ElasticsearchServer,
  store: ElasticsearchStore,
  { kills, before, after }: KillPlan,
): Promise<SinkUnderTest & { readonly documents: number }> {
  const tested = sinkInto(store, { batchDocumentsMax: 500 });
  const taken = () => [...tested.settled.values()].reduce((sum, count) => sum + count, 0);
  let documents = 0;
  const take = (more: number) => {
    for (const end = documents + more; documents < end; documents++) {
      tested.sink.take(rateRecord(documents));
    }
  };
  for (let kill = 0; kill < kills; kill++) {
    const known = taken();
    take(before);
    await until('some are written', () => taken() > known);
    const failures = tested.failures.length;
    // However fast it is, it is killed with work to do: these come when it is dead already.
    const killed = server.kill('SIGKILL');
    take(after);
    await killed;
    await until('it is missed', () => tested.failures.length > failures);
    await server.start();
  }
  await tested.sink.close(AbortSignal.timeout(200_000));
  return { ...tested, documents };
}
