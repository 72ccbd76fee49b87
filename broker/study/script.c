#include "broker/study/script.h"

#include "broker/door/reader.h"
#include "broker/study/page.h"
#include "proto/limits.h"
#include "proto/time.h"

#include <stdlib.h>

#define TREE_BYTES_MAX   ((size_t)256 * 1024 * 1024)
#define SCRIPT_BYTES_MAX ((size_t)256 * 1024 * 1024)
#define BEGIN_DEFAULT    INT64_C(1767603600000) /* 2026-01-05T09:00:00Z, a Monday */

static const char *const act_names[VDR_SCRIPT_ACTS] = {
    [VDR_SCRIPT_NOTHING] = "nothing", [VDR_SCRIPT_SIGNAL] = "signal",     [VDR_SCRIPT_WITHDRAW] = "withdraw",
    [VDR_SCRIPT_END] = "end",         [VDR_SCRIPT_FEEDBACK] = "feedback", [VDR_SCRIPT_ACCEPT] = "accept",
    [VDR_SCRIPT_DECLINE] = "decline", [VDR_SCRIPT_DISMISS] = "dismiss",   [VDR_SCRIPT_CLOSE] = "close",
    [VDR_SCRIPT_ASSIGN] = "assign",
};
static const char *const kind_names[VDR_EXPECT_KINDS] = {
    [VDR_EXPECT_CASE] = "case",         [VDR_EXPECT_REGULAR] = "regular", [VDR_EXPECT_ATTACHED] = "attached",
    [VDR_EXPECT_PROPOSED] = "proposed", [VDR_EXPECT_REFUSED] = "refused", [VDR_EXPECT_OVERDUE] = "overdue",
    [VDR_EXPECT_HOLDS] = "holds",       [VDR_EXPECT_LATCH] = "latch",     [VDR_EXPECT_WATCH] = "watch",
    [VDR_EXPECT_MATCH] = "match",       [VDR_EXPECT_MESSAGE] = "message", [VDR_EXPECT_REVIEW] = "review",
    [VDR_EXPECT_SAME] = "same",
};

const char *
vdr_script_kind_name(vdr_script_kind kind)
{
    return kind < VDR_EXPECT_KINDS ? kind_names[kind] : "nothing";
}

const char *
vdr_script_act_name(vdr_script_act act)
{
    return act < VDR_SCRIPT_ACTS ? act_names[act] : "nothing";
}

/* Free text of a file: names of households and signals, and what services say. It is shown as it is. */
static void
read_text(vdr_reader *reader, const vdr_yaml *node, vdr_span *ret_text)
{
    vdr_span text;
    if (node == NULL || !vdr_reader_text(reader, node, &text))
        return;
    if (text.len > VDR_NAME_BYTES_MAX)
        vdr_reader_fault(reader, node->place, "%.*s: expected at most %u bytes, found %zu",
                         VDR_SHOWN(vdr_reader_label(node)), VDR_NAME_BYTES_MAX, text.len);
    else if (!vdr_page_is_plain(text))
        vdr_reader_fault(reader, node->place, "%.*s: expected a text without control characters",
                         VDR_SHOWN(vdr_reader_label(node)));
    else
        *ret_text = text;
}

static void
read_name(vdr_reader *reader, const vdr_yaml *node, vdr_script_name *ret_name)
{
    read_text(reader, node, &ret_name->text);
    ret_name->node = node;
}

static void
read_texts(vdr_reader *reader, const vdr_yaml *node, size_t exactly, vdr_names *ret_names)
{
    if (node == NULL || !vdr_reader_is_list(reader, node))
        return;
    vdr_span *names = vdr_reader_array(reader, node->count, sizeof names[0]);
    size_t count = 0;
    for (const vdr_yaml *item = node->first; item != NULL && names != NULL; item = item->next)
        read_text(reader, item, &names[count++]);
    if (exactly != 0 && node->count != exactly)
        vdr_reader_fault(reader, node->place, "%.*s: expected %zu names, found %zu",
                         VDR_SHOWN(vdr_reader_label(node)), exactly, node->count);
    else
        *ret_names = (vdr_names){.at = names, .count = count};
}

/* ---- what is expected */

static const char *
state_word(unsigned number)
{
    return vdr_case_state_name((vdr_case_state)number);
}

static const char *
priority_word(unsigned number)
{
    return vdr_priority_name((vdr_priority)number);
}

