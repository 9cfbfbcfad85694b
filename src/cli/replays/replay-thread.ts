import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { API_ROUTES } from '../../http/live/api.ts';
import {
  checkQuery,
  isFault,
  liveAnswers,
  NONE_OF_THAT_NAME,
} from '../../http/live/live-answers.ts';
import { LiveHub } from '../../http/live/live-hub.ts';
import { openRecording } from '../../recordings/open.ts';
import type { Recording } from '../../recordings/recording.ts';
import { RecordingError } from '../../recordings/recording-error.ts';
import type { ReplayControl, ReplayState } from '../../sinks/live/replay-schemas.ts';
import { Player } from '../../sources/player.ts';
import { loadPipelines } from '../load-pipelines.ts';
import { PortOutlet } from './port-outlet.ts';
import {
  CONTROL_PATH,
  type ReplayOrder,
  type ReplayReply,
  type ReplayTask,
  STATE_PATH,
} from './replay-messages.ts';
import { ReplayPass } from './replay-pass.ts';

/** Time of one frame of a recording that has samples, not frames: two columns of the raster. */
const FRAME_SPAN_US = 40_000;
const REMARKS_MAX = 20;
/** Streams of one replay: a page has one, and a second while it changes its view. */
const STREAMS_MAX = 4;

/** A recording, replayed in a thread of its own: whatever it holds, the service goes on. */
async function run(task: ReplayTask, port: MessagePort): Promise<void> {
  const reply = (message: ReplayReply): void => port.postMessage(message);
  const pipelines = await loadPipelines();
  let pass = new ReplayPass(task, pipelines, 0);
  let recording: Recording | undefined;
  let error: string | undefined;
  let steered = 0;
  const player = new Player({
    frameSpanUs: FRAME_SPAN_US,
    open: () => openRecording(task.path),
    begin: (opened) => {
      recording = opened as Recording;
      pass.close();
      pass = new ReplayPass(task, pipelines, opened.info.startUs);
      hub.show(pass.view);
    },
    frame: (frame) => pass.frame(frame),
    end: () => pass.complete(),
  });
  const state = (): ReplayState => ({
    ...stateOf(task, player, recording, error),
    steered,
  });
  const hub = new LiveHub({
    ...{ view: pass.view, clientsMax: STREAMS_MAX, clients: () => {}, skipped: () => {} },
    more: { replay: { everyTicks: 1, since: state } },
  });
  const answers: Answers = {
    state,
    control: (control) => {
      player.control(controlOf(control));
      steered++;
      return state();
    },
    view: () => liveAnswers(pass.view, () => hub.count),
  };
  const outlets = new Map<number, PortOutlet>();
  port.on('message', (order: ReplayOrder) => {
    if ('ask' in order) reply({ answer: order.ask, ...answer(answers, order.path, order.query) });
    else if ('taken' in order) outlets.get(order.taken)?.taken(order.length);
    else if ('closed' in order) {
      outlets.get(order.closed)?.close();
      outlets.delete(order.closed);
    } else if (!hub.isFull) {
      const outlet = new PortOutlet((data) => reply({ stream: order.open, data }));
      outlets.set(order.open, outlet);
      hub.add(outlet, order);
    }
  });
  reply({ ready: true });
  player.control(controlOf(task.control));
  try {
    await player.run(new AbortController().signal);
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    // A path is the service's own business; the name is what a person knows it by.
    const isReading = cause instanceof RecordingError;
    error = isReading ? text.replaceAll(task.path, task.recording) : 'failed; the log says why';
    if (!isReading) reply({ failed: cause instanceof Error ? `${cause.stack}` : text });
  }
}

interface Answers {
  readonly state: () => ReplayState;
  readonly control: (control: ReplayControl) => ReplayState;
  readonly view: () => ReturnType<typeof liveAnswers>;
}

function answer(
  answers: Answers,
  path: string,
  given: unknown,
): { readonly status: number; readonly body: string } {
  const made = (status: number, body: unknown) => ({ status, body: JSON.stringify(body) });
  if (path === STATE_PATH) return made(200, answers.state());
  if (path === CONTROL_PATH) return made(200, answers.control(given as ReplayControl));
  const route = API_ROUTES.find((each) => each.path === path);
  const of = answers.view()[path];
  if (route === undefined || of === undefined) {
    return made(404, { error: `there is no ${path} of a replay` });
  }
  const query = checkQuery(route, given);
  if (isFault(query)) return made(400, query);
  const found = of(query);
  if (found !== undefined) return made(200, found);
  return made(404, { error: NONE_OF_THAT_NAME });
}

function controlOf({ at_us: atUs, speed, playing }: ReplayControl) {
  return { atUs, speed, playing };
}

function stateOf(
  { id, recording: name }: ReplayTask,
  player: Player,
  recording: Recording | undefined,
  error: string | undefined,
): Omit<ReplayState, 'steered'> {
  const { speed, playing, startUs, endUs } = player.current;
  const notes = recording?.notes;
  return {
    ...{ id, recording: name, speed, playing, start_us: startUs, end_us: endUs },
    state: error === undefined ? player.state : 'failed',
    at_us: Math.round(player.positionUs),
    format: recording?.info.format ?? null,
    samples_outside: notes?.samplesOutside ?? 0,
    samples_invalid: notes?.samplesInvalid ?? 0,
    frames_damaged: notes?.framesLost ?? 0,
    truncated: notes?.truncated ?? false,
    remarks: (notes?.remarks ?? []).slice(0, REMARKS_MAX),
    ...(error === undefined ? {} : { error }),
  };
}

await run(workerData as ReplayTask, parentPort as MessagePort);
