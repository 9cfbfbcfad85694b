import { z } from 'zod';
import { duration } from '../../../component/duration.ts';

const file = (what: string) => z.string().min(1).optional().describe(what);

const URL_DEFAULT = 'http://127.0.0.1:9200';

const url = z.string().superRefine((text, context) => {
  const problem = urlProblem(text);
  if (problem !== undefined) context.addIssue(problem);
});

/** Why a text is no URL of a node. It may hold a password, so it is not quoted. */
function urlProblem(text: string): string | undefined {
  const parsed = URL.parse(text);
  if (parsed === null || !/^https?:$/.test(parsed.protocol) || parsed.hostname === '') {
    return 'needs http://host:port or https://host:port';
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return 'takes no user or password: use username and password_file, or api_key_file';
  }
  return undefined;
}

/** How to reach Elasticsearch: type, default, check, help and reference in one. */
export const elasticsearchOptions = z
  .strictObject({
    url: z
      .union([url, z.array(url).min(1).max(32)])
      .optional()
      .describe(`A node or several of one cluster (by default ${URL_DEFAULT}).`),
    cloud_id: z
      .string()
      .min(1)
      .optional()
      .describe('Id of a deployment in Elastic Cloud, instead of url.'),
    index_prefix: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/, 'needs a-z 0-9 _ - . and a letter or digit first')
      .default('spikeformer-')
      .describe('What the names of indices begin with: <prefix>logs, <prefix>rates and so on.'),
    api_key_file: file('File with an API key, encoded or as id:key.'),
    username: z.string().min(1).optional().describe('User name; with password_file.'),
    password_file: file("File with the user's password."),
    ca_file: file("Certificates that vouch for the server's, PEM; by default Node's."),
    request_timeout: duration(1_000_000, 600_000_000)
      .prefault('30s')
      .describe('How long one request may take; a batch is then offered again.'),
    gzip: z.boolean().default(true).describe('Compress what is sent.'),
  })
  .superRefine((options, context) => {
    if (options.url !== undefined && options.cloud_id !== undefined) {
      context.addIssue('takes url or cloud_id, not both');
    }
    if ((options.username === undefined) !== (options.password_file === undefined)) {
      context.addIssue('username and password_file need each other');
    }
    if (options.username !== undefined && options.api_key_file !== undefined) {
      context.addIssue('takes api_key_file or username, not both');
    }
  });

export type ElasticsearchOptions = z.output<typeof elasticsearchOptions>;

/** The nodes' addresses; none where it is a deployment in the cloud. */
export function nodesOf({ url: given, cloud_id }: ElasticsearchOptions): readonly string[] {
  if (cloud_id !== undefined) return [];
  return given === undefined ? [URL_DEFAULT] : [given].flat();
}