enum {
    EXPECT_RULE = VDR_EXPECT_KINDS, /* the kinds themselves come first */
    EXPECT_STATE,
    EXPECT_PRIORITY,
    EXPECT_REGISSEUR,
    EXPECT_SIGNALS,
    EXPECT_SERVICE,
    EXPECT_CODE,
    EXPECT_TO,
    EXPECT_SIGNAL,
    EXPECT_AGENCIES,
    EXPECT_KEYS
};

/* Which members an expectation of each kind may have. */
#define BIT(key) (1u << ((key)-VDR_EXPECT_KINDS))
static const unsigned expect_members[VDR_EXPECT_KINDS] = {
    [VDR_EXPECT_CASE] = BIT(EXPECT_RULE) | BIT(EXPECT_STATE) | BIT(EXPECT_PRIORITY) | BIT(EXPECT_REGISSEUR) |
                        BIT(EXPECT_SIGNALS),
    [VDR_EXPECT_REGULAR] = BIT(EXPECT_SERVICE),
    [VDR_EXPECT_REFUSED] = BIT(EXPECT_CODE),
    [VDR_EXPECT_HOLDS] = BIT(EXPECT_RULE),
    [VDR_EXPECT_LATCH] = BIT(EXPECT_RULE),
    [VDR_EXPECT_WATCH] = BIT(EXPECT_RULE),
    [VDR_EXPECT_MATCH] = BIT(EXPECT_RULE) | BIT(EXPECT_AGENCIES),
    [VDR_EXPECT_MESSAGE] = BIT(EXPECT_TO) | BIT(EXPECT_SIGNAL),
};

static void
read_expect_members(vdr_reader *reader, const vdr_yaml *const *values, vdr_script_expect *expect)
{
    unsigned number;
    read_name(reader, values[EXPECT_RULE], &expect->rule);
    if (vdr_reader_word(reader, values[EXPECT_STATE], state_word, VDR_CASE_UNASSIGNED, VDR_CASE_MERGED,
                        &number))
        expect->state = (vdr_case_state)number;
    if (vdr_reader_word(reader, values[EXPECT_PRIORITY], priority_word, VDR_PRIORITY_NORMAL,
                        VDR_PRIORITY_URGENT, &number))
        expect->priority = (vdr_priority)number;
    read_name(reader, values[EXPECT_REGISSEUR], &expect->regisseur);
    read_texts(reader, values[EXPECT_SIGNALS], 0, &expect->signals);
    read_name(reader, values[EXPECT_SERVICE], &expect->service);
    read_name(reader, values[EXPECT_CODE], &expect->code);
    read_name(reader, values[EXPECT_TO], &expect->to);
    read_text(reader, values[EXPECT_SIGNAL], &expect->signal);
    read_texts(reader, values[EXPECT_AGENCIES], 0, &expect->names);
}

static bool
read_expect(vdr_reader *reader, const vdr_yaml *node, bool refuted, vdr_script_expect *expect)
{
    static const char *const members[EXPECT_KEYS - VDR_EXPECT_KINDS] = {
        "rule", "state", "priority", "regisseur", "signals", "service", "code", "to", "signal", "agencies"};
    vdr_reader_key keys[EXPECT_KEYS] = {{NULL, false}};
    const vdr_yaml *values[EXPECT_KEYS], *found = NULL;

    for (unsigned i = 0; i < EXPECT_KEYS; i++)
        keys[i].name = i < VDR_EXPECT_KINDS ? kind_names[i] : members[i - VDR_EXPECT_KINDS];
    if (!vdr_reader_map(reader, node, keys, EXPECT_KEYS, values))
        return false;
    *expect = (vdr_script_expect){.place = node->place, .refuted = refuted};
    for (unsigned i = 0; i < VDR_EXPECT_KINDS; i++) {
        if (values[i] == NULL)
            continue;
        if (found != NULL)
            vdr_reader_fault(reader, vdr_reader_place(values[i]),
                             "%s: %.*s is expected here already; one thing a line", kind_names[i],
                             VDR_SHOWN(found->key->text));
        found = values[i];
        expect->kind = (vdr_script_kind)i;
    }
    if (found == NULL) {
        vdr_reader_fault(reader, node->place,
                         "say what is expected: case, regular, attached, proposed, refused, overdue, holds, "
                         "latch, watch, match, message, review or same");
        return false;
    }
    for (unsigned i = VDR_EXPECT_KINDS; i < EXPECT_KEYS; i++)
        if (values[i] != NULL && (expect_members[expect->kind] & BIT(i)) == 0)
            vdr_reader_fault(reader, vdr_reader_place(values[i]), "%s says nothing about %s", keys[i].name,
                             kind_names[expect->kind]);
    read_expect_members(reader, values, expect);
    if (expect->kind == VDR_EXPECT_REVIEW || expect->kind == VDR_EXPECT_SAME)
        read_texts(reader, found, 2, &expect->names);
    else
        read_name(reader, found, &expect->subject);
    if ((expect->kind == VDR_EXPECT_HOLDS || expect->kind == VDR_EXPECT_LATCH) && values[EXPECT_RULE] == NULL)
        vdr_reader_fault(reader, node->place, "%s: say which rule", kind_names[expect->kind]);
    return true;
}

