/**
 * The floor that no pipeline can beat: receive with stock nats.js, unpack with msgpackr (or parse
 * JSON), count each spike by neuron; nothing else. Answers `GET /` with the frames counted so far.
 * Usage: node bare-loop.ts NATS_PORT
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from '@nats-io/transport-node';
import { Unpackr } from 'msgpackr';

const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true });
const counts = new Uint32Array(65_536);
let frames = 0;

type Column = Uint8Array | number[];

function column(bin: Column): Uint32Array | number[] {
  if (Array.isArray(bin)) return bin;
  if (bin.byteOffset % 4 === 0) return new Uint32Array(bin.buffer, bin.byteOffset, bin.length / 4);
  // Not bin.slice(): of a Buffer that is a view again, as unaligned as the first.
  return new Uint32Array(new Uint8Array(bin).buffer);
}

function shortColumn(bin: Column): Uint16Array | number[] {
  if (Array.isArray(bin)) return bin;
  if (bin.byteOffset % 2 === 0) return new Uint16Array(bin.buffer, bin.byteOffset, bin.length / 2);
  return new Uint16Array(new Uint8Array(bin).buffer);
}

function receive(data: Uint8Array): void {
  const json = data[0] === 0x7b;
  const frame = (json ? JSON.parse(Buffer.from(data).toString()) : unpackr.unpack(data)) as {
    neuron_id: Column;
    neuron_id_u16?: Column;
  };
  const short = frame.neuron_id_u16;
  const ids = short === undefined ? column(frame.neuron_id) : shortColumn(short);
  for (let i = 0; i < ids.length; i++) {
    const id = (ids[i] as number) & 4095;
    counts[id] = (counts[id] as number) + 1;
  }
  frames++;
}

const nats = await connect({ servers: `127.0.0.1:${process.argv[2]}` });
nats.subscribe('spikeformer.>', { callback: (_error, message) => receive(message.data) });
await nats.flush();
const server = createServer((_, response) => response.end(String(frames)));
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`READY ${(server.address() as AddressInfo).port}\n`);
});
