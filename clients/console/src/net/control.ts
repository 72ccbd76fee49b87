// What an operator asks and does: how the broker is, and the routing under control.
import { all, actKey, call, get } from './api';
import type { components } from './openapi';

type Schemas = components['schemas'];

export type Status = Schemas['Status'];
export type Rules = Schemas['Rules'];
export type RuleCheck = Schemas['RuleCheck'];
export type RuleProblem = Schemas['RuleProblem'];
export type Proposal = Schemas['Proposal'];
export type Version = Schemas['Version'];
export type Pause = Schemas['Pause'];
export type Run = Schemas['Run'];
export type File = Schemas['File'];
export type ConfigName = Schemas['BacktestRequest']['files'][number]['name'];

/** A row of a report: its kind, and texts and numbers by name. */
export type Row = { row: string } & Record<string, string | number | undefined>;
export interface Report { counters: Record<string, number>; rows: Row[] }

export const number = (row: Row | undefined, name: string): number => (typeof row?.[name] === 'number' ? row[name] : 0);
export const text = (row: Row, name: string): string => (typeof row[name] === 'string' ? row[name] : '');
/** An instant, where the row has one. */
export const time = (row: Row, name: string): number | undefined => (number(row, name) > 0 ? number(row, name) : undefined);

export const readStatus = (signal?: AbortSignal): Promise<Status> => get<Status>('/v1/status', signal);
export const readReport = (name: string, signal?: AbortSignal): Promise<Report> => get<Report>(`/v1/reports/${name}`, signal);
export const readRules = (signal?: AbortSignal): Promise<Rules> => get<Rules>('/v1/rules', signal);
export const readProposals = (signal?: AbortSignal): Promise<Proposal[]> => all<Proposal>('/v1/proposals', signal);
export const readVersions = (signal?: AbortSignal): Promise<Version[]> => all<Version>('/v1/versions', signal);
export const readPauses = (signal?: AbortSignal): Promise<Pause[]> => all<Pause>('/v1/pauses', signal);
export const readProposal = (id: string, signal?: AbortSignal): Promise<Schemas['ProposalAnswer']> => get(`/v1/proposals/${encodeURIComponent(id)}`, signal);
export const readVersion = (id: string | number, signal?: AbortSignal): Promise<Schemas['VersionAnswer']> => get(`/v1/versions/${encodeURIComponent(id)}`, signal);

type Controlled = Schemas['Controlled'];
export const post = async (path: string, body: unknown): Promise<Controlled> => (await call<Controlled>('POST', path, { body, key: actKey() })).value;
const because = (reason: string) => (reason.trim() === '' ? {} : { reason: reason.trim() });

export const check = async (files: readonly File[], signal?: AbortSignal): Promise<RuleCheck> =>
  (await call<RuleCheck>('POST', '/v1/rule-checks', { body: { files }, ...(signal === undefined ? {} : { signal }) })).value;
export const propose = (files: readonly File[], reason: string, allowed: readonly string[]) =>
  post('/v1/proposals', { files, reason: reason.trim(), ...(allowed.length === 0 ? {} : { allowed }) });
export const approve = (id: number, reason: string) => post(`/v1/proposals/${id}/approvals`, because(reason));
export const reject = (id: number, reason: string) => post(`/v1/proposals/${id}/rejections`, { reason: reason.trim() });
export const withdraw = (id: number, reason: string) => post(`/v1/proposals/${id}/withdrawals`, because(reason));
export const rollBack = (version: number, reason: string) => post(`/v1/versions/${version}/rollbacks`, { reason: reason.trim() });
export const pause = (kind: 'pause' | 'silence', subject: string, until: number, reason: string) =>
  post('/v1/pauses', { kind, subject, until: new Date(until).toISOString(), reason: reason.trim() });
export const resume = (id: number, reason: string) => post(`/v1/pauses/${id}/resumptions`, because(reason));

export const readRun = (what: 'backtest' | 'shadow', signal?: AbortSignal): Promise<Run> => get<Run>(`/v1/${what}`, signal);
export const begin = (what: 'backtest' | 'shadow', files: readonly File[], more: { since?: string; samples?: number } = {}) =>
  call<Run>('POST', `/v1/${what}`, { body: { files, ...more } });
export const stop = (what: 'backtest' | 'shadow') => call('DELETE', `/v1/${what}`);
