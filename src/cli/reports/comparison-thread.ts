import { parentPort, workerData } from 'node:worker_threads';
import { compare, type Subject } from '../../analysis/compare/comparison.ts';
import { NO_THRESHOLDS } from '../../analysis/compare/thresholds.ts';
import type { MadePage, PageRefusal } from '../../http/reports/page-answer.ts';
import { storedRun } from '../../http/stored-run.ts';
import { comparisonReport } from '../../report/comparison/comparison-report.ts';
import { comparedRecording } from '../compared-recording.ts';
import type { Config } from '../config/schema.ts';
import { openDocumentStore } from '../document-store.ts';

/** A recording by its path, or a run by its id. */
export type ComparedSide = { readonly path: string } | { readonly runId: string };

/** What a thread compares. */
export interface ComparisonTask {
  readonly a: ComparedSide;
  readonly b: ComparedSide;
  /** Where runs are stored; undefined where no documents are kept. */
  readonly documents: Pick<Config, 'documents' | 'state'> | undefined;
  readonly version: string;
}

async function comparison(task: ComparisonTask): Promise<MadePage | PageRefusal> {
  const a = await subjectOf('a', task);
  if ('error' in a) return a;
  const b = await subjectOf('b', task);
  if ('error' in b) return b;
  const { version } = task;
  const result = compare(a, b, NO_THRESHOLDS);
  const html = comparisonReport({ comparison: result, a, b, hasThresholds: false, version });
  return { html, json: `${JSON.stringify(result)}\n` };
}

async function subjectOf(side: 'a' | 'b', task: ComparisonTask): Promise<Subject | PageRefusal> {
  const { [side]: compared, documents } = task;
  if ('path' in compared) return await recording(side, compared.path);
  const { runId } = compared;
  // A reader of its own: a run of many documents keeps nobody else waiting.
  const store = documents && (await openDocumentStore(documents));
  try {
    const subject = store && (await storedRun(store.queries, runId));
    if (subject !== undefined) return subject;
    const error = `${side}: no run ${JSON.stringify(runId)} is in the document store`;
    return { status: 404, error };
  } catch {
    // What it says may name files and servers.
    return { status: 503, error: `${side}: the document store does not answer; ask again` };
  } finally {
    await store?.close();
  }
}

async function recording(side: 'a' | 'b', path: string): Promise<Subject> {
  try {
    const { remarks, ...subject } = await comparedRecording(path);
    // Who looks at the page need not know where the service keeps its files.
    const said = remarks.map((text) => text.replaceAll(path, subject.side.name));
    return { ...subject, remarks: said };
  } catch (error) {
    throw new Error(`${side}: recording: ${(error as Error).message}`);
  }
}

parentPort?.postMessage(await comparison(workerData as ComparisonTask));
