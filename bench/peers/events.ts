import type { SpikeStream } from '../parts/spike-stream.ts';

/** How the events of a message are written down: what a peer takes best. */
export type EventForm = 'json' | 'lines' | 'influx';

export interface EventShape {
  readonly form: EventForm;
  readonly eventsPerMessage: number;
  readonly subject: string;
  /** Messages that differ; after them they come again, one second later. */
  readonly distinct: number;
}

const EVENT_LAYERS = 16;
export const EVENT_NEURONS = 4096;
/** A round of messages takes a second of event time, so that ten digits of a time change. */
const ROUND_US = 1_000_000;
const SECONDS_DIGITS = 10;
/** A day and a bit ago when it is run: no peer takes what is yet to come. */
const PAST_S = 90_000;

/**
 * The events that all peers get, one a message or many: layer, type, neuron, time and potential,
 * written as NATS PUB commands in advance. Only their times are written over, once a round.
 */
export function eventStream(shape: EventShape): SpikeStream {
  const { bytes, ends, secondsAt } = eventRound(shape);
  let at = 0;
  let second = Math.floor(Date.now() / 1000) - PAST_S;
  stampSeconds(bytes, secondsAt, second);
  return {
    spikesPerFrame: shape.eventsPerMessage,
    bytesPerMessage: Math.ceil(bytes.length / ends.length),
    next: (messages) => {
      const parts: Buffer[] = [];
      for (let left = messages; left > 0; ) {
        const taken = Math.min(left, ends.length - at);
        const from = at === 0 ? 0 : (ends[at - 1] as number);
        // Copied at once: the times of what comes after the end are written over in place.
        parts.push(Buffer.from(bytes.subarray(from, ends[at + taken - 1])));
        left -= taken;
        at += taken;
        if (at < ends.length) continue;
        at = 0;
        stampSeconds(bytes, secondsAt, ++second);
      }
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    },
  };
}

interface EventRound {
  readonly bytes: Buffer;
  /** Where each message ends. */
  readonly ends: readonly number[];
  /** Where the seconds of each event's time stand. */
  readonly secondsAt: Uint32Array;
}

/** Stands for the seconds until they are written over. */
const SECONDS = '9'.repeat(SECONDS_DIGITS);

function eventRound({ form, eventsPerMessage, subject, distinct }: EventShape): EventRound {
  const random = generator(42);
  const events = eventsPerMessage * distinct;
  const isArray = form === 'json' && eventsPerMessage > 1;
  const [open, between, close] = isArray ? ['[', ',', ']'] : ['', '\n', ''];
  const messages: Buffer[] = [];
  const ends: number[] = [];
  let end = 0;
  for (let message = 0; message < distinct; message++) {
    const texts = Array.from({ length: eventsPerMessage }, (_, i) => {
      const event = message * eventsPerMessage + i;
      return eventText(form, random, Math.floor((event / events) * ROUND_US));
    });
    const payload = `${open}${texts.join(between)}${close}`;
    const bytes = Buffer.from(`PUB ${subject} ${payload.length}\r\n${payload}\r\n`, 'latin1');
    messages.push(bytes);
    end += bytes.length;
    ends.push(end);
  }
  const bytes = Buffer.concat(messages);
  return { bytes, ends, secondsAt: placesOf(bytes, events) };
}

function placesOf(bytes: Buffer, events: number): Uint32Array {
  const places = new Uint32Array(events);
  let at = -SECONDS_DIGITS;
  for (let i = 0; i < events; i++) {
    // Behind the whole of it, for a time may go on with nines.
    at = bytes.indexOf(SECONDS, at + SECONDS_DIGITS, 'latin1');
    if (at < 0) throw new Error(`only ${i} of ${events} events have a time`);
    places[i] = at;
  }
  return places;
}

function stampSeconds(bytes: Buffer, places: Uint32Array, second: number): void {
  const digits = Buffer.from(String(second), 'latin1');
  for (let i = 0; i < places.length; i++) {
    const at = places[i] as number;
    for (let d = 0; d < SECONDS_DIGITS; d++) bytes[at + d] = digits[d] as number;
  }
}

function eventText(form: EventForm, random: () => number, micros: number): string {
  const layer = `L${String(Math.floor(random() * EVENT_LAYERS)).padStart(2, '0')}`;
  const type = random() < 0.2 ? 'inh' : 'exc';
  const neuron = Math.floor(random() * EVENT_NEURONS);
  const time = `${SECONDS}${String(micros).padStart(6, '0')}`;
  // Two uniform ones in place of a normal one: a spread is all that a histogram needs.
  const mv = (-55 + (random() + random() - 1) * 20).toFixed(2);
  return form === 'influx'
    ? `spike,layer=${layer},neuron_type=${type} neuron=${neuron}i,mv=${mv} ${time}`
    : `{"layer":"${layer}","neuron_type":"${type}","neuron":${neuron},"t_us":${time},"mv":${mv}}`;
}

/** A plain congruential generator: the same events in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
