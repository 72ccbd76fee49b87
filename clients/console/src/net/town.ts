// What a coordinator asks and does about households, regisseurs and follow-ups.
import { type Answer, act, all, get } from './api';
import type { ActReceipt, Household, Regisseur, Review, Signal } from './shapes';

const of = (id: string) => `/v1/households/${encodeURIComponent(id)}`;

export const readFollowUps = (signal?: AbortSignal): Promise<Signal[]> => all<Signal>('/v1/follow-ups', signal);
export const readReviews = (signal?: AbortSignal): Promise<Review[]> => all<Review>('/v1/reviews', signal);
export const readRegisseurs = (signal?: AbortSignal): Promise<Regisseur[]> => all<Regisseur>('/v1/regisseurs', signal);
export const readHousehold = (id: string, signal?: AbortSignal): Promise<Household> => get<Household>(of(id), signal);

export const join = (into: string, from: string): Promise<Answer<ActReceipt>> => act('POST', `${of(into)}/mergers`, { from });
export const split = (id: string, persons: string[], addresses: string[]): Promise<Answer<ActReceipt>> =>
  act('POST', `${of(id)}/splits`, { ...(persons.length === 0 ? {} : { persons }), ...(addresses.length === 0 ? {} : { addresses }) });
export const setAside = (household: string, other: string): Promise<Answer<ActReceipt>> => act('POST', '/v1/reviews/set-asides', { household, other });
