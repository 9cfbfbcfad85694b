import { randomBytes } from 'node:crypto';

const POSITION_DIGITS = 12;

/**
 * Ids of records in the order in which they come: `<origin>-<position>`. The origin is new at each
 * start, as positions are; it begins with the time, by which new ids are near to each other.
 */
export function documentIds(): () => string {
  const origin = `${Date.now().toString(36)}${randomBytes(5).toString('hex')}`;
  let position = 0;
  return () => `${origin}-${String(position++).padStart(POSITION_DIGITS, '0')}`;
}
