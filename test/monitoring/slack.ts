import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fits } from './mailbox.ts';

export interface SlackMessage {
  readonly channel: string;
  readonly attachments: readonly {
    readonly title: string;
    readonly title_link: string;
    readonly text: string;
    readonly color: string;
  }[];
}

/** What answers as Slack's incoming webhooks do, and keeps what it gets. */
export class SlackWebhook {
  readonly messages: SlackMessage[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      this.messages.push(JSON.parse(body) as SlackMessage);
      response.end('ok');
    });
  }

  static async start(): Promise<SlackWebhook> {
    const slack = new SlackWebhook();
    await once(slack.server.listen(0, '127.0.0.1'), 'listening');
    return slack;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/services/T0/B0/secret`;
  }

  has(title: string | RegExp, text: string): boolean {
    const attachments = this.messages.flatMap((message) => message.attachments);
    return attachments.some((each) => fits(each.title, title) && each.text.includes(text));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
