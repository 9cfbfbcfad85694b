import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type PageFile, readPageFiles } from './page-files.ts';

/** Serves the live page: one document, and its modules, styles and pictures beside it. */
export function addPageRoutes(server: FastifyInstance): void {
  // Read at the first request: a service that nobody looks at reads nothing.
  let files: ReadonlyMap<string, PageFile> | undefined;
  const send = async (path: string, request: FastifyRequest, reply: FastifyReply) => {
    files ??= readPageFiles();
    const file = files.get(path);
    if (file === undefined) return await reply.code(404).send({ error: 'there is no such file' });
    const zips = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
    if (zips) reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding');
    return await reply.type(file.type).send(zips ? file.gzip : file.body);
  };
  server.get('/', (request, reply) => send('/page/index.html', request, reply));
  server.get('/page/*', (request, reply) => {
    return send(request.url.replace(/\?.*$/, ''), request, reply);
  });
}
