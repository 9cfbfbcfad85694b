import type { DocumentStore } from '../../src/sinks/documents/document-store.ts';
import { rateRecord, type SinkUnderTest, sinkInto } from '../documents/sink-under-test.ts';

/** What is wrong with a document, and what its reason has to say. */
type Fault = readonly [reason: string, fields: object];

const FAULTS: readonly Fault[] = [
  ['spikes: needs a whole number', { spikes: 'many' }],
  ['spikes: needs a whole number', { spikes: 2.5 }],
  ['mean_rate_hz: needs a finite number', { mean_rate_hz: Number.NaN }],
  ['layer_name: needs a string', { layer_name: 7 }],
  ['surprise: is no field of rates', { surprise: 1 }],
];

/** One in a hundred, each kind of fault in turn. */
function faultAt(position: number): Fault | undefined {
  return position % 100 === 42 ? FAULTS[Math.floor(position / 100) % FAULTS.length] : undefined;
}

/** Dead documents that have a fault, and the reason of that very fault. */
export function rightlyDead({ dead }: SinkUnderTest): number {
  return dead.filter(({ reason, document: { id } }) => {
    const fault = faultAt(Number(id.slice(-12)));
    return fault !== undefined && reason.includes(fault[0]);
  }).length;
}

/** Writes so many documents, 1 % of them malformed on purpose. */
export async function writeMalformed(store: DocumentStore, count: number): Promise<SinkUnderTest> {
  const tested = sinkInto(store);
  for (let i = 0; i < count; i++) tested.sink.take(rateRecord(i, faultAt(i)?.[1]));
  await tested.sink.close(AbortSignal.timeout(200_000));
  return tested;
}
