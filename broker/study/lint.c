#include "broker/study/lint_inside.h"

#include "proto/time.h"
#include "proto/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_BYTES 1024

static const vdr_lint_code codes[VDR_LINT_CODES] = {
    [VDR_LINT_NEVER_HOLDS] = {"never-holds", VDR_LINT_ERROR,
                              "no signals that may be sent can make the rule hold"},
    [VDR_LINT_ALWAYS_PRECEDED] = {"always-preceded", VDR_LINT_WARNING,
                                  "whenever the rule holds, another has already done as much"},
    [VDR_LINT_SAME_RULE] = {"same-rule", VDR_LINT_WARNING, "two rules hold for the same households"},
    [VDR_LINT_ONE_AGENCY_ALONE] = {"one-agency-alone", VDR_LINT_WARNING,
                                   "one agency alone can set off a case (urgent: warning; otherwise a note)"},
    [VDR_LINT_WINDOW_LONGER_THAN_RETENTION] = {"window-longer-than-retention", VDR_LINT_WARNING,
                                               "over looks back further than anything it counts is kept"},
    [VDR_LINT_WINDOW_WITHOUT_EFFECT] = {"window-without-effect", VDR_LINT_NOTE,
                                        "over leaves nothing out that counts_for does not leave out"},
    [VDR_LINT_CLAUSE_WITHOUT_EFFECT] = {"clause-without-effect", VDR_LINT_NOTE,
                                        "a measure that the others already say"},
    [VDR_LINT_FILTER_WITHOUT_TYPE] = {"filter-without-type", VDR_LINT_WARNING,
                                      "where names something that no counted signal can have"},
    [VDR_LINT_PURPOSE_WITHOUT_TYPE] = {"purpose-without-type", VDR_LINT_WARNING,
                                       "a purpose of the rule for which it counts nothing"},
    [VDR_LINT_NOBODY_IS_TOLD] = {"nobody-is-told", VDR_LINT_WARNING,
                                 "a coordinate rule whose agencies may not see matches"},
    [VDR_LINT_TYPE_IN_NO_RULE] = {"type-in-no-rule", VDR_LINT_NOTE, "no rule counts signals of the type"},
    [VDR_LINT_PURPOSE_IN_NO_RULE] = {"purpose-in-no-rule", VDR_LINT_NOTE,
                                     "no rule counts signals for the purpose"},
    [VDR_LINT_TYPE_WITHOUT_AGENCY] = {"type-without-agency", VDR_LINT_WARNING,
                                      "no agency of the town may send the type"},
    [VDR_LINT_DOMAIN_WITHOUT_TYPE] = {"domain-without-type", VDR_LINT_NOTE, "no type has the domain"},
    [VDR_LINT_COUNTS_AFTER_RETENTION] = {"counts-after-retention", VDR_LINT_WARNING,
                                         "counts_for is longer than retain"},
    [VDR_LINT_FOLLOW_UP_TOO_LATE] = {"follow-up-too-late", VDR_LINT_WARNING,
                                     "follow_up comes after the signal left"},
    [VDR_LINT_PAIR_WITHOUT_TYPE] = {"pair-without-type", VDR_LINT_NOTE,
                                    "may_combine names a purpose that no type has"},
    [VDR_LINT_PAIR_IN_NO_RULE] = {"pair-in-no-rule", VDR_LINT_NOTE,
                                  "two purposes may meet, and no rule lets them"},
    [VDR_LINT_AGENCY_WITHOUT_TYPE] = {"agency-without-type", VDR_LINT_NOTE, "the agency may send no type"},
    [VDR_LINT_CONVENANT_ENDED] = {"convenant-ended", VDR_LINT_WARNING,
                                  "the agency's convenant is over: its signals are refused"},
    [VDR_LINT_CONVENANT_ENDS_SOON] = {"convenant-ends-soon", VDR_LINT_NOTE,
                                      "the agency's convenant ends within 30 days"},
    [VDR_LINT_SERVICE_WITHOUT_SIGNALS] = {"service-without-signals", VDR_LINT_WARNING,
                                          "others stand before the service for every domain it names"},
    [VDR_LINT_NO_REGISSEUR] = {"no-regisseur", VDR_LINT_ERROR, "cases would stay unassigned for ever"},
    [VDR_LINT_NO_REGISSEUR_EVERYWHERE] = {"no-regisseur-everywhere", VDR_LINT_NOTE,
                                          "nobody has the district \"*\""},
    [VDR_LINT_NOBODY_PRESENT] = {"nobody-present", VDR_LINT_WARNING, "all regisseurs are absent at once"},
    [VDR_LINT_DISTRICT_NOBODY_PRESENT] = {"district-nobody-present", VDR_LINT_NOTE,
                                          "all regisseurs of a district are absent at once"},
    [VDR_LINT_ACCEPT_ORDER] = {"accept-order", VDR_LINT_WARNING,
                               "a more urgent case may wait longer for an answer"},
    [VDR_LINT_GUARD_OF_NOBODY] = {"guard-of-nobody", VDR_LINT_WARNING,
                                  "no agency sends what the guard counts"},
    [VDR_LINT_NO_CASE_RULE] = {"no-case-rule", VDR_LINT_WARNING, "no rule ever proposes a case"},
    [VDR_LINT_TOO_MANY_RULES] = {"too-many-rules", VDR_LINT_NOTE, "not all rules were compared"},
};

