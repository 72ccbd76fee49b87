#include "broker/study/dpia.h"

#include "broker/study/page.h"
#include "broker/study/reach.h"
#include "broker/study/sentence.h"
#include "proto/time.h"

#include <string.h>

#define ASK "*In te vullen door de gemeente:* "

/* ---- pieces */

static void
put_word(vdr_bytes *page, vdr_span name)
{
    vdr_span word = vdr_word_of(name, VDR_DUTCH);
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.at[i] == '_' ? ' ' : word.at[i];
        vdr_bytes_add(page, vdr_span_of(&c, 1));
    }
}

static void
put_words(vdr_bytes *page, vdr_names names)
{
    for (size_t i = 0; i < names.count; i++) {
        vdr_page_put(page, "%s", i == 0 ? "" : ", ");
        put_word(page, names.at[i]);
    }
}

static void
put_term(vdr_bytes *page, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *one, *many;
    } units[] = {{VDR_DAY_MS, "dag", "dagen"},
                 {3600000, "uur", "uur"},
                 {60000, "minuut", "minuten"},
                 {1000, "seconde", "seconden"}};
    size_t i = 0;
    while (i < 3 && ms % units[i].ms != 0)
        i++;
    int64_t count = ms / units[i].ms;
    vdr_page_put(page, "%lld %s", (long long)count, count == 1 ? units[i].one : units[i].many);
}

/* The service that gets regular signals of a domain (semantics section 7). */
static vdr_span
service_for(const vdr_config *config, vdr_span domain)
{
    for (size_t i = 0; i < config->service_count; i++)
        if (vdr_study_has(config->services[i].domains, domain))
            return config->services[i].id;
    for (size_t i = 0; i < config->service_count; i++)
        if (config->services[i].all)
            return config->services[i].id;
    return vdr_span_str("-");
}

/* ---- sections */

static void
introduction(const vdr_config *config, vdr_bytes *page)
{
    vdr_page_put(page, "# Gegevensbeschermingseffectbeoordeling (DPIA): Voordeur in gemeente %.*s\n\n",
                 VDR_TEXT(config->municipality));
    vdr_page_put(
        page,
        "Gemaakt uit de configuratie met `voordeur rules dpia --config DIR`. Verandert de configuratie, maak "
        "deze pagina dan opnieuw.\nVersie van de configuratie: `");
    for (size_t i = 0; i < sizeof config->fingerprint.bytes; i++)
        vdr_page_put(page, "%02x", config->fingerprint.bytes[i]);
    vdr_page_put(
        page,
        "`.\n\n## 1 Wat gebeurt er met gegevens\n\n"
        "Organisaties geven signalen over huishoudens. Voordeur bewaart ze, brengt per huishouden bij elkaar "
        "wat bij "
        "elkaar hoort, en geeft elk signaal\naan de dienst die ervoor is. Alleen als een gepubliceerde regel "
        "geldt, "
        "stelt Voordeur één regisseur voor. Een mens beslist. Er zijn geen punten,\ngeen scores en geen "
        "lijsten van "
        "gezinnen; niemand kan op persoon zoeken.\n\n" ASK
        "de aanleiding, het doel in eigen woorden en wie verwerkingsverantwoordelijk is.\n\n"
        "## 2 Persoonsgegevens\n\n"
        "| gegeven | waarvan | waarvoor | wie het ziet |\n|---|---|---|---|\n"
        "| burgerservicenummer | personen in een signaal | signalen van één huishouden bij elkaar brengen; "
        "de regels "
        "zien alleen een pseudoniem | de dienst of regisseur van het signaal |\n"
        "| adres (BAG) en buurt | de woning | hetzelfde; de buurt kiest de regisseur | de dienst of "
        "regisseur van het "
        "signaal |\n"
        "| rol (bijvoorbeeld jeugdige) | personen in een signaal | kerngebied van een signaal | dezelfde |\n"
        "| soort, tijd en ernst van het signaal | het huishouden | de regels van de bijlage | dezelfde, en "
        "de organisatie "
        "die het gaf |\n"
        "| vrije tekst | het signaal | hulp aan het huishouden; regels lezen haar niet | dezelfde |\n"
        "| plan en uitkomst | de zaak | hulp aan het huishouden | de regisseur |\n\n");
}

