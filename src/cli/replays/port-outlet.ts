import type { LiveOutlet } from '../../http/live/live-hub.ts';

/** A stream whose other end is in another thread: what that has not passed on is not taken yet. */
export class PortOutlet implements LiveOutlet {
  writableLength = 0;
  private readonly send: (data: Uint8Array | string) => void;
  private listener = (): void => {};

  constructor(send: (data: Uint8Array | string) => void) {
    this.send = send;
  }

  write(data: string | Buffer): void {
    this.writableLength += data.length;
    this.send(data);
  }

  /** The other end has passed on as much. */
  taken(length: number): void {
    this.writableLength = Math.max(0, this.writableLength - length);
  }

  on(event: 'close' | 'error', listener: () => void): void {
    if (event === 'close') this.listener = listener;
  }

  close(): void {
    this.listener();
  }

  end(): void {
    this.listener();
  }
}
