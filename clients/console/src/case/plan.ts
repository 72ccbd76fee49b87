// Two people changed the plan: what each changed, goal by goal, and where they differ.
import type { Goal } from '../net/shapes';

export type Field = 'domain' | 'text' | 'owner' | 'due' | 'state';
const FIELDS: readonly Field[] = ['domain', 'text', 'owner', 'due', 'state'];

/** A goal while it is edited: it keeps its number when others come and go. */
export interface Draft extends Goal { number: number }

export function drafts(goals: readonly Goal[]): Draft[] {
  return goals.map((goal, i) => ({ ...goal, number: i }));
}

export function bare(draft: Draft): Goal {
  return { domain: draft.domain, text: draft.text.trim(), owner: draft.owner.trim(), due: draft.due, state: draft.state };
}

export function same(a: Goal | undefined, b: Goal | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return FIELDS.every((field) => field === 'due' ? Date.parse(a.due) === Date.parse(b.due) : a[field].trim() === b[field].trim());
}

export function samePlan(a: readonly Goal[], b: readonly Goal[]): boolean {
  return a.length === b.length && a.every((goal, i) => same(goal, b[i]));
}

/** Where the one changed the goal at this place and so did the other. undefined: it is not there (any more). */
export interface Clash { base: Goal | undefined; mine: Goal | undefined; theirs: Goal | undefined }

export interface Merged {
  /** What both want, in order; a clash stands where the goal would. */
  parts: (Goal | Clash)[];
  clashes: number;
}

export function isClash(part: Goal | Clash): part is Clash {
  return 'mine' in part;
}

/** Brings my changes and theirs together. Goals of `base` are known by their place; later ones are new. */
export function merge(base: readonly Goal[], mine: readonly Draft[], theirs: readonly Goal[]): Merged {
  const parts: (Goal | Clash)[] = [];
  let clashes = 0;
  // Their list has no numbers: a goal of the base is the one that is equal, else the one at its place that is no other's equal.
  const taken = new Set<number>();
  const their = base.map((goal) => {
    const at = theirs.findIndex((other, i) => !taken.has(i) && same(goal, other));
    if (at >= 0) taken.add(at);
    return at;
  });
  base.forEach((_, i) => {
    if (their[i] !== -1 || taken.has(i) || i >= theirs.length) return;
    their[i] = i;
    taken.add(i);
  });
  base.forEach((goal, i) => {
    const own = mine.find((draft) => draft.number === i);
    const ownBare = own === undefined ? undefined : bare(own);
    const other = their[i] === undefined || their[i] === -1 ? undefined : theirs[their[i]];
    const ownChanged = !same(goal, ownBare);
    const otherChanged = !same(goal, other);
    if (ownChanged && otherChanged && !same(ownBare, other)) {
      parts.push({ base: goal, mine: ownBare, theirs: other });
      clashes++;
      return;
    }
    const wanted = ownChanged ? ownBare : other;
    if (wanted !== undefined) parts.push(wanted);
  });
  theirs.forEach((goal, i) => {
    if (!taken.has(i)) parts.push(goal);
  });
  for (const draft of mine) {
    const own = bare(draft);
    if (draft.number >= base.length && !parts.some((part) => !isClash(part) && same(part, own))) parts.push(own);
  }
  return { parts, clashes };
}
