// Why this case, why now, and why you: sentences made of the rules and of what they counted. No scores, only facts.
import { agencyName, domainPhrase } from '../net/directory';
import type { CaseSummary, ExplainedRule, Explanation } from '../net/shapes';
import { listed, t, tn } from '../words/words';

const DAY = 86_400_000;

/** A stretch of time as people say it: "een half jaar". */
export function stretch(ms: number): string {
  const days = Math.round(ms / DAY);
  if (days === 365 || days === 366) return t('stretch.year');
  if (days >= 180 && days <= 184) return t('stretch.half_year');
  if (days % 365 === 0) return tn('stretch.years', days / 365);
  if (days >= 60 && days % 30 === 0) return tn('stretch.months', days / 30);
  return tn('stretch.days', days);
}

interface Counted { domains: string[]; agencies: string[]; signals: number }

/** What the rule counted: the domains and agencies in the order in which they came. */
export function counted(rule: ExplainedRule, explanation: Explanation): Counted {
  const ids = new Set(rule.signals.filter((use) => use.use === 'counted').map((use) => `${use.source ?? ''} ${use.id}`));
  const signals = explanation.signals.filter((signal) => ids.has(`${signal.source ?? ''} ${signal.id}`));
  const distinct = (values: (string | undefined)[]) => [...new Set(values.filter((value) => value !== undefined))];
  return { domains: distinct(signals.map((s) => s.domain)), agencies: distinct(signals.map((s) => s.agency)), signals: signals.length };
}

/** The rules that made the case, as they are now. */
export function madeBy(explanation: Explanation, summary: Pick<CaseSummary, 'rules'>): ExplainedRule[] {
  return explanation.rules.filter((rule) => summary.rules.includes(rule.id));
}

/** "3 leefgebieden (onderwijs, wonen en veiligheid thuis), gemeld door 2 instanties, in een half jaar". */
function facts(rule: ExplainedRule, explanation: Explanation, named: boolean): string {
  const { domains, agencies, signals } = counted(rule, explanation);
  if (signals === 0) return '';
  const what = named ? `${tn('why.domains', domains.length)} (${domains.map(domainPhrase).join(', ')})` : domains.map(domainPhrase).join(', ');
  const by = named ? `${tn('why.agencies', agencies.length)} (${listed(agencies.map(agencyName))})` : tn('why.agencies', agencies.length);
  const clauses = rule.groups.flatMap((group) => group.clauses);
  const overdue = clauses.find((clause) => clause.clause === 'overdue' && clause.reached)?.value;
  const parts = [t('why.what', { what, by })];
  if (overdue !== undefined && overdue > 0) parts.push(tn('why.overdue', overdue));
  if (rule.overMs !== undefined && rule.overMs > 0) parts.push(t('why.within', { stretch: stretch(rule.overMs) }));
  return parts.join(', ');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** For a list: the facts of the first rule that made it. */
export function shortReason(explanation: Explanation, summary: Pick<CaseSummary, 'rules'>): string {
  for (const rule of madeBy(explanation, summary)) {
    const text = facts(rule, explanation, false);
    if (text !== '') return capital(text);
  }
  return listed(summary.rules);
}

export interface Reason {
  /** Why this household, why now. */
  now: string;
  /** Which rule, for whoever wants to look it up. */
  rule: string;
  /** Why this regisseur; '' where nothing can be said. */
  you: string;
}

export function reason(explanation: Explanation, summary: Pick<CaseSummary, 'rules' | 'version' | 'regisseur' | 'state'>, me: string): Reason {
  const rules = madeBy(explanation, summary);
  // Rules that counted the same are one fact: that of the shortest time says most.
  const told = new Map<string, ExplainedRule>();
  for (const found of [...rules].sort((a, b) => (a.overMs ?? Infinity) - (b.overMs ?? Infinity))) {
    const { domains, agencies, signals } = counted(found, explanation);
    const same = `${domains.join(' ')}|${agencies.join(' ')}`;
    if (signals > 0 && !told.has(same)) told.set(same, found);
  }
  const texts = [...told.values()].map((found) => `${capital(facts(found, explanation, true))}.`);
  const now = texts.length === 0 ? t('why.no_longer') : texts.join(' ');
  const rule = tn('why.rule', summary.rules.length, { rules: listed(summary.rules), version: summary.version ?? '?' });
  const mine = explanation.assignment?.candidates.find((candidate) => candidate.regisseur === me);
  if (mine === undefined || summary.regisseur !== me) return { now, rule, you: '' };
  if (mine.why !== 'chosen') return { now, rule, you: t('why.given') };
  const by = explanation.assignment?.by;
  const reasons = [
    by === 'sticky' ? t('why.sticky') : '',
    by === 'district' && mine.inDistrict ? t('why.district', { district: explanation.district ?? '' }) : '',
    by === 'anywhere' ? t('why.anywhere') : '',
    mine.expertise > 0 ? t('why.expertise') : '',
    mine.load < mine.capacity ? t('why.room') : '',
  ].filter((text) => text !== '');
  return { now, rule, you: reasons.length === 0 ? '' : t('why.you', { reasons: listed(reasons) }) };
}
