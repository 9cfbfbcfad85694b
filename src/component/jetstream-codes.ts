/** What the JetStream API answers where something is not there (nats-server, errors.json). */
export const CONSUMER_NOT_FOUND = 10014;
export const NO_MESSAGE = 10037;
export const STREAM_NOT_FOUND = 10059;
/** A cluster that elects its leader. */
export const NOT_AVAILABLE = 10008;
/** A cluster has no servers for it: too few, too full, or not there at the moment. */
export const NO_PEERS = 10005;

/** Whether an answer says so. */
export function isAnswer(error: unknown, code: number): boolean {
  return (error as { readonly code?: unknown } | null)?.code === code;
}
