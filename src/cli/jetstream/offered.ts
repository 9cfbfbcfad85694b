import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

/** This server can't give what `delivery: jetstream` promises; the message says why. */
export class NoJetStreamError extends Error {
  override readonly name = 'NoJetStreamError';
}

const API_MS_MAX = 2000;
/** JetStream is not enabled; not for this account; permission to ask is missing. */
const NOT_ENABLED = 10076;
const NOT_ENABLED_FOR_ACCOUNT = 10039;
/** Atomic writes of more than one message: what derived records need. */
const ATOMIC_SINCE = [2, 12] as const;

/**
 * Why a server is of no use for exactly once; undefined where it is, and where it does not say: one
 * that begins answers nothing for a while.
 */
export async function whyNoJetStream(connection: NatsConnection): Promise<string | undefined> {
  const { info } = connection;
  if (info === undefined) return undefined;
  if (info.jetstream !== true) return 'the NATS server has no JetStream';
  if (!isSince(info.version, ATOMIC_SINCE)) {
    return `nats-server ${info.version} has no atomic writes (${ATOMIC_SINCE.join('.')} has)`;
  }
  try {
    const manager = await jetstreamManager(connection, { timeout: API_MS_MAX, checkAPI: false });
    await manager.getAccountInfo();
  } catch (error) {
    const { code, name } = error as { code?: number; name?: string };
    if (code === NOT_ENABLED || code === NOT_ENABLED_FOR_ACCOUNT) {
      return 'the account of this user has no JetStream';
    }
    if (name === 'PermissionViolationError') return 'this user may not ask for JetStream';
  }
  return undefined;
}

function isSince(version: string, [major, minor]: readonly [number, number]): boolean {
  const [isMajor = 0, isMinor = 0] = version.split('.').map(Number);
  return isMajor > major || (isMajor === major && isMinor >= minor);
}
