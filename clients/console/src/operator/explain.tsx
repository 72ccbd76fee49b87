// Why is there a case, or none? What each rule asked of a household and found, as a tree; nobody is named.
import { useEffect, useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { type Row, number, readReport, text, time } from '../net/control';
import { regisseurName } from '../net/directory';
import { readExplained } from '../net/operate';
import type { Explanation } from '../net/shapes';
import { Button } from '../parts/button';
import { Badge } from '../parts/badge';
import { ChoiceField, TextField } from '../parts/field';
import { Link } from '../parts/link';
import { Note, ProblemNote, Waiting } from '../parts/note';
import { Ago } from '../parts/when';
import { say } from '../shell/announce';
import { Page } from '../shell/page';
import { go, query } from '../shell/router';
import { endOfDay, instant, moment } from '../words/dates';
import { count, t, tn, word } from '../words/words';
import { Tree } from './branches';
import { Cell, Line, Table } from './figures';
import { RowMain } from './rows';
import { casesTree, rulesTree, shortAnswer, stuckWhy, timersTree } from './tree';

export const explainPath = (about: string) => `/uitleg?over=${encodeURIComponent(about)}`;

interface Asked { about: string; rule: string; day: string }
const asked = (): Asked => ({ about: query.value.get('over') ?? '', rule: query.value.get('regel') ?? '', day: query.value.get('dag') ?? '' });

function Form({ rules }: { rules: readonly string[] }) {
  const now = asked();
  const [about, setAbout] = useState(now.about);
  const [rule, setRule] = useState(now.rule);
  const [day, setDay] = useState(now.day);
  const [tried, setTried] = useState(false);
  useEffect(() => {
    setAbout(now.about);
    setRule(now.rule);
    setDay(now.day);
  }, [now.about, now.rule, now.day]);
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (about.trim() === '') return;
    const id = /^[ch]\d+$/.test(about.trim()) ? about.trim().toUpperCase() : about.trim();
    const to = new URLSearchParams({ over: id, ...(rule === '' ? {} : { regel: rule }), ...(day === '' ? {} : { dag: day }) });
    go(`/uitleg?${to.toString()}`);
  };
  return (
    <form class="section asking" noValidate onSubmit={submit}>
      <TextField label={t('explain.about')} hint={t('explain.about_hint')} value={about} onValue={setAbout} error={tried && about.trim() === '' ? t('explain.about_missing') : undefined} />
      <ChoiceField label={t('explain.rule')} required={false} empty={t('explain.all_rules')} value={rule} onValue={setRule} choices={[...new Set([...rules, ...(rule === '' ? [] : [rule])])].map((one) => ({ value: one, label: one }))} />
      <TextField label={t('explain.day')} hint={t('explain.day_hint')} type="date" required={false} value={day} onValue={setDay} />
      <Button kind="primary" type="submit">{t('explain.look')}</Button>
    </form>
  );
}

function Assignment({ told }: { told: Explanation }) {
  const found = told.assignment;
  if (found === undefined) return null;
  return (
    <section class="section" aria-labelledby="assignment">
      <h2 id="assignment" class="section__title">{t('explain.assignment', { case: found.case })}</h2>
      <p>{word('assign_by', found.by)}</p>
      <Table label={t('explain.assignment', { case: found.case })} columns={[{ title: t('explain.regisseur') }, { title: t('explain.why') }, { title: t('explain.load'), figure: true }, { title: t('explain.district') }, { title: t('explain.knows'), figure: true }]}>
        {found.candidates.map((one) => (
          <Line key={one.regisseur} name={<>{regisseurName(one.regisseur)} {one.holder ? <Badge shade="info">{t('explain.holder')}</Badge> : null}</>}>
            <Cell>{word('assign_why', one.why)}</Cell><Cell figure>{t('explain.of', { load: count(one.load), capacity: count(one.capacity) })}</Cell><Cell>{one.inDistrict ? t('tree.in_district') : '–'}</Cell><Cell figure>{count(one.expertise)}</Cell>
          </Line>
        ))}
      </Table>
    </section>
  );
}

