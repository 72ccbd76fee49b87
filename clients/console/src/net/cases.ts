// What is asked and done about cases.
import { type Answer, all, call, get } from './api';
import type { ActReceipt, Case, CaseSummary, Explanation, Goal } from './shapes';

const at = (id: string) => `/v1/cases/${encodeURIComponent(id)}`;

export interface Act {
  revision?: number;
  key?: string;
}

function post(id: string, noun: string, body: unknown, { revision, key }: Act): Promise<Answer<ActReceipt>> {
  return call('POST', `${at(id)}/${noun}`, { body, ...(revision === undefined ? {} : { revision }), ...(key === undefined ? {} : { key }) });
}

/** Of a regisseur: offered to them, theirs, and whose hand-over is offered to them. Of a coordinator: what nobody has. */
export const readCases = (signal?: AbortSignal): Promise<CaseSummary[]> => all<CaseSummary>('/v1/cases', signal);
export const readCase = (id: string, signal?: AbortSignal): Promise<Case> => get<Case>(at(id), signal);
export const readExplanation = (id: string, signal?: AbortSignal): Promise<Explanation> => get<Explanation>(`${at(id)}/explanation`, signal);
export const openGlass = async (id: string, reason: string): Promise<Case> =>
  (await call<Case>('POST', `${at(id)}/disclosures`, { body: { reason } })).value;

export const accept = (id: string, act: Act) => post(id, 'acceptances', {}, act);
export const decline = (id: string, reason: string, act: Act) => post(id, 'declines', { reason }, act);
export const dismiss = (id: string, reason: string, act: Act) => post(id, 'dismissals', { reason }, act);
export const handOver = (id: string, to: string, act: Act) => post(id, 'handovers', { to }, act);
export const acceptHandover = (id: string, act: Act) => post(id, 'handover-acceptances', {}, act);
export const escalate = (id: string, to: string, reason: string, act: Act) => post(id, 'escalations', { to, reason }, act);
export const close = (id: string, outcome: string, act: Act) => post(id, 'closures', { outcome }, act);
export const assign = (id: string, regisseur: string, act: Act) => post(id, 'assignments', { regisseur }, act);
export const note = (id: string, agency: string, text: string, act: Act) => post(id, 'notes', { agency, text }, act);

/** The plan as a whole; `revision` is the plan's own, one more than what was read. */
export const setPlan = (id: string, revision: number, goals: readonly Goal[], key: string): Promise<Answer<ActReceipt>> =>
  call('PUT', `${at(id)}/plan`, { body: { revision, goals }, key });
