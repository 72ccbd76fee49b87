// The rules in force: in sentences, with how often each came true and what people made of it.
import { type Report, type Row, type Rules, number, readReport, readRules, text, time } from '../net/control';
import { useLoad } from '../net/load';
import { now } from '../net/now';
import { session } from '../net/session';
import { Badge } from '../parts/badge';
import { Link } from '../parts/link';
import { ProblemNote, Waiting } from '../parts/note';
import { When } from '../parts/when';
import { Page } from '../shell/page';
import { count, language, t, tn, word } from '../words/words';
import { share } from './figures';
import { Sentences, sentenceOf } from './texts';

async function read(signal: AbortSignal): Promise<{ rules: Rules; report: Report }> {
  // Figures are for operators; an auditor reads the rules.
  const figures = session.value?.party.kind === 'operator' ? readReport('rules', signal) : Promise.resolve({ counters: {}, rows: [] });
  const [rules, report] = await Promise.all([readRules(signal), figures]);
  return { rules, report };
}

/** The titles of the rules in the sentences, in their order. */
function rulesIn(sentences: string): string[] {
  const part = /\n## (?:De regels|The rules)\n([\s\S]*?)(?:\n## |$)/.exec(sentences)?.[1] ?? '';
  return [...part.matchAll(/^### (.+)$/gm)].map((found) => found[1] ?? '');
}

function Hits({ row }: { row: Row }) {
  const told = text(row, 'level') !== 'case';
  const cells: [string, string][] = told
    ? [[t('hits.evaluations'), count(number(row, 'evaluations'))], [t('hits.told'), count(number(row, 'matches') + number(row, 'watched'))]]
    : [
        [t('hits.evaluations'), count(number(row, 'evaluations'))], [t('hits.proposed'), count(number(row, 'proposed'))], [t('hits.accepted'), count(number(row, 'accepted'))],
        [t('hits.dismissed'), count(number(row, 'dismissed'))], [t('hits.precision'), share(row['precisionPermille'] === undefined ? undefined : number(row, 'precisionPermille'))],
      ];
  return <dl class="figures figures--small">{cells.map(([name, value]) => <div key={name} class="figure"><dt>{name}</dt><dd>{value}</dd></div>)}</dl>;
}

export function RulesPage() {
  const { value, problem, fresh, again } = useLoad(read, []);
  const operator = session.value?.party.kind === 'operator';
  const sentences = value === undefined ? '' : language.value === 'nl' ? value.rules.sentences.nl : value.rules.sentences.en;
  const rows = value?.report.rows.filter((row) => row.row === 'rule') ?? [];
  return (
    <Page title={t('nav.rules')} under={value === undefined ? undefined : <span>{t('overview.version', { version: value.rules.version })}</span>}
      acts={<span class="acts">{operator ? <Link to="/regels/wijzigen">{t('rules.change')}</Link> : null}<Link to="/versies">{t('nav.versions')}</Link><Link to="/pauzes">{t('nav.pauses')}</Link></span>}>
      <p class="lead">{t('rules.lead')}</p>
      {problem === undefined ? null : <ProblemNote problem={problem} again={() => void again()} />}
      {fresh ? <Waiting /> : null}
      {rulesIn(sentences).map((rule) => {
        const row = rows.find((found) => text(found, 'rule') === rule && number(found, 'current') === 1);
        const paused = row === undefined ? undefined : time(row, 'pausedUntilMs');
        return (
          <section key={rule} class="section" aria-labelledby={`rule-${rule}`}>
            <div class="section__head">
              <h2 id={`rule-${rule}`} class="section__title">{rule} {row === undefined ? null : <Badge shade={text(row, 'level') === 'case' ? 'info' : 'neutral'}>{word('level', text(row, 'level'))}</Badge>} {paused !== undefined && paused > now.value ? <Badge shade="warning">{t('rules.paused')}</Badge> : null}</h2>
              {paused !== undefined && paused > now.value ? <span>{t('rules.paused_until')} <When ms={paused} /></span> : null}
            </div>
            {row === undefined ? null : <Hits row={row} />}
            <Sentences text={sentenceOf(sentences, rule)} />
          </section>
        );
      })}
      {rows.some((row) => number(row, 'current') === 0) ? <p class="subtle">{tn('rules.former', rows.filter((row) => number(row, 'current') === 0).length)}</p> : null}
      {value === undefined ? null : (
        <details class="section">
          <summary>{t('rules.texts')}</summary>
          {value.rules.files.map((file) => <figure key={file.name} class="diff"><figcaption class="diff__name">{file.name}</figcaption><pre class="source" tabIndex={0} aria-label={file.name}>{file.text}</pre></figure>)}
        </details>
      )}
    </Page>
  );
}
