/** What the JetStream API answers where something is not there (nats-server, errors.json). */
export const CONSUMER_NOT_FOUND = 10014;
export const NO_MESSAGE = 10037;
export const STREAM_NOT_FOUND = 10059;

/** Whether an answer says so. */
export function isAnswer(error: unknown, code: number): boolean {
  return (error as { readonly code?: unknown } | null)?.code === code;
}
