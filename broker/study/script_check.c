/* Does the configuration have what a script names? */
#include "broker/study/script.h"

#include "broker/door/reader.h"
#include "broker/study/page.h"
#include "broker/study/reach.h"

typedef struct known {
    vdr_reader reader;
    vdr_nameset types, agencies, rules, services, regisseurs, parties, codes, messages;
    const vdr_config *config;
} known;

static void
add_party(known *k, vdr_arena *arena, vdr_party_kind kind, vdr_span id)
{
    vdr_bytes text = {0};
    vdr_page_put(&text, "%s:%.*s", vdr_party_kind_name(kind), VDR_TEXT(id));
    vdr_span copy = vdr_arena_copy(arena, vdr_bytes_span(&text));
    vdr_bytes_done(&text);
    if (copy.at != NULL)
        (void)vdr_nameset_add(&k->parties, copy);
}

static void
know(known *k, const vdr_config *config, vdr_arena *arena)
{
    for (size_t i = 0; i < config->type_count; i++)
        (void)vdr_nameset_add(&k->types, config->types[i].id);
    for (size_t i = 0; i < config->rule_count; i++)
        (void)vdr_nameset_add(&k->rules, config->rules[i].id);
    for (size_t i = 0; i < config->agency_count; i++) {
        (void)vdr_nameset_add(&k->agencies, config->agencies[i].id);
        add_party(k, arena, VDR_PARTY_AGENCY, config->agencies[i].id);
    }
    for (size_t i = 0; i < config->service_count; i++) {
        (void)vdr_nameset_add(&k->services, config->services[i].id);
        add_party(k, arena, VDR_PARTY_SERVICE, config->services[i].id);
    }
    for (size_t i = 0; i < config->regisseur_count; i++) {
        (void)vdr_nameset_add(&k->regisseurs, config->regisseurs[i].id);
        add_party(k, arena, VDR_PARTY_REGISSEUR, config->regisseurs[i].id);
    }
    for (size_t i = 0; i < config->coordinators.count; i++)
        add_party(k, arena, VDR_PARTY_COORDINATOR, config->coordinators.at[i]);
    for (unsigned code = VDR_E_MALFORMED; code < VDR_E_ACCEPTED + 100; code++)
        if (vdr_err_known(code))
            (void)vdr_nameset_add(&k->codes, vdr_span_str(vdr_err_code((vdr_err)code)));
    for (unsigned kind = VDR_MESSAGE_REGULAR_SIGNAL; kind <= VDR_MESSAGE_LAST; kind++)
        (void)vdr_nameset_add(&k->messages, vdr_span_str(vdr_message_kind_name((vdr_message_kind)kind)));
}

static void
forget(known *k)
{
    vdr_nameset *sets[] = {&k->types,      &k->agencies, &k->rules, &k->services,
                           &k->regisseurs, &k->parties,  &k->codes, &k->messages};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        vdr_nameset_done(sets[i]);
}

static void
check(known *k, vdr_script_name name, const vdr_nameset *set, const char *what)
{
    if (name.text.at != NULL)
        vdr_reader_known(&k->reader, name.node, name.text, set, what);
}

static void
check_expect(known *k, const vdr_script_expect *expect)
{
    check(k, expect->rule, &k->rules, "rule of rules.yaml");
    check(k, expect->service, &k->services, "service of town.yaml");
    check(k, expect->code, &k->codes, "code of a refusal");
    check(k, expect->to, &k->parties, "party of town.yaml, like regisseur:ID");
    if (!vdr_span_equal(expect->regisseur.text, vdr_span_str("none")))
        check(k, expect->regisseur, &k->regisseurs, "regisseur of town.yaml (nor none)");
    if (expect->kind == VDR_EXPECT_MATCH) {
        check(k, expect->subject, &k->agencies, "agency of town.yaml");
        for (size_t i = 0; i < expect->names.count; i++)
            check(k, (vdr_script_name){expect->names.at[i], expect->subject.node}, &k->agencies,
                  "agency of town.yaml");
    }
    if (expect->kind == VDR_EXPECT_MESSAGE)
        check(k, expect->subject, &k->messages, "kind of message");
}

/* Somebody must be able to send it, unless a refusal is what is tested. */
static void
check_sender(known *k, const vdr_script_step *step)
{
    const vdr_config *config = k->config;
    if (step->act != VDR_SCRIPT_SIGNAL || step->agency.text.at != NULL || step->type.text.at == NULL ||
        !vdr_nameset_has(&k->types, step->type.text))
        return;
    for (size_t i = 0; i < config->type_count; i++)
        for (size_t a = 0; a < config->agency_count; a++)
            if (vdr_span_equal(config->types[i].id, step->type.text) &&
                vdr_study_has(config->types[i].agencies, config->agencies[a].kind))
                return;
    vdr_reader_fault(&k->reader, step->place, "agency: no agency of town.yaml may send %.*s; name one",
                     VDR_TEXT(step->type.text));
}

static bool
expects_refusal(const vdr_script_step *step)
{
    for (size_t i = 0; i < step->expect_count; i++)
        if (step->expects[i].kind == VDR_EXPECT_REFUSED && !step->expects[i].refuted)
            return true;
    return false;
}

vdr_err
vdr_script_check(const vdr_script *script, const vdr_config *config, vdr_config_faults *faults)
{
    vdr_arena arena;
    known k = {.reader = {.texts = &script->texts, .faults = faults}, .config = config};
    size_t before = faults->count + faults->more;

    vdr_arena_init(&arena, (size_t)64 * 1024 * 1024);
    know(&k, config, &arena);
    for (size_t t = 0; t < script->test_count; t++)
        for (size_t s = 0; s < script->tests[t].step_count; s++) {
            const vdr_script_step *step = &script->tests[t].steps[s];
            if (!expects_refusal(step))
                check(&k, step->type, &k.types, "type of catalogue.yaml");
            check(&k, step->agency, &k.agencies, "agency of town.yaml");
            check(&k, step->to, &k.regisseurs, "regisseur of town.yaml");
            check_sender(&k, step);
            for (size_t e = 0; e < step->expect_count; e++)
                check_expect(&k, &step->expects[e]);
        }
    forget(&k);
    vdr_arena_done(&arena);
    return faults->count + faults->more == before ? VDR_OK : VDR_E_BAD_CONFIG;
}