static void
read_expects(vdr_reader *reader, const vdr_yaml *expected, const vdr_yaml *refuted, vdr_script_step *step)
{
    const vdr_yaml *lists[] = {expected, refuted};
    size_t room = 0, count = 0;
    for (size_t l = 0; l < 2; l++)
        room += lists[l] != NULL && vdr_reader_is_list(reader, lists[l]) ? lists[l]->count : 0;
    vdr_script_expect *expects = vdr_reader_array(reader, room, sizeof expects[0]);
    for (size_t l = 0; l < 2 && expects != NULL; l++) {
        if (lists[l] == NULL || lists[l]->kind != VDR_YAML_LIST)
            continue;
        for (const vdr_yaml *item = lists[l]->first; item != NULL; item = item->next)
            count += read_expect(reader, item, l == 1, &expects[count]);
    }
    step->expects = expects;
    step->expect_count = count;
}

/* ---- steps */

enum {
    STEP_AT,
    STEP_ADVANCE,
    STEP_EXPECT,
    STEP_EXPECT_NOT,
    STEP_TYPE, /* from here to STEP_ACT_BEFORE: of a signal only */
    STEP_AGENCY,
    STEP_HOUSEHOLD,
    STEP_ROLE,
    STEP_PERSONS,
    STEP_ADDRESS,
    STEP_DISTRICT,
    STEP_SEVERITY,
    STEP_AGO,
    STEP_SUPERSEDES,
    STEP_ACT_BEFORE,
    STEP_RESULT, /* feedback */
    STEP_TO,     /* assign */
    STEP_FIRST_ACT,
    STEP_KEYS = STEP_FIRST_ACT + VDR_SCRIPT_ACTS - 1
};

static const vdr_reader_key step_keys[STEP_KEYS] = {
    [STEP_AT] = {"at", false},
    [STEP_ADVANCE] = {"advance", false},
    [STEP_EXPECT] = {"expect", false},
    [STEP_EXPECT_NOT] = {"expect_not", false},
    [STEP_TYPE] = {"type", false},
    [STEP_AGENCY] = {"agency", false},
    [STEP_HOUSEHOLD] = {"household", false},
    [STEP_ROLE] = {"role", false},
    [STEP_PERSONS] = {"persons", false},
    [STEP_ADDRESS] = {"address", false},
    [STEP_DISTRICT] = {"district", false},
    [STEP_SEVERITY] = {"severity", false},
    [STEP_AGO] = {"ago", false},
    [STEP_SUPERSEDES] = {"supersedes", false},
    [STEP_ACT_BEFORE] = {"act_before", false},
    [STEP_RESULT] = {"result", false},
    [STEP_TO] = {"to", false},
    [STEP_FIRST_ACT] = {"signal", false},
    {"withdraw", false},
    {"end", false},
    {"feedback", false},
    {"accept", false},
    {"decline", false},
    {"dismiss", false},
    {"close", false},
    {"assign", false},
};

static void
read_person(vdr_reader *reader, const vdr_yaml *node, vdr_script_person *person)
{
    static const vdr_reader_key keys[] = {{"name", true}, {"role", false}};
    const vdr_yaml *values[2];
    if (node->kind == VDR_YAML_SCALAR) {
        read_text(reader, node, &person->name);
    } else if (vdr_reader_map(reader, node, keys, 2, values)) {
        read_text(reader, values[0], &person->name);
        read_text(reader, values[1], &person->role);
    }
}

/* The household's own person first, then the others. */
static void
read_persons(vdr_reader *reader, const vdr_yaml *const *values, vdr_script_step *step)
{
    const vdr_yaml *list = values[STEP_PERSONS], *household = values[STEP_HOUSEHOLD];
    size_t room = 1, count = 0;
    if (list != NULL && vdr_reader_is_list(reader, list))
        room += list->count;
    vdr_script_person *persons = vdr_reader_array(reader, room, sizeof persons[0]);
    if (persons == NULL)
        return;
    if (household != NULL) {
        read_text(reader, household, &persons[count].name);
        read_text(reader, values[STEP_ROLE], &persons[count].role);
        count++;
    } else if (values[STEP_ROLE] != NULL) {
        vdr_reader_fault(reader, vdr_reader_place(values[STEP_ROLE]),
                         "role: whose? it is that of household; write persons: [{name: …, role: …}]");
    }
    if (room > 1)
        for (const vdr_yaml *item = list->first; item != NULL; item = item->next)
            read_person(reader, item, &persons[count++]);
    step->persons = persons;
    step->person_count = count;
}

