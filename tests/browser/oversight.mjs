// What the stand-in for the gateway answers operators and privacy officers: a quiet town on a day with some of everything.
const DAY = 86_400_000;
const HOUR = 3_600_000;
const iso = (ms) => new Date(ms).toISOString();

const RULES = `rules:
  - id: drie-domeinen
    text: signalen uit drie leefgebieden in een half jaar
    level: case
    priority: normal
    at_least: {domains: 3}
    within: 180d
  - id: zelfde-week
    text: twee instanties in één week
    level: coordinate
    at_least: {agencies: 2}
    within: 7d
`;
const files = (rules) => [{ name: 'town.yaml', text: 'municipality: GM9901\n' }, { name: 'catalogue.yaml', text: 'domains: {education: youth}\n' }, { name: 'rules.yaml', text: rules }];

const said = (n) => ({
  nl: `# Regels van gemeente GM9901\n\n## De regels\n\n### drie-domeinen\n\nDe regel geldt als dit voor één huishouden allemaal waar is:\n\n- De signalen gaan over ${n} of meer verschillende leefgebieden.\n- De signalen vallen binnen 180 dagen.\n\nWat gebeurt er dan? Eén regisseur krijgt de vraag om te helpen.\n\n### zelfde-week\n\nDe regel geldt als twee instanties in één week iets melden.\n\n## De signalen\n`,
  en: `# Rules of municipality GM9901\n\n## The rules\n\n### drie-domeinen\n\nThe rule holds when all of this is true for one household:\n\n- The signals are about ${n} or more different parts of life.\n- The signals fall within 180 days.\n\nWhat happens then? One director is asked to help.\n\n### zelfde-week\n\nThe rule holds when two organisations report something in one week.\n\n## The signals\n`,
});

const proposal = (n, now, more) => ({ number: n, kind: 'config', state: 'approved', author: 'beheer', reason: 'Na overleg met de coördinator.', at: iso(now - n * DAY), position: 100 + n, against: 2, ...more });

const RUN = [
  { row: 'cases', current: 41, candidate: 36, same: 33, new: 1, gone: 6, changed: 2 },
  { row: 'signals', current: 1210, candidate: 1210 },
  { row: 'rule', rule: 'drie-domeinen', current: 38, candidate: 33 }, { row: 'rule', rule: 'acuut', current: 3, candidate: 3 },
  { row: 'regisseur', regisseur: 'r-anna', current: 12, candidate: 10 }, { row: 'district', district: 'BU99010101', current: 20, candidate: 17 },
  { row: 'sample', difference: 'gone', household: 77, currentRules: 'drie-domeinen' },
  { row: 'signal', agency: 'school-1', domain: 'education', severity: 2, occurredMs: 1_770_000_000_000 }, { row: 'signal', agency: 'politie', domain: 'safety_home', severity: 4, occurredMs: 1_771_000_000_000 },
];

const agency = (id, rhythm, now, more) => ({
  row: 'agency', agency: id, rhythm, signals: 210, signalsDay: 4, signalsWeek: 31, lastMs: now - 3 * HOUR, weeksKnown: 8, refused: 0, duplicates: 2, attached: 12, proposed: 6, regular: 180, withdrawn: 1, ...more,
});

