import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority for one test, made by openssl in the test's folder. */
export class TestAuthority {
  readonly ca: Certificate;
  private readonly folder: string;

  constructor(folder: string, name = 'authority') {
    this.folder = folder;
    this.ca = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    const subject = ['-subj', `/CN=Spikescope test ${name}`, '-days', '1'];
    openssl(['req', '-x509', ...NEW_KEY, this.ca.key, '-out', this.ca.cert, ...subject]);
  }

  /** A certificate for 127.0.0.1 and localhost, for servers and clients alike. */
  issue(name: string): Certificate {
    const path = (ending: string) => join(this.folder, `${name}.${ending}`);
    const issued = { cert: path('pem'), key: path('key') };
    const request = ['-out', path('csr'), '-subj', `/CN=${name}`];
    openssl(['req', ...NEW_KEY, issued.key, ...request]);
    writeFileSync(path('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    const authority = ['-CA', this.ca.cert, '-CAkey', this.ca.key, '-CAcreateserial'];
    const made = ['-in', path('csr'), '-out', issued.cert, '-extfile', path('ext')];
    openssl(['x509', '-req', ...made, ...authority, '-days', '1']);
    return issued;
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout'];

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