static void
read_signal(vdr_reader *reader, const vdr_yaml *node, const vdr_yaml *const *values, vdr_script_step *step)
{
    if (values[STEP_TYPE] == NULL)
        vdr_reader_fault(reader, node->place, "type: this key is missing; a signal has one");
    read_name(reader, values[STEP_TYPE], &step->type);
    read_name(reader, values[STEP_AGENCY], &step->agency);
    read_persons(reader, values, step);
    read_text(reader, values[STEP_ADDRESS], &step->address);
    read_text(reader, values[STEP_DISTRICT], &step->district);
    read_text(reader, values[STEP_SUPERSEDES], &step->supersedes);
    (void)vdr_reader_severity(reader, values[STEP_SEVERITY], &step->severity);
    (void)vdr_reader_duration(reader, values[STEP_AGO], true, &step->ago_ms);
    (void)vdr_reader_duration(reader, values[STEP_ACT_BEFORE], false, &step->act_before_ms);
}

static void
read_act(vdr_reader *reader, const vdr_yaml *node, const vdr_yaml *const *values, vdr_script_step *step)
{
    for (unsigned i = STEP_FIRST_ACT; i < STEP_KEYS; i++) {
        if (values[i] == NULL)
            continue;
        if (step->act != VDR_SCRIPT_NOTHING)
            vdr_reader_fault(reader, vdr_reader_place(values[i]), "%s: the step does something else already",
                             step_keys[i].name);
        else
            step->act = (vdr_script_act)(i - STEP_FIRST_ACT + VDR_SCRIPT_SIGNAL);
        read_name(reader, values[i], &step->subject);
    }
    for (unsigned i = STEP_TYPE; i < STEP_FIRST_ACT; i++) {
        vdr_script_act of = i == STEP_RESULT ? VDR_SCRIPT_FEEDBACK
                            : i == STEP_TO   ? VDR_SCRIPT_ASSIGN
                                             : VDR_SCRIPT_SIGNAL;
        if (values[i] != NULL && step->act != of)
            vdr_reader_fault(reader, vdr_reader_place(values[i]), "%s says something about %s only",
                             step_keys[i].name, vdr_script_act_name(of));
    }
    if (step->act == VDR_SCRIPT_SIGNAL)
        read_signal(reader, node, values, step);
    read_text(reader, values[STEP_RESULT], &step->result);
    read_name(reader, values[STEP_TO], &step->to);
    if (step->act == VDR_SCRIPT_ASSIGN && values[STEP_TO] == NULL)
        vdr_reader_fault(reader, node->place, "to: this key is missing; say to which regisseur");
}

/* True: something is expected, or is meant to be. */
static bool
read_step(vdr_reader *reader, const vdr_yaml *node, vdr_ms begin, int64_t *inout_at_ms, vdr_script_step *step)
{
    const vdr_yaml *values[STEP_KEYS];
    int64_t at_ms = *inout_at_ms, more_ms = 0;

    VDR_ASSERT(node != NULL);
    step->place = node->place;
    if (!vdr_reader_map(reader, node, step_keys, STEP_KEYS, values))
        return true;
    if (values[STEP_AT] != NULL && values[STEP_ADVANCE] != NULL)
        vdr_reader_fault(reader, vdr_reader_place(values[STEP_ADVANCE]),
                         "advance: the step has an at already");
    if (values[STEP_AT] != NULL && vdr_reader_duration(reader, values[STEP_AT], true, &at_ms) &&
        at_ms < *inout_at_ms) {
        vdr_reader_fault(reader, values[STEP_AT]->place,
                         "at: the step before is later; time never goes back");
        at_ms = *inout_at_ms;
    }
    if (vdr_reader_duration(reader, values[STEP_ADVANCE], true, &more_ms))
        at_ms += more_ms;
    if (at_ms > VDR_TIME_MAX - begin - 36500 * VDR_DAY_MS) {
        vdr_reader_fault(reader, node->place, "the step lies after the year 9999");
        at_ms = *inout_at_ms;
    }
    step->at_ms = *inout_at_ms = at_ms;
    read_act(reader, node, values, step);
    read_expects(reader, values[STEP_EXPECT], values[STEP_EXPECT_NOT], step);
    return values[STEP_EXPECT] != NULL || values[STEP_EXPECT_NOT] != NULL;
}

