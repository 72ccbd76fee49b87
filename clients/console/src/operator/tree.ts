// An explanation as a tree: each rule, what it asks, what it found, and what that comes to. Nobody is named; signals are told
// by what they are about.
import { agencyName, domainName, regisseurName, typeName } from '../net/directory';
import type { ExplainedRule, Explanation } from '../net/shapes';
import { stretch } from '../case/why';
import { day, instant, moment, span } from '../words/dates';
import { count, known, listed, readable, t, tn, word } from '../words/words';

export interface Node {
  id: string;
  title: string;
  /** Reached or holds; not; or left out where it is no question. */
  mark?: boolean;
  /** Below the title, in small. */
  note?: string;
  /** Beside it. */
  words?: string[];
  children: Node[];
  open?: boolean;
}

type Group = ExplainedRule['groups'][number];
type Clause = Group['clauses'][number];
type Signal = Explanation['signals'][number];

const leaf = (id: string, title: string, more: Partial<Node> = {}): Node => ({ id, title, children: [], ...more });
const spread = (clause: Clause) => clause.clause === 'spread';
const value = (clause: Clause): number => (spread(clause) ? clause.valueMs : clause.value) ?? 0;
const least = (clause: Clause): number => (spread(clause) ? clause.leastMs : clause.least) ?? 0;

/** "Leefgebieden: 2 van 3". */
function clauseTitle(clause: Clause): string {
  const has = value(clause);
  const amount = spread(clause) ? (has === 0 ? t('tree.no_time') : span(has)) : clause.orMore === true ? t('tree.or_more', { n: count(has) }) : count(has);
  return t('tree.clause', { what: word('clause', clause.clause), value: amount, least: spread(clause) ? span(least(clause)) : count(least(clause)) });
}

/** "1 leefgebied en 12 dagen tussen het eerste en het laatste signaal": what a group lacks. */
export function lacks(group: Group): string {
  return listed(group.clauses.filter((clause) => !clause.reached).map((clause) => {
    const missing = least(clause) - value(clause);
    if (spread(clause)) return t('tree.lack_spread', { span: span(missing) });
    return missing === 1 ? t('tree.lack_one', { what: word('clause_one', clause.clause) }) : t('tree.lack_many', { n: count(missing), what: word('clause', clause.clause).toLowerCase() });
  }));
}

function groupName(rule: ExplainedRule, group: Group): string {
  if (group.person !== undefined) return t('tree.person', { n: group.person });
  const name = group.name ?? '';
  return rule.withinSame === 'agency' ? agencyName(name) : rule.withinSame === 'type' ? typeName(name) : rule.withinSame === 'domain' ? domainName(name) : name;
}

const keyOf = (signal: { id: string; source?: string | undefined }) => `${signal.source ?? ''} ${signal.id}`;

function signalTitle(signal: Signal): string {
  const parts = [typeName(signal.type ?? signal.id), agencyName(signal.agency ?? ''), signal.domain === undefined ? '' : domainName(signal.domain)];
  return parts.filter((part) => part !== '').join(', ');
}

function signalNote(signal: Signal, use?: ExplainedRule['signals'][number]): string {
  const at = instant(signal.occurredAt);
  const until = use === undefined ? instant(signal.countsUntil) : instant(use.use === 'not_yet' ? use.from : use.until);
  return [
    at === undefined ? '' : day(at), t('run.severity', { n: signal.severity }),
    until === undefined ? '' : use?.use === 'not_yet' ? t('tree.from', { when: day(until) }) : use === undefined || use.use === 'counted' || use.use === 'group' ? t('tree.until', { when: day(until) }) : t('tree.was_until', { when: day(until) }),
    signal.overdue ? t('tree.overdue') : '', signal.feedback ? t('tree.feedback') : '',
  ].filter((part) => part !== '').join(' · ');
}

