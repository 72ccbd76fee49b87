import { expect, test } from 'vitest';
import { type Entry, settle } from '../src/parts/settle';

const entry = (id: string, section = 'new', value = 1): Entry<number> => ({ id, section, value });
const shape = (settled: ReturnType<typeof settle<number>>) => settled.rows.map((row) => `${row.section}:${row.id}${row.gone ? '!' : ''}=${row.value}`);

test('what is on the screen keeps its place, whatever comes and goes', () => {
  const first = settle(undefined, [entry('a'), entry('b')]);
  expect(shape(first)).toEqual(['new:a=1', 'new:b=1']);

  // One came before it, one has new facts: told, not shown.
  const second = settle(first.rows, [entry('z'), entry('a'), entry('b', 'new', 2)]);
  expect(shape(second)).toEqual(['new:a=1', 'new:b=2']);
  expect(second.waiting).toBe(1);

  // One went, one belongs elsewhere by now: both stay where they are, and say so.
  const third = settle(second.rows, [entry('z'), entry('b', 'mine', 3)]);
  expect(shape(third)).toEqual(['new:a!=1', 'new:b!=3']);
  expect(third.waiting).toBe(1);

  // Asked for, or nothing there that could move: all of it, in its order.
  expect(shape(settle(undefined, [entry('z'), entry('b', 'mine', 3)]))).toEqual(['new:z=1', 'mine:b=3']);
  expect(shape(settle(third.rows, [entry('z')]))).toEqual(['new:z=1']);
});

test('a list that was empty shows what comes at once', () => {
  const settled = settle([], [entry('a')]);
  expect(shape(settled)).toEqual(['new:a=1']);
  expect(settled.waiting).toBe(0);
});
