import { nkeys } from '@nats-io/transport-node';

type Claims = Readonly<Record<string, unknown>>;

/** A decentralised set-up as `nsc` makes it: operator, one account, one user. */
export interface Decentralised {
  /** Lines of the server's configuration. */
  readonly config: string;
  /** What a .creds file holds. */
  readonly credentials: string;
}

const UNLIMITED = { subs: -1, data: -1, payload: -1 };
const ACCOUNT_LIMITS = {
  ...UNLIMITED,
  ...{ imports: -1, exports: -1, wildcards: true, conn: -1, leaf: -1 },
};

export function makeDecentralised(): Decentralised {
  const operator = nkeys.createOperator();
  const account = nkeys.createAccount();
  const user = nkeys.createUser();
  const operatorJwt = jwt(operator, operator, { type: 'operator' });
  const accountJwt = jwt(operator, account, { type: 'account', limits: ACCOUNT_LIMITS });
  const userJwt = jwt(account, user, { type: 'user', ...UNLIMITED });
  return {
    config: [
      `operator: ${operatorJwt}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account.getPublicKey()}: ${accountJwt} }`,
    ].join('\n'),
    credentials: [
      '-----BEGIN NATS USER JWT-----',
      userJwt,
      '------END NATS USER JWT------',
      '',
      '-----BEGIN USER NKEY SEED-----',
      new TextDecoder().decode(user.getSeed()),
      '------END USER NKEY SEED------',
      '',
    ].join('\n'),
  };
}

/** A claim about `subject`, signed by `issuer`, as the server reads it. */
function jwt(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: Claims): string {
  const claims = {
    jti: subject.getPublicKey(),
    iat: Math.floor(Date.now() / 1000),
    iss: issuer.getPublicKey(),
    name: nats['type'],
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  };
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
  const signature = issuer.sign(new TextEncoder().encode(signed));
  return `${signed}.${Buffer.from(signature).toString('base64url')}`;
}

function part(json: Claims): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url');
}