/** What the rule made of the signals, those that count first. */
function usesOf(rule: ExplainedRule, told: Explanation): Node[] {
  const signals = new Map(told.signals.map((signal) => [keyOf(signal), signal]));
  const by = new Map<string, Node[]>();
  for (const use of rule.signals) {
    const signal = signals.get(keyOf(use));
    if (signal === undefined) continue;
    by.set(use.use, [...(by.get(use.use) ?? []), leaf(`${rule.id}/${keyOf(use)}`, signalTitle(signal), { note: signalNote(signal, use) })]);
  }
  const order = [...by.keys()].sort((a, b) => (a === 'counted' ? -1 : b === 'counted' ? 1 : 0));
  return order.map((use) => {
    const children = by.get(use) ?? [];
    const title = use === 'counted' ? tn('tree.counted', children.length) : tn('tree.not_counted', children.length, { why: word('use', use) });
    return { id: `${rule.id}/use/${use}`, title, mark: use === 'counted', children };
  });
}

/** What it comes to: until when, and what stands in the way of a case. */
export function verdict(rule: ExplainedRule, told: Explanation): string {
  const until = (text: string | undefined) => { const at = instant(text); return at === undefined ? undefined : moment(at); };
  const said: string[] = [];
  if (rule.holds) {
    const end = until(rule.holdsUntil);
    said.push(end === undefined ? t('tree.holds') : t('tree.holds_until', { when: end }));
  } else {
    const nearest = rule.nearest === undefined ? undefined : rule.groups[rule.nearest];
    said.push(nearest === undefined ? t('tree.not_holds') : rule.withinSame === undefined ? t('tree.lacks', { what: lacks(nearest) }) : t('tree.lacks_nearest', { name: groupName(rule, nearest), what: lacks(nearest) }));
    const held = until(rule.heldUntil);
    if (held !== undefined) said.push(t('tree.held', { when: held }));
  }
  const barred = until(rule.barredUntil) ?? '';
  if (rule.barred === 'open_case') { if (rule.holds) said.push(t('tree.bar_open', { case: told.openCase ?? '' })); } else if (rule.barred === 'cooldown') said.push(t('tree.bar_cooldown', { when: barred }));
  else if (rule.barred === 'nothing_new') said.push(t('tree.bar_nothing_new'));
  else if (rule.barred === 'paused') said.push(t('tree.bar_paused', { when: barred }));
  else if (rule.holds && rule.level === 'case') said.push(t('tree.opens'));
  if (rule.latched === true) said.push(t('tree.latched'));
  return said.join(' ');
}

function ruleNode(rule: ExplainedRule, told: Explanation, open: boolean): Node {
  const asks: Node[] = rule.withinSame === undefined
    ? (rule.groups[0]?.clauses ?? []).map((clause) => leaf(`${rule.id}/${clause.clause}`, clauseTitle(clause), { mark: clause.reached }))
    : rule.groups.map((group, i) => ({ id: `${rule.id}/group/${i}`, title: groupName(rule, group), mark: group.holds, open: i === rule.nearest || group.holds, children: group.clauses.map((clause) => leaf(`${rule.id}/group/${i}/${clause.clause}`, clauseTitle(clause), { mark: clause.reached })) }));
  if (rule.withinSame !== undefined && rule.groups.length === 0) asks.push(leaf(`${rule.id}/group/none`, t('tree.no_group', { what: word('within', rule.withinSame) }), { mark: false }));
  if ((rule.groupsMore ?? 0) > 0) asks.push(leaf(`${rule.id}/group/more`, tn('tree.groups_more', rule.groupsMore ?? 0)));
  const what = rule.withinSame === undefined ? t('tree.asks') : t('tree.asks_within', { what: word('within', rule.withinSame) });
  return {
    id: rule.id, title: rule.id, mark: rule.holds, open, words: [word('level', rule.level), ...(rule.priority === undefined ? [] : [word('priority', rule.priority)])],
    note: [rule.text ?? '', verdict(rule, told)].filter((text) => text !== '').join(' — '),
    children: [
      { id: `${rule.id}/asks`, title: rule.overMs === undefined ? what : t('tree.over', { what, span: stretch(rule.overMs) }), children: asks, open: true },
      ...usesOf(rule, told),
    ],
  };
}

