import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  /** Headers and all parts, as they came, but for the line breaks that mail puts into lines. */
  readonly text: string;
}

/** A real SMTP server that keeps what it gets. */
export class Mailbox {
  readonly mails: Mail[] = [];
  private readonly server: SMTPServer;

  private constructor() {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, session, done) => {
        let raw = '';
        stream.setEncoding('utf8');
        stream.on('data', (chunk: string) => {
          raw += chunk;
        });
        stream.on('end', () => {
          this.keep(
            raw,
            session.envelope.rcptTo.map(({ address }) => address),
          );
          done();
        });
      },
    });
    // A client that goes away in the midst of it is its own affair.
    this.server.on('error', () => {});
  }

  static async start(): Promise<Mailbox> {
    const mailbox = new Mailbox();
    await once(mailbox.server.listen(0, '127.0.0.1') as Server, 'listening');
    return mailbox;
  }

  get port(): number {
    return (this.server.server.address() as AddressInfo).port;
  }

  /** Whether somebody got a mail with that in its subject, and that in its text. */
  has(to: string, subject: string | RegExp, text: string): boolean {
    return this.mails.some((mail) => {
      return mail.to.includes(to) && fits(mail.subject, subject) && mail.text.includes(text);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private keep(raw: string, to: readonly string[]): void {
    const text = fromQuotedPrintable(raw);
    const subject = /^Subject: (.*)$/m.exec(decodedWords(raw.replace(/\r\n[ \t]+/g, ' ')))?.[1];
    this.mails.push({ to, subject: (subject ?? '').trim(), text });
  }
}

/** Whether a line holds a text, or is of a form. */
export function fits(line: string, wanted: string | RegExp): boolean {
  return typeof wanted === 'string' ? line.includes(wanted) : wanted.test(line);
}

function fromQuotedPrintable(text: string): string {
  const bytes = text
    .replace(/=\r?\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return bytes.replace(/\r\n/g, '\n');
}

/** `=?UTF-8?q?…?=` in headers. */
function decodedWords(text: string): string {
  return text.replace(/=\?utf-8\?q\?([^?]*)\?=\s*/gi, (_, word: string) =>
    fromQuotedPrintable(word.replaceAll('_', ' ')),
  );
}
