import type { FastifyReply } from 'fastify';

/** A page that was made for somebody to look at. */
export interface MadePage {
  readonly html: string;
  /** The same as JSON, where that is asked for too. */
  readonly json?: string;
}

/** Why there is no page. */
export interface PageRefusal {
  readonly status: 404 | 413 | 422 | 503;
  readonly error: string;
}

/** Making one takes this long at most. */
export const MADE_MS_MAX = 120_000;
/** Pages that are being made or wait to be, one after the other. */
export const MAKING_MAX = 4;
/** The last of them may have all this to wait, and some time for its bytes. */
const SILENT_MS_MAX = (MAKING_MAX + 1) * MADE_MS_MAX;

/** As the page says of itself; sandboxed, for it comes from the origin of the live page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox";

/** Answers with a page, or with its JSON. */
export async function answerPage(
  reply: FastifyReply,
  asked: Promise<MadePage | PageRefusal>,
  isJson = false,
): Promise<FastifyReply> {
  // Nothing is said while it is made, and a silent connection is given up after seconds.
  reply.raw.socket?.setTimeout(SILENT_MS_MAX);
  const made = await asked;
  if (!('html' in made)) {
    if (made.status === 503) reply.header('retry-after', '5');
    return await reply.code(made.status).send({ error: made.error });
  }
  if (isJson) return await reply.type('application/json; charset=utf-8').send(made.json);
  reply.header('content-security-policy', POLICY);
  return await reply.type('text/html; charset=utf-8').send(made.html);
}
