// A stand-in for the gateway, with a town of its own in memory: for the look of the pages, and for what is hard to bring
// about with a real broker (a signal lost, an answer late). What the console does is tested with the real ones, in town.mjs.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { control, decisions, oversight } from './oversight.mjs';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.txt': 'text/plain; charset=utf-8' };
export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const DAY = 86_400_000;

const iso = (ms) => new Date(ms).toISOString();

/** A town with cases in every group. Times hang on `now`, so that what is shown is always as far away. */
export function town(now) {
  let number = 0;
  const signal = (domain, agency, type, days, severity, more = {}) => ({
    id: `s-${++number}`, source: `urn:test:${agency}`, type: `nl.${type}.v1`, agency, domain, severity,
    acceptedAt: iso(now - days * DAY + 3_600_000), occurredAt: iso(now - days * DAY), withdrawn: false, ended: false, overdue: false, feedback: false, ...more,
  });
  const goal = (domain, text, owner, days, state) => ({ domain, text, owner, due: iso(now + days * DAY), state });
  const signals = {
    C41: [
      signal('education', 'school-2', 'onderwijs.verzuim-gemeld', 96, 2),
      signal('housing', 'corporatie-1', 'wonen.overlast-gemeld', 61, 2, { withdrawn: true }),
      signal('housing', 'corporatie-1', 'wonen.ontruiming-aangezegd', 12, 5, { detail: 'Vonnis is gewezen. De ontruiming staat gepland over vijf weken.' }),
      signal('safety_home', 'politie', 'veiligheid.huiselijk-geweld-gemeld', 9, 4),
      signal('education', 'school-2', 'onderwijs.verzuim-gemeld', 4, 3, { overdue: true }),
    ],
    C38: [
      signal('mental_health', 'ggd-meldpunt', 'zorg.zorgwekkend-gedrag-gemeld', 40, 3),
      signal('substance_use', 'verslavingszorg', 'zorg.behandeling-afgebroken', 22, 3),
      signal('housing', 'corporatie-2', 'wonen.vervuiling-gemeld', 3, 4),
    ],
    C27: [
      signal('upbringing', 'jgz', 'jeugd.herhaald-niet-verschenen', 150, 1),
      signal('education', 'leerplicht', 'onderwijs.absoluut-verzuim-vastgesteld', 101, 4),
      signal('upbringing', 'jeugdhulp-1', 'jeugd.jeugdhulp-voortijdig-gestopt', 80, 3, { feedback: true }),
      signal('social', 'wijkteam', 'welzijn.hulp-loopt-gemeld', 35, 1),
      signal('justice', 'politie', 'veiligheid.jeugdige-verdachte-gemeld', 20, 3),
    ],
    C19: [signal('housing', 'corporatie-1', 'wonen.overlast-gemeld', 120, 2), signal('justice', 'politie', 'veiligheid.verward-gedrag-gemeld', 88, 2)],
    C12: [signal('work_income', 'werk-en-inkomen', 'inkomen.baanverlies-gemeld', 200, 2), signal('education', 'school-1', 'onderwijs.verzuim-gemeld', 170, 2)],
    C33: [signal('finances', 'kredietbank', 'schulden.schuldtraject-uitgevallen', 31, 3), signal('upbringing', 'school-3', 'jeugd.zorg-om-leerling-gemeld', 15, 2)],
  };
  const one = (id, household, state, priority, days, more) => ({
    id, household, state, priority, revision: 3, version: 4, regisseur: 'r-anna', since: iso(now - days * DAY), rules: ['drie-domeinen'],
    planRevision: 0, goals: [], signals: signals[id] ?? [], notes: [], ...more,
  });
  const cases = [
    one('C41', 'H203', 'offered', 'urgent', 0.08, { acceptBy: iso(now + 2.2 * 3_600_000), rules: ['acuut'] }),
    one('C38', 'H188', 'offered', 'normal', 1.2, { acceptBy: iso(now + 1.8 * DAY) }),
    one('C33', 'H151', 'active', 'normal', 20, { regisseur: 'r-bram', handoverTo: 'r-anna' }),
    one('C27', 'H120', 'active', 'high', 64, {
      planRevision: 2, rules: ['kerngebieden', 'drie-domeinen'],
      goals: [
        goal('education', 'Sem gaat weer vier dagen per week naar school.', 'leerplicht', 21, 'doing'),
        goal('upbringing', 'Moeder heeft één vaste hulpverlener die op tijd komt.', 'r-anna', 6, 'open'),
        goal('housing', 'De huur wordt elke maand op tijd betaald.', 'gezin', -4, 'doing'),
        goal('social', 'Het gezin kent iemand in de buurt die kan helpen.', 'wijkteam', -20, 'reached'),
      ],
      notes: [
        { at: iso(now - 6 * DAY), by: { kind: 'regisseur', id: 'r-anna' }, to: { kind: 'agency', id: 'leerplicht' }, text: 'Kunt u volgende week aansluiten bij het gesprek op school?' },
        { at: iso(now - 5 * DAY), by: { kind: 'agency', id: 'leerplicht' }, to: { kind: 'regisseur', id: 'r-anna' }, text: 'Ja. Dinsdag om 10.00 uur past. Ik neem de afspraken van vorig jaar mee.' },
      ],
    }),
    one('C19', 'H77', 'active', 'normal', 90, { planRevision: 1, goals: [goal('housing', 'De buren en het gezin maken afspraken over geluid.', 'corporatie-1', 11, 'doing')] }),
    one('C12', 'H31', 'active', 'normal', 160, { planRevision: 3, goals: [goal('work_income', 'Vader heeft werk of een opleiding.', 'r-anna', -9, 'reached')] }),
    one('C40', 'H199', 'unassigned', 'high', 0.6, { regisseur: null, signals: [signal('justice', 'politie', 'veiligheid.verward-gedrag-gemeld', 2, 3)] }),
    one('C39', 'H190', 'unassigned', 'normal', 2.4, { regisseur: null }),
  ];
  const person = (n, role, bsn) => ({ handle: `p-${String(n).padStart(32, '0')}`, role, bsn });
  const address = (n, bag) => ({ handle: `a-${String(n).padStart(32, '0')}`, bag });
  const households = ['H203', 'H188', 'H120', 'H77', 'H31', 'H199', 'H190', 'H151'].map((id, i) => ({
    id, district: `BU9901010${i % 5}`, signalCount: 3 + i,
    persons: [person(i * 10 + 1, 'adult', `99990${i}342`), person(i * 10 + 2, 'youth', `99990${i}555`)], addresses: [address(i, `990120000000${i}001`)],
  }));
  households.push(
    { id: 'H64', district: 'BU99010101', signalCount: 4, openCase: 'C27', persons: [person(900, 'adult', '999904012'), person(901, 'youth', '999904231')], addresses: [address(90, '9901200000900001')] },
    { id: 'H65', district: 'BU99010101', signalCount: 1, persons: [person(902, 'adult', '999904760'), person(901, 'youth', '999904231')], addresses: [address(91, '9901200000900002')] },
  );
  return {
    now, cases, households, reviews: [{ household: 'H64', other: 'H65' }],
    followUps: [
      signal('finances', 'corporatie-1', 'schulden.huurachterstand-gemeld', 51, 2, { overdue: true, service: 'schuldhulp', household: 'H90' }),
      signal('finances', 'energie-1', 'schulden.energieachterstand-gemeld', 44, 2, { overdue: true, service: 'schuldhulp', household: 'H92' }),
      signal('upbringing', 'school-1', 'jeugd.zorg-om-leerling-gemeld', 60, 2, { overdue: true, service: 'jeugdteam', household: 'H71' }),
    ],
    regisseurs: [
      { id: 'r-anna', load: 6, capacity: 7, hardCapacity: 9, absent: false, districts: ['BU990101'], expertise: ['education', 'upbringing'] },
      { id: 'r-bram', load: 9, capacity: 8, hardCapacity: 10, absent: false, districts: ['BU990101'], expertise: ['finances', 'justice'] },
      { id: 'r-carla', load: 3, capacity: 10, hardCapacity: 13, absent: true, districts: ['BU990102', '*'], expertise: ['safety_home'] },
      { id: 'r-daan', load: 9, capacity: 7, hardCapacity: 9, absent: false, districts: ['BU990103'], expertise: [] },
    ],
    absences: { 'r-carla': [{ number: 1, from: iso(now - 2 * DAY), to: iso(now + 12 * DAY) }], 'r-anna': [{ number: 1, from: iso(now + 30 * DAY), to: iso(now + 51 * DAY) }] },
    mail: [], control: control(now),
  };
}

