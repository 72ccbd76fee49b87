#include "broker/study/sentence.h"

#include "broker/study/page.h"
#include "broker/study/reach.h"
#include "proto/time.h"

#include <stdio.h>

/* A page in one language. */
typedef struct writer {
    const vdr_config *config;
    vdr_language language;
    vdr_sheet sheet;
    vdr_bytes line; /* the sentence being made */
} writer;

/* The one of two that is in the page's language. */
#define SAY(w, dutch, english) ((w)->language == VDR_DUTCH ? (dutch) : (english))

static void
put_word(writer *w, vdr_span name)
{
    vdr_span word = vdr_word_of(name, w->language);
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.at[i] == '_' ? ' ' : word.at[i];
        vdr_bytes_add(&w->line, vdr_span_of(&c, 1));
    }
}

/* "a, b en c" */
static void
put_words(writer *w, vdr_names names, bool any)
{
    for (size_t i = 0; i < names.count; i++) {
        if (i != 0 && i + 1 == names.count)
            vdr_page_put(&w->line, any ? SAY(w, " of ", " or ") : SAY(w, " en ", " and "));
        else if (i != 0)
            vdr_page_put(&w->line, ", ");
        put_word(w, names.at[i]);
    }
}

static void
put_duration(writer *w, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *one[2], *many[2];
    } units[] = {{VDR_DAY_MS, {"dag", "day"}, {"dagen", "days"}},
                 {3600000, {"uur", "hour"}, {"uur", "hours"}},
                 {60000, {"minuut", "minute"}, {"minuten", "minutes"}},
                 {1000, {"seconde", "second"}, {"seconden", "seconds"}}};
    size_t i = 0;
    while (i < 3 && (ms == 0 || ms % units[i].ms != 0))
        i++;
    int64_t count = ms / units[i].ms;
    vdr_page_put(&w->line, "%lld %s", (long long)count,
                 count == 1 ? units[i].one[w->language] : units[i].many[w->language]);
}

static void
paragraph(writer *w)
{
    vdr_sheet_paragraph(&w->sheet, vdr_bytes_span(&w->line));
    w->line.len = 0;
}

static void
item(writer *w)
{
    vdr_sheet_item(&w->sheet, vdr_bytes_span(&w->line));
    w->line.len = 0;
}

static void
heading(writer *w, unsigned level)
{
    vdr_sheet_heading(&w->sheet, level, vdr_bytes_span(&w->line));
    w->line.len = 0;
}

/* ---- what a rule asks */

