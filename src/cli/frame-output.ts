import type { Frame } from '../frames/frame.ts';
import type { OutputHeader } from '../recordings/recording-output.ts';
import { SpkWriter } from '../recordings/spk-write.ts';
import { NatsLink } from '../sources/nats-link.ts';
import { natsOptions } from '../sources/nats-options.ts';
import { checkSettings } from './config/settings.ts';
import { FramePublisher } from './frame-publisher.ts';
import { natsSettings } from './nats-flags.ts';
import { requireOutput } from './output-flags.ts';
import { note } from './progress.ts';

/** Where frames go: a recording, or NATS. */
export interface FrameOutput {
  /** Takes a frame; where it gives a promise, wait for it before the next one. */
  write(frame: Frame): void | Promise<void>;
  /** Finishes; `endUs` is the end of the time that the frames covered. */
  close(endUs: number): Promise<void>;
}

/**
 * Starts a recording of the format that the suffix says; a file that is there already is an error,
 * and stays as it is. What the format can't hold is said.
 */
export async function recordingOutput(
  path: string,
  header: OutputHeader,
  remark: (text: string) => void,
): Promise<FrameOutput> {
  const format = requireOutput(path, { force: true });
  if (format.name !== 'spk') {
    const output = await format.create(path, header, { compress: false, remark });
    return { write: (frame) => output.write(frame), close: () => output.close() };
  }
  const writer = await SpkWriter.create(path, header);
  return {
    write: (frame) => writer.write(frame),
    close: (endUs) => writer.close({ durationUs: endUs }),
  };
}

/** Connects to NATS, and waits for a server that isn't up yet until the signal says stop. */
export async function natsOutput(
  url: string,
  prefix: string,
  signal: AbortSignal,
): Promise<FrameOutput> {
  const link = new NatsLink(checkSettings(natsOptions, natsSettings(url), '--nats'), {
    waiting: (server, reason) => note(`waiting for NATS at ${server}: ${reason}`),
    connected: () => {},
    disconnected: (server, reason) => note(`lost NATS at ${server}: ${reason}`),
    reconnected: (server) => note(`connected to NATS at ${server} again`),
    refused: (text) => note(`NATS refuses: ${text}`),
  });
  const connection = await link.open(signal);
  const publisher = new FramePublisher(connection, { prefix }, signal);
  return {
    write: (frame) => publisher.write(frame),
    close: () => link.close(),
  };
}
