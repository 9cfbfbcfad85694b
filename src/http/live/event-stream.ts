import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** Takes a reply over as a stream of server-sent events, with the headers it has so far. */
export function eventStream(reply: FastifyReply): ServerResponse {
  reply.hijack();
  const { raw } = reply;
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
  return raw;
}
