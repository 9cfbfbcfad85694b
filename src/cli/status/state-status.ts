import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FileLock } from '../../component/file-lock.ts';
import { type CheckedCheckpoint, CheckpointFolder } from '../../topology/checkpoint-folder.ts';
import type { Config } from '../config/schema.ts';
import { deadDocuments } from '../document-parts.ts';
import { stateFolder } from '../state-folder.ts';

/** One checkpoint file; `error` says why it can't be used, and then nothing else is known. */
export interface CheckpointStatus {
  readonly generation: number;
  readonly file: string;
  readonly bytes: number;
  readonly error: string | null;
  readonly stream: string | null;
  readonly stream_created: string | null;
  /** The last message of the stream that it covers. */
  readonly sequence: number | null;
  readonly written_at: string | null;
  readonly age_seconds: number | null;
  /** Version of the service that wrote it. */
  readonly service: string | null;
}

export interface StateStatus {
  readonly state: {
    readonly folder: string;
    readonly found: boolean;
    /** The process that works with it. */
    readonly in_use_by: string | null;
  };
  readonly checkpoints: {
    /** Newest first. */
    readonly generations: readonly CheckpointStatus[];
    /** The last one that a service could not use and put aside. */
    readonly set_aside: string | null;
  };
  readonly dead_documents: { readonly documents: number; readonly bytes: number } | null;
}

/** What the folder of the state says; it takes no lock and changes nothing. */
export async function readState(
  config: Config,
  nowMs: number,
  problems: string[],
): Promise<StateStatus> {
  const folder = stateFolder(config);
  const checkpoints = new CheckpointFolder(join(folder, 'checkpoints'));
  const looked = async <T>(what: string, look: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await look();
    } catch (error) {
      problems.push(`${what} can't be read: ${(error as Error).message}`);
      return null;
    }
  };
  const checked = await looked('the checkpoints', () => checkpoints.checked());
  const aside = await looked('the checkpoints', () => checkpoints.refused());
  const dead_documents = await looked('dead documents', () => ({
    ...deadDocuments(config).tally,
  }));
  return {
    state: {
      folder,
      found: existsSync(folder),
      in_use_by: FileLock.holder(join(folder, 'service.lock')) ?? null,
    },
    checkpoints: {
      generations: (checked ?? []).map((each) => shown(each, nowMs)),
      set_aside: aside ?? null,
    },
    dead_documents,
  };
}

function shown(checked: CheckedCheckpoint, nowMs: number): CheckpointStatus {
  const { generation, path, bytes, header } = checked;
  const file = basename(path);
  if (header instanceof Error) {
    const nothing = { stream: null, stream_created: null, sequence: null, service: null };
    const untold = { ...nothing, written_at: null, age_seconds: null };
    return { generation, file, bytes, error: header.message, ...untold };
  }
  const { stream, streamCreated, sequence, writtenAt, service } = header;
  return {
    generation,
    file,
    bytes,
    error: null,
    stream,
    stream_created: streamCreated,
    sequence,
    written_at: writtenAt,
    age_seconds: Math.max(0, (nowMs - Date.parse(writtenAt)) / 1000),
    service,
  };
}
