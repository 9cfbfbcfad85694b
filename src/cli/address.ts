import { UsageError } from './config/config-error.ts';

/** Reads `HOST:PORT`, `[::1]:9464`, or a port alone. */
export function parseAddress(text: string): { host?: string; port: number } {
  const match = /^(?:(?:\[([^\]]+)\]|([^:\s]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    throw new UsageError(`--http needs HOST:PORT, such as 127.0.0.1:9464, got "${text}"`);
  }
  const host = match[1] ?? match[2];
  return host === undefined ? { port } : { host, port };
}

/** Reads `--speed`: a positive number, or `max`. */
export function parseSpeed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const speed = Number(text);
  if (Number.isFinite(speed) && speed > 0) return speed;
  throw new UsageError(`--speed needs a number above 0, or max, got "${text}"`);
}
