// Questions and acts over HTTP. What the gateway refuses comes as a Refused, with the problem it told.
import { signal } from '@preact/signals';
import { t, word, known } from '../words/words';
import { instant } from '../words/dates';
import { tell } from './now';

/** A problem as RFC 9457 has it, with the members that this gateway adds. */
export interface Problem {
  status: number;
  code: string;
  title: string;
  detail?: string;
  hints?: string[];
  errors?: { pointer?: string; code?: string; detail?: string }[];
  /** Of an act: whether it is done is not known, or it was not looked at. Sent again it is the same act. */
  repeatable?: boolean;
}

export class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
}

/** The problem in the words of the reader: what it is, and what to do. */
export function inWords(problem: Problem): { title: string; advice: string } {
  const title = known('problem', problem.code) ? word('problem', problem.code) : problem.title || t('problem.unknown');
  const advice = known('advice', problem.code) ? word('advice', problem.code) : (problem.detail ?? '');
  return { title, advice };
}

export interface Answer<T> {
  value: T;
  revision?: string;
  status: number;
}

export interface Request {
  body?: unknown;
  /** The revision that was read; the act is refused when the case has another one by then. */
  revision?: string | number;
  /** Names the act, so that sending it again is the same act. */
  key?: string;
  signal?: AbortSignal;
}

/** Proves that a request comes from this page; the session gives it. */
export const csrf = signal('');
/** Counts up when the gateway says that nobody is signed in any more. */
export const signedOut = signal(0);
/** Everything here is made up: the gateway says so on every answer, also to who is not signed in. */
export const demonstration = signal(false);

const OFFLINE: Problem = { status: 0, code: 'offline', title: 'offline' };

async function problemOf(response: Response): Promise<Problem> {
  const empty: Problem = { status: response.status, code: `http_${response.status}`, title: response.statusText };
  if (!(response.headers.get('content-type') ?? '').includes('json')) return empty;
  try {
    return { ...empty, ...((await response.json()) as Partial<Problem>), status: response.status };
  } catch {
    return empty;
  }
}

/** Fails with Refused; with an AbortError where the asker no longer wants it. */
export async function call<T>(method: string, path: string, request: Request = {}): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (request.body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrf.value !== '') headers['X-CSRF-Token'] = csrf.value;
  if (request.revision !== undefined) headers['If-Match'] = `"${request.revision}"`;
  if (request.key !== undefined) headers['Idempotency-Key'] = request.key;
  let response: Response;
  try {
    response = await fetch(path, {
      method, headers, credentials: 'same-origin', cache: 'no-store', redirect: 'error',
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new Refused(OFFLINE);
  }
  // An answer of something in between says neither.
  if (response.headers.has('api-version')) demonstration.value = response.headers.get('demonstration') === 'yes';
  if (!response.ok) {
    const problem = await problemOf(response);
    if (response.status === 401 && !path.endsWith('/session')) signedOut.value++;
    throw new Refused(problem);
  }
  const etag = response.headers.get('etag');
  const body = await response.text(); // some answers have none
  const value = (body === '' ? undefined : JSON.parse(body)) as T;
  const at = instant((value as { at?: string } | undefined)?.at);
  if (at !== undefined) tell(at);
  return { value, status: response.status, ...(etag === null ? {} : { revision: etag.replace(/^W\/|"/g, '') }) };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await call<T>('GET', path, signal === undefined ? {} : { signal })).value;
}

interface Page<T> { items: T[]; next?: string | null }

/** All items of a list, page after page. */
export async function all<T>(path: string, signal?: AbortSignal): Promise<T[]> {
  const items: T[] = [];
  let next: string | null | undefined;
  do {
    const at = next ? `${path}${path.includes('?') ? '&' : '?'}next=${encodeURIComponent(next)}` : path;
    const page: Page<T> = await get<Page<T>>(at, signal);
    items.push(...page.items);
    next = page.next;
  } while (next);
  return items;
}

/** A name for an act, made before it is sent: sent again after a lost answer it is still one act. */
export function actKey(): string {
  return crypto.randomUUID();
}

/** What passes by itself: no connection, too slow, too often, the broker or the gateway away. */
const PASSING = new Set([0, 408, 429, 502, 503, 504]);
const KEPT_MS = 15 * 60_000;
const HEARD_MOST = 500;
/** What nobody has answered, by what it says, with its name. Another content is another act. */
const unanswered = new Map<string, { key: string; at: number }>();
/** Acts that this page knows of: its own, and those it was told of. */
const heard = new Set<string>();

/** Was this act, by the id of its receipt, not known here? It is from now on. */
export function hear(id: string): boolean {
  if (heard.has(id)) return false;
  heard.add(id);
  for (const oldest of heard) {
    if (heard.size <= HEARD_MOST) break;
    heard.delete(oldest);
  }
  return true;
}

/** What this page did, by the id of its receipt; the other windows of this browser may want to know. */
export const did = signal('');

/** Sends an act. Where no answer came, or nobody who could tell, the same content sent again is the same act. */
export async function act<T extends { id?: string }>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
  const what = `${method} ${path} ${JSON.stringify(body)}`;
  const before = unanswered.get(what);
  const key = before !== undefined && Date.now() - before.at < KEPT_MS ? before.key : actKey();
  unanswered.set(what, { key, at: Date.now() });
  hear(`http-key-${key}`);
  try {
    const answer = await call<T>(method, path, { key, ...(body === undefined ? {} : { body }) });
    unanswered.delete(what);
    did.value = answer.value?.id ?? '';
    return answer;
  } catch (error) {
    const status = error instanceof Refused ? error.problem.status : 0;
    if (status >= 400 && status < 500 && !PASSING.has(status)) unanswered.delete(what);
    if (error instanceof Refused && PASSING.has(status)) throw new Refused({ ...error.problem, repeatable: true });
    throw error;
  }
}

/** What went wrong, as a problem, whatever was thrown; undefined where nobody waits any more. */
export function asProblem(error: unknown): Problem | undefined {
  if (error instanceof Refused) return error.problem;
  if (error instanceof DOMException && error.name === 'AbortError') return undefined;
  return { status: 0, code: 'unexpected', title: String(error) };
}
