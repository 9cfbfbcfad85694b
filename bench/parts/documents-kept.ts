import { writeThroughKills } from '../../test/integration/documents-through-kills.ts';
import { startElasticsearch } from '../../test/integration/elasticsearch.ts';
import { openStore } from '../../test/integration/elasticsearch-store.ts';
import { rightlyDead, writeMalformed } from '../../test/integration/malformed-documents.ts';
import { storedIds } from '../../test/integration/stored-ids.ts';
import type { BenchOptions, Row } from './report.ts';

const DOCUMENTS = 100_000;
const KILLS = 5;

/** What becomes of documents when Elasticsearch is killed, and of those that it can't take. */
export async function documentsKept({ scale }: BenchOptions): Promise<Row[]> {
  const count = Math.round(DOCUMENTS * scale);
  const server = await startElasticsearch();
  const [through, among] = ['killed-', 'malformed-'].map((index_prefix) =>
    openStore(server, { index_prefix }),
  ) as [ReturnType<typeof openStore>, ReturnType<typeof openStore>];
  try {
    const plan = { kills: KILLS, before: (count * 0.8) / KILLS, after: (count * 0.2) / KILLS };
    const killed = await writeThroughKills(server, through, plan);
    const malformed = await writeMalformed(among, count);
    const rows = [
      [`killed -9 and started again ${KILLS} times`, killed, 'killed-rates'],
      ['1 % malformed', malformed, 'malformed-rates'],
    ] as const;
    return await Promise.all(
      rows.map(async ([what, tested, index]) => {
        const ids = await storedIds(server.client, index);
        return {
          what,
          documents: count,
          'ids there': ids.size,
          'more than once': [...ids.values()].filter((times) => times > 1).length,
          dead: tested.dead.length,
          'with the reason of their fault': rightlyDead(tested),
          dropped: [...tested.dropped.values()].reduce((sum, dropped) => sum + dropped, 0),
          'requests that failed': tested.failures.length,
        };
      }),
    );
  } finally {
    await through.close();
    await among.close();
    await server.stop();
  }
}
