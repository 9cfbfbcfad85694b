import { BENTHOS, CONNECT } from './benthos.ts';
import { GO_CONSUMER, GO_JSONV2_CONSUMER, NODE_CONSUMER } from './by-hand.ts';
import type { Peer } from './peer.ts';
import { TELEGRAF } from './telegraf.ts';
import { VECTOR } from './vector.ts';

export const PEERS: readonly Peer[] = [
  TELEGRAF,
  CONNECT,
  BENTHOS,
  VECTOR,
  GO_CONSUMER,
  GO_JSONV2_CONSUMER,
  NODE_CONSUMER,
];