static void
read_test(vdr_reader *reader, const vdr_yaml *node, vdr_ms begin, vdr_nameset *names, vdr_script_test *test)
{
    static const vdr_reader_key keys[] = {{"name", true}, {"steps", true}};
    const vdr_yaml *values[2];
    int64_t at_ms = 0;

    test->place = node->place;
    if (!vdr_reader_map(reader, node, keys, 2, values))
        return;
    read_text(reader, values[0], &test->name);
    if (test->name.at != NULL)
        vdr_reader_once(reader, values[0], test->name, names);
    if (!vdr_reader_is_list(reader, values[1]))
        return;
    if (values[1]->count == 0 || values[1]->count > VDR_SCRIPT_STEPS_MAX)
        vdr_reader_fault(reader, vdr_reader_place(values[1]), "steps: expected 1 to %u steps, found %zu",
                         VDR_SCRIPT_STEPS_MAX, values[1]->count);
    vdr_script_step *steps = vdr_reader_array(reader, values[1]->count, sizeof steps[0]);
    size_t count = 0;
    bool expects = false;
    for (const vdr_yaml *item = values[1]->first; item != NULL && steps != NULL; item = item->next)
        expects |= read_step(reader, item, begin, &at_ms, &steps[count++]);
    if (!expects && values[1]->count != 0)
        vdr_reader_fault(reader, node->place, "nothing is expected: the test cannot fail");
    test->steps = steps;
    test->step_count = count;
}

static void
read_root(vdr_reader *reader, const vdr_yaml *root, vdr_script *script)
{
    static const vdr_reader_key keys[] = {{"config", false}, {"begin", false}, {"tests", true}};
    const vdr_yaml *values[3];
    vdr_nameset names = {0};

    if (!vdr_reader_map(reader, root, keys, 3, values))
        return;
    read_text(reader, values[0], &script->config);
    (void)vdr_reader_instant(reader, values[1], &script->begin);
    if (!vdr_reader_is_list(reader, values[2]))
        return;
    vdr_script_test *tests = vdr_reader_array(reader, values[2]->count, sizeof tests[0]);
    size_t count = 0;
    for (const vdr_yaml *item = values[2]->first; item != NULL && tests != NULL; item = item->next)
        read_test(reader, item, script->begin, &names, &tests[count++]);
    vdr_nameset_done(&names);
    script->tests = tests;
    script->test_count = count;
}

static void
yaml_fault(void *context, vdr_place place, const char *message)
{
    vdr_reader_fault(context, place, "%s", message);
}

vdr_err
vdr_script_read(const char *file, vdr_span text, vdr_config_faults *faults, vdr_script **ret_script)
{
    vdr_script *script = vdr_alloc(1, sizeof *script);
    vdr_arena_init(&script->arena, SCRIPT_BYTES_MAX);
    vdr_arena_init(&script->tree, TREE_BYTES_MAX);
    script->file = vdr_arena_copy(&script->arena, vdr_span_str(file));
    script->config = vdr_span_str("..");
    script->begin = BEGIN_DEFAULT;
    script->texts = (vdr_config_texts){.name = {script->file}, .text = {text}};
    vdr_reader reader = {.texts = &script->texts, .faults = faults, .arena = &script->arena};
    size_t before = faults->count + faults->more;

    if (text.len > VDR_CONF_BYTES_MAX) {
        vdr_reader_fault(&reader, (vdr_place){1, 1}, "longer than %u bytes", VDR_CONF_BYTES_MAX);
    } else {
        const vdr_yaml *root = vdr_yaml_read(text, &script->tree, (vdr_yaml_listener){yaml_fault, &reader});
        if (root != NULL)
            read_root(&reader, root, script);
    }
    if (script->arena.overflow)
        vdr_reader_fault(&reader, (vdr_place){1, 1}, "more than a file of tests may hold");
    if (faults->count + faults->more != before) {
        vdr_script_free(&script);
        return VDR_E_BAD_CONFIG;
    }
    *ret_script = script;
    return VDR_OK;
}

void
vdr_script_free(vdr_script **script_p)
{
    vdr_script *script = *script_p;
    if (script == NULL)
        return;
    vdr_arena_done(&script->tree);
    vdr_arena_done(&script->arena);
    free(script);
    *script_p = NULL;
}