static void
one_measure(writer *w, vdr_measure measure, uint64_t least)
{
    static const char *const dutch[VDR_MEASURES] = {
        [VDR_MEASURE_SIGNALS] = "Er zijn %llu of meer signalen.",
        [VDR_MEASURE_DOMAINS] = "De signalen gaan over %llu of meer verschillende leefgebieden.",
        [VDR_MEASURE_AGENCIES] = "De signalen komen van %llu of meer verschillende organisaties.",
        [VDR_MEASURE_PERSONS] = "De signalen gaan over %llu of meer verschillende personen.",
        [VDR_MEASURE_CORE_AREAS] = "De signalen gaan over %llu of meer verschillende kerngebieden.",
        [VDR_MEASURE_TYPES] = "Er zijn %llu of meer verschillende soorten signalen.",
        [VDR_MEASURE_DAYS] = "De signalen gaan over %llu of meer verschillende dagen.",
        [VDR_MEASURE_OVERDUE] = "Op %llu of meer signalen kwam niet op tijd een reactie.",
    };
    static const char *const english[VDR_MEASURES] = {
        [VDR_MEASURE_SIGNALS] = "There are %llu or more signals.",
        [VDR_MEASURE_DOMAINS] = "The signals are about %llu or more different parts of life.",
        [VDR_MEASURE_AGENCIES] = "The signals come from %llu or more different organisations.",
        [VDR_MEASURE_PERSONS] = "The signals are about %llu or more different persons.",
        [VDR_MEASURE_CORE_AREAS] = "The signals are about %llu or more different core areas.",
        [VDR_MEASURE_TYPES] = "There are %llu or more different kinds of signals.",
        [VDR_MEASURE_DAYS] = "The signals are about %llu or more different days.",
        [VDR_MEASURE_OVERDUE] = "To %llu or more signals there was no answer in time.",
    };
    static const char *const single[2][VDR_MEASURES] = {
        {[VDR_MEASURE_SIGNALS] = "Er is 1 signaal of meer.",
         [VDR_MEASURE_DOMAINS] = "De signalen gaan over 1 leefgebied of meer.",
         [VDR_MEASURE_AGENCIES] = "De signalen komen van 1 organisatie of meer.",
         [VDR_MEASURE_PERSONS] = "De signalen gaan over 1 persoon of meer.",
         [VDR_MEASURE_CORE_AREAS] = "De signalen gaan over 1 kerngebied of meer.",
         [VDR_MEASURE_TYPES] = "Er is 1 soort signaal of meer.",
         [VDR_MEASURE_DAYS] = "De signalen gaan over 1 dag of meer.",
         [VDR_MEASURE_OVERDUE] = "Op 1 signaal of meer kwam niet op tijd een reactie."},
        {[VDR_MEASURE_SIGNALS] = "There is 1 signal or more.",
         [VDR_MEASURE_DOMAINS] = "The signals are about 1 part of life or more.",
         [VDR_MEASURE_AGENCIES] = "The signals come from 1 organisation or more.",
         [VDR_MEASURE_PERSONS] = "The signals are about 1 person or more.",
         [VDR_MEASURE_CORE_AREAS] = "The signals are about 1 core area or more.",
         [VDR_MEASURE_TYPES] = "There is 1 kind of signal or more.",
         [VDR_MEASURE_DAYS] = "The signals are about 1 day or more.",
         [VDR_MEASURE_OVERDUE] = "To 1 signal or more there was no answer in time."},
    };
    if (least == 1) {
        vdr_page_put(&w->line, "%s", single[w->language][measure]);
    } else {
        /* One number in the middle of a sentence that is known here. */
        const char *text = SAY(w, dutch, english)[measure], *at = strstr(text, "%llu");
        vdr_page_put(&w->line, "%.*s%llu%s", (int)(at - text), text, (unsigned long long)least,
                     at + strlen("%llu"));
    }
    item(w);
}

static void
asks(writer *w, const vdr_config_rule *rule)
{
    vdr_page_put(&w->line, "%s",
                 SAY(w, "De regel geldt als dit voor één huishouden allemaal waar is:",
                     "The rule holds when all of this is true for one household:"));
    paragraph(w);
    for (unsigned m = 0; m < VDR_MEASURES; m++)
        if (rule->at_least[m] != 0)
            one_measure(w, (vdr_measure)m, rule->at_least[m]);
    if (rule->spread_ms != 0) {
        vdr_page_put(&w->line, "%s",
                     SAY(w, "Tussen de oudste en de nieuwste gebeurtenis zit ",
                         "Between the oldest and the newest event there is "));
        put_duration(w, rule->spread_ms);
        vdr_page_put(&w->line, "%s", SAY(w, " of meer.", " or more."));
        item(w);
    }
    static const char *const same[][2] = {
        [VDR_WITHIN_DOMAIN] = {"Dit alles gaat over hetzelfde leefgebied.",
                               "All of this is about the same part of life."},
        [VDR_WITHIN_TYPE] = {"Dit alles gaat over dezelfde soort signaal.",
                             "All of this is about the same kind of signal."},
        [VDR_WITHIN_AGENCY] = {"Dit alles komt van dezelfde organisatie.",
                               "All of this comes from the same organisation."},
        [VDR_WITHIN_PERSON] = {"Dit alles gaat over dezelfde persoon.",
                               "All of this is about the same person."},
    };
    if (rule->within != VDR_WITHIN_NONE) {
        vdr_page_put(&w->line, "%s", same[rule->within][w->language]);
        item(w);
    }
}

/* ---- what a rule counts */

static void
one_filter(writer *w, const char *dutch, const char *english, vdr_names names)
{
    if (names.at == NULL)
        return;
    vdr_page_put(&w->line, "%s", SAY(w, dutch, english));
    if (names.count == 0)
        vdr_page_put(&w->line, "%s", SAY(w, "niets", "nothing"));
    put_words(w, names, true);
    vdr_page_put(&w->line, ".");
    item(w);
}

