// What a privacy officer asks and does: residents' requests, access by number or BSN, the trail.
import { act, all, call, get } from './api';
import type { Row } from './control';
import type { components } from './openapi';
import type { Household } from './shapes';

type Schemas = components['schemas'];
export type Request = Schemas['Request'];
export type RequestRequest = Schemas['RequestRequest'];
export type RequestKind = Request['kind'];
export type AuditRequest = Schemas['AuditRequest'];
export interface Trail { running: boolean; end: boolean; rows: Row[] }

export const readRequests = (signal?: AbortSignal): Promise<Request[]> => all<Request>('/v1/requests', signal);
export const addRequest = (body: RequestRequest) => act('POST', '/v1/requests', body);
const step = (n: number, noun: string, body: unknown) => act('POST', `/v1/requests/${n}/${noun}`, body);
const person = (bsn: string) => (bsn === '' ? {} : { bsn });
export const decideRequest = (n: number, decision: 'upheld' | 'rejected', reason: string, bsn: string) => step(n, 'decisions', { decision, reason, ...person(bsn) });
export const withdrawRequest = (n: number, reason: string) => step(n, 'withdrawals', { reason });
export const confirmRequest = (n: number) => step(n, 'confirmations', {});
export const liftRequest = (n: number, reason: string, bsn: string) => step(n, 'liftings', { reason, ...person(bsn) });
/** At once, and not to be taken back: one person of a household. */
export const erasePerson = (household: string, bsn: string) => act('POST', '/v1/erasures', { household, bsn });

export const openHousehold = async (id: string, reason: string): Promise<Household> =>
  (await call<Household>('POST', `/v1/households/${encodeURIComponent(id)}/disclosures`, { body: { reason } })).value;
export const lookUp = async (bsn: string, reason: string): Promise<Household | null> =>
  (await call<Schemas['Lookup']>('POST', '/v1/persons/lookups', { body: { bsn, reason } })).value.household;

/** Of an audit: begun anew, then its pages as they come; of them those to keep. */
export async function audit(body: AuditRequest, most: number, signal: AbortSignal, keep: (row: Row) => boolean = () => true): Promise<{ rows: Row[]; more: boolean }> {
  await call('POST', '/v1/audits', { body, signal });
  const rows: Row[] = [];
  for (;;) {
    const page = await get<Trail>('/v1/audits/current', signal);
    rows.push(...page.rows.filter(keep));
    if (page.end) return { rows, more: false };
    if (rows.length >= most) return { rows, more: true };
    if (page.running && page.rows.length === 0) await new Promise((done) => setTimeout(done, 150));
  }
}
