/** Where a message stands in its stream and in what a consumer has delivered. */
export interface PullDelivery {
  /** How often the message was delivered, this time included. */
  readonly deliveries: number;
  readonly streamSequence: number;
  /** Counts what the consumer delivered: a jump is a message lost on the way. */
  readonly consumerSequence: number;
  /** When the stream stored it, µs since the Unix epoch. */
  readonly storedUs: number;
}

/** `$JS.ACK.<stream>.<consumer>.<5 numbers>`, or with domain, account and a last random token. */
const TOKENS = 9;
const FROM = 4;
const TOKENS_WITH_DOMAIN = 11;
const FROM_WITH_DOMAIN = 6;

/** Reads what JetStream says in the reply subject; undefined for a message that is no delivery. */
export function pullDelivery(reply: string | undefined): PullDelivery | undefined {
  if (reply === undefined || !reply.startsWith('$JS.ACK.')) return undefined;
  const tokens = reply.split('.');
  let from = FROM;
  if (tokens.length >= TOKENS_WITH_DOMAIN) from = FROM_WITH_DOMAIN;
  else if (tokens.length !== TOKENS) return undefined;
  const storedNs = tokens[from + 3] as string;
  return {
    deliveries: Number(tokens[from]),
    streamSequence: Number(tokens[from + 1]),
    consumerSequence: Number(tokens[from + 2]),
    // Nanoseconds have more digits than a number holds.
    storedUs: Number(storedNs.slice(0, -3)),
  };
}