/** The rule that does not hold and lacks least, by the share of what it asks. */
export function nearestMiss(told: Explanation): ExplainedRule | undefined {
  const share = (rule: ExplainedRule): number => {
    const group = rule.nearest === undefined ? undefined : rule.groups[rule.nearest];
    return group === undefined ? Infinity : group.clauses.reduce((sum, clause) => sum + (clause.reached ? 0 : (least(clause) - value(clause)) / Math.max(1, least(clause))), 0);
  };
  return told.rules.filter((rule) => !rule.holds && share(rule) < Infinity).sort((a, b) => share(a) - share(b))[0];
}

/** Of what is asked about: the rules of the case first and open, then those that hold, then the nearest miss. */
export function rulesTree(told: Explanation): Node[] {
  const made = new Set(told.cases.filter(({ id }) => id === (told.case ?? told.openCase)).flatMap(({ rules }) => rules));
  const near = nearestMiss(told);
  const rank = (rule: ExplainedRule) => (made.has(rule.id) ? 0 : rule.holds ? 1 : rule === near ? 2 : 3);
  return [...told.rules].sort((a, b) => rank(a) - rank(b)).map((rule) => ruleNode(rule, told, rank(rule) < 3 && (rank(rule) !== 2 || made.size === 0)));
}

export function casesTree(told: Explanation): Node[] {
  const signals = new Map(told.signals.map((signal) => [keyOf(signal), signal]));
  return told.cases.map((one) => ({
    id: one.id, title: t('case.title', { case: one.id }), words: [word('state', one.state), word('priority', one.priority)], open: one.id === (told.case ?? told.openCase),
    note: [t('tree.opened', { when: moment(instant(one.openedAt) ?? 0), version: one.version ?? 0 }), one.endedAt === undefined ? '' : t('tree.ended', { when: moment(instant(one.endedAt) ?? 0) }), one.regisseur === undefined ? '' : t('tree.with', { name: regisseurName(one.regisseur) })].filter((text) => text !== '').join(' '),
    children: [
      leaf(`${one.id}/rules`, t('tree.by_rules', { rules: listed(one.rules) })),
      ...(one.signals.length === 0 ? [] : [{
        id: `${one.id}/signals`, title: tn('tree.case_signals', one.signals.length), open: false,
        children: one.signals.map((name) => { const signal = signals.get(keyOf(name)); return signal === undefined ? leaf(`${one.id}/${keyOf(name)}`, name.id) : leaf(`${one.id}/${keyOf(name)}`, signalTitle(signal), { note: signalNote(signal) }); }),
      }]),
    ],
  }));
}

export function timersTree(told: Explanation): Node[] {
  return told.timers.map((timer, i) => {
    const due = instant(timer.due);
    return leaf(`timer/${i}`, t('tree.timer', { when: due === undefined ? t('tree.set') : moment(due), what: word('timer', timer.timer) }));
  });
}

/** Why there is a case or none, in one sentence. */
export function shortAnswer(told: Explanation): string {
  const about = told.cases.find(({ id }) => id === (told.case ?? told.openCase));
  if (about !== undefined) return t('tree.answer_case', { case: about.id, rules: listed(about.rules), when: moment(instant(about.openedAt) ?? 0) });
  const holds = told.rules.filter((rule) => rule.holds && rule.level === 'case');
  if (holds.length > 0) return t('tree.answer_barred', { rules: listed(holds.map(({ id }) => id)) });
  const near = nearestMiss(told);
  const group = near?.nearest === undefined ? undefined : near.groups[near.nearest];
  return near === undefined || group === undefined ? t('tree.answer_none') : t('tree.answer_near', { rule: near.id, what: lacks(group) });
}

/** Why a case does not go on, in the words of the report, as people here say it. */
export const stuckWhy = (text: string): string => (known('stuck', text.replace(/ /g, '_')) ? word('stuck', text.replace(/ /g, '_')) : readable(text));
