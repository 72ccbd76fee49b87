// What differs between two texts, line by line.

export type Change = 'same' | 'added' | 'gone';
export interface DiffLine { change: Change; text: string; before?: number; after?: number }

const CELLS_MAX = 4_000_000;

/** The longest common part stays, the rest is gone or added. Of texts that are too long for that the middle is all new. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.replace(/\n$/, '').split('\n');
  const b = after.replace(/\n$/, '').split('\n');
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const n = a.length - head - tail;
  const m = b.length - head - tail;
  const lines: DiffLine[] = [];
  const same = (i: number, j: number) => lines.push({ change: 'same', text: a[i] ?? '', before: i + 1, after: j + 1 });
  const gone = (i: number) => lines.push({ change: 'gone', text: a[i] ?? '', before: i + 1 });
  const added = (j: number) => lines.push({ change: 'added', text: b[j] ?? '', after: j + 1 });
  for (let i = 0; i < head; i++) same(i, i);
  const whole = n * m > CELLS_MAX;
  // longest[i][j]: of what is left from i and j on.
  const longest = whole ? new Uint32Array(0) : new Uint32Array((n + 1) * (m + 1));
  const at = (i: number, j: number) => longest[i * (m + 1) + j] ?? 0;
  if (!whole)
    for (let i = n - 1; i >= 0; i--)
      for (let j = m - 1; j >= 0; j--)
        longest[i * (m + 1) + j] = a[head + i] === b[head + j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  let i = 0;
  let j = 0;
  while (i < n || j < m) {
    if (!whole && i < n && j < m && a[head + i] === b[head + j]) same(head + i++, head + j++);
    else if (i < n && (whole || j === m || at(i + 1, j) >= at(i, j + 1))) gone(head + i++);
    else added(head + j++);
  }
  for (let k = 0; k < tail; k++) same(a.length - tail + k, b.length - tail + k);
  return lines;
}

export interface Hunk { lines: DiffLine[]; /** Lines that are the same and left out before it. */ skipped: number }

/** The changes with some lines around each; nothing where there are none. */
export function hunks(lines: readonly DiffLine[], around = 3): Hunk[] {
  const found: Hunk[] = [];
  let end = 0;
  for (let i = 0; i < lines.length; i++) {
    if (lines[i]?.change === 'same') continue;
    const from = Math.max(end, i - around);
    let to = i;
    for (let k = i; k < lines.length && k <= to + 2 * around; k++) if (lines[k]?.change !== 'same') to = k;
    const stop = Math.min(lines.length, to + around + 1);
    found.push({ lines: lines.slice(from, stop), skipped: from - end });
    end = stop;
    i = stop - 1;
  }
  return found;
}
