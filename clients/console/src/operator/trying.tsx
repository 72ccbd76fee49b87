// Other rules, tried: on what came before (a back-test), and from now on beside those in force (a shadow). Neither acts.
import { useEffect, useState } from 'preact/hooks';
import { type Problem, asProblem } from '../net/api';
import { type File, type Row, type Run, begin, number, readRun, stop, text } from '../net/control';
import { agencyName, domainName, regisseurName } from '../net/directory';
import { Button } from '../parts/button';
import { ChoiceField } from '../parts/field';
import { Note, ProblemNote } from '../parts/note';
import { When } from '../parts/when';
import { count, t, tn, word } from '../words/words';
import { Cell, Line, Table } from './figures';

type What = 'backtest' | 'shadow';
const LOOK_MS = { backtest: 700, shadow: 3000 } as const;
const SINCE = ['30d', '180d', '365d', ''] as const;

const plus = (n: number) => (n > 0 ? `+${count(n)}` : count(n));

/** As it was beside as it would have been. */
function Compared({ rows, kind, name, label }: { rows: readonly Row[]; kind: string; name: (row: Row) => string; label: string }) {
  const mine = rows.filter((row) => row.row === kind && name(row) !== '');
  if (mine.length === 0) return null;
  return (
    <Table label={label} columns={[{ title: label }, { title: t('run.current'), figure: true }, { title: t('run.candidate'), figure: true }, { title: t('run.difference'), figure: true }]}>
      {mine.map((row) => (
        <Line key={name(row)} name={name(row)}>
          <Cell figure>{count(number(row, 'current'))}</Cell><Cell figure>{count(number(row, 'candidate'))}</Cell><Cell figure>{plus(number(row, 'candidate') - number(row, 'current'))}</Cell>
        </Line>
      ))}
    </Table>
  );
}

/** Cases that differ, each with the signals that opened it. */
function Samples({ rows }: { rows: readonly Row[] }) {
  const samples: { row: Row; signals: Row[] }[] = [];
  for (const row of rows) {
    if (row.row === 'sample') samples.push({ row, signals: [] });
    else if (row.row === 'signal') samples[samples.length - 1]?.signals.push(row);
  }
  if (samples.length === 0) return null;
  return (
    <details>
      <summary>{tn('run.samples', samples.length)}</summary>
      <ul class="plain samples">
        {samples.map(({ row, signals }, i) => (
          <li key={i} class="sample">
            <strong>{word('difference', text(row, 'difference'))}</strong> {t('run.household', { household: `H${number(row, 'household')}` })}{text(row, 'candidateRules') === '' ? '' : `, ${text(row, 'candidateRules')}`}
            <ul>{signals.map((signal, k) => <li key={k}><When ms={number(signal, 'occurredMs')} short /> {domainName(text(signal, 'domain'))}, {agencyName(text(signal, 'agency'))} ({t('run.severity', { n: number(signal, 'severity') })})</li>)}</ul>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Outcome({ rows }: { rows: readonly Row[] }) {
  const cases = rows.find((row) => row.row === 'cases');
  const signals = rows.find((row) => row.row === 'signals');
  if (cases === undefined) return null;
  const facts: [string, number][] = [
    [t('run.same'), number(cases, 'same')], [t('run.new'), number(cases, 'new')], [t('run.gone'), number(cases, 'gone')], [t('run.changed'), number(cases, 'changed')],
  ];
  return (
    <div class="outcome">
      <p>{t('run.said', { current: count(number(cases, 'current')), candidate: count(number(cases, 'candidate')), signals: count(number(signals, 'candidate')) })}</p>
      <dl class="figures figures--small">{facts.map(([name, value]) => <div key={name} class="figure"><dt>{name}</dt><dd>{count(value)}</dd></div>)}</dl>
      <Compared rows={rows} kind="rule" name={(row) => text(row, 'rule')} label={t('run.by_rule')} />
      <Compared rows={rows} kind="regisseur" name={(row) => (text(row, 'regisseur') === '' ? '' : regisseurName(text(row, 'regisseur')))} label={t('run.by_regisseur')} />
      <Compared rows={rows} kind="district" name={(row) => text(row, 'district')} label={t('run.by_district')} />
      <Samples rows={rows} />
    </div>
  );
}

function OneRun({ what, files, fit }: { what: What; files: readonly File[]; fit: boolean }) {
  const [run, setRun] = useState<Run | undefined>(undefined);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [since, setSince] = useState<string>('180d');
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const away = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const found = await readRun(what, away.signal);
        setRun(found);
        if (found.state === 'running') timer = setTimeout(() => void look(), LOOK_MS[what]);
      } catch (error) {
        if (!away.signal.aborted) setProblem(asProblem(error));
      }
    };
    void look();
    return () => {
      away.abort();
      clearTimeout(timer);
    };
  }, [what, turn]);
  const attempt = async (act: () => Promise<unknown>) => {
    setProblem(undefined);
    try {
      await act();
    } catch (error) {
      setProblem(asProblem(error));
    }
    setTurn((n) => n + 1);
  };
  const running = run?.state === 'running';
  const rows = (run?.rows ?? []) as Row[];
  return (
    <section class="section" aria-labelledby={what}>
      <h2 id={what} class="section__title">{what === 'backtest' ? t('backtest.title') : t('shadow.title')}</h2>
      <p class="lead">{what === 'backtest' ? t('backtest.lead') : t('shadow.lead')}</p>
      <div class="acts acts--low">
        {what === 'shadow' || running ? null : <div class="flow__span"><ChoiceField label={t('run.since')} value={since} onValue={setSince} choices={SINCE.map((one) => ({ value: one, label: one === '' ? t('run.all') : t('run.days', { n: one.slice(0, -1) }) }))} /></div>}
        {running ? <Button onClick={() => attempt(() => stop(what))}>{t('run.stop')}</Button> : (
          <Button disabled={files.length === 0 || !fit} onClick={() => attempt(() => begin(what, files, what === 'backtest' ? { samples: 10, ...(since === '' ? {} : { since }) } : {}))}>{t('run.start')}</Button>
        )}
        {files.length === 0 && !running ? <span class="subtle">{t('run.nothing')}</span> : null}
      </div>
      {problem === undefined ? null : <ProblemNote problem={problem} />}
      {run?.problem === undefined ? null : <ProblemNote problem={{ ...run.problem, status: run.problem.status }} />}
      <div aria-live="polite">
        {running && (what === 'backtest' || rows.length === 0) ? (
          <p><progress class="progress" max={Math.max(1, run.all)} value={run.done} aria-label={t('run.progress')} /> {t('run.done', { done: count(run.done), all: count(run.all) })}</p>
        ) : null}
        {running && what === 'shadow' ? <Note tone="info" title={t('shadow.on')}><p>{t('shadow.behind', { n: count(run.lag ?? 0) })}</p></Note> : null}
        {rows.length === 0 ? null : <Outcome rows={rows} />}
      </div>
    </section>
  );
}

export function Trying({ files, fit }: { files: readonly File[]; fit: boolean }) {
  return (
    <div class="desk__wide desk__runs">
      <OneRun what="backtest" files={files} fit={fit} />
      <OneRun what="shadow" files={files} fit={fit} />
    </div>
  );
}
