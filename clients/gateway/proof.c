/* What is proved of the store: that what left cannot be opened (protocol.md 7.16), and that the rest is what was written
 * (7.12). */
#include "clients/gateway/routes.h"
#include "clients/gateway/views.h"

static vdr_wire_admin
verb_of(vdr_verb verb)
{
    return (vdr_wire_admin){.verb = verb, .time = VDR_MS_NONE};
}

/* Nothing needs to be said to begin; an empty body and {} are the same. False: the ask was ended. */
static bool
said_nothing(vdr_ask *ask)
{
    vdr_form form;
    if (!vdr_ask_form(ask, false, &form))
        return false;
    vdr_form_end(&form);
    return vdr_ask_sound(ask);
}

/* ---- Erasure runs ---- */

static void
runs_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_write_open(&ask->w, NULL, '{');
    vdr_show_counters(&ask->w, "counters", result);
    vdr_show_texts(&ask->w, "texts", result);
    vdr_write_close(&ask->w, '}');
    vdr_ask_answer(ask, ask->route->what == VDR_VERB_ERASE ? 201 : 200);
}

/* A run is complete: how it stands now. */
static void
erased(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_wire_admin look = verb_of(VDR_VERB_ERASE_LOOK);
    (void)result;
    vdr_ask_rule(ask, &look, runs_shown);
}

void
vdr_call_erasure_runs(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    bool run = admin.verb == VDR_VERB_ERASE;
    if (!run || said_nothing(ask))
        vdr_ask_rule(ask, &admin, run ? erased : runs_shown);
}

/* ---- A look at the whole store ---- */

static void
verification_shown(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_writer *w = &ask->w;
    vdr_write_open(w, NULL, '{');
    vdr_write_flag(w, "running", vdr_show_counter(result, "running") != 0);
    vdr_write_flag(w, "ever", vdr_show_counter(result, "ever") != 0);
    vdr_write_number(w, "position", vdr_show_counter(result, "position"));
    vdr_write_number(w, "positionLast", vdr_show_counter(result, "position_last"));
    vdr_write_number(w, "tookMs", vdr_show_counter(result, "took_ms"));
    vdr_write_open(w, "parts", '[');
    for (size_t i = 0; i < result->row_count; i++)
        vdr_show_row(w, &result->rows[i]);
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
    vdr_ask_answer(ask, ask->route->what == VDR_VERB_VERIFY ? 202 : 200);
}

static void
verification_begun(vdr_ask *ask, const vdr_wire_admin_result *result)
{
    vdr_wire_admin look = verb_of(VDR_VERB_VERIFY_LOOK);
    (void)result;
    vdr_ask_rule(ask, &look, verification_shown);
}

void
vdr_call_verification(vdr_ask *ask)
{
    vdr_wire_admin admin = verb_of((vdr_verb)ask->route->what);
    bool begin = admin.verb == VDR_VERB_VERIFY;
    if (!begin || said_nothing(ask))
        vdr_ask_rule(ask, &admin, begin ? verification_begun : verification_shown);
}
