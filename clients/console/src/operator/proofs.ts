// What left and cannot be opened again, as the broker's file of proofs tells it, in sentences.
import type { JsonLine } from '../net/operate';
import { typeName } from '../net/directory';
import { instant } from '../words/dates';
import { count, readable, t, word } from '../words/words';

export interface Proof { at: number | undefined; title: string; note: string; kind: 'left' | 'run' | 'backup' | 'ended' | 'restored' | 'other' }

const said = (line: JsonLine, name: string): string => (line[name] === undefined ? '' : String(line[name]));
const many = (line: JsonLine, name: string): string => count(Number(line[name] ?? 0));
/** Of what left: when it left. `time` is when it happened. */
const when = (line: JsonLine): number | undefined => instant(said(line, 'at'));

export function proofOf(line: JsonLine): Proof {
  const at = when(line);
  if (line['left'] !== undefined) {
    const what = said(line, 'left');
    const of = what === 'case' ? `C${said(line, 'number')}` : what === 'household' ? `H${said(line, 'number')}` : typeName(said(line, 'type'));
    return { at, kind: 'left', title: t('proof.left', { what: word('left_what', what) }), note: [of, word('left_why', said(line, 'reason'))].filter((text) => text !== '').join(' · ') };
  }
  // A backup says of which run it is, too.
  if (line['backup'] !== undefined) return { at, kind: 'backup', title: t('proof.backup'), note: t('proof.record', { n: many(line, 'backup') }) };
  if (line['run'] !== undefined) return { at, kind: 'run', title: t('proof.run', { n: many(line, 'run') }), note: t('proof.run_note', { through: many(line, 'through'), kept: many(line, 'kept'), dropped: many(line, 'dropped') }) };
  if (line['ended'] !== undefined) return { at, kind: 'ended', title: t('proof.ended', { name: readable(said(line, 'party').replace(/^[a-z_]+:/, '')) }), note: word('role', said(line, 'party').replace(/:.*$/, '')) };
  if (line['restored'] !== undefined) return { at, kind: 'restored', title: t('proof.restored'), note: t('proof.record', { n: many(line, 'restored') }) };
  return { at, kind: 'other', title: t('proof.other'), note: '' };
}

/** The newest first; at most so many. */
export function newest(lines: readonly JsonLine[], most: number): Proof[] {
  return lines.slice(-most).reverse().map(proofOf);
}

export interface Left { signals: number; cases: number; households: number; runs: number }

export function countLeft(lines: readonly JsonLine[]): Left {
  const of = (what: string) => lines.filter((line) => line['left'] === what).length;
  return { signals: of('signal'), cases: of('case'), households: of('household'), runs: lines.filter((line) => line['run'] !== undefined && line['backup'] === undefined).length };
}