const AGENCIES = { 'school-1': 'school', 'school-2': 'school', 'school-3': 'school', 'corporatie-1': 'housing', 'corporatie-2': 'housing', politie: 'police', leerplicht: 'attendance', jgz: 'youth_health', 'jeugdhulp-1': 'youth_care', 'ggd-meldpunt': 'ggd', verslavingszorg: 'addiction_care', 'werk-en-inkomen': 'social_services', kredietbank: 'debt_help', wijkteam: 'neighbourhood_team', 'energie-1': 'energy' };
const DOMAINS = ['finances', 'work_income', 'housing', 'education', 'upbringing', 'safety_home', 'mental_health', 'physical_health', 'substance_use', 'social', 'justice'];
export const ACCOUNTS = { anna: ['regisseur', 'r-anna'], bram: ['regisseur', 'r-bram'], piet: ['coordinator', 'c-piet'], beheer: ['operator', 'beheer'], toezicht: ['operator', 'toezicht'], els: ['privacy_officer', 'p-els'] };

function explanation(found, household, me) {
  const live = found.signals.filter((signal) => !signal.withdrawn);
  const rule = (id) => ({
    id, level: 'case', holds: true, groups: [{ holds: true, clauses: [{ clause: 'domains', reached: true, value: 3, least: 3 }] }], counted: live.length, overMs: (id === 'acuut' ? 90 : id === 'kerngebieden' ? 365 : 180) * DAY,
    signals: live.map((signal) => ({ id: signal.id, source: signal.source, use: 'counted' })),
  });
  return {
    position: 900, configPosition: 1, version: 4, persons: 2, addresses: 1, signalCount: live.length, district: household?.district, household: found.household,
    signals: live.map(({ id, source, agency, domain }) => ({ id, source, agency, domain, position: 1, severity: 2, overdue: false, feedback: false })),
    rules: found.rules.map(rule), cases: [], timers: [],
    assignment: { case: found.id, by: 'district', candidates: [{ regisseur: me, why: 'chosen', holder: true, inDistrict: true, load: 5, capacity: 7, hardCapacity: 9, expertise: found.id === 'C27' ? 1 : 0 }] },
  };
}