const reports = {
  agencies: (now) => [
    agency('school-1', 'as usual', now), agency('politie', 'as usual', now, { refused: 7, badBsn: 5, future: 2, expectedPermille: 900, clockAheadMs: 700_000, sequenced: 210, sequenceMissing: 3 }),
    agency('corporatie-1', 'slow', now, { lastMs: now - 30 * HOUR, expectedPermille: 4200 }), agency('kredietbank', 'quiet', now, { lastMs: now - 9 * DAY, expectedPermille: 11_300, signalsDay: 0, signalsWeek: 0, convenant: 'schulden', convenantUntilMs: now - DAY, convenantHolds: 0 }),
    agency('jgz', 'learning', now, { silencedUntilMs: now + 3 * DAY }),
  ],
  rules: (now) => [
    { row: 'agency', agency: 'politie', proposed: 14, accepted: 11, dismissed: 2, precisionPermille: 846 },
    { row: 'rule', rule: 'drie-domeinen', level: 'case', current: 1, evaluations: 812, holds: 41, proposed: 41, accepted: 33, dismissed: 5, precisionPermille: 868 },
    { row: 'rule', rule: 'zelfde-week', level: 'coordinate', current: 1, evaluations: 640, matches: 17, watched: 0, pausedUntilMs: now + 4 * DAY },
    { row: 'rule', rule: 'oud', level: 'case', current: 0, evaluations: 12 },
  ],
  queues: (now) => [
    { row: 'cases', ready: 2, urgent: 0, high: 1, normal: 1, oldestCaseMs: now - 58 * HOUR },
    { row: 'regisseur', id: 'r-anna', ready: 3, readySinceMs: now - HOUR, offered: 2, active: 3, overdue: 1, load: 5, capacity: 7, hardCapacity: 9, absent: 0 },
    { row: 'regisseur', id: 'r-carla', ready: 0, offered: 0, active: 3, overdue: 0, load: 3, capacity: 10, hardCapacity: 13, absent: 1 },
    { row: 'service', id: 'schuldhulp', ready: 14, readySinceMs: now - 6 * DAY, waiting: 9, overdue: 2 },
    { row: 'coordinator', id: 'c-piet', ready: 4, readySinceMs: now - 5 * HOUR }, { row: 'privacy_officer', id: 'p-els', ready: 1, readySinceMs: now - HOUR }, { row: 'agency', id: 'school-1', ready: 0 },
  ],
  'follow-up': () => [{ row: 'service', service: 'schuldhulp', asked: 40, inTime: 31, late: 4, overdue: 5, waiting: 9, taken: 3, inTimePermille: 775 }],
  cases: (now) => [{ row: 'total', open: 8, stuck: 1 }, { row: 'case', case: 39, household: 190, state: 'unassigned', priority: 'normal', why: 'nobody took it', next: 'coordinator: assign it by hand, who may take it refused it', openedMs: now - 58 * HOUR, movedMs: now - 40 * HOUR, refusals: 2 }],
};

