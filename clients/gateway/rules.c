/* The rules: what is in force, in sentences too, and what is wrong with others. */
#include "clients/gateway/texts.h"
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"

#include <stdlib.h>

static vdr_wire_admin
verb_of(vdr_verb verb)
{
    return (vdr_wire_admin){.verb = verb, .time = VDR_MS_NONE};
}

/* ---- In force ---- */

static void
sentences_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_write_open(&ask->w, "sentences", '{');
    for (size_t i = 0; i < result->file_count; i++)
        vdr_write_named(&ask->w, result->files[i].name, result->files[i].text);
    vdr_write_close(&ask->w, '}');
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, 200);
}

static void
texts_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_SENTENCES);
    vdr_show_files(&ask->w, "files", result->files, result->file_count);
    vdr_ask_rule(ask, &admin, sentences_shown);
}

/* The version in force is the newest one. */
static void
versions_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_TEXTS);
    admin.number = result->version_count != 0 ? result->versions[0].number : 0;
    vdr_write_open(&ask->w, NULL, '{');
    vdr_write_number(&ask->w, "version", admin.number != 0 ? admin.number : 1);
    vdr_ask_rule(ask, &admin, texts_shown);
}

void
vdr_call_rules(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_VERSIONS);
    vdr_ask_rule(ask, &admin, versions_shown);
}

/* ---- Others ---- */

/* Files "nl/RULE" or "en/RULE" of one language: each rule in sentences. */
static void
write_sentences(vdr_writer *w, const char *language, const vdr_wire_admin_result *result)
{
    vdr_write_open(w, language, '[');
    for (size_t i = 0; i < result->file_count; i++) {
        vdr_span name = result->files[i].name;
        if (name.len < 4 || memcmp(name.at, language, 2) != 0 || name.at[2] != '/')
            continue;
        vdr_write_open(w, NULL, '{');
        vdr_write_text(w, "rule", vdr_span_of(name.at + 3, name.len - 3));
        vdr_write_text(w, "text", result->files[i].text);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
}

/* The members of a row, but its name: each is a problem. */
static void
write_problem(vdr_writer *w, const vdr_wire_row *row)
{
    bool allowed = false;
    vdr_write_open(w, NULL, '{');
    for (size_t i = 0; i < row->text_count; i++)
        vdr_write_named(w, row->texts[i].name, row->texts[i].text);
    for (size_t i = 0; i < row->number_count; i++) {
        if (vdr_span_equal(row->numbers[i].name, vdr_span_str("allowed")))
            allowed = row->numbers[i].value != 0;
        else if (row->numbers[i].value != 0) /* line and column count from 1 */
            vdr_write_counted(w, row->numbers[i].name, row->numbers[i].value);
    }
    vdr_write_flag(w, "allowed", allowed);
    vdr_write_close(w, '}');
}

static void
check_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    static const char *const counts[][2] = {{"errors", "errors"},
                                            {"warnings", "warnings"},
                                            {"notes", "notes"},
                                            {"testsPassed", "tests_passed"},
                                            {"testsFailed", "tests_failed"},
                                            {"clauses", "clauses"},
                                            {"clausesTried", "clauses_tried"},
                                            {"rowsLeftOut", "rows_left_out"}};
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    vdr_write_flag(w, "fit", vdr_show_counter(result, "fit") != 0);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        vdr_write_number(w, counts[i][0], vdr_show_counter(result, counts[i][1]));
    vdr_write_open(w, "problems", '[');
    for (size_t i = 0; i < result->row_count; i++)
        write_problem(w, &result->rows[i]);
    vdr_write_close(w, ']');
    vdr_write_open(w, "sentences", '{');
    write_sentences(w, "nl", result);
    write_sentences(w, "en", result);
    vdr_write_close(w, '}');
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, 200);
}

void
vdr_call_rule_check(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of(VDR_VERB_LINT);
    vdr_form form;
    if (!vdr_ask_form(ask, true, &form))
        return;
    vdr_texts *all = vdr_alloc(1, sizeof *all);
    ask->own = all;
    vdr_texts_read(&form, true, all);
    vdr_texts_read_allowed(&form, all);
    vdr_form_end(&form);
    admin.files = all->file;
    admin.file_count = all->count;
    admin.allowed = all->allowed;
    admin.allowed_count = all->allowed_count;
    if (vdr_ask_sound(ask))
        vdr_ask_rule(ask, &admin, check_shown);
}