function Told({ told, about }: { told: Explanation; about: string }) {
  const cases = casesTree(told);
  const timers = timersTree(told);
  const facts = [
    tn('explain.signals', told.signalCount), tn('explain.persons', told.persons), tn('explain.addresses', told.addresses), ...(told.district === undefined ? [] : [t('explain.in', { district: told.district })]),
  ];
  return (
    <div class="stack">
      <section class="section answer" aria-labelledby="answer">
        <h2 id="answer" class="section__title">{t('explain.answer', { about })}</h2>
        <p class="answer__said">{shortAnswer(told)}</p>
        <p class="row__facts">
          {told.household === undefined ? null : <span>{t('case.household', { household: told.household })}</span>}{facts.map((fact) => <span key={fact}>{fact}</span>)}
        </p>
        <p class="subtle">{t('explain.at', { when: moment(instant(told.at) ?? 0), position: count(told.position) })} <Link to={`/versies/${told.version}`}>{t('overview.version', { version: told.version })}</Link></p>
      </section>
      <section class="section" aria-labelledby="rules">
        <h2 id="rules" class="section__title">{t('explain.rules')}</h2>
        <p class="subtle">{t('explain.keys')}</p>
        <Tree nodes={rulesTree(told)} label={t('explain.rules')} />
      </section>
      {cases.length === 0 ? null : <section class="section" aria-labelledby="cases"><h2 id="cases" class="section__title">{t('explain.cases')}</h2><Tree nodes={cases} label={t('explain.cases')} fold={false} /></section>}
      <Assignment told={told} />
      {timers.length === 0 ? null : <section class="section" aria-labelledby="timers"><h2 id="timers" class="section__title">{t('explain.timers')}</h2><Tree nodes={timers} label={t('explain.timers')} fold={false} /></section>}
    </div>
  );
}

/** Cases that do not go on: what is most asked about. */
function Stuck({ rows }: { rows: readonly Row[] }) {
  const cases = rows.filter((row) => row.row === 'case');
  return (
    <section aria-labelledby="stuck">
      <h2 id="stuck" class="group__title">{t('explain.stuck')} <span class="group__count">{cases.length}</span></h2>
      {cases.length === 0 ? <p class="group__none">{t('explain.stuck_none')}</p> : (
        <ul class="rows">
          {cases.map((row) => (
            <li key={number(row, 'case')} class="row">
              <RowMain title={<Link to={explainPath(`C${number(row, 'case')}`)}>{t('case.title', { case: `C${number(row, 'case')}` })}</Link>} sub={t('case.household', { household: `H${number(row, 'household')}` })} beside={<Badge>{word('state', text(row, 'state'))}</Badge>}>
                <span>{stuckWhy(text(row, 'why'))}</span><span class="subtle">{t('explain.moved')} <Ago ms={time(row, 'movedMs')} /></span>
              </RowMain>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Asked once, not again and again: for a day that is past the broker goes through its log from the beginning. */
export function Explain() {
  const now = asked();
  const [told, setTold] = useState<{ about: string; told: Explanation } | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const [turn, setTurn] = useState(0);
  const [lists, setLists] = useState<{ rules: string[]; stuck: Row[] } | undefined>(undefined);
  useEffect(() => {
    if (lists !== undefined) return undefined;
    const stop = new AbortController();
    Promise.all([readReport('rules', stop.signal), readReport('cases', stop.signal)]).then(([rules, cases]) => setLists({
      rules: rules.rows.filter((row) => row.row === 'rule' && number(row, 'current') === 1).map((row) => text(row, 'rule')), stuck: cases.rows,
    }), (error: unknown) => !stop.signal.aborted && setProblem(asProblem(error)));
    return () => stop.abort();
  }, [turn]);
  useEffect(() => {
    setTold(undefined);
    setProblem(undefined);
    if (now.about === '') return undefined;
    const stop = new AbortController();
    const end = endOfDay(now.day);
    setBusy(true);
    readExplained(now.about, now.rule, end === undefined ? '' : new Date(end).toISOString(), stop.signal).then((found) => {
      setTold({ about: now.about, told: found });
      say(shortAnswer(found));
    }, (error: unknown) => !stop.signal.aborted && setProblem(asProblem(error))).finally(() => !stop.signal.aborted && setBusy(false));
    return () => stop.abort();
  }, [now.about, now.rule, now.day, turn]);
  return (
    <Page title={t('nav.explain')} acts={told === undefined ? undefined : <Button onClick={() => setTurn((n) => n + 1)}>{t('explain.again')}</Button>}>
      <p class="lead">{t('explain.lead')}</p>
      <Form rules={lists?.rules ?? []} />
      {problem === undefined ? null : problem.code === 'not_found' ? <Note tone="warning" alert title={t('explain.unknown', { about: now.about })}><p>{t('explain.unknown_why')}</p></Note> : <ProblemNote problem={problem} again={() => setTurn((n) => n + 1)} />}
      {told !== undefined ? <Told told={told.told} about={told.about} /> : busy || (lists === undefined && problem === undefined) ? <Waiting /> : lists === undefined ? null : <Stuck rows={lists.stuck} />}
    </Page>
  );
}