export function control(now) {
  return {
    proposals: [
      proposal(4, now, { state: 'open', author: 'toezicht', reason: 'Drie leefgebieden is te ruim: de helft was geen casus.', at: iso(now - 2 * HOUR), files: files(RULES.replace('domains: 3', 'domains: 4')) }),
      proposal(3, now, { state: 'open', kind: 'pause', subject: 'zelfde-week', until: iso(now + 4 * DAY) }),
      proposal(2, now, { decider: 'toezicht', verdict: 'Akkoord.', ended: iso(now - DAY), made: 2, against: 1 }),
      proposal(1, now, { state: 'rejected', decider: 'toezicht', verdict: 'Eerst proberen.', ended: iso(now - 20 * DAY) }),
    ],
    versions: [
      { number: 2, position: 102, digest: 'a'.repeat(32), cases: 12, kept: true, at: iso(now - DAY), author: 'beheer', approver: 'toezicht', reason: 'Na overleg met de coördinator.', proposal: 2 },
      { number: 1, position: 1, digest: 'b'.repeat(32), cases: 29, kept: true, at: iso(now - 90 * DAY), ended: iso(now - DAY) },
    ],
    pauses: [
      { number: 2, kind: 'silence', subject: 'jgz', author: 'beheer', approver: 'toezicht', reason: 'Hun systeem stuurt alles dubbel.', at: iso(now - DAY), until: iso(now + 3 * DAY), position: 90 },
      { number: 1, kind: 'pause', subject: 'drie-domeinen', author: 'beheer', reason: 'Storing.', at: iso(now - 40 * DAY), until: iso(now - 39 * DAY), position: 12, ended: iso(now - 39 * DAY) },
    ],
    keys: [
      { row: 'key', party: 'agency:school-1', state: 'expiring', number: 3, publicKey: 'Z?%L?:)fP(t)ts-a&kIc:N.iTj8yCvO@FSqV&vma', in: 'log', author: 'beheer', atMs: now - 340 * DAY, fromMs: now - 340 * DAY, untilMs: now + 20 * DAY },
      { row: 'key', party: 'privacy_officer:p-els', state: 'proposed', number: 5, publicKey: 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7', in: 'log', author: 'toezicht', reason: 'Nieuwe laptop.', proposal: 6, atMs: now - HOUR, untilMs: now + 365 * DAY },
      { row: 'key', party: 'agency:politie', state: 'valid', number: 4, publicKey: 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID', in: 'log', author: 'beheer', atMs: now - 100 * DAY, fromMs: now - 100 * DAY, untilMs: now + 265 * DAY },
      { row: 'key', party: 'operator:beheer', state: 'valid', publicKey: 'H=*!-{$oklrnr:oMvptW}t3]FB-3W6D+!Br)p4pZ', in: 'node.yaml' },
      { row: 'key', party: 'service:wijkteam', state: 'revoked', number: 1, publicKey: '*DM@0.%[*c6ssgg1P)6A4IW>}?FeByVMVc3?F/3h', in: 'log', author: 'beheer', endedBy: 'toezicht', endedWhy: 'Laptop gestolen', endedMs: now - 3 * DAY },
    ],
    deliveries: {
      at: iso(now - 20_000),
      items: [
        { party: 'regisseur:r-anna', receiver: 'zaken.zomerdal.example', state: 'idle', delivered: 412, failed: 3, dead: 0, waiting: 0, seq: 415, attempts: 0, why: '' },
        { party: 'agency:school-1', receiver: 'hooks.magister.example', state: 'retrying', delivered: 88, failed: 19, dead: 2, waiting: 5, seq: 91, attempts: 6, why: 'status 503', nextAt: iso(now + 4 * 60_000) },
        { party: 'service:schuldhulp', receiver: 'postbus.kredietbank.example', state: 'stopped', delivered: 0, failed: 1, dead: 0, waiting: 14, seq: 0, attempts: 1, why: 'status 410' },
      ],
      zaken: { state: 'idle', position: 20_110, lines: 96, failed: 0, dead: 1, why: '' },
      letters: [
        { id: 'agency-school-1.89', delivery: 'agency-school-1', seq: 89, kind: 'regisseur_known', at: iso(now - 2 * DAY), died: iso(now - DAY), attempts: 12, why: 'status 500', again: false },
        { id: 'agency-school-1.90', delivery: 'agency-school-1', seq: 90, kind: 'feedback', at: iso(now - DAY), died: iso(now - 9 * HOUR), attempts: 12, why: 'timeout after 10 s', again: true },
        { id: 'zaken.1904', delivery: 'zaken', seq: 1904, kind: 'case_closed', at: iso(now - 3 * DAY), died: iso(now - 2 * DAY), attempts: 12, why: 'status 400: resultaattype is required', again: false },
      ],
    },
    requests: [
      { number: 6, kind: 'objection', state: 'stands', household: 'H120', at: iso(now - 28 * DAY), due: iso(now + 2 * DAY), author: 'p-els', case: 'C27' },
      { number: 5, kind: 'hold', state: 'placed', household: 'H77', at: iso(now - DAY), author: 'c-piet' },
      { number: 4, kind: 'erasure', state: 'stands', household: 'H188', at: iso(now - 33 * DAY), due: iso(now - 3 * DAY), author: 'p-els', case: 'C38' },
      { number: 3, kind: 'rectification', state: 'stands', household: 'H203', signal: { id: 's-3', source: 'urn:test:corporatie-1' }, at: iso(now - 5 * DAY), due: iso(now + 25 * DAY), author: 'p-els' },
      { number: 2, kind: 'hold', state: 'lifting', household: 'H31', at: iso(now - 300 * DAY), author: 'p-els', second: 'c-piet' },
      { number: 1, kind: 'objection', state: 'rejected', household: 'H64', at: iso(now - 80 * DAY), due: iso(now - 50 * DAY), ended: iso(now - 60 * DAY), author: 'p-els' },
    ],
  };
}

const explained = (now) => {
  const signal = (n, agency, domain, type, days, more) => ({ id: `~00000000000000${n}`, source: `urn:test:${agency}`, agency, domain, type: `nl.${type}.v1`, purpose: 'jeugd', position: 800 + n, severity: 3, occurredAt: iso(now - days * DAY), countsUntil: iso(now + (365 - days) * DAY), overdue: false, feedback: false, ...more });
  const signals = [
    signal(10, 'school-2', 'education', 'onderwijs.verzuim-gemeld', 96), signal(11, 'corporatie-1', 'housing', 'wonen.overlast-gemeld', 61), signal(12, 'corporatie-1', 'housing', 'wonen.ontruiming-aangezegd', 12, { severity: 5, case: 'C41' }),
    signal(13, 'politie', 'safety_home', 'veiligheid.huiselijk-geweld-gemeld', 9, { severity: 4, case: 'C41' }),
  ];
  const use = (i, what, more) => ({ id: signals[i].id, source: signals[i].source, use: what, ...more });
  const clause = (name, value, least) => ({ clause: name, value, least, reached: value >= least });
  const until = iso(now + 80 * DAY);
  return {
    at: iso(now), position: 20_114, configPosition: 102, version: 2, household: 'H203', case: 'C41', district: 'BU99010101', persons: 2, addresses: 1, signalCount: 4, openCase: 'C41', signals,
    rules: [
      { id: 'zelfde-week', text: 'twee instanties in één week', level: 'coordinate', holds: false, overMs: 7 * DAY, groups: [{ holds: false, clauses: [clause('agencies', 1, 2)] }], nearest: 0, counted: 1, latched: false, heldUntil: iso(now - 2 * DAY),
        signals: [use(0, 'window', { until: iso(now - 89 * DAY) }), use(1, 'withdrawn'), use(2, 'window', { until: iso(now - 5 * DAY) }), use(3, 'counted', { until: iso(now + DAY) })] },
      { id: 'drie-domeinen', text: 'signalen uit drie leefgebieden in een half jaar', level: 'case', priority: 'normal', holds: true, overMs: 180 * DAY, groups: [{ holds: true, clauses: [clause('domains', 3, 3)] }], counted: 3, barred: 'open_case', holdsUntil: until,
        signals: [use(0, 'counted', { until }), use(1, 'withdrawn'), use(2, 'counted', { until }), use(3, 'counted', { until })] },
      { id: 'zorg-om-een-kind', text: 'twee instanties over hetzelfde kind', level: 'case', priority: 'high', holds: false, withinSame: 'person', groups: [{ person: 1, holds: false, clauses: [clause('agencies', 1, 2), { clause: 'spread', valueMs: 0, leastMs: 12 * DAY, reached: false }] }, { person: 2, holds: false, clauses: [clause('agencies', 0, 2)] }], nearest: 0, counted: 1,
        signals: [use(0, 'counted', { until }), use(1, 'withdrawn'), use(2, 'role'), use(3, 'role')] },
    ],
    cases: [
      { id: 'C41', state: 'offered', priority: 'urgent', regisseur: 'r-anna', revision: 2, openedAt: iso(now - 2 * HOUR), openedPosition: 20_101, configPosition: 102, version: 2, rules: ['drie-domeinen'], signals: [2, 3].map((i) => ({ id: signals[i].id, source: signals[i].source })) },
      { id: 'C8', state: 'closed', priority: 'normal', regisseur: 'r-bram', revision: 9, openedAt: iso(now - 300 * DAY), openedPosition: 310, configPosition: 1, version: 1, endedAt: iso(now - 200 * DAY), rules: ['drie-domeinen'], signals: [] },
    ],
    assignment: { case: 'C41', by: 'district', candidates: [
      { regisseur: 'r-anna', why: 'chosen', holder: true, inDistrict: true, load: 4, capacity: 7, hardCapacity: 9, expertise: 2 }, { regisseur: 'r-bram', why: 'load', holder: false, inDistrict: true, load: 8, capacity: 8, hardCapacity: 10, expertise: 0 },
      { regisseur: 'r-carla', why: 'absent', holder: false, inDistrict: false, load: 3, capacity: 10, hardCapacity: 13, expertise: 1 },
    ] },
    timers: [{ timer: 'accept', due: iso(now + 2 * HOUR), case: 'C41' }, { timer: 'follow_up', due: iso(now + 4 * DAY), signal: { id: signals[0].id } }],
  };
};

const session = (n, kind, id, clientName, now) => ({ session: n, party: { kind, id }, clientName, since: iso(now - n * HOUR), idleMs: n * 41_000, framesIn: 812 * n, framesOut: 640 * n, unconfirmed: n === 2 ? 3 : 0, undelivered: 0 });
const mailbox = (kind, id, acknowledged, newest) => ({ party: { kind, id }, acknowledged, newest });

const status = (now) => ({
  counters: {
    positionFirst: 1, positionDurable: 20_114, configVersion: 2, signals: 1210, households: 640, casesUnassigned: 2, casesOffered: 2, casesActive: 4, overdue: 3, proposalsOpen: 2, pausedRules: 1, silencedAgencies: 1,
    keysExpiring: 1, convenantsEnded: 1, sessions: 12, mailWaiting: 34, duplicatesDay: 8, refusedDay: 7, commitUsP99: 6953, diskBytes: 270_553_174_016, diskFreeBytes: 75_896_483_840, logTimeMs: now,
  },
  texts: { state: 'serving', version: '0.1.0', municipality: 'GM9901', clock: 'wall' },
});

/** undefined: not one of these pages' questions. */
export function oversight(state, who, method, [noun, id, sub], body) {
  const { now, control: kept } = state;
  const receipt = { position: 901 };
  if (noun === 'status') return status(now);
  if (noun === 'reports') return { name: id, counters: { timeMs: now }, rows: reports[id](now) };
  if (noun === 'rules') return { version: 2, files: files(RULES), sentences: said(3) };
  if (noun === 'rule-checks') {
    const text = body.files.find(({ name }) => name === 'rules.yaml')?.text ?? RULES;
    const line = text.split('\n').findIndex((one) => one.includes('leven:')) + 1;
    const none = { fit: true, errors: 0, warnings: 0, notes: 0, testsPassed: 3, testsFailed: 0, clauses: 2, clausesTried: 2, rowsLeftOut: 0, problems: [], sentences: { nl: [{ rule: 'drie-domeinen', text: '### drie-domeinen\n\nDe regel geldt als dit waar is:\n\n- De signalen gaan over 3 of meer leefgebieden.' }], en: [{ rule: 'drie-domeinen', text: '### drie-domeinen\n\nThe rule holds when this is true:\n\n- The signals are about 3 or more parts of life.' }] } };
    return line === 0 ? none : { ...none, fit: false, errors: 1, sentences: { nl: [], en: [] }, problems: [{ severity: 'error', code: 'unreadable', text: 'leven is not known here', file: 'rules.yaml', line, column: 5, meant: 'level', allowed: false }] };
  }
  if (noun === 'proposals') {
    if (method === 'GET') return id === undefined ? { items: kept.proposals.map(({ files: _, ...rest }) => rest) } : kept.proposals.find((one) => String(one.number) === id);
    if (id === undefined) return kept.proposals.unshift(proposal(kept.proposals.length + 1, now, { state: 'open', author: who.id, reason: body.reason, files: body.files })), { ...receipt, proposal: kept.proposals.length };
    Object.assign(kept.proposals.find((one) => String(one.number) === id), { state: { approvals: 'approved', rejections: 'rejected', withdrawals: 'withdrawn' }[sub], decider: who.id, verdict: body.reason, ended: iso(now) });
    return receipt;
  }
  if (noun === 'versions') {
    if (method === 'POST') return { ...receipt, proposal: 5 };
    return id === undefined ? { items: kept.versions } : { ...kept.versions.find((one) => String(one.number) === id), files: files(id === '1' ? RULES.replace('180d', '365d') : RULES) };
  }
  if (noun === 'pauses') return method === 'GET' ? { items: kept.pauses } : { ...receipt, proposal: 5 };
  if (noun === 'explanations') return explained(now);
  if (noun === 'deliveries' && method === 'GET') return kept.deliveries;
  if (noun === 'deliveries') {
    const letters = kept.deliveries.letters;
    if (sub === 'retries') Object.assign(letters.find((one) => one.id === id), { again: true });
    else kept.deliveries.letters = letters.filter((one) => one.id !== id);
    return {};
  }
  if (noun === 'sessions') return { items: [
    session(1, 'regisseur', 'r-anna', 'voordeur-gateway', now), session(2, 'agency', 'school-1', 'magister-koppeling', now), session(3, 'agency', 'politie', 'politie-koppeling', now),
    session(4, 'coordinator', 'c-piet', 'voordeur-gateway', now), session(5, 'operator', 'beheer', 'voordeur-gateway', now),
  ] };
  if (noun === 'key-rotations' || noun === 'key-revocations') return { ...receipt, key: 4 };
  if (noun === 'keys') return method === 'GET' ? { items: kept.keys } : { ...receipt, key: 4 };
  if (noun === 'backtest') return { state: 'over', done: 20_114, all: 20_114, tookMs: 300, rows: RUN };
  if (noun === 'shadow') return { state: 'none', done: 0, all: 0, tookMs: 0, rows: [] };
  if (noun === 'requests') return method === 'GET' ? { items: kept.requests.filter(({ kind }) => who.kind === 'privacy_officer' || kind === 'hold') } : { id: 'act', position: 901, receivedAt: iso(now), result: 'accepted' };
  if (noun === 'mailboxes') return { items: [
    mailbox('regisseur', 'r-anna', 412, 415), mailbox('regisseur', 'r-carla', 88, 88), mailbox('service', 'schuldhulp', 140, 154), mailbox('coordinator', 'c-piet', 61, 65),
    mailbox('privacy_officer', 'p-els', 9, 10), mailbox('agency', 'school-1', 93, 93),
  ] };
  if (noun === 'erasure-runs') return { counters: { sealed: 1, waiting: 3, erased: 1, generation: 9, keys: 4, keptMessages: 2, runs: 8, lastMs: now - 4 * DAY, lastKept: 812, lastDropped: 41, nextMs: now + 3 * DAY, backupStale: 1, failures: 0, carried: 0 }, texts: { step: 'idle', failed: '', escrow: '' } };
  if (noun === 'erasure-proofs') return { items: [
    { left: 'signal', order: 1, at: iso(now - 9 * DAY), reason: 'term', position: 301, source: 'urn:test:school-1', hash: 12, type: 'nl.onderwijs.verzuim-gemeld.v1', time: iso(now - 730 * DAY), check: '0123456789abcdef' },
    { left: 'case', order: 2, at: iso(now - 5 * DAY), reason: 'erased', number: 8, check: '0123456789abcdef' }, { left: 'household', order: 3, at: iso(now - 5 * DAY), reason: 'household', number: 64, check: '0123456789abcdef' },
    { run: 9, at: iso(now - 4 * DAY), through: 20_001, kept: 812, dropped: 41, check: '0123456789abcdef' }, { backup: 20_010, at: iso(now - 4 * DAY), run: 8, check: '0123456789abcdef' },
    { ended: 'ab'.repeat(32), at: iso(now - 3 * DAY), party: 'service:wijkteam', position: 20_050, check: '0123456789abcdef' },
  ] };
  if (noun === 'verifications') return { running: false, ever: true, position: 20_114, positionLast: 20_114, tookMs: 900, parts: [
    { row: 'part', part: 'id', result: 'good', text: 'the store is 5ac1' }, { row: 'part', part: 'log', result: 'good', text: '20114 records, every one as it was written' }, { row: 'part', part: 'state', result: 'good', text: '2 checkpoints' },
    { row: 'part', part: 'keys', result: 'good', text: '4 keys; 6 proofs' }, { row: 'part', part: 'heads', result: 'none', text: 'there are none' },
  ] };
  if (noun === 'heads') return { items: [{ head: 1, number: 96, store: '5ac1'.repeat(8), position: 20_100, epoch: 1, chain: '9f3a'.repeat(16), told: '11be'.repeat(16), time: iso(now - 600_000), release: '0.1.0', previous: '00aa'.repeat(16), key: 'c0de'.repeat(16), signature: 'beef'.repeat(32) }] };
  if (noun === 'audits') return method === 'POST' ? { running: true } : { running: false, end: true, counters: {}, rows: [
    { row: 'trail', kind: 'read', by: 'regisseur:r-anna', what: 'case', household: 120, case: 27, position: 400, atMs: now - HOUR, parts: 'signals' },
    { row: 'trail', kind: 'seen', by: 'coordinator:c-piet', what: 'household', household: 120, position: 402, atMs: now - HOUR / 2, reason: 'Ouder belde in grote zorg over de jongste.' },
  ] };
  return undefined;
}

/** What came in the last day, as the stream of decisions tells it. */
export function decisions(now) {
  return Array.from({ length: 90 }, (_, i) => {
    const at = iso(now - 22 * HOUR + Math.round(((i * 37) % 90) * 0.24 * HOUR));
    const line = i % 15 === 7 ? { at, event: 'case', change: 'proposed' } : { at, event: 'signal', verdict: i % 22 === 3 ? 'bad_bsn' : 'accepted' };
    return `id: ${i + 1}.1\nevent: ${line.event}\ndata: ${JSON.stringify({ position: i + 1, version: 2, line })}\n\n`;
  }).join('');
}
