// What is asked and done about cases.
import { type Answer, act, all, call, get } from './api';
import type { ActReceipt, Case, CaseSummary, Explanation, Goal } from './shapes';

const at = (id: string) => `/v1/cases/${encodeURIComponent(id)}`;

const post = (id: string, noun: string, body: unknown): Promise<Answer<ActReceipt>> => act('POST', `${at(id)}/${noun}`, body);

/** Of a regisseur: offered to them, theirs, and whose hand-over is offered to them. Of a coordinator: what nobody has. */
export const readCases = (signal?: AbortSignal): Promise<CaseSummary[]> => all<CaseSummary>('/v1/cases?limit=1000', signal);
export const readCase = (id: string, signal?: AbortSignal): Promise<Case> => get<Case>(at(id), signal);
export const readExplanation = (id: string, signal?: AbortSignal): Promise<Explanation> => get<Explanation>(`${at(id)}/explanation`, signal);
export const openGlass = async (id: string, reason: string): Promise<Case> =>
  (await call<Case>('POST', `${at(id)}/disclosures`, { body: { reason } })).value;

export const accept = (id: string) => post(id, 'acceptances', {});
export const decline = (id: string, reason: string) => post(id, 'declines', { reason });
export const dismiss = (id: string, reason: string) => post(id, 'dismissals', { reason });
export const handOver = (id: string, to: string) => post(id, 'handovers', { to });
export const acceptHandover = (id: string) => post(id, 'handover-acceptances', {});
export const escalate = (id: string, to: string, reason: string) => post(id, 'escalations', { to, reason });
export const close = (id: string, outcome: string) => post(id, 'closures', { outcome });
export const assign = (id: string, regisseur: string) => post(id, 'assignments', { regisseur });
export const note = (id: string, agency: string, text: string) => post(id, 'notes', { agency, text });

/** The plan as a whole; `revision` is the plan's own, one more than what was read. */
export const setPlan = (id: string, revision: number, goals: readonly Goal[]): Promise<Answer<ActReceipt>> =>
  act('PUT', `${at(id)}/plan`, { revision, goals });