/* A role that is also the name of a core area is a person here. */
static void
roles(writer *w, vdr_names names)
{
    if (names.at == NULL)
        return;
    vdr_page_put(
        &w->line, "%s",
        SAY(w, "Alleen signalen over iemand met deze rol: ", "Only signals about somebody with this role: "));
    if (names.count == 0)
        vdr_page_put(&w->line, "%s", SAY(w, "niemand", "nobody"));
    for (size_t i = 0; i < names.count; i++) {
        bool last = i + 1 == names.count;
        vdr_page_put(&w->line, "%s", i == 0 ? "" : last ? SAY(w, " of ", " or ") : ", ");
        if (vdr_span_equal(names.at[i], vdr_span_str("youth")))
            vdr_page_put(&w->line, "%s", SAY(w, "jeugdige", "young person"));
        else if (vdr_span_equal(names.at[i], vdr_span_str("adult")))
            vdr_page_put(&w->line, "%s", SAY(w, "volwassene", "adult"));
        else
            put_word(w, names.at[i]);
    }
    vdr_page_put(&w->line, ".");
    item(w);
}

static bool
combines(const vdr_config *config, vdr_span a, vdr_span b)
{
    for (size_t i = 0; i < config->may_combine_count; i++) {
        const vdr_config_pair *pair = &config->may_combine[i];
        if ((vdr_span_equal(pair->a, a) && vdr_span_equal(pair->b, b)) ||
            (vdr_span_equal(pair->a, b) && vdr_span_equal(pair->b, a)))
            return true;
    }
    return false;
}

static void
counts(writer *w, const vdr_config_rule *rule)
{
    vdr_page_put(&w->line, "%s", SAY(w, "Deze signalen tellen mee:", "These signals count:"));
    paragraph(w);
    vdr_page_put(&w->line, "%s",
                 rule->purposes.count == 1
                     ? SAY(w, "Alleen signalen voor dit doel: ", "Only signals for this purpose: ")
                     : SAY(w, "Alleen signalen voor deze doelen: ", "Only signals for these purposes: "));
    put_words(w, rule->purposes, false);
    vdr_page_put(&w->line, ".");
    if (rule->purposes.count > 1)
        vdr_page_put(&w->line, "%s",
                     SAY(w, " De gemeente heeft vastgelegd dat deze doelen samen mogen worden bekeken.",
                         " The municipality has laid down that these purposes may be looked at together."));
    item(w);
    one_filter(w, "Alleen deze soorten: ", "Only these kinds: ", rule->types);
    one_filter(w, "Alleen signalen over: ", "Only signals about: ", rule->domains);
    one_filter(w, "Alleen signalen van: ", "Only signals from: ", rule->agencies);
    roles(w, rule->roles);
    if (rule->min_severity > 1) {
        vdr_page_put(&w->line,
                     SAY(w, "Alleen signalen met ernst %u%s, op een schaal van 1 (licht) tot 5 (acuut).",
                         "Only signals of severity %u%s, on a scale from 1 (light) to 5 (acute)."),
                     rule->min_severity, rule->min_severity == 5 ? "" : SAY(w, " of hoger", " or higher"));
        item(w);
    }
    if (rule->over_ms != 0) {
        vdr_page_put(&w->line, "%s", SAY(w, "Alleen wat in de laatste ", "Only what happened in the last "));
        put_duration(w, rule->over_ms);
        vdr_page_put(&w->line, "%s", SAY(w, " is gebeurd.", "."));
        item(w);
    }
    vdr_page_put(&w->line, "%s",
                 SAY(w, "Elk signaal telt zo lang mee als verderop bij zijn soort staat.",
                     "Each signal counts for as long as is said with its kind below."));
    item(w);
}

/* ---- what happens then */

