import { join } from 'node:path';
import type { EventForm } from './events.ts';
import { goProgram } from './own-service.ts';
import type { Peer, PeerTask } from './peer.ts';

const CHECK = { args: ['-h'], prints: '' };

function flags(task: PeerTask): string[] {
  const stream = task.stream === undefined ? [] : ['--stream', task.stream];
  return [...(task.isBatched ? ['--batched'] : []), ...stream];
}

const SHARED = {
  kind: 'by hand',
  formOf: (): EventForm => 'json',
  metricsPath: '/metrics',
  printsAddress: true,
  series: /^spikes_total\{/,
  canWriteDocuments: false,
} as const;

function goPeer(name: string, program: string, env: Readonly<Record<string, string>>): Peer {
  return {
    ...SHARED,
    name,
    version: 'nats.go 1.55, client_golang 1.25',
    service: goProgram(program, 'go-consumer', CHECK, env),
    command: (task) => ({
      args: ['--nats', task.natsUrl, '--subject', task.subject, ...flags(task)],
    }),
  };
}

export const GO_CONSUMER = goPeer('Go by hand, encoding/json', 'go-consumer', {});

/** The next generation of the standard library's JSON, behind the same calls. */
export const GO_JSONV2_CONSUMER = goPeer('Go by hand, jsonv2', 'go-jsonv2-consumer', {
  GOEXPERIMENT: 'jsonv2',
});

export const NODE_CONSUMER: Peer = {
  ...SHARED,
  name: 'Node by hand',
  version: `Node ${process.versions.node}, nats.js 3.4, prom-client 15.1`,
  service: undefined,
  command: (task) => {
    const file = join(import.meta.dirname, 'node-consumer', 'consumer.mjs');
    return { args: [file, task.natsUrl, task.subject, ...flags(task)] };
  },
};
