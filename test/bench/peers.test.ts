import { describe, expect, test } from 'vitest';
import { eventStream } from '../../bench/peers/events.ts';
import { callRoll } from '../../bench/peers/have.ts';
import { PEERS } from '../../bench/peers/known.ts';
import type { PeerTask } from '../../bench/peers/peer.ts';
import { sumOfLines } from '../../bench/peers/peer-process.ts';
import { SERVICES } from '../../scripts/services/known.ts';

describe('the roll', () => {
  const named = (name: string) => PEERS.find((peer) => peer.name.startsWith(name));
  const [telegraf, benthos, vector] = ['Telegraf', 'Benthos', 'Vector'].map(named);
  const three = [telegraf, benthos, vector].filter((peer) => peer !== undefined);

  test('gets who is not there, names who cannot be had, and goes on', async () => {
    const got: string[] = [];
    const said: string[] = [];
    const { there, missing } = await callRoll(three, (line) => said.push(line), {
      isThere: (peer) => peer === telegraf,
      get: async (peer) => {
        if (peer === vector) throw new Error('no registry has it');
        got.push(peer.name);
      },
    });
    expect(there).toEqual([telegraf, benthos]);
    expect(got).toEqual([benthos?.name]);
    expect(missing).toEqual([`Vector ${vector?.version} takes no part: no registry has it`]);
    expect(said.join('\n')).toContain('getting it');
  });

  test('is no matter of the tests: they build no peer', () => {
    expect(SERVICES.filter(({ name }) => name.startsWith('peer-'))).toEqual([]);
    const services = PEERS.flatMap(({ service }) => (service === undefined ? [] : [service.name]));
    expect(services.every((name) => name.startsWith('peer-'))).toBe(true);
    expect(new Set(services).size).toBe(services.length);
  });
});

describe('a peer', () => {
  const task: PeerTask = {
    natsUrl: 'nats://127.0.0.1:4222',
    subject: 'spikes',
    isBatched: true,
    stream: undefined,
    elasticsearchUrl: undefined,
  };
  const told = (peer: (typeof PEERS)[number], more: Partial<PeerTask>) => {
    return JSON.stringify(peer.command({ ...task, ...more }, 9999, '/there'));
  };

  test.each(PEERS)('$name is told the server, and the stream where there is one', (peer) => {
    expect(told(peer, {})).toContain('nats://127.0.0.1:4222');
    expect(told(peer, { stream: 'SPIKES' })).not.toBe(told(peer, {}));
    if (!peer.printsAddress) expect(told(peer, {})).toContain('9999');
    const url = 'http://127.0.0.1:9200';
    expect(told(peer, { elasticsearchUrl: url }).includes(url)).toBe(peer.canWriteDocuments);
  });
});

test('counters are summed by their series, times behind values left out', () => {
  const text = `# HELP spikes_total a{b} 1
spikes_total{layer="L00"} 1.5e+06
spikes_total{layer="L01"} 2 1700000000000
spikes_total_created{layer="L00"} 99
other{layer="L00"} 7
`;
  expect(sumOfLines(text, /^spikes_total\{/)).toBe(1_500_002);
});

describe('events', () => {
  const payloads = (bytes: Uint8Array): string[] => {
    return Buffer.from(bytes)
      .toString('latin1')
      .split(/PUB spikes \d+\r\n/)
      .slice(1)
      .map((text) => text.slice(0, -2));
  };
  const shape = { eventsPerMessage: 10, subject: 'spikes', distinct: 20 } as const;

  test('go on in time, message by message and round by round', () => {
    const stream = eventStream({ ...shape, form: 'json' });
    // Cut otherwise than the rounds are.
    const bytes = [7, 20, 33].map((messages) => Buffer.from(stream.next(messages)));
    const messages = bytes.flatMap(payloads).map((text) => JSON.parse(text) as { t_us: number }[]);
    const times = messages.flat().map((event) => event.t_us);
    expect(messages.map((message) => message.length)).toEqual(Array(60).fill(10));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect((times[200] as number) - (times[0] as number)).toBe(1_000_000);
    expect(times.at(-1)).toBeLessThan(Date.now() * 1000);
  });

  test('are the same in every form', () => {
    const [json = ''] = payloads(eventStream({ ...shape, form: 'json' }).next(1));
    const [lines = ''] = payloads(eventStream({ ...shape, form: 'lines' }).next(1));
    const [influx = ''] = payloads(eventStream({ ...shape, form: 'influx' }).next(1));
    const events = JSON.parse(json) as { layer: string; neuron: number; mv: number }[];
    expect(`[${lines.replaceAll('\n', ',')}]`.length).toBe(json.length);
    const told = influx.split('\n').map((line) => {
      const [, layer, neuron, mv] =
        /layer=(L\d\d),.* neuron=(\d+)i,mv=(-?[\d.]+) \d{16}$/.exec(line) ?? [];
      return [layer, Number(neuron), Number(mv)];
    });
    expect(told).toEqual(events.map(({ layer, neuron, mv }) => [layer, neuron, mv]));
  });
});
