// What a coordinator asks and does about households, regisseurs and follow-ups.
import { type Answer, actKey, all, call, get } from './api';
import type { ActReceipt, Household, Regisseur, Review, Signal } from './shapes';

const of = (id: string) => `/v1/households/${encodeURIComponent(id)}`;

export const readFollowUps = (signal?: AbortSignal): Promise<Signal[]> => all<Signal>('/v1/follow-ups', signal);
export const readReviews = (signal?: AbortSignal): Promise<Review[]> => all<Review>('/v1/reviews', signal);
export const readRegisseurs = (signal?: AbortSignal): Promise<Regisseur[]> => all<Regisseur>('/v1/regisseurs', signal);
export const readHousehold = (id: string, signal?: AbortSignal): Promise<Household> => get<Household>(of(id), signal);

export const join = (into: string, from: string): Promise<Answer<ActReceipt>> => call('POST', `${of(into)}/mergers`, { body: { from }, key: actKey() });
export const split = (id: string, persons: string[], addresses: string[]): Promise<Answer<ActReceipt>> =>
  call('POST', `${of(id)}/splits`, {
    body: { ...(persons.length === 0 ? {} : { persons }), ...(addresses.length === 0 ? {} : { addresses }) }, key: actKey(),
  });
export const setAside = (household: string, other: string): Promise<Answer<ActReceipt>> =>
  call('POST', '/v1/reviews/set-asides', { body: { household, other }, key: actKey() });
