import type { ConsumerConfig, StreamConfig } from '@nats-io/jetstream';
import { formatDuration } from '../component/duration.ts';

/** A value of a stream or a consumer that is not as it is wanted. */
export interface Difference {
  readonly field: string;
  /** What is said of it, with both values. */
  readonly text: string;
  /** Without it the service does not keep its promises, or does not work at all. */
  readonly isVital: boolean;
  /** Not to be changed, whatever the server allows. */
  readonly isFixed: boolean;
}

/** Whether a value that is there will do in place of the wanted one. */
type WillDo = (is: unknown, wanted: unknown) => boolean;

interface Rule {
  readonly willDo: WillDo;
  readonly isVital: (is: unknown, wanted: unknown) => boolean;
  readonly shown: (value: unknown) => string;
  /** The server would change it, and what is stored would not fit any more. */
  readonly isFixed?: boolean;
}

const plain = (value: unknown): string => String(value ?? false);
const time = (value: unknown): string =>
  value === 0 || value === undefined ? 'without end' : formatDuration(Number(value) / 1000);
const limit = (value: unknown): string =>
  value === undefined || Number(value) < 0 ? 'no limit' : Number(value).toLocaleString('en');
const list = (value: unknown): string =>
  (value as readonly string[] | undefined)?.join(', ') || 'none';

/** Absent is false, as the server leaves it out. */
const same: WillDo = (is, wanted) => (is ?? false) === (wanted ?? false);
const sameSet: WillDo = (is, wanted) => {
  const there = new Set((is ?? []) as readonly string[]);
  const want = wanted as readonly string[];
  return there.size === want.length && want.every((each) => there.has(each));
};

const rule = (willDo: WillDo, isVital: boolean | WillDo, shown = plain): Rule => ({
  willDo,
  isVital: typeof isVital === 'boolean' ? () => isVital : isVital,
  shown,
});

/** Further subjects do harm only where somebody requests on them; a missing one loses messages. */
const isUncovered: WillDo = (is, wanted) => {
  const there = (is ?? []) as readonly string[];
  return (wanted as readonly string[]).some((each) => !there.some((one) => covers(one, each)));
};

/** Whether a pattern of subjects takes all that another takes. */
function covers(pattern: string, subject: string): boolean {
  const tokens = pattern.split('.');
  const others = subject.split('.');
  for (const [i, token] of tokens.entries()) {
    const other = others[i];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>' || (token !== '*' && token !== other)) return false;
  }
  return tokens.length === others.length;
}

/** Chips would change their partitions, and what is stored would keep them: never to be changed. */
const transform = (value: unknown): string => {
  const dest = (value as { readonly dest?: string } | undefined)?.dest;
  const partitions = /\{\{partition\((\d+),2,3\)\}\}$/.exec(dest ?? '')?.[1];
  if (dest === undefined) return 'none (1 partition)';
  return partitions === undefined ? dest : `that of ${partitions} partitions`;
};
const sameTransform: WillDo = (is, wanted) => {
  const [one, other] = [is, wanted] as { readonly src?: string; readonly dest?: string }[];
  return one?.src === other?.src && one?.dest === other?.dest;
};

const STREAM_RULES: Readonly<Record<string, Rule>> = {
  subjects: rule(sameSet, isUncovered, list),
  subject_transform: { ...rule(sameTransform, true, transform), isFixed: true },
  retention: rule(same, true),
  storage: rule(same, true),
  discard: rule(same, false),
  no_ack: rule(same, true),
  allow_direct: rule(same, true),
  allow_atomic: rule(same, true),
  allow_rollup_hdrs: rule(same, true),
  max_msgs: rule(same, false, limit),
  max_msgs_per_subject: rule(same, true, limit),
  max_msg_size: rule(same, false, limit),
  max_age: rule(same, false, time),
  max_bytes: rule(same, false, limit),
  duplicate_window: rule(same, false, time),
  // Somebody who keeps more copies has a reason.
  num_replicas: rule((is, wanted) => Number(is ?? 1) >= Number(wanted), false),
};

const CONSUMER_RULES: Readonly<Record<string, Rule>> = {
  filter_subjects: rule(sameSet, true, list),
  // One that was deleted is made anew behind what was settled.
  deliver_policy: rule((is) => is === 'all' || is === 'by_start_sequence', true),
  ack_policy: rule(same, true),
  ack_wait: rule(same, false, time),
  max_ack_pending: rule(same, false, limit),
  max_deliver: rule(same, true, limit),
};

export function streamDifferences(
  wanted: Partial<StreamConfig>,
  is: Partial<StreamConfig>,
): Difference[] {
  return differences(STREAM_RULES, wanted as Fields, is as Fields);
}

export function consumerDifferences(
  wanted: Partial<ConsumerConfig>,
  is: Partial<ConsumerConfig>,
): Difference[] {
  const { filter_subject: one, ...rest } = is;
  // The server writes a list of one as a single subject, or leaves it.
  const filters = is.filter_subjects ?? (one === undefined ? undefined : [one]);
  return differences(CONSUMER_RULES, wanted as Fields, { ...rest, filter_subjects: filters });
}

type Fields = Readonly<Record<string, unknown>>;

function differences(rules: Readonly<Record<string, Rule>>, wanted: Fields, is: Fields) {
  const found: Difference[] = [];
  for (const [field, { willDo, isVital, shown, isFixed = false }] of Object.entries(rules)) {
    if (!(field in wanted) || willDo(is[field], wanted[field])) continue;
    const text = `${field} is ${shown(is[field])}, wanted ${shown(wanted[field])}`;
    found.push({ field, text, isVital: isVital(is[field], wanted[field]), isFixed });
  }
  return found;
}
