import type { FastifyInstance } from 'fastify';
import type { MuteOrder } from '../anomalies/mute-line.ts';
import {
  type MuteRequest,
  muteRequestSchema,
  type UnmuteQuery,
  unmuteQuerySchema,
} from '../sinks/live/incident-schemas.ts';
import { checked, isFault } from './live/live-answers.ts';

const BODY_BYTES_MAX = 8192;

/** Mutes of chips and layers, under /api/mutes; which there are is among the incidents. */
export function addMuteRoutes(server: FastifyInstance, mute: (order: MuteOrder) => void): void {
  server.post('/api/mutes', { bodyLimit: BODY_BYTES_MAX }, async (request, reply) => {
    const asked = checked(muteRequestSchema, request.body);
    if (isFault(asked)) return await reply.code(400).send(asked);
    const { for_seconds, reason, user, ...place } = asked as unknown as MuteRequest;
    mute({ ...placeOf(place), durationUs: Math.round(for_seconds * 1e6), reason, user });
    return await reply.code(202).send({ accepted: true });
  });
  server.delete('/api/mutes', async (request, reply) => {
    const asked = checked(unmuteQuerySchema, request.query);
    if (isFault(asked)) return await reply.code(400).send(asked);
    const { reason, ...place } = asked as unknown as UnmuteQuery;
    mute({ ...placeOf(place), durationUs: undefined, reason, user: undefined });
    return await reply.code(202).send({ accepted: true });
  });
}

function placeOf({ device_type, chip_id, layer_name }: Omit<UnmuteQuery, 'reason'>) {
  return { deviceType: device_type, chipId: chip_id, layerName: layer_name };
}