/** Serves `dist` and the town; `state` can be changed by the test, which then calls tell(). */
export async function serve(dist, state, { demonstration = false } = {}) {
  const sessions = new Map();
  const streams = new Set();
  let numbers = 0;
  const seen = [];

  const refuse = (code, status) => Object.assign(new Error(code), { code, status });
  const stateNow = () => ({ position: 900, at: iso(state.now) });
  const findCase = (id) => state.cases.find((found) => found.id === id) ?? (() => { throw refuse('not_found', 404); })();
  const mayRead = (who, found) => who.kind === 'coordinator' || found.regisseur === who.id || found.handoverTo === who.id;
  const summary = ({ signals, notes, goals, ...rest }) => rest;

  const act = (who, found, noun, body) => {
    const mine = found.regisseur === who.id;
    const done = (more) => Object.assign(found, more, { revision: found.revision + 1 });
    const need = (state_, own = true) => {
      if (found.state !== state_) throw refuse('wrong_state', 422);
      if (own && !mine) throw refuse('not_allowed', 422);
    };
    if (noun === 'acceptances') need('offered'), done({ state: 'active', acceptBy: undefined });
    else if (noun === 'declines') need('offered'), done({ state: 'unassigned', regisseur: null, acceptBy: undefined });
    else if (noun === 'dismissals') done({ state: 'dismissed', ended: iso(state.now), endedWith: body.reason });
    else if (noun === 'handovers') need('active'), done({ handoverTo: body.to });
    else if (noun === 'handover-acceptances') {
      if (found.handoverTo !== who.id) throw refuse('wrong_state', 422);
      done({ regisseur: who.id, handoverTo: undefined });
    } else if (noun === 'escalations') need('active'), done({});
    else if (noun === 'closures') need('active'), done({ state: 'closed', ended: iso(state.now), endedWith: body.outcome });
    else if (noun === 'assignments') done({ state: 'offered', regisseur: body.regisseur, acceptBy: iso(state.now + 3 * DAY) });
    else if (noun === 'notes') found.notes.push({ at: iso(state.now), by: { kind: 'regisseur', id: who.id }, to: { kind: 'agency', id: body.agency }, text: body.text });
    else if (noun === 'plan') {
      need('active');
      if (body.revision !== found.planRevision + 1) throw refuse('wrong_state', 422);
      done({ planRevision: body.revision, goals: body.goals });
    } else throw refuse('not_found', 404);
    return { id: 'act', position: 901, receivedAt: iso(state.now), result: 'accepted', case: found.id, revision: found.revision };
  };

  const answer = (who, method, path, body) => {
    const [noun, id, sub, third] = path.split('/').slice(2).map(decodeURIComponent);
    const told = ['operator', 'privacy_officer'].includes(who.kind) || noun === 'requests' ? oversight(state, who, method, [noun, id, sub], body) : undefined;
    if (told !== undefined) return told;
    if (noun === 'me') return { party: who, ...stateNow(), ...(who.kind === 'operator' ? {} : { mailbox: { acknowledged: 0, newest: state.mail.length } }) };
    if (noun === 'directory') {
      return {
        signalTypes: [], domains: DOMAINS.map((domain) => ({ id: domain })), agencies: Object.entries(AGENCIES).map(([agency, kind]) => ({ id: agency, kind })),
        services: ['schuldhulp', 'jeugdteam', 'wijkteam'].map((service) => ({ id: service })), regisseurs: state.regisseurs.map(({ id: regisseur, absent, districts, expertise }) => ({ id: regisseur, absent, districts, expertise })), ...stateNow(),
      };
    }
    if (noun === 'mailbox' && method === 'GET') return { items: state.mail, acknowledged: 0, newest: state.mail.length };
    if (noun === 'mailbox') return { acknowledged: (state.mail = []).length, newest: 0 };
    if (noun === 'cases' && id === undefined) {
      const items = state.cases.filter((found) => who.kind === 'coordinator' ? found.state === 'unassigned' : ['offered', 'active'].includes(found.state) && mayRead(who, found));
      return { items: items.map(summary), ...stateNow() };
    }
    if (noun === 'cases') {
      const found = findCase(id);
      if (sub === 'disclosures') return { ...found, ...stateNow() };
      if (!mayRead(who, found)) throw refuse('not_found', 404);
      if (sub === 'explanation') return { ...explanation(found, state.households.find((h) => h.id === found.household), who.id), at: iso(state.now) };
      if (sub !== undefined) return act(who, found, sub, body);
      return { ...found, ...stateNow() };
    }
    if (noun === 'households' && sub === undefined) return { ...(state.households.find((h) => h.id === id) ?? (() => { throw refuse('not_found', 404); })()), ...stateNow() };
    if (noun === 'follow-ups') return { items: state.followUps, ...stateNow() };
    if (noun === 'reviews' && method === 'GET') return { items: state.reviews, ...stateNow() };
    if (noun === 'households' || noun === 'reviews') {
      if (sub !== 'splits') state.reviews = [];
      return { id: 'act', position: 901, receivedAt: iso(state.now), result: 'accepted' };
    }
    if (noun === 'regisseurs' && id === undefined) return { items: state.regisseurs, ...stateNow() };
    if (noun === 'regisseurs' && sub === 'absences') {
      const list = (state.absences[id] ??= []);
      if (method === 'GET') return { items: list, ...stateNow() };
      if (method === 'POST') list.push({ number: list.length + 1, ...body });
      else state.absences[id] = list.filter((absence) => String(absence.number) !== third);
      return { id: 'act', position: 901, receivedAt: iso(state.now), result: 'accepted' };
    }
    throw refuse('not_found', 404);
  };

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://x');
    const send = (status, type, body, more = {}) => {
      response.writeHead(status, { 'content-type': type, 'content-security-policy': CSP, 'cache-control': 'no-store', 'api-version': '1.0.0', ...(demonstration ? { demonstration: 'yes' } : {}), ...more });
      response.end(body);
    };
    const json = (status, value, more) => send(status, status < 400 ? 'application/json' : 'application/problem+json', value === undefined ? undefined : JSON.stringify(value), more);
    try {
      if (!url.pathname.startsWith('/v1/')) {
        if (url.pathname === '/') return send(302, 'text/plain', '', { location: '/app/' });
        const inside = normalize(url.pathname.replace(/^\/app\/?/, ''));
        const file = extname(inside) === '' ? 'index.html' : inside;
        const body = await readFile(join(dist, file)).catch(() => undefined);
        return body === undefined ? send(404, 'text/plain', 'not found') : send(200, TYPES[extname(file)] ?? 'application/octet-stream', body);
      }
      let text = '';
      for await (const chunk of request) text += chunk;
      const body = text === '' ? undefined : JSON.parse(text);
      const cookie = /voordeur=(\d+)/.exec(request.headers.cookie ?? '')?.[1];
      const who = sessions.get(cookie);
      seen.push(`${request.method} ${url.pathname}`);
      const told = (party) => ({ party: { kind: party.kind, id: party.id }, role: party.kind, demonstration, municipality: 'GM9901', clock: 'wall', csrfToken: 'token' });
      if (url.pathname === '/v1/session') {
        if (request.method === 'GET') return who === undefined ? json(401, { code: 'unauthenticated', title: 'sign in', status: 401 }) : json(200, told(who));
        if (request.method === 'DELETE') return sessions.delete(cookie), json(204);
        const account = ACCOUNTS[body.account];
        if (account === undefined || body.password !== 'goed') return json(401, { code: 'wrong_password', title: 'no', status: 401 });
        const id = String(++numbers);
        sessions.set(id, { kind: account[0], id: account[1] });
        return json(201, told(sessions.get(id)), { 'set-cookie': `voordeur=${id}; HttpOnly; SameSite=Strict; Path=/` });
      }
      if (who === undefined) return json(401, { code: 'unauthenticated', title: 'sign in', status: 401 });
      if (url.pathname === '/v1/mailbox/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-security-policy': CSP, 'cache-control': 'no-store' });
        response.write(': here\n\n');
        const stream = { response, who };
        streams.add(stream);
        request.on('close', () => streams.delete(stream));
        return undefined;
      }
      if (url.pathname === '/v1/decisions/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-security-policy': CSP, 'cache-control': 'no-store' });
        response.write(decisions(state.now));
        const stream = { response, who };
        streams.add(stream);
        request.on('close', () => streams.delete(stream));
        return undefined;
      }
      if (request.method !== 'GET' && request.headers['x-csrf-token'] !== 'token') return json(403, { code: 'csrf', title: 'no token', status: 403 });
      return json(request.method === 'POST' ? 201 : 200, answer(who, request.method, url.pathname, body));
    } catch (error) {
      return json(error.status ?? 500, { code: error.code ?? 'broken', title: String(error), status: error.status ?? 500 });
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`, state, seen, sessions,
    /** A message in the mailbox of a party; without a kind the streams only end. */
    tell(id, kind, more = {}) {
      const message = { seq: state.mail.length + 1, kind, at: iso(state.now), ...more };
      state.mail.push(message);
      for (const stream of streams) if (stream.who.id === id) stream.response.write(`id: ${message.seq}\nevent: ${kind}\ndata: ${JSON.stringify(message)}\n\n`);
    },
    async close() {
      for (const stream of streams) stream.response.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