const vdr_lint_code *
vdr_lint_code_at(size_t number)
{
    return number < VDR_LINT_CODES ? &codes[number] : NULL;
}

const char *
vdr_lint_severity_name(vdr_lint_severity severity)
{
    switch (severity) {
    case VDR_LINT_ERROR:
        return "error";
    case VDR_LINT_WARNING:
        return "warning";
    case VDR_LINT_NOTE:
        break;
    }
    return "note";
}

const char *
vdr_lint_duration(int64_t ms, char ret_text[VDR_DURATION_TEXT_BYTES])
{
    static const struct {
        int64_t ms;
        char unit;
    } units[] = {{VDR_DAY_MS, 'd'}, {3600000, 'h'}, {60000, 'm'}, {1000, 's'}};
    size_t i = 0;
    while (i < 3 && (ms == 0 || ms % units[i].ms != 0))
        i++;
    snprintf(ret_text, VDR_DURATION_TEXT_BYTES, "%lld%c", (long long)(ms / units[i].ms), units[i].unit);
    return ret_text;
}

void
vdr_lint_say(vdr_linter *linter, vdr_lint_id id, vdr_config_file file, vdr_place place, vdr_span subject,
             const char *format, ...)
{
    vdr_lint *lint = linter->lint;
    char words[WORDS_BYTES];
    va_list arguments;

    if (lint->count == VDR_LINT_FINDINGS_MAX) {
        lint->more++;
        return;
    }
    va_start(arguments, format);
    vdr_utf8_print(words, sizeof words, format, arguments);
    va_end(arguments);
    char *advice = strchr(words, '\n');
    if (advice != NULL)
        *advice++ = '\0';
    vdr_lint_finding *finding = &lint->at[lint->count++];
    *finding = (vdr_lint_finding){
        .code = codes[id].code,
        .severity = codes[id].severity,
        .subject = vdr_arena_copy(&lint->arena, subject),
        .advice = vdr_arena_copy(&lint->arena, vdr_span_str(advice != NULL ? advice : "")),
    };
    vdr_config_fault_at(linter->texts, file, place.line, place.column, words, &lint->arena, &finding->fault);
}

/* By file and line; what stands at one place stays in the order in which it was found. */
static void
sort(vdr_lint *lint)
{
    for (size_t i = 1; i < lint->count; i++) {
        vdr_lint_finding finding = lint->at[i];
        size_t j = i;
        for (; j > 0; j--) {
            const vdr_config_fault *before = &lint->at[j - 1].fault;
            if (before->file < finding.fault.file ||
                (before->file == finding.fault.file && before->line <= finding.fault.line))
                break;
            lint->at[j] = lint->at[j - 1];
        }
        lint->at[j] = finding;
    }
}

static void
tally(vdr_lint *lint)
{
    memset(lint->counts, 0, sizeof lint->counts);
    for (size_t i = 0; i < lint->count; i++)
        lint->counts[lint->at[i].severity] += !lint->at[i].allowed;
}

vdr_lint *
vdr_lint_new(const vdr_config *config, const vdr_config_texts *texts, vdr_ms now)
{
    vdr_lint *lint = vdr_alloc(1, sizeof *lint);
    vdr_linter linter = {.lint = lint, .config = config, .texts = texts, .now = now};

    lint->at = vdr_alloc(VDR_LINT_FINDINGS_MAX, sizeof lint->at[0]);
    vdr_arena_init(&lint->arena, (size_t)16 * 1024 * 1024);
    vdr_places_init(&linter.places, texts);
    vdr_lint_rules(&linter);
    vdr_lint_town(&linter);
    vdr_places_done(&linter.places);
    sort(lint);
    tally(lint);
    return lint;
}

void
vdr_lint_free(vdr_lint **lint_p)
{
    vdr_lint *lint = *lint_p;
    if (lint == NULL)
        return;
    vdr_arena_done(&lint->arena);
    free(lint->at);
    free(lint);
    *lint_p = NULL;
}

bool
vdr_lint_allow(vdr_lint *lint, vdr_span allowed)
{
    const uint8_t *colon = allowed.len != 0 ? memchr(allowed.at, ':', allowed.len) : NULL;
    vdr_span code = colon != NULL ? vdr_span_of(allowed.at, (size_t)(colon - allowed.at)) : allowed;
    vdr_span subject =
        colon != NULL ? vdr_span_of(colon + 1, allowed.len - code.len - 1) : (vdr_span){.at = NULL};
    bool known = false;

    for (size_t i = 0; i < VDR_LINT_CODES; i++)
        known |= vdr_span_equal(code, vdr_span_str(codes[i].code));
    for (size_t i = 0; i < lint->count; i++) {
        vdr_lint_finding *finding = &lint->at[i];
        if (vdr_span_equal(code, vdr_span_str(finding->code)) &&
            (colon == NULL || vdr_span_equal(subject, finding->subject)))
            finding->allowed = true;
    }
    tally(lint);
    return known;
}

bool
vdr_lint_clean(const vdr_lint *lint)
{
    return lint->counts[VDR_LINT_ERROR] == 0 && lint->counts[VDR_LINT_WARNING] == 0;
}