static void
follows(writer *w, const vdr_config_rule *rule)
{
    switch (rule->level) {
    case VDR_LEVEL_WATCH:
        vdr_page_put(
            &w->line, "%s",
            SAY(w,
                "Wat gebeurt er dan? Alleen een aantekening. Niemand krijgt bericht en het huishouden "
                "merkt er niets van.",
                "What happens then? Only a note is made. Nobody is told, and nothing changes for the "
                "household."));
        break;
    case VDR_LEVEL_COORDINATE:
        vdr_page_put(
            &w->line, "%s",
            SAY(w,
                "Wat gebeurt er dan? De organisaties die een signaal gaven, horen van elkaar dat zij "
                "betrokken zijn. Zij horen niet wat de ander heeft gemeld. Een organisatie die dit niet "
                "mag weten, hoort niets en wordt niet genoemd.",
                "What happens then? The organisations that signalled hear of each other that they are "
                "involved. They do not hear what the other one told. An organisation that may not know this "
                "hears nothing and is not named."));
        break;
    case VDR_LEVEL_CASE: {
        static const char *const priorities[][2] = {
            [VDR_PRIORITY_NONE] = {"gewoon", "normal"},
            [VDR_PRIORITY_NORMAL] = {"gewoon", "normal"},
            [VDR_PRIORITY_HIGH] = {"hoog", "high"},
            [VDR_PRIORITY_URGENT] = {"dringend", "urgent"},
        };
        vdr_page_put(
            &w->line,
            SAY(w,
                "Wat gebeurt er dan? Eén regisseur krijgt de vraag om te helpen. De regisseur bekijkt de "
                "signalen en beslist. Voorrang: %s. De regisseur heeft ",
                "What happens then? One director (regisseur) is asked to help. The director looks at the "
                "signals and decides. Priority: %s. The director has "),
            priorities[rule->priority][w->language]);
        put_duration(w, w->config->accept_ms[rule->priority]);
        vdr_page_put(&w->line, "%s",
                     SAY(w, " om te antwoorden. Daarna gaat de vraag naar een ander.",
                         " to answer. After that somebody else is asked."));
        break;
    }
    }
    paragraph(w);
}

static void
put_print(writer *w, const vdr_key16 *print)
{
    for (size_t i = 0; i < 4; i++)
        vdr_page_put(&w->line, "%02x", print->bytes[i]);
}

static void
one_rule(writer *w, const vdr_config_rule *rule)
{
    vdr_page_put(&w->line, "%.*s", VDR_TEXT(rule->id));
    heading(w, 3);
    vdr_page_put(&w->line, "%s \"", SAY(w, "In het kort:", "In short:"));
    vdr_page_plain(&w->line, rule->text);
    vdr_page_put(&w->line, "\" (%s ", SAY(w, "versie", "version"));
    put_print(w, &rule->fingerprint);
    vdr_page_put(&w->line, ")");
    paragraph(w);
    asks(w, rule);
    counts(w, rule);
    follows(w, rule);
}

/* ---- the rest of the page */

static void
introduction(writer *w)
{
    const vdr_config *config = w->config;
    vdr_page_put(&w->line, SAY(w, "Regels van gemeente %.*s", "Rules of municipality %.*s"),
                 VDR_TEXT(config->municipality));
    heading(w, 1);
    vdr_page_put(
        &w->line, "%s",
        SAY(w,
            "Organisaties in de gemeente geven signalen over huishoudens. Bijna elk signaal gaat gewoon "
            "naar de dienst die daarvoor is. Deze regels zeggen wanneer er meer gebeurt.",
            "Organisations in the municipality give signals about households. Nearly every signal simply "
            "goes to the service that is there for it. These rules say when more happens."));
    paragraph(w);
    vdr_page_put(
        &w->line, "%s",
        SAY(w,
            "De regels tellen feiten. Er zijn geen punten, geen scores en geen lijsten van gezinnen. Een "
            "computer stelt voor, een mens beslist.",
            "The rules count facts. There are no points, no scores and no lists of families. A computer "
            "proposes, a person decides."));
    paragraph(w);
    vdr_page_put(&w->line, "%s ", SAY(w, "Versie:", "Version:"));
    put_print(w, &config->fingerprint);
    vdr_page_put(&w->line, ".");
    paragraph(w);
}

