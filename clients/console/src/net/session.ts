// Who is at the screen. One session for a browser, in a cookie that scripts cannot read.
import { batch, effect, signal } from '@preact/signals';
import { asProblem, call, csrf, signedOut } from './api';
import { goByEvents } from './now';

export type Role = 'regisseur' | 'coordinator' | 'operator' | 'privacy_officer' | 'auditor' | 'agency' | 'service';

export interface Session {
  party: { kind: Role; id: string };
  name?: string;
  csrfToken: string;
  expiresAt?: string;
  municipality?: string;
  clock?: string;
}

export type Standing = 'unknown' | 'out' | 'in' | 'unreachable';

export const session = signal<Session | undefined>(undefined);
export const standing = signal<Standing>('unknown');
/** Why the sign-in page is shown, where it was not the reader's wish. */
export const ended = signal<'no' | 'ended' | 'left'>('no');

function begin(found: Session): void {
  batch(() => {
    csrf.value = found.csrfToken;
    session.value = found;
    standing.value = 'in';
    ended.value = 'no';
    goByEvents(found.clock === 'event' || found.clock === 'events');
  });
}

function end(why: 'no' | 'ended' | 'left'): void {
  batch(() => {
    csrf.value = '';
    session.value = undefined;
    standing.value = 'out';
    ended.value = why;
  });
}

/** Looks whether this browser is signed in. */
export async function look(): Promise<void> {
  try {
    begin((await call<Session>('GET', '/v1/session')).value);
  } catch (error) {
    const problem = asProblem(error);
    if (problem?.status === 401 || problem?.status === 403) {
      end('no');
    } else standing.value = 'unreachable';
  }
}

/** Fails with Refused. */
export async function signIn(account: string, password: string): Promise<void> {
  begin((await call<Session>('POST', '/v1/session', { body: { account, password } })).value);
}

export const signOut = (): Promise<void> => leave('left');
/** As signOut, since nobody was there for long. */
export const expire = (): Promise<void> => leave('ended');

async function leave(why: 'left' | 'ended'): Promise<void> {
  try {
    await call('DELETE', '/v1/session');
  } catch (error) {
    // Already gone, or not reachable: whoever wants to leave must not be kept on the page.
    if (asProblem(error) === undefined) throw error;
  }
  end(why);
}

effect(() => {
  if (signedOut.value > 0 && standing.peek() === 'in') end('ended');
});