static void
signals(const vdr_config *config, vdr_bytes *page)
{
    vdr_page_put(page, "## 3 Doelen, grondslagen, ontvangers en termijnen\n\n"
                       "| signaal | doel | grondslag | komt van | gaat naar | telt mee | wordt bewaard |\n"
                       "|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_type *type = &config->types[i];
        vdr_page_put(page, "| `%.*s` | ", VDR_TEXT(type->id));
        put_word(page, type->purpose);
        vdr_page_put(page, " | %.*s | ", VDR_TEXT(type->legal_basis));
        put_words(page, type->agencies);
        vdr_page_put(page, " | %.*s; regisseur | ", VDR_TEXT(service_for(config, type->domain)));
        put_term(page, type->counts_for_ms);
        vdr_page_put(page, " | ");
        put_term(page, type->retain_ms);
        vdr_page_put(page, " |\n");
    }
    vdr_page_put(page, "\nEen afgesloten zaak wordt ");
    put_term(page, config->retain_cases_ms);
    vdr_page_put(
        page, " bewaard. Een huishouden verdwijnt met zijn laatste signaal of zaak. Wat verdwijnt, verdwijnt "
              "ook uit kopieën:\nde sleutel ervan wordt vernietigd.\n\n" ASK
              "bij elke grondslag het artikel, en waarom zonder dit gegeven niet geholpen kan worden.\n\n"
              "### Doelen die samen mogen worden bekeken\n\n");
    for (size_t i = 0; i < config->may_combine_count; i++) {
        vdr_page_put(page, "- ");
        put_word(page, config->may_combine[i].a);
        vdr_page_put(page, " en ");
        put_word(page, config->may_combine[i].b);
        vdr_page_put(page, "\n");
    }
    vdr_page_put(page, "%sEen regel die andere doelen wil verbinden, wordt geweigerd.\n\n",
                 config->may_combine_count == 0 ? "" : "\n");
}

static void
put_ids(vdr_bytes *page, vdr_names ids)
{
    for (size_t i = 0; i < ids.count; i++)
        vdr_page_put(page, "%s`%.*s`", i == 0 ? "" : ", ", VDR_TEXT(ids.at[i]));
    if (ids.count == 0)
        vdr_page_put(page, "niemand");
}

/* Nothing where no agency has one. */
static void
convenants(const vdr_config *config, vdr_bytes *page)
{
    bool any = false;
    for (size_t i = 0; i < config->agency_count; i++) {
        const vdr_config_convenant *convenant = &config->agencies[i].convenant;
        char from[VDR_TIME_TEXT_BYTES], until[VDR_TIME_TEXT_BYTES];
        if (convenant->id.at == NULL)
            continue;
        if (!any)
            vdr_page_put(page, "\nBuiten de looptijd van het convenant wordt een signaal geweigerd:\n\n"
                               "| organisatie | convenant | van | tot |\n|---|---|---|---|\n");
        any = true;
        vdr_time_format(convenant->from, from);
        vdr_time_format(convenant->until, until);
        vdr_page_put(page, "| `%.*s` | `%.*s` | %.10s | %.10s |\n", VDR_TEXT(config->agencies[i].id),
                     VDR_TEXT(convenant->id), from, until);
    }
}

static void
parties(const vdr_config *config, vdr_bytes *page)
{
    vdr_page_put(
        page, "## 4 Wie doet mee, en wat ziet wie\n\n| organisatie | soort | afzender | hoort dat een ander "
              "betrokken is |\n|---|---|---|---|\n");
    for (size_t i = 0; i < config->agency_count; i++) {
        const vdr_config_agency *agency = &config->agencies[i];
        vdr_page_put(page, "| `%.*s` | ", VDR_TEXT(agency->id));
        put_word(page, agency->kind);
        vdr_page_put(page, " | `%.*s` | %s |\n", VDR_TEXT(agency->source),
                     agency->sees_match ? "ja, nooit waarom" : "nee");
    }
    convenants(config, page);
    vdr_page_put(page, "\n| dienst | krijgt signalen over |\n|---|---|\n");
    for (size_t i = 0; i < config->service_count; i++) {
        const vdr_config_service *service = &config->services[i];
        vdr_page_put(page, "| `%.*s` | ", VDR_TEXT(service->id));
        put_words(page, service->domains);
        vdr_page_put(page, "%s |\n",
                     service->all ? (service->domains.count != 0 ? ", al het andere" : "al het andere") : "");
    }
    vdr_page_put(
        page,
        "\n- Een **organisatie** ziet haar eigen signalen, en hooguit wie de regisseur is.\n"
        "- Een **regisseur** (%zu in deze gemeente) ziet de zaken die hem of haar zijn aangeboden of "
        "gegeven, en verder niets.\n- Een **dienst** ziet de signalen die zij kreeg.\n- **Coördinatoren** (",
        config->regisseur_count);
    put_ids(page, config->coordinators);
    vdr_page_put(page, ") verdelen wat niemand heeft.\n- **Functionarissen** voor de privacy (");
    put_ids(page, config->privacy_officers);
    vdr_page_put(
        page,
        ") behandelen verzoeken van inwoners en kunnen wissen.\n- **Beheerders** zien aantallen, regels en "
        "de toestand van het systeem, nooit personen.\n\n" ASK
        "het convenant met elke organisatie: datum, looptijd en wie het tekende.\n\n");
}