static void
always(writer *w)
{
    const vdr_config *config = w->config;
    vdr_page_put(&w->line, "%s", SAY(w, "Wat altijd geldt", "What always holds"));
    heading(w, 2);
    vdr_page_put(&w->line, "%s",
                 SAY(w, "Een huishouden heeft nooit meer dan één regisseur tegelijk.",
                     "A household never has more than one director at a time."));
    item(w);
    vdr_page_put(&w->line, "%s",
                 SAY(w, "Na een afgesloten vraag blijft het huishouden ",
                     "After a case has ended, the household is left in peace for "));
    put_duration(w, config->cooldown_ms);
    vdr_page_put(&w->line, "%s",
                 SAY(w, " met rust. Alleen een dringende regel gaat daarvoor.",
                     ". Only an urgent rule goes before that."));
    item(w);
    vdr_page_put(
        &w->line, "%s",
        SAY(w,
            "Heeft een huishouden al een regisseur, dan krijgt die ook de nieuwe signalen, als hun doel "
            "erbij past.",
            "If a household has a director already, new signals go to that director too, if their purpose "
            "fits."));
    item(w);
    vdr_page_put(&w->line, "%s",
                 SAY(w,
                     "Wat laat wordt gemeld, zet geen regel in werking. Het telt wel mee. Laat is: meer dan ",
                     "What is told late sets off no rule. It does count. Late is: more than "));
    put_duration(w, config->late_ms);
    vdr_page_put(&w->line, "%s", SAY(w, " nadat het gebeurde.", " after it happened."));
    item(w);
    vdr_page_put(&w->line, "%s",
                 SAY(w, "Trekt een organisatie een signaal in, dan telt het niet meer mee.",
                     "If an organisation takes back a signal, it no longer counts."));
    item(w);
}

static void
purposes(writer *w)
{
    const vdr_config *config = w->config;
    vdr_page_put(&w->line, "%s", SAY(w, "Welke doelen samen mogen", "Which purposes may meet"));
    heading(w, 2);
    vdr_page_put(
        &w->line, "%s",
        config->may_combine_count == 0
            ? SAY(w, "Signalen voor verschillende doelen worden nooit samen bekeken.",
                  "Signals for different purposes are never looked at together.")
            : SAY(w, "Signalen voor verschillende doelen worden alleen samen bekeken als dat hier staat.",
                  "Signals for different purposes are looked at together only where it is said here."));
    paragraph(w);
    for (size_t i = 0; i < config->may_combine_count; i++) {
        const vdr_config_pair *pair = &config->may_combine[i];
        bool again = false;
        for (size_t j = 0; j < i && !again; j++)
            again = combines(&(vdr_config){.may_combine = &config->may_combine[j], .may_combine_count = 1},
                             pair->a, pair->b);
        if (again)
            continue;
        put_word(w, pair->a);
        vdr_page_put(&w->line, "%s", SAY(w, " met ", " with "));
        put_word(w, pair->b);
        item(w);
    }
}

/* What a core area is, where a rule asks for them. */
static void
core_areas(writer *w)
{
    const vdr_config *config = w->config;
    bool asked = false;
    for (size_t i = 0; i < config->rule_count; i++)
        asked |= config->rules[i].at_least[VDR_MEASURE_CORE_AREAS] != 0;
    if (!asked)
        return;
    vdr_page_put(&w->line, "%s", SAY(w, "De kerngebieden", "The core areas"));
    heading(w, 2);
    vdr_page_put(&w->line, "%s",
                 SAY(w, "Elk leefgebied hoort bij een kerngebied:", "Each part of life is of a core area:"));
    paragraph(w);
    for (size_t i = 0; i < config->domain_count; i++) {
        put_word(w, config->domains[i].id);
        vdr_page_put(&w->line, ": ");
        if (config->domains[i].by_role)
            vdr_page_put(
                &w->line, "%s",
                SAY(w, "jeugd als het over een jeugdige gaat, volwassenen als het over een ander gaat",
                    "youth where it is about a young person, adults where it is about somebody else"));
        else
            put_word(w, config->domains[i].core_area);
        item(w);
    }
}

/* "nl.onderwijs.verzuim-gemeld.v1" is "verzuim gemeld". */
static void
put_type(writer *w, vdr_span id)
{
    size_t from = 0, to = id.len, dot = id.len;
    for (size_t i = id.len; i > 0 && id.at[i - 1] != '.'; i--)
        dot = i - 1;
    if (dot > 1 && dot < id.len && id.at[dot] == 'v' && id.len - dot <= 4)
        to = dot - 1;
    for (size_t i = 0; i < to; i++)
        if (id.at[i] == '.')
            from = i + 1;
    for (size_t i = from; i < to; i++) {
        uint8_t c = id.at[i] == '-' || id.at[i] == '_' ? ' ' : id.at[i];
        vdr_bytes_add(&w->line, vdr_span_of(&c, 1));
    }
}

