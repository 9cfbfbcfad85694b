import { expect, it } from 'vitest';
import { logLineDocument } from '../../../src/cli/ship/log-line.ts';
import { documentFault } from '../../../src/sinks/documents/document-fault.ts';

const READ_US = 1_764_000_000_000_000;

function shipped(line: string) {
  const leftOut: string[] = [];
  const document = logLineDocument(line, {
    id: 'f-0-7',
    service: 'trainer',
    readUs: READ_US,
    leftOut: (field) => leftOut.push(field),
  });
  if (document !== undefined) expect(documentFault(document)).toBeUndefined();
  return { document, leftOut };
}

it("maps a line of the kit field by field, at the line's own time", () => {
  const fields = {
    ...{ level: 'ERROR', logger: 'spikeformer.neuromorphic', message: 'core 3 is silent' },
    ...{ module: 'deploy', function: 'main', line: 42, event_type: 'hardware_error' },
    ...{ hardware_type: 'loihi2', requires_attention: true, model_id: 'vit-1', user_id: 'u' },
    ...{ spike_rate: 0.25, spike_count: 7 },
  };
  const timestamp = '2026-11-25T08:00:00.123456';
  expect(shipped(JSON.stringify({ timestamp, ...fields }))).toEqual({
    document: {
      ...{ id: 'f-0-7', index: 'logs', fields: { service: 'trainer', ...fields } },
      timeUs: Date.parse('2026-11-25T08:00:00Z') * 1000 + 123_456,
    },
    leftOut: [],
  });
});

it.each([
  ['2026-11-25T08:00:00Z', '2026-11-25T08:00:00.000Z', 0],
  ['2026-11-25T08:00:00.5+01:00', '2026-11-25T07:00:00.500Z', 0],
  ['2026-11-25T08:00:00+0100', '2026-11-25T07:00:00.000Z', 0],
  ['2026-11-25 08:00:00,123', '2026-11-25T08:00:00.123Z', 0],
  ['2026-11-25T08:00:00.123456789Z', '2026-11-25T08:00:00.123Z', 456],
])('reads the time %s', (timestamp, iso, us) => {
  const { document } = shipped(JSON.stringify({ timestamp, message: 'm' }));
  expect(document?.timeUs).toBe(Date.parse(iso) * 1000 + us);
});

it.each(['yesterday', '2026-13-45T00:00:00Z', 5, null, {}])(
  'takes a line whose time is %j at the time it was read, and says so',
  (timestamp) => {
    const { document, leftOut } = shipped(JSON.stringify({ timestamp, message: 'm' }));
    expect(document?.timeUs).toBe(READ_US);
    expect(leftOut).toEqual(['timestamp']);
  },
);

it.each([
  ['warn', 'WARNING'],
  ['Fatal', 'CRITICAL'],
  ['info', 'INFO'],
  ['trace', 'DEBUG'],
])('knows the level %s of others', (level, known) => {
  expect(shipped(JSON.stringify({ level, message: 'm' })).document?.fields).toEqual({
    ...{ level: known, message: 'm', service: 'trainer' },
  });
});

it('leaves out what has no place, and names it', () => {
  const odd = { pid: 7, line: '42', level: 'LOUD', spike_rate: null, model_id: 'x'.repeat(5000) };
  const { document, leftOut } = shipped(JSON.stringify({ message: 'm', ...odd }));
  expect(document?.fields).toEqual({ message: 'm', service: 'trainer' });
  expect(leftOut).toEqual(['pid', 'line', 'level', 'model_id']);
});

it('believes a line that names its service', () => {
  const { document } = shipped('{"message":"m","service":"api"}');
  expect(document?.fields).toMatchObject({ service: 'api' });
});

it.each([
  'plain text, as most write it',
  '{"msg":"JSON of another kind","level":30}',
  '{"message":{"not":"a text"}}',
  '{"message":"cut o',
  '["a","list"]',
  '{}',
])('keeps any other line as the message: %s', (line) => {
  expect(shipped(`  ${line}\t`)).toEqual({
    document: {
      ...{ id: 'f-0-7', index: 'logs', timeUs: READ_US },
      fields: { message: line, service: 'trainer' },
    },
    leftOut: [],
  });
});

it('makes nothing of an empty line', () => {
  expect(shipped(' \t').document).toBeUndefined();
});

it('takes secrets out, of fields and of plain text', () => {
  const lines = [
    'GET / Authorization: Bearer c4n4ry',
    'connect nats://lab:c4n4ry@host:4222',
    '{"message":"token=c4n4ry","error_message":"nats://a:c4n4ry@b"}',
  ];
  for (const line of lines) expect(JSON.stringify(shipped(line))).not.toContain('c4n4ry');
});

it('makes whole characters of half ones', () => {
  const { document } = shipped('{"message":"\\ud83e","user_id":"\\ud83e"}');
  expect(document?.fields).toMatchObject({ message: '\ufffd', user_id: '\ufffd' });
});