static void
guards(const vdr_config *config, vdr_bytes *page)
{
    if (config->guard_count == 0)
        return;
    vdr_page_put(page, "### Grenzen aan wat een organisatie tegelijk meldt\n\n");
    for (size_t i = 0; i < config->guard_count; i++) {
        const vdr_config_guard *guard = &config->guards[i];
        static const char *const per[] = {"", "per organisatie", "per organisatie en adres",
                                          "per organisatie en buurt"};
        vdr_page_put(page, "- `%.*s`: hooguit %llu %s in ", VDR_TEXT(guard->id),
                     (unsigned long long)guard->max,
                     guard->count == VDR_GUARD_PERSONS ? "personen" : "signalen");
        put_term(page, guard->per_ms);
        vdr_page_put(page, ", %s; daarna %s\n", per[guard->same],
                     guard->refuse ? "wordt geweigerd" : "krijgt de beheerder bericht");
    }
    vdr_page_put(page, "\n");
}

static void
risks(const vdr_config *config, vdr_bytes *page)
{
    vdr_page_put(
        page,
        "## 5 Rechtmatigheid en rechten\n\n"
        "- **Noodzaak.** Een signaal houdt alleen wat er in het schema staat; onbekende gegevens worden "
        "geweigerd.\n"
        "- **Doelbinding.** Elk signaal heeft één doel en één grondslag; regels verbinden alleen wat in 3 "
        "staat.\n"
        "- **Geen besluit door een computer.** Een regel stelt voor; een regisseur neemt aan of wijst af.\n"
        "- **Inzage, verbetering, bezwaar, beperking en wissen** zijn handelingen in het systeem, met hun "
        "termijn.\n"
        "- **Uitleg.** Elke beslissing noemt de regel, zijn versie en de signalen die telden.\n\n" ASK
        "hoe inwoners worden ingelicht, en bij wie zij met een verzoek terechtkunnen.\n\n"
        "## 6 Risico's en maatregelen\n\n| risico | maatregel |\n|---|---|\n"
        "| iemand leest de opslag of een kopie | inhoud is versleuteld; de sleutels liggen erbuiten |\n"
        "| iemand doet zich voor als een organisatie | elke partij heeft een eigen sleutel; wie men is, "
        "volgt alleen "
        "daaruit |\n"
        "| iemand ziet meer dan mag | één tabel zegt per rol wat gezien wordt; wat gezien is, staat in het "
        "logboek |\n"
        "| een regel treft de verkeerde huishoudens | regels worden vooraf beproefd op het verleden, en met "
        "vier ogen "
        "aangezet |\n"
        "| een organisatie meldt een hele klas of straat | %s |\n"
        "| twee huishoudens worden verwisseld | alleen mensen voegen samen of splitsen; een adres alleen "
        "voegt hooguit "
        "tot %llu personen samen |\n"
        "| gegevens blijven te lang | termijnen van 3 werken vanzelf; sleutels worden vernietigd |\n"
        "| het logboek wordt veranderd | elke regel bewijst de vorige; `voordeur verify` vindt elke "
        "verandering |\n\n" ASK
        "de weging van elk risico (kans, gevolg) voor deze gemeente, het advies van de functionaris voor "
        "gegevensbescherming en de datum.\n\n",
        config->guard_count != 0 ? "grenzen per organisatie, zie hieronder"
                                 : "geen grens ingesteld: overweeg `guards` in town.yaml",
        (unsigned long long)config->persons_max);
    guards(config, page);
}

/* The page of the rules, each heading one level lower. */
static void
appendix(const vdr_config *config, vdr_bytes *page)
{
    vdr_bytes rules = {0};
    vdr_sentences(config, VDR_DUTCH, VDR_PAGE_MARKDOWN, &rules);
    vdr_page_put(page, "## Bijlage: de regels in zinnen\n\n");
    for (size_t at = 0; at < rules.len;) {
        const uint8_t *end = memchr(rules.at + at, '\n', rules.len - at);
        size_t len = end != NULL ? (size_t)(end - (rules.at + at)) + 1 : rules.len - at;
        if (rules.at[at] == '#')
            vdr_page_put(page, "#");
        vdr_bytes_add(page, vdr_span_of(rules.at + at, len));
        at += len;
    }
    vdr_bytes_done(&rules);
}

void
vdr_dpia(const vdr_config *config, vdr_bytes *page)
{
    introduction(config, page);
    signals(config, page);
    parties(config, page);
    risks(config, page);
    appendix(config, page);
}
