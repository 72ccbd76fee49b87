// What an operator looks after besides the rules: mailboxes, sessions, keys, letters, and the proofs of the store.
import { type Row, post } from './control';
import { call, get } from './api';
import type { components } from './openapi';
import type { Explanation } from './shapes';

type Schemas = components['schemas'];
export type MailboxView = Schemas['MailboxView'];
export type SessionView = Schemas['SessionView'];
export type Deliveries = Schemas['DeliveryList'];
export type Delivery = Schemas['Delivery'];
export type DeadLetter = Schemas['DeadLetter'];
export type Verification = Schemas['Verification'];
export interface ErasureRuns { counters: Record<string, number>; texts: Record<string, string> }
/** A line of proofs.jsonl or heads.jsonl, as the broker wrote it. */
export type JsonLine = Record<string, string | number | undefined>;

const items = async <T>(path: string, signal?: AbortSignal): Promise<T[]> => (await get<{ items: T[] }>(path, signal)).items;

export const readMailboxes = (signal?: AbortSignal): Promise<MailboxView[]> => items('/v1/mailboxes', signal);
export const readSessions = (signal?: AbortSignal): Promise<SessionView[]> => items('/v1/sessions', signal);

export const readKeys = (signal?: AbortSignal): Promise<Row[]> => items('/v1/keys', signal);
export interface NewKey { party: string; publicKey: string; until?: number | undefined; reason: string }
const keyBody = ({ party, publicKey, until, reason }: NewKey) => ({ party, publicKey, reason: reason.trim(), ...(until === undefined ? {} : { until: new Date(until).toISOString() }) });
export const addKey = (key: NewKey) => post('/v1/keys', keyBody(key));
export const rotateKey = (key: NewKey, overlapMs: number) => post('/v1/key-rotations', { ...keyBody(key), overlapMs });
export const revokeKey = (publicKey: string, reason: string) => post('/v1/key-revocations', { publicKey, reason: reason.trim() });

export const readDeliveries = (signal?: AbortSignal): Promise<Deliveries> => get<Deliveries>('/v1/deliveries', signal);
const ofLetter = (id: string) => `/v1/deliveries/${encodeURIComponent(id)}`;
export const resend = (id: string) => call('POST', `${ofLetter(id)}/retries`, { body: {} });
export const discard = (id: string, reason: string) => call('POST', `${ofLetter(id)}/removals`, { body: { reason: reason.trim() } });

export const readErasureRuns = (signal?: AbortSignal): Promise<ErasureRuns> => get<ErasureRuns>('/v1/erasure-runs', signal);
export const runErasure = () => call('POST', '/v1/erasure-runs', { body: {} });
export const readProofs = (signal?: AbortSignal): Promise<JsonLine[]> => items('/v1/erasure-proofs', signal);
export const readHeads = (signal?: AbortSignal): Promise<JsonLine[]> => items('/v1/heads', signal);
export const readVerification = (signal?: AbortSignal): Promise<Verification> => get<Verification>('/v1/verifications/current', signal);
export const verify = () => call('POST', '/v1/verifications', { body: {} });

/** Why it is so, or not; `about` is C7, H12, or a signal's id or token. */
export function readExplained(about: string, rule: string, at: string, signal?: AbortSignal): Promise<Explanation> {
  const asked = new URLSearchParams(/^C[1-9]\d*$/.test(about) ? { case: about } : /^H[1-9]\d*$/.test(about) ? { household: about } : { signal: about });
  if (rule !== '') asked.set('rule', rule);
  if (at !== '') asked.set('at', at);
  return get<Explanation>(`/v1/explanations?${asked.toString()}`, signal);
}
