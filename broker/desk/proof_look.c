/* What LINT tells: all that the door, lint and the rule tests find, one by one, and the rules in sentences; so that an
 * editor can show each where it is (protocol.md 7.9). */
#include "broker/desk/proof.h"

#include "broker/study/sentence.h"
#include "proto/limits.h"
#include "proto/utf8.h"

#include <stdio.h>
#include <string.h>

#define TOLD_BYTES     ((size_t)8 * 1024 * 1024)
#define PROBLEMS_MAX   1000u
#define TEXT_BYTES_MAX 1000u                 /* of a text of a row */
#define SPOKEN_BYTES   ((size_t)1536 * 1024) /* of all sentences: with the rows they fit a frame */
#define NAME_BYTES_MAX (VDR_CONF_NAME_MAX + 4u)

void
vdr_proof_look_begin(vdr_proof *proof)
{
    vdr_arena_init(&proof->told, TOLD_BYTES);
    vdr_rows_begin(&proof->rows, &proof->told);
}

static vdr_span
cut(vdr_span text)
{
    return vdr_utf8_cut(text, TEXT_BYTES_MAX);
}

static size_t
find(vdr_span text, const char *words)
{
    size_t len = strlen(words);
    for (size_t i = 0; i + len <= text.len; i++)
        if (memcmp(text.at + i, words, len) == 0)
            return i;
    return SIZE_MAX;
}

/* What stands in the message between first and the first of ends, or its end. */
static vdr_span
between(vdr_span message, const char *first, const char *const *ends)
{
    size_t begin = find(message, first);
    if (begin == SIZE_MAX)
        return (vdr_span){0};
    vdr_span rest = vdr_span_of(message.at + begin + strlen(first), message.len - begin - strlen(first));
    for (size_t i = 0; ends[i] != NULL; i++) {
        size_t end = find(rest, ends[i]);
        if (end != SIZE_MAX)
            rest.len = end;
    }
    return rest;
}

void
vdr_proof_look_found(void *context, const vdr_judge_finding *finding)
{
    static const char *const after_expected[] = {", found ", "; did you mean ", NULL};
    static const char *const after_meant[] = {"?", NULL};
    vdr_proof *proof = context;
    if (proof->rows.count >= PROBLEMS_MAX) {
        proof->rows.left_out++;
        return;
    }
    vdr_row(&proof->rows, "problem");
    vdr_row_text(&proof->rows, "file", cut(finding->file));
    vdr_row_text(&proof->rows, "severity", vdr_span_str(vdr_lint_severity_name(finding->severity)));
    vdr_row_text(&proof->rows, "code", vdr_span_str(finding->code));
    vdr_row_text(&proof->rows, "text", cut(finding->text));
    vdr_row_text(&proof->rows, "subject", cut(finding->subject));
    vdr_row_text(&proof->rows, "expected", cut(between(finding->text, ": expected ", after_expected)));
    vdr_row_text(&proof->rows, "meant", cut(between(finding->text, "did you mean ", after_meant)));
    vdr_row_text(&proof->rows, "advice", cut(finding->advice));
    vdr_row_text(&proof->rows, "test", cut(finding->test));
    vdr_row_number(&proof->rows, "line", finding->line);
    vdr_row_number(&proof->rows, "column", finding->column);
    vdr_row_number(&proof->rows, "allowed", finding->allowed);
}

void
vdr_proof_look_fault(vdr_proof *proof, const vdr_config_fault *fault)
{
    vdr_proof_look_found(proof, &(vdr_judge_finding){.severity = VDR_LINT_ERROR,
                                                     .code = "unreadable",
                                                     .file = fault->name,
                                                     .line = fault->line,
                                                     .column = fault->column,
                                                     .text = fault->message});
}

static bool
speak(vdr_proof *proof, const vdr_config *config, vdr_span rule, vdr_language language, size_t *bytes,
      vdr_wire_file *ret_file)
{
    vdr_bytes page = {0};
    char name[NAME_BYTES_MAX];
    int len = snprintf(name, sizeof name, "%s/%.*s", language == VDR_DUTCH ? "nl" : "en", (int)rule.len,
                       (const char *)rule.at);
    bool good = len > 0 && (size_t)len < sizeof name &&
                vdr_sentences_of_rule(config, rule, language, VDR_PAGE_MARKDOWN, &page) &&
                *bytes + page.len <= SPOKEN_BYTES;
    if (good) {
        *bytes += page.len;
        ret_file->name = vdr_arena_copy(&proof->told, vdr_span_of(name, (size_t)len));
        ret_file->text = vdr_arena_copy(&proof->told, vdr_bytes_span(&page));
        good = ret_file->name.at != NULL && ret_file->text.at != NULL;
    }
    vdr_bytes_done(&page);
    return good;
}

void
vdr_proof_look_end(vdr_proof *proof, const vdr_config *config)
{
    size_t bytes = 0, rules = config != NULL ? config->rule_count : 0;
    vdr_rows_end(&proof->rows);
    vdr_wire_file *files = (vdr_wire_file *)vdr_arena_alloc(&proof->told, (2 * rules + 1) * sizeof *files);
    for (size_t i = 0; files != NULL && i < 2 * rules; i++) {
        vdr_language language = i % 2 == 0 ? VDR_DUTCH : VDR_ENGLISH;
        if (speak(proof, config, config->rules[i / 2].id, language, &bytes, &files[proof->spoken_count]))
            proof->spoken_count++;
        else
            proof->rows.left_out++;
    }
    proof->spoken = files;
}
