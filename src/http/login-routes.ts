import type { FastifyInstance, FastifyReply } from 'fastify';
import { sameToken } from './access.ts';
import type { Sessions } from './sessions.ts';

/** Paths that answer without a token: what the login page is made of. */
export const OPEN_PATHS: ReadonlySet<string> = new Set([
  '/health',
  '/login',
  '/page/page.css',
  '/page/icon.svg',
]);

const BODY_BYTES_MAX = 4096;
const FORM = 'application/x-www-form-urlencoded';

/** A page to show the token on; the browser then has a cookie instead. It needs no script. */
export function addLoginRoutes(
  server: FastifyInstance,
  token: string | undefined,
  sessions: Sessions,
): void {
  server.addContentTypeParser(
    FORM,
    { parseAs: 'string', bodyLimit: BODY_BYTES_MAX },
    (_, body, done) => done(null, new URLSearchParams(body as string)),
  );
  const show = (reply: FastifyReply, code: number, message: string) => {
    reply.headers({
      // Without a referrer a browser would not say where the form comes from, and that is checked.
      'referrer-policy': 'same-origin',
      'content-security-policy':
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; " +
        "base-uri 'none'; frame-ancestors 'none'",
    });
    return reply.code(code).type('text/html; charset=utf-8').send(loginPage(message));
  };
  server.get('/login', async (_, reply) => {
    if (token === undefined) return await reply.redirect('/', 303);
    return await show(reply, 200, '');
  });
  server.post('/login', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    if (token === undefined) return await reply.redirect('/', 303);
    if (sessions.isHeldBack) {
      reply.header('retry-after', '60');
      return await show(reply, 429, 'Too many wrong tokens. Wait a minute and try again.');
    }
    const { body } = request;
    const given = body instanceof URLSearchParams ? (body.get('token') ?? '').trim() : '';
    if (!sameToken(given, token)) {
      sessions.failed();
      return await show(
        reply,
        401,
        'That is not the token. It stands in the file http.token_file.',
      );
    }
    reply.header('set-cookie', sessions.open());
    return await reply.redirect('/', 303);
  });
  server.post('/logout', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    reply.header('set-cookie', sessions.close(request.headers.cookie));
    return await reply.redirect('/login', 303);
  });
}

/** Nothing in it comes from outside. */
function loginPage(message: string): string {
  const alert = message === '' ? '' : `<p class="alert" role="alert">${message}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Spikescope: sign in</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/page.css">
</head>
<body class="login">
<main>
<h1>Spikescope</h1>
<form method="post" action="/login">
<p>This service can be reached from other machines, so it asks for its token.</p>
${alert}
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
</form>
</main>
</body>
</html>
`;
}
