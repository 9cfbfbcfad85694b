/** What a reader makes of a stream: messages it took, and bytes it gave on, in their order. */
export type WireEvent =
  | { readonly client: string }
  | {
      readonly subject: string;
      readonly sid: number;
      readonly reply: string;
      readonly headers: string;
      readonly data: string;
    };

export interface Operation {
  readonly bytes: Buffer;
  readonly event: WireEvent;
}

const HEADERS = 'NATS/1.0\r\nContent-Type: application/json\r\n\r\n';
const CONTROL = [
  'PING\r\n',
  'PONG\r\n',
  '+OK\r\n',
  "-ERR 'Slow Consumer'\r\n",
  'INFO {"max_payload":1048576}\r\n',
  // As no server writes it: the client's to read.
  'msg spikes.x 1 3\r\nabc\r\n',
  'MSG\tspikes.x 1\t3\r\nabc\r\n',
  'MSG spikes.x  1 3\r\nabc\r\n',
];
/** Looks like the protocol itself. */
const FILLING = 'a\r\nMSG b 1 9\r\nPONG\r\n';

/** An operation as a server sends it, made from numbers; odd subscriptions are claimed. */
export function operationOf(kind: number, sid: number, size: number): Operation {
  if (kind % 5 === 0) {
    const text = CONTROL[sid % CONTROL.length] as string;
    return { bytes: Buffer.from(text), event: { client: text } };
  }
  const subject = `spikes.loihi2.chip${size % 7}`;
  const reply = kind % 3 === 0 ? `$JS.ACK.s.c.1.${size}.2.1790000000123456789.0` : '';
  const headers = kind % 2 === 0 ? HEADERS : '';
  const data = FILLING.repeat(Math.ceil(size / FILLING.length)).slice(0, size);
  const words = [headers === '' ? 'MSG' : 'HMSG', subject, sid];
  if (reply !== '') words.push(reply);
  if (headers !== '') words.push(headers.length);
  words.push(headers.length + size);
  const text = `${words.join(' ')}\r\n${headers}${data}\r\n`;
  const isClaimed = sid % 2 === 1;
  const event = isClaimed ? { subject, sid, reply, headers, data } : { client: text };
  return { bytes: Buffer.from(text), event };
}

/** Events with neighbouring bytes of the client's as one. */
export function joined(events: readonly WireEvent[]): WireEvent[] {
  const out: WireEvent[] = [];
  for (const event of events) {
    const last = out.at(-1);
    if ('client' in event && last !== undefined && 'client' in last) {
      out[out.length - 1] = { client: last.client + event.client };
    } else out.push(event);
  }
  return out;
}