static void
put_counting(writer *w, const vdr_config_type *type)
{
    switch (type->kind) {
    case VDR_SIGNAL_EVENT:
        vdr_page_put(&w->line, "%s", SAY(w, "Telt ", "Counts for "));
        put_duration(w, type->counts_for_ms);
        vdr_page_put(&w->line, "%s", SAY(w, " mee.", "."));
        break;
    case VDR_SIGNAL_STATE:
        vdr_page_put(&w->line, "%s",
                     SAY(w, "Telt mee tot de organisatie meldt dat het voorbij is, en niet langer dan ",
                         "Counts until the organisation tells that it is over, and no longer than "));
        put_duration(w, type->counts_for_ms);
        vdr_page_put(&w->line, ".");
        break;
    case VDR_SIGNAL_DEADLINE:
        vdr_page_put(&w->line, "%s",
                     SAY(w, "Telt mee tot de datum die erbij staat, en zonder datum ",
                         "Counts until the date that it names, and without one for "));
        put_duration(w, type->counts_for_ms);
        vdr_page_put(&w->line, ".");
        break;
    }
}

static void
types(writer *w)
{
    const vdr_config *config = w->config;
    vdr_page_put(&w->line, "%s", SAY(w, "De signalen", "The signals"));
    heading(w, 2);
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_type *type = &config->types[i];
        put_type(w, type->id);
        vdr_page_put(&w->line, " (%.*s)", VDR_TEXT(type->id));
        heading(w, 3);
        vdr_page_put(&w->line, "%s", SAY(w, "Gaat over: ", "Is about: "));
        put_word(w, type->domain);
        vdr_page_put(&w->line, "%s", SAY(w, ". Komt van: ", ". Comes from: "));
        put_words(w, type->agencies, true);
        vdr_page_put(&w->line, "%s", SAY(w, ". Doel: ", ". Purpose: "));
        put_word(w, type->purpose);
        vdr_page_put(&w->line, "%s", SAY(w, ". Grondslag: ", ". Legal basis: "));
        vdr_page_put(&w->line, "%.*s. ", VDR_TEXT(type->legal_basis));
        vdr_page_put(&w->line,
                     SAY(w, "Ernst, als de organisatie niets anders zegt: %u. ",
                         "Severity, unless the organisation says otherwise: %u. "),
                     type->severity);
        put_counting(w, type);
        vdr_page_put(&w->line, "%s", SAY(w, " Wordt bewaard: ", " Is kept for "));
        put_duration(w, type->retain_ms);
        vdr_page_put(&w->line, ".");
        if (type->follow_up_ms != 0) {
            vdr_page_put(&w->line, "%s",
                         SAY(w, " De dienst reageert binnen ", " The service answers within "));
            put_duration(w, type->follow_up_ms);
            vdr_page_put(&w->line, ".");
        }
        paragraph(w);
    }
}

void
vdr_sentences(const vdr_config *config, vdr_language language, vdr_form_of_page form, vdr_bytes *page)
{
    writer w = {.config = config, .language = language};
    char title[200];
    snprintf(title, sizeof title, "%s %.*s", SAY(&w, "Regels van", "Rules of"),
             VDR_TEXT(config->municipality));
    vdr_sheet_begin(&w.sheet, form, SAY(&w, "nl", "en"), title, page);
    introduction(&w);
    always(&w);
    vdr_page_put(&w.line, "%s", SAY(&w, "De regels", "The rules"));
    heading(&w, 2);
    for (size_t i = 0; i < config->rule_count; i++)
        one_rule(&w, &config->rules[i]);
    purposes(&w);
    core_areas(&w);
    types(&w);
    vdr_sheet_end(&w.sheet);
    vdr_bytes_done(&w.line);
}

bool
vdr_sentences_of_rule(const vdr_config *config, vdr_span rule, vdr_language language, vdr_form_of_page form,
                      vdr_bytes *page)
{
    writer w = {.config = config, .language = language, .sheet = {.page = page, .form = form}};
    size_t i = 0;
    while (i < config->rule_count && !vdr_span_equal(config->rules[i].id, rule))
        i++;
    if (i < config->rule_count)
        one_rule(&w, &config->rules[i]);
    vdr_bytes_done(&w.line);
    return i < config->rule_count;
}
